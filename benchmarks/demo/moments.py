"""Remarks that come again and again, each time another value: only the latest one answers what is asked about it."""

from memeval.benchmarks.demo.frames import Frame

FRAMES: tuple[Frame, ...] = (
    Frame(
        "errand",
        (
            "[right|okay|well], I'm off to {v}[|, back later|, wish me luck]. [Thanks|Bye|Till next time|Thank you].",
            "[that's it for now|enough for today], I [still have to|promised to|need to] {v}[| before it gets dark| before dinner].",
            "[must dash|got to go], I want to {v} [before it slips my mind|in peace|before I sit down]. [Thanks|Bye for now|Ta].",
        ),
        (),
        ("[Good luck with that|Have fun|See you soon|Don't overdo it]! [I'll be here|Come back when you like|Mind the steps|Tell me how it went|You've earned a rest after that].", "[Talk soon|Until next time|Take care|Till then|Bye for now], [and enjoy the rest of the day|all the best|and well done for today|it was nice to chat|have a good evening].",
         "[Off you go|Enjoy|Then I won't keep you]. [I'll be here|Until then|We can go on another time|The rest can wait|Talk to you soon]."),
        ("What did I say I was about to do when we [stopped|finished] talking just now?", "What was I going off to do right after this chat?"),
    ),
    Frame(
        "supper",
        (
            "[dinner|supper] tonight is {v}, [nobody complained|the pan is on|I'm starving].",
            "I've decided on {v} for tonight, [with whatever is in the fridge|quick and warm|one pan only].",
            "the plan for this evening's meal: {v}[|, at long last|, again somehow].",
        ),
        (),
        ("[Enjoy your meal|That sounds comforting|Good choice for a day like this].", "[Hungry work, deciding|Simple is best]. Anything [for afters|to go with it]?"),
        ("What am I eating tonight?", "Remind me what I decided on for dinner today."),
    ),
    Frame(
        "place",
        (
            "note to self: glasses are {v} [today|this time], [I know me|since I lose them daily].",
            "I've just put my glasses {v}, [ask me in an hour|remember that for me].",
            "in case I ask later: my glasses, {v}, [now|at this very moment].",
        ),
        (),
        ("[Noted|Remembered|Got it]. [A cord would be cheaper|They do wander].", "[I'm your witness|I'll vouch for it]."),
        ("Where did I just leave my glasses?", "Where are my glasses right now?"),
    ),
    Frame(
        "mood",
        (
            "[today|right now] I feel {v}, [no idea why|it must be the weather|the moon, perhaps].",
            "you ask how I am: {v}, [since breakfast|to be honest|if that's a feeling].",
            "woke up {v} [today|this morning], [it hasn't lifted|and still am].",
        ),
        (),
        ("[Thank you for telling me|Days like that exist]. [What would help|Has something happened]?", "[I hear you|That's worth noticing]. A walk round the block, maybe?"),
        ("How did I say I feel today?", "In what mood was I this morning?"),
    ),
)  # fmt: skip

# The same with a number for a key: among so many alike only the number tells which one is meant.
RECORDS: tuple[Frame, ...] = (
    Frame(
        "holder",
        (
            "parcel {k} was left with {v}, [says the card|I'll fetch it later|of all people].",
            "the courier gave parcel {k} to {v}, [no idea what's in it|again nobody rang].",
        ),
        (),
        ("[Good to know|Noted]. Are you expecting [anything fragile|much]?", "At least it isn't lost. [Will you fetch it today|Do they mind]?"),
        ("Who has parcel {k}?", "With whom was parcel {k} left?"),
        keys="serial",
    ),
    Frame(
        "amount",
        (
            "paid invoice {k}, {v} pounds, [with a heavy heart|by transfer|two days early].",
            "invoice {k} says {v} pounds, [I'll pay it on Monday|correct for once|filed it].",
        ),
        (),
        ("[One less on the pile|That's the paperwork for today|A tidy desk, then]. [Anything else to file|Any more of those|Was it what you expected]?", "[Keep the slip|Tick it off|Scan it], then it's [done|out of your head|where you'll find it]."),
        ("How much was invoice {k}?", "How many pounds does invoice {k} come to?"),
        keys="serial",
    ),
    Frame(
        "verdict",
        (
            "the helpdesk closed ticket {k}: {v}, [supposedly|so they say].",
            "ticket {k} with the helpdesk, their answer is \"{v}\". [Brilliant|Well then].",
        ),
        (),
        ("[Short and sweet|Helpful as ever]. Did it solve anything?", "[They do like their phrases|At least an answer]. Will you reopen it?"),
        ("What did the helpdesk say about ticket {k}?", "What was the answer to ticket {k}?"),
        keys="serial",
    ),
)  # fmt: skip

POOLS: dict[str, tuple[str, ...]] = {
    "errand": (
        "descale the kettle", "post the parcels", "pick up the dry cleaning", "bleed the radiators", "return the drill", "water the tomatoes",
        "clear out the gutter", "fetch the twins from the station", "wrap the presents", "sharpen the knives", "defrost the freezer",
        "vacuum the stairs", "iron five shirts", "call the gas people", "rake the leaves", "change the bed linen", "hang up the mirror", "oil the gate",
        "feed the neighbour's rabbits", "sew on a button", "wash the windows", "take the bottles to the bank", "glue the vase", "shred old letters",
        "sort the socks", "scrub the barbecue", "pump up the tyres", "fold the sheets", "chop the firewood", "mend the deckchair",
        "empty the rain barrel", "sand the bench", "rehang the curtains", "plait some garlic", "rescue a football from the hedge", "prune the roses",
        "unblock the sink", "polish the shoes", "measure the skirting", "varnish the tray",
    ),
    "holder": (
        "Mrs Pemberton", "the kiosk on the corner", "the Hallorans", "the barber downstairs", "old Mr Quigley", "the flower stall", "the students in number six",
        "the launderette lady", "the Okafors", "the pub opposite", "the caretaker's wife", "the violin maker", "the Szabo family", "the tailor", "Frau Winkler",
        "the bookmaker", "the driving school", "the nursery", "Signora Bassi", "the locksmith",
    ),
    "verdict": (
        "works as designed", "clear your cookies", "known issue", "cable not plugged in", "cannot be reproduced", "wait for the next release", "ask your administrator",
        "user error", "replaced under warranty", "duplicate of an older one", "out of scope", "solved by itself", "licence expired", "wrong department",
        "try another browser", "escalated to level two", "password too short", "planned maintenance",
    ),
    "supper": (
        "lentil stew", "pea soup", "shepherd's pie", "fish fingers", "chilli", "spinach omelette", "baked potatoes", "carbonara", "tomato soup", "noodles",
        "toad in the hole", "a cheese toastie", "leek quiche", "sausage and mash", "pumpkin curry", "macaroni", "fried rice", "beans on toast",
        "cauliflower cheese", "tuna melt", "roast chicken", "ramen", "meatballs", "stuffed peppers", "tacos", "pancakes", "bubble and squeak", "lasagne",
        "kale broth", "dumplings",
    ),
    "place": (
        "on top of the microwave", "next to the toaster", "in the fruit bowl", "on the windowsill", "under the newspaper", "in the coat by the door",
        "beside the router", "on the bath's edge", "in the bread basket", "between the cushions", "behind the clock", "in my left slipper", "on the ironing board",
        "in the egg rack", "on the printer", "beside the fern", "on the third shelf", "in the laundry bag", "by the fuse board", "on the pile of bills",
        "in the mitten drawer", "under the lampshade",
    ),
    "mood": (
        "restless", "oddly cheerful", "wrung out", "homesick", "grumpy", "giddy", "serene", "jittery", "melancholy", "invincible", "sluggish", "hopeful",
        "prickly", "wistful", "peckish and cross", "light as a feather", "foggy-headed", "sentimental", "mischievous", "weepy", "determined", "listless",
    ),
}  # fmt: skip
