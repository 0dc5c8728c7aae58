"""What people put around what they say: openings, asides, greetings; and who they talk about."""

# Before a new subject. Ends where the statement begins.
LEADS: tuple[str, ...] = (
    "by the way, ",
    "oh, and ",
    "before I forget: ",
    "unrelated, but ",
    "guess what: ",
    "so, ",
    "funny thing: ",
    "just so you know, ",
    "[small|quick] update: ",
    "[also|anyway], ",
    "what else? ",
    "you'll [laugh|like this]: ",
    "[news from here|news]: ",
    "I meant to tell you: ",
    "okay, ",
    "hm, ",
    "right, ",
    "well, ",
    "[honestly|frankly], ",
    "[random thought|something else]: ",
    "have I mentioned this? ",
    "for the record, ",
    "speaking of [nothing|everything]: ",
    "[listen|look], ",
    "I keep forgetting to say: ",
    "on another note, ",
)

# Before a question.
QUESTION_LEADS: tuple[str, ...] = (
    "by the way, ",
    "oh, and ",
    "before I forget: ",
    "unrelated, but ",
    "so, ",
    "hm, ",
    "[okay|right|well], ",
    "on another note, ",
    "random thought: ",
    "[quick|small|silly] question: ",
    "maybe you know: ",
    "something else: ",
    "[I've been|I was] meaning to ask: ",
    "[a question from the kitchen table|one for you]: ",
    "another thing: ",
)

# After a statement of the user: true of anything, about nothing.
ASIDES: tuple[str, ...] = (
    "[Anyway|So there you have it|That's all|There we are].",
    "[What a [week|month|day]|It's been a week already|What a morning].",
    "[No need to|You needn't] [answer|reply] that.",
    "[I'm rambling|Listen to me rambling][| again][.|, sorry.]",
    "[Sorry|Forgive me], [long|messy] message[|, I'm typing with one hand].",
    "[My tea is getting cold|The kettle's boiling|Someone's at the door][|, one moment].",
    "[Life|Never a dull moment|It is what it is].",
    "[I had to tell|I just wanted to tell] [someone|you].",
    "[How odd|How typical|Typical, really|Odd, that].",
    "[Good|Nice] to [get that off my chest|have that written down].",
    "[Could be worse|One thing at a time|We'll see].",
    "[I've been|I was] meaning to [say so|mention that] [for days|since forever].",
    "[Typing this|Writing this] [on the stairs|in the queue|with cold fingers|half asleep].",
    "[Don't|Please don't] [judge|laugh].",
    "[Remind me to smile about it|I'll laugh about it] [some day|in ten years].",
    "[Is it Friday yet|Where does the time go|What would you have done]?",
    "[It rained, of course|The sun came out, finally|Such a wind today].",
    "[Nothing more to report|End of bulletin|Over and out].",
    "[I may|I might] [have|need] [another biscuit|a lie-down].",
    "[Long story|It's complicated|Don't ask].",
)

# After a statement of the assistant.
CODAS: tuple[str, ...] = (
    "[Let me know how it goes|Keep me posted|Tell me more if you like].",
    "[Anything else on your mind|What else is going on|Is there more to it]?",
    "[Take your time|No rush|There is no hurry with that].",
    "[I can|Shall I] [put that into a short list|keep a note of that|look at it from another side][.|, just say so.]",
    "[How does that sound|Does that help|Would that work for you]?",
    "[It often turns out simpler than it looks|Step by step].",
    "[Happy to go into detail|I can explain further] if you [want|wish].",
    "[You're doing fine|Sounds like you have it in hand|Be kind to yourself].",
    "[One more thing|And]: [a break in between does no harm|drink some water].",
)

# Before the assistant's reaction, whatever the news.
ACKNOWLEDGEMENTS: tuple[str, ...] = (
    "[ah|right|okay|I see|understood|hm|all right]. ",
    "[thanks|thank you] for [telling me|the update|keeping me posted]. ",
    "[got it|noted|I've made a note][|, {me}]. ",
    "[ah|oh|well], {me}. ",
    "[that's good to know|I'm glad you mention it|I'll remember that]. ",
    "[so that's how things stand|there's always something|quite the news|one more for the diary]. ",
)

GREETINGS: tuple[tuple[str, str], ...] = (
    (
        "[hi|hello|hey|morning|evening][| there][.|, me again.|, it's {me}.] [Got a minute|Are you awake|Busy]?",
        "[Hello|Hi|Good to see you], {me}. [What's up|How can I help|What's on your mind]?",
    ),
    (
        "[back again|me again|here I am again], [with|after] [a strong coffee|a long day|two bags of shopping|wet shoes|half a sandwich].",
        "[Welcome back|Hello again], {me}. [What shall we look at?|Where would you like to start?|Tell me.]",
    ),
    (
        "[hello|hi], [haven't written in a while|it's been a few days|long time no type]. [All well|Still standing] here.",
        "[Nice to hear from you|Glad you're back], {me}. [What have you been up to|How have things been]?",
    ),
)

SYSTEM: tuple[str, ...] = (
    "You are a helpful assistant. You talk with {me} over many months; answer briefly, in a friendly tone, and remember what you are told.",
    "You are a personal assistant for {me}. Be warm and practical, keep answers short, and say so when you don't know something.",
    "You are a friendly assistant who chats with {me} about everyday life. Give plain advice and never invent what you were not told.",
)

USERS: tuple[str, ...] = (
    "Nadia",
    "Oliver",
    "Mei",
    "Samuel",
    "Carmen",
    "Jonas",
    "Aisha",
    "Patrick",
    "Lucia",
    "Viktor",
    "Hannah",
    "Kofi",
    "Elena",
    "Marcus",
    "Sofia",
    "Daniel",
)

RELATIONS: tuple[str, ...] = (
    "my cousin {name}",
    "my aunt {name}",
    "my uncle {name}",
    "my brother-in-law {name}",
    "my niece {name}",
    "my nephew {name}",
    "my old schoolfriend {name}",
    "{name} from work",
    "{name} across the street",
    "my mother-in-law {name}",
    "my godson {name}",
    "{name} from the corner shop",
    "my friend {name}",
    "{name} from the parents' group",
)

_WOMEN = (
    "Petra",
    "Alice",
    "Joan",
    "Sally",
    "Moira",
    "Helen",
    "Rita",
    "Judith",
    "Carol",
    "Vera",
    "Nina",
    "Grace",
    "Monica",
    "Elsie",
)
_MEN = (
    "Bob",
    "George",
    "Frank",
    "Ian",
    "Walter",
    "Hugh",
    "Peter",
    "Roger",
    "Stanley",
    "Ken",
    "Arthur",
    "Leon",
    "Simon",
    "Dennis",
)
BY_KIND: dict[str, tuple[str, ...]] = {
    "my cousin": _WOMEN + _MEN, "my aunt": _WOMEN, "my uncle": _MEN, "my brother-in-law": _MEN, "my niece": _WOMEN, "my nephew": _MEN, "my mother-in-law": _WOMEN, "my godson": _MEN,
}  # fmt: skip
ANYONE: tuple[str, ...] = _WOMEN + _MEN

PARTINGS: tuple[str, ...] = (
    "[thanks|thank you|cheers|ta][| so much| a lot|, as always], [that helped|good to talk|you're a gem|that's all I needed]. [Bye|Talk soon|Till {weekday}|See you|Good night].",
    "[got to run|the bus is here|someone's ringing|battery is low|dinner's calling], [bye|talk later|more on {weekday}|I'll be back]. [Thanks|Ta|Cheers]!",
    "[enough for one day|that's plenty for now|I'll stop here], [have a good one|all the best|until {weekday}|same time {weekday}, maybe]. [Thanks|Bye|Thank you].",
)
