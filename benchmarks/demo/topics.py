"""What is talked about beside the facts: topics with requests of the user and pieces of advice by the assistant."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Topic:
    """`slots` fill {x} of requests and of advice; within one exchange both speak of the same thing."""

    slots: Sequence[str]
    requests: Sequence[str]
    advice: Sequence[str]


TOPICS = (
    Topic(
        ("the spreadsheet", "the quarterly report", "the slide deck", "the minutes", "the budget draft", "the handover note",
         "the client summary", "the weekly update", "the survey results", "the product brief"),
        ("Can you help me tidy up {x} before the afternoon?", "How would you structure {x} so that people actually read it?",
         "I keep postponing {x}. How do I get going?", "Somebody asked for {x} at short notice. What can I leave out?",
         "What makes {x} look professional without much effort?", "Is it fine to send {x} late with an apology?",
         "How long should {x} be, roughly?"),
        ("Put the conclusion at the top of {x} and the detail below it.", "One page is enough for most readers.",
         "Cut every adjective that you would not defend in a meeting.", "For {x}, a short list beats three paragraphs.",
         "Set a timer for twenty-five minutes and write without editing.", "Ask one colleague to read it cold.",
         "Numbers need a comparison, otherwise nobody knows whether they are good.",
         "If the deadline is tight, say plainly what is missing.", "A template saves the most time in the long run.",
         "Finish with the one decision that you need from them."),
    ),
    Topic(
        ("sourdough", "a lentil soup", "flatbread", "an omelette", "roast vegetables", "a fruit crumble", "pancakes",
         "a pasta sauce", "a quick stir-fry", "a potato salad", "shortbread"),
        ("How do I keep {x} from turning out bland?", "What can I prepare ahead if I am making {x}?",
         "My {x} came out too dry. What went wrong?", "Can I make {x} for eight without using every pan?",
         "Could you give me the short version of how to make {x}?", "Is there a trick to {x} on a weeknight?",
         "What goes with {x} if the fridge is half empty?"),
        ("Salt in stages and taste as you go.", "Heat the pan properly before anything goes in.",
         "A splash of vinegar at the end wakes up {x}.", "Let it rest for ten minutes, it makes a real difference.",
         "Weigh the ingredients rather than trusting cups.", "You can do the chopping the evening before.",
         "With {x}, patience matters more than the recipe.", "Keep the heat low and the lid on.",
         "Leftovers keep for about three days in a closed box.", "Toast the spices for half a minute first."),
    ),
    Topic(
        ("the roses", "the lawn", "the herb bed", "the compost heap", "the hedge", "the window boxes", "the raised beds",
         "the climbing beans", "the strawberries", "the old pear tree"),
        ("What should I do with {x} at this time of the year?", "Something is eating {x}. Any ideas?",
         "How often does one water {x}?", "Is it too late to cut back {x}?", "Can {x} cope with this much rain?",
         "I have half an hour for {x}. What matters most?", "Do you know a lazy way of looking after {x}?"),
        ("Water early in the morning rather than at noon.", "A layer of mulch keeps the moisture in.",
         "Look under the leaves first, that is where the culprits hide.", "Sharp, clean shears do less harm to {x}.",
         "Feed lightly and more often.", "For {x} I would wait until the last frost has passed.",
         "Poor drainage does more damage than cold.", "Slug traps work better than pellets.",
         "Take out the dead bits and leave the rest alone.", "A photograph each month shows you what changes."),
    ),
    Topic(
        ("the laptop", "the router", "the printer", "the tablet", "the backup drive", "the smart speaker", "the webcam",
         "the old desktop", "the wireless headphones", "the external monitor"),
        ("Why is {x} so slow since the update?", "How do I reset {x} without losing my settings?",
         "Is {x} worth repairing, or should I give up on it?", "What is the safest way to clean {x}?",
         "{X} makes a strange clicking noise. Should I worry?", "How can I tell if {x} is the problem?",
         "Could you walk me through connecting {x}?"),
        ("Restart it once with everything unplugged.", "Check for a loose cable before anything else.",
         "Make a copy of your files before you touch the settings.", "Firmware updates for {x} often fix exactly this.",
         "Try it on another socket to narrow it down.", "If {x} is older than six years, a repair seldom pays.",
         "A can of compressed air does wonders.", "Write down the error code, it helps the support people.",
         "Close the programs that start on their own.", "Test one change at a time so you know which one helped."),
    ),
    Topic(
        ("a long weekend", "a day by the sea", "a rainy afternoon", "a train journey", "a night in a tent", "a city break",
         "a visit to a museum", "a cycling tour", "a bank holiday", "an early flight"),
        ("What would you pack for {x}?", "How do I plan {x} without overdoing it?", "Is {x} realistic with two toddlers around?",
         "What usually goes wrong with {x}?", "Help me with a checklist for {x}, please.",
         "How much money should I put aside for {x}?", "What is a nice way to end {x}?"),
        ("Leave one stretch of the schedule empty.", "Layers are better than one heavy coat.",
         "Book the first thing and improvise the rest.", "For {x}, comfortable shoes matter more than anything else.",
         "Carry water and something salty.", "A small first-aid kit weighs nothing.",
         "Download the maps while you still have a signal.", "Start earlier than feels necessary.",
         "Expect {x} to cost a fifth more than you think.", "Agree on a meeting point in case you lose each other."),
    ),
    Topic(
        ("push-ups", "stretching", "a morning jog", "balance exercises", "interval runs", "planks", "swimming lengths",
         "squats", "brisk walking", "skipping rope"),
        ("How often should I do {x} to see a difference?", "My knees ache after {x}. Is that normal?",
         "What is a gentle start with {x}?", "Does {x} really help with back pain?", "How do I stay motivated for {x}?",
         "Can I do {x} every day, or is that too much?", "What should I watch out for with {x}?"),
        ("Begin with less than you think you can manage.", "Two rest days a week are not laziness.",
         "With {x}, good form beats high numbers.", "If the pain is sharp, stop and have it looked at.",
         "Warm up for five minutes, slowly.", "A fixed hour turns it into a habit.",
         "Write down what you did, progress hides otherwise.", "Breathe out on the effort.",
         "After {x}, a short walk brings the pulse down.", "Sleep does half of the work."),
    ),
    Topic(
        ("the leaking tap", "the squeaky door", "the cracked tile", "the flickering lamp", "the blocked gutter",
         "the wobbly shelf", "the peeling wallpaper", "the draughty window", "the stuck drawer", "the rusty gate"),
        ("Can I fix {x} myself, or is that asking for trouble?", "Which tools do I need for {x}?",
         "How long would it take to deal with {x}?", "I tried to repair {x} and made it worse. Now what?",
         "Should I tell anyone before I start on {x}?", "What does a tradesman charge for {x}, more or less?",
         "Is {x} urgent, or can it wait until spring?"),
        ("Turn off the supply before you open anything.", "Take a photo of every step, so that you can put it back.",
         "Most hardware shops lend the tool for a day.", "Dealing with {x} is an afternoon at most.",
         "Cheap sealant never lasts, buy the better one.", "Get two quotes and ask what is included.",
         "Wear gloves and keep a bucket ready.", "Let everything dry for a full day.",
         "If {x} comes back within a month, call a professional.", "Measure twice, then measure again."),
    ),
    Topic(
        ("the Roman roads", "tide tables", "volcanoes", "the history of the bicycle", "migrating birds", "sundials",
         "black holes", "the printing press", "Viking ships", "how glaciers move", "the invention of zero"),
        ("Explain {x} to me as if I were twelve.", "I saw a documentary on {x}. What did it probably leave out?",
         "What is the most surprising thing about {x}?", "Where should I begin if I want to understand {x}?",
         "Why do people find {x} so fascinating?", "Is it true that we know less about {x} than we think?",
         "Give me one good story about {x}."),
        ("The short answer is that nobody planned it.", "The older textbooks got this wrong for decades.",
         "Experts still argue about the details of {x}.", "Think of it as a very slow conversation.",
         "The key is scale: our intuition fails there.", "A good museum explains {x} better than any article.",
         "Most of the evidence was found by accident.", "The names came much later than the thing itself.",
         "What people remember about {x} is usually the exception.", "Begin with the pictures and read the text afterwards."),
    ),
    Topic(
        ("an awkward email", "a thank-you note", "a complaint", "a toast", "a reference", "an invitation", "an apology",
         "a letter to the council", "a farewell card", "a reminder about money"),
        ("How do I word {x} without sounding stiff?", "Could you check the tone of {x} for me?",
         "What is a good first line for {x}?", "Is it rude to keep {x} to three lines?", "How direct can I be in {x}?",
         "I need {x} by tonight. Where do I start?", "Should {x} be handwritten or is a message fine?"),
        ("Say the main thing in the first sentence.", "Read it aloud, your ear will find the stiff parts.",
         "For {x}, short and warm is the safest choice.", "Leave it overnight if you are cross.",
         "Name one concrete detail, that makes it personal.", "Avoid apologising twice.",
         "Close with what happens next.", "A touch of humour is fine if you know them well.",
         "Drop words such as 'just' and 'actually'."),
    ),
    Topic(
        ("falling asleep", "getting up early", "taking breaks", "saying no", "switching off after work", "being on time",
         "reading more", "drinking enough water", "leaving the screen alone", "keeping a diary"),
        ("I am hopeless at {x}. Where do I begin?", "Is there any science on {x}?", "How do other people manage {x}?",
         "What is one small change that helps with {x}?", "I was doing well with {x} and then fell back. Advice?",
         "Does {x} get easier with age?", "Why is {x} so hard for me?"),
        ("Tie it to something that you do anyway.", "Make the first step ridiculously small.",
         "Missing a day is fine, missing two starts a new habit.", "With {x}, the surroundings matter more than willpower.",
         "Tell somebody about it, it helps to be asked.", "Notice the hour at which it goes wrong.",
         "Reward yourself at once and not at the end of the month.", "People overrate motivation and underrate routine.",
         "Give {x} three weeks before you judge it.", "Do it badly rather than not at all."),
    ),
)  # fmt: skip

OPENERS = (
    "Good question.", "Sure.", "Happy to help.", "Let's see.", "Of course.", "That comes up a lot.", "Fair point.",
    "I would take it step by step.", "Here is what usually works.", "It depends, but mostly on the basics.", "Right.",
    "No problem at all.", "There is a simple rule for that.", "You are not alone with this.", "Absolutely.",
    "That is easier than it looks.", "Let me keep it brief.", "Two thoughts on that.", "Gladly.", "In short, yes and no.",
    "I understand the hesitation.", "This is one of my favourite subjects.",
)  # fmt: skip
CLOSERS = (
    "Tell me how it goes.", "Shall I go into more detail?", "Would you like a checklist?", "Does that fit your plans?",
    "I hope that helps.", "Shout if you get stuck.", "Let me know what you decide.", "There is no rush.",
    "Shall I put this into a short list?", "Start there and see.", "You can always adjust it later.",
    "That should get you through.", "Anything else on your mind?", "Take it easy with it.", "It gets easier.",
    "I can draft something if you like.", "Do you want an alternative?", "Good luck with it.",
)  # fmt: skip
REACTIONS = (
    "Thanks for telling me.", "Noted.", "Oh, nice.", "That sounds like quite a day.", "Good to know.", "I see.",
    "Thanks for the update.", "Ha, I can imagine.", "Sounds lively.", "That is worth knowing.", "Interesting.",
    "Got it, and thanks for sharing.", "Life is never dull.", "Ah, that explains the mood.",
)  # fmt: skip

# Small remarks that carry nothing that is ever asked about. {who} {name} as for facts.
REMARKS = (
    "{who} {name} sends regards.", "I had a coffee with {who} {name} and we lost track of time.",
    "{who} {name} was in a wonderful mood.", "{who} {name} and I talked about the weather for half an hour.",
    "I owe {who} {name} a phone call.", "{who} {name} made me laugh so hard that people turned round.",
    "{name} keeps sending me silly pictures.", "{name} says hello, by the way.", "I bumped into {who} {name} on the stairs.",
    "{who} {name} is late with everything this month.", "{name} borrowed my umbrella and left it on a bus.",
    "{who} {name} told a story that went nowhere, as usual.", "I waited forty minutes for {name} in the cold.",
    "{who} {name} has a cold and tells everyone about it.", "{name} helped me carry the shopping upstairs.",
    "{who} {name} forgot our appointment again.", "{name} and I could not agree on anything this week.",
    "I promised {who} {name} to ring back before the evening.", "{name} wore the loudest shirt I have ever seen.",
    "{who} {name} gave me a pep talk that I badly needed.", "I dreamt about missing an exam, and {name} was in it.",
    "{name} has been quiet lately, I should check in.", "{who} {name} complained about the noise upstairs.",
    "It rained so hard that {name} and I were soaked.", "{name} returned the ladder at last.",
    "The bus was late again and I stood there for {m} minutes.", "I have been up since half past five.",
    "My inbox was at {m} unread messages when I sat down.", "The neighbourhood is noisy with roadworks.",
    "It has been one meeting after the other since {h} o'clock.", "I slept like a stone for once.",
    "The lift was broken, so {m} steps it was.", "I spent {m} minutes looking for my glasses, on my head.",
    "The queue at the post office took {m} minutes.", "My train was {m} minutes late.",
    "There was a power cut at {h} o'clock and everybody chatted on the stairs.", "I burnt the toast twice.",
    "I counted {m} unread emails and closed the lid.", "The wind took our washing into the street.",
    "I found {m} pence in an old coat.", "It was so foggy that I could not see the end of the street.",
    "I walked for {m} minutes just to clear my head.", "The shop was out of nearly everything.",
    "I have a headache that will not go away.", "My afternoon was eaten by a form with {m} questions.",
)  # fmt: skip
LEADS = (
    "Hi again.", "Quick one.", "Back again.", "Right then.", "Okay, new subject.", "Hello.", "Me again.", "One more thing.",
    "So.", "Bear with me.", "Still here?", "Before I forget.", "Thanks, that helped.", "Makes sense.", "Good, I'll try that.",
    "Fair enough.", "Great, thank you.", "Hm, I see.", "That is a relief.", "You're right.", "I hadn't thought of that.",
)  # fmt: skip
LINKS = (
    "Anyway,", "By the way,", "Also,", "Meanwhile,", "On another note,", "In other news,", "Oh, and", "Funny thing,",
    "Before I forget,", "As an aside,", "Just so you know,", "While I think of it,",
)  # fmt: skip
