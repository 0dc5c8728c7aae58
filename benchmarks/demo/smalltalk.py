"""Remarks of no consequence, follow-up questions, and the words at the edges of a turn. Templates of `grammar`."""

# {p} somebody's designation, {n} somebody's name, {m} and {h} numbers.
REMARKS = (
    "{p} sends [regards|love].",
    "I had [a coffee|tea] with {p} and we [lost track of time|put the world to rights].",
    "{p} was in [a wonderful mood|top form] [today|this week].", "{p} and I [talked about the weather|chatted] for half an hour.",
    "I [owe {p}|still owe {p}] a phone call.", "{p} made me laugh so hard that [people turned round|I cried].",
    "{p} keeps sending me [silly pictures|jokes at midnight].", "{p} says hello, by the way.",
    "I bumped into {p} [on the stairs|at the shops|by the river].", "{p} is late with everything this [month|week].",
    "{p} borrowed my umbrella and [left it on a bus|broke it].", "{p} told a story that went nowhere, [as usual|twice].",
    "I waited [forty minutes|half an hour] for {p} [in the cold|outside the station].",
    "{p} has [a cold|a sore throat] and tells everyone about it.", "{p} helped me carry the shopping [upstairs|to the bus].",
    "{p} forgot our appointment [again|and felt awful].", "{p} and I could not agree on anything [this week|on the phone].",
    "I promised {p} to ring back [before the evening|later].", "{p} wore the loudest shirt I have [ever|recently] seen.",
    "{p} gave me a pep talk that I [badly needed|didn't ask for].", "I dreamt about missing an exam, and {p} was in it.",
    "{p} has been quiet lately, I should [check in|drop by].", "{p} complained about the noise [upstairs|from the road].",
    "it rained so hard that {p} and I were [soaked|stuck in a doorway].", "{p} returned the ladder [at last|with a new dent].",
    "{p} and I did the crossword, [all but two|badly].", "{p} thinks I worry too much, [which may be true|easy to say].",
    "{p} is [cross with|not speaking to] the parking people.", "{p} fell asleep [during the film|at the table].",
    "{p} phoned at the worst moment, [as ever|twice].", "{p} turned up with [cake|a box of junk] [out of nowhere|on Sunday].",
    "the bus was late again and I stood there for {m} minutes.", "I have been up since {h}, [no idea why|wide awake].",
    "my inbox was at {m} unread messages [when I sat down|this morning].", "the street is [loud|closed] with roadworks.",
    "it has been one meeting after the other since {h}.", "I slept like a stone [for once|last night].",
    "the lift was [broken|out of order], so {m} steps it was.", "I spent {m} minutes looking for my glasses, on my head.",
    "the queue at the post office took {m} minutes.", "my train was {m} minutes late.",
    "there was a power cut at {h} and [everybody chatted on the stairs|I found the candles].", "I burnt the toast [twice|again].",
    "the wind took our washing into the street.", "I found {m} pence in an old coat.",
    "it was so foggy that I could not see the end of the street.", "I walked for {m} minutes just to clear my head.",
    "the shop was out of nearly everything.", "I have a headache that will not go away.",
    "my afternoon was eaten by a form with {m} questions.", "the heating came on at {h} and [clanked|woke everyone].",
)  # fmt: skip
# Questions that continue the matter, with answers: {x} the matter, {y} another one of its kind.
FOLLOW = (
    ("and if that doesn't work?", "Then [leave it for a week|try the opposite] and [look again|compare]."),
    ("[does the same go for|would you say the same of] {y}?", "[More or less|Largely], [with a little less care|only more so]."),
    ("how long should I give it?", "[A fortnight|Two or three tries], [then decide|no more]."),
    ("is there a [cheaper|quicker] way?", "[Yes, but it shows|There is], [if good enough is enough|and it's called skipping half of it]."),
    ("what do people usually get wrong there?", "They [rush|start with the hardest part], [then give up|and blame themselves]."),
    ("can I leave that until the weekend?", "[Of course|Yes], [nothing gets lost|put it in the diary, though]."),
    ("[do you really think so|are you sure]?", "[Fairly|As sure as one can be], [but trust your own eyes|it's worked for others]."),
    ("would you do it any differently in [winter|summer]?", "[Slower|A bit more cautiously], [otherwise no|that's all]."),
    ("what is the first step, then?", "[Ten minutes today|A list of three points], [just to begin|nothing more]."),
    ("and what comes after that?", "[A pause|A second look], then [the boring bit|more of the same]."),
    ("how do I know that it's good enough?", "[When you stop noticing it|If nobody asks], [it's done|leave it]."),
    ("could I ask somebody to do it for me?", "[Certainly|Why not], [if you explain what matters|and repay them with cake]."),
    ("isn't that a lot of trouble?", "[Less than it sounds|The first time, yes], [it becomes routine|then it isn't]."),
    ("what would you do in my place?", "[Start small|The simplest thing], [and see|today]."),
    ("which part would you skip?", "[Anything decorative|The last tenth], [honestly|nobody sees it]."),
    ("what if I only have [an hour|twenty minutes] a week?", "Then [pick one thing|halve the plan] and [drop the rest|be content with that]."),
    ("have you got an example?", "[A neighbour of mine, so to speak|The classic one]: [small start, long breath|two tries, then success]."),
    ("and in the worst case?", "In the worst case [you start over|it costs you a day], [nothing is lost for good|people have survived that]."),
    ("can you put that more simply?", "[One thing at a time|Do less, but do it], [that's the gist|everything else is detail]."),
    ("does it matter in which order I do it?", "[Hardly|A little]: [easy things first|the dull part first], [then the rest|then reward yourself]."),
    ("how do I explain that to {who}?", "[Show it rather than explain it|In one sentence], [over a cup of something|when the mood is good]."),
    ("{who} says the opposite. Who is right?", "[Both, probably|It depends on the day], [try it once each way|experience wins]."),
    ("would {who} like it as well, do you think?", "[Quite possibly|Ask and see], [tastes differ|it can't hurt]."),
    ("{name} swears by the old way. Any truth in that?", "[Some|More than I'd admit], [old ways had reasons|as long as it works]."),
    ("how did people do that in the past?", "[With more time|Badly, mostly], [and more hands|or not at all]."),
)  # fmt: skip
# Words that may follow a remark, and words that may follow a question.
ASIDES = (
    "Typical.", "So it goes.", "Don't ask.", "Just saying.", "Could be worse.", "You had to be there.", "Long story.",
    "What a week.", "It made my day.", "I'm still smiling.", "I'm still cross.", "Such is life.", "It happens.",
    "Nothing dramatic.", "Oh well.", "Fancy that.", "Same as last year.", "Everybody has days like that.",
    "I didn't know what to say.", "At least it didn't last.", "The usual.", "I had to laugh.", "No harm done.",
    "Nobody noticed, I think.", "I'd have done the same.", "It was nice, in a way.", "Not my finest hour.", "Who knows why.",
    "We laughed about it later.", "I could do without it.", "That was all.", "I needed a sit-down afterwards.",
)
WISHES = (
    "No hurry.", "Just curious.", "A rough idea is enough.", "Keep it simple, please.", "I'm all ears.", "Be honest.",
    "I have five minutes.", "Only if you know.", "I've been wondering for a while.", "I keep changing my mind.",
    "A friend asked me and I was stuck.", "Two sentences will do.", "I'd rather ask than guess.", "I don't trust the internet on this.",
    "Nobody here could tell me.", "It's been bothering me.", "I want to get it right this time.", "Explain it slowly.",
    "My patience is thin today.", "I'm starting from zero.", "I'd like to be done by tonight.", "Money is a bit tight.",
    "I'm not very practical.", "I tried once and failed.",
)
GREETINGS = ("Hi again.", "Quick one.", "Back again.", "Hello.", "Me again.", "Hi.", "Hey.", "Good to be back.", "", "", "", "")
SHIFTS = ("Right then.", "Okay, new subject.", "One more thing.", "Something else:", "Before I forget:", "On another note:",
          "Different question.", "Bear with me.", "", "", "")
ACCEPTS = ("Thanks, that helped.", "Makes sense.", "Good, I'll try that.", "Fair enough.", "Great, thank you.", "Hm, I see.",
           "That's a relief.", "You're right.", "I hadn't thought of that.", "Okay.", "Lovely.", "Ha, true.", "", "", "")  # fmt: skip
REACTIONS = (
    "Thanks for telling me.", "Oh, nice.", "That sounds like quite a day.", "Good to know.", "I see.", "Sounds lively.",
    "Ha, I can imagine.", "Never a dull moment.", "Well, that's life.", "Thanks for sharing that.", "Got it.",
    "I can picture it.", "That's one way to start a conversation.", "Noted.",
)  # fmt: skip
CLOSERS = (
    "Tell me how it goes.", "Shall I go into more detail?", "Would you like a checklist?", "Does that fit your plans?",
    "I hope that helps.", "Shout if you get stuck.", "Let me know what you decide.", "There is no rush.", "Start there and see.",
    "You can always adjust it later.", "That should get you through.", "Anything else on your mind?", "It gets easier.",
    "Take your time.", "I'd start tonight.", "Nobody gets it right at once.", "Write to me when it's done.", "It's worth a try.",
    "You'll manage.", "One step after the other.", "Ask again if it sounds odd.", "I'm curious how it turns out.",
    "Call it an experiment.", "A little every day is fine.", "Don't let it spoil your evening.", "You've got this.",
    "I can draft something if you like.", "Do you want an alternative?", "Good luck with it.",
)  # fmt: skip
