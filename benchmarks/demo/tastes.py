"""Likes and dislikes, asked for in the form of a recommendation."""

from memeval.benchmarks.demo.frames import Frame

FRAMES: tuple[Frame, ...] = (
    Frame(
        "dessert",
        (
            "put {v} in front of me and I'm [happy|eight years old again], no pudding comes close.",
            "I had {v} for pudding, [scraped the bowl|went back for more], sweet things don't get better.",
        ),
        ("{p} won't touch {v}, imagine.", "I made {v} for {p}, who [asked for the recipe|had thirds]."),
        ("Simple pleasures. [Homemade or from the bakery|Warm or cold]?", "[That's a classic|Noted with approval]. Custard or without?"),
        ("Suggest a dessert that suits my [taste|liking].", "Which dessert would please me most?"),
    ),
    Frame(
        "genre",
        (
            "cinema last night, {v}, and I didn't [check my phone once|move for two hours], I could watch those forever.",
            "give me {v} on the big screen and I'm in the front row, [the older the better|I've seen them all twice].",
        ),
        ("{p} only ever watches {v}.", "{p} dragged me to see one of those {v}, I fell asleep."),
        ("[Subtitles or dubbed|Matinee or late show]? It makes a difference to the mood.", "A good way to spend an evening. With popcorn, I hope."),
        ("Pick a film I would enjoy.", "What sort of movie should you recommend to me?"),
    ),
    Frame(
        "music",
        (
            "nothing lifts me like listening to {v}, I had it on [all the way through the ironing|loud while cleaning the oven].",
            "I keep coming back to {v}, those records [never wear out|barely leave the turntable|are all I listen to].",
        ),
        ("{p} can't stand {v}.", "{p} plays {v} from morning to night."),
        ("[It does set the pace|A good rhythm helps]. Do you have a favourite recording?", "That explains the mood. Since when?"),
        ("What [style|kind] of music should you put on for me?", "Recommend some music for me: what style?"),
    ),
    Frame(
        "hated_food",
        (
            "somebody had put {v} in the salad and I [pushed it to the rim|gagged], the taste is revolting.",
            "the canteen puts {v} in everything, disgusting, [one whiff and I leave|I'd rather go hungry].",
        ),
        ("{p} adores {v} and puts it on everything.", "{p} grows {v} by the bucket, I keep getting bags of it."),
        ("[Some tastes never change|You're not alone there]. Was there anything else to eat?", "Fair enough, life is short. Ask them to leave it off."),
        ("Plan a meal for me: which food do I dislike?", "If you cook for me, which food that I hate must be left out?"),
    ),
    Frame(
        "holiday",
        (
            "the best break I ever had was that week in {v}, [I slept like a stone|I want to go again right now].",
            "back from our trip to {v}: I'm never as calm anywhere else, [no telly, no clock|just tea and a blanket].",
        ),
        ("{p} spent two nights in {v} and [hated it|got eaten by midges].", "{p} saves up for {v}."),
        ("[That sounds restful|I can picture it]. What did you do all day?", "Quiet places do that. Was it warm enough?"),
        ("What type of holiday accommodation should you book for me?", "Where would I love to stay on vacation?"),
    ),
    Frame(
        "drink",
        (
            "without a cup of {v} in the morning I'm no use to anyone, [two sips and I'm a person|don't talk to me before].",
            "they were out of {v} at the kiosk, no other cup will do, [ruined my morning|I walked two streets for one].",
        ),
        ("{p} drinks {v} by the litre.", "{p} ordered {v} and sent it back."),
        ("Rituals matter. [At home or on the way|Big mug or small]?", "[Understood|No conversation before that, then]. How many a day?"),
        ("Get me a hot drink from the café: what would I like?", "Which hot beverage should you offer me?"),
    ),
    Frame(
        "seat",
        (
            "got {v} on the train for once and the journey [flew by|was bearable], I don't mind paying for that.",
            "on a long train ride I want {v}, otherwise I get [fidgety|queasy].",
        ),
        ("{p} always insists on {v}.", "{p} would pay anything to avoid {v}."),
        ("[Early check-in helps|Some lines let you reserve for free]. How long was the ride?", "Comfort is worth a few pounds on a long way."),
        ("Which seat should you reserve for me?", "Where do I prefer to sit when travelling?"),
    ),
    Frame(
        "flower",
        (
            "someone left {v} on my desk, I [grinned all morning|sniffed them every five minutes], no other blossoms do that to me.",
            "I treated myself to {v} at the florist's, [a whole armful|they light up the kitchen], can't resist those.",
        ),
        ("{p} sneezes from {v}.", "{p} had {v} all over the church."),
        ("[Cut the stems at an angle|Fresh water every other day] and they last a week.", "A bright spot. [From an admirer|Did you find a vase]?"),
        ("What bouquet would make me smile?", "If you wanted to give me flowers, which ones?"),
    ),
    Frame(
        "board_game",
        (
            "out came {v} after supper and nobody [left before midnight|touched a phone], I'd play it every week.",
            "I lost at {v} three times running and [loved every minute|demanded another round].",
        ),
        ("{p} cheats at {v}.", "{p} threw the pieces across the room over {v}."),
        ("[Three in a row|Until midnight]! Who keeps score?", "Evenings like that are the best. How many of you were there?"),
        ("Suggest a game for our evening that I would be keen on.", "Which game should friends bring to please me?"),
    ),
    Frame(
        "colour",
        (
            "bought a scarf in {v}, of course, [my wardrobe is full of it|always my weakness].",
            "everything I own ends up being {v}, [mugs, curtains, coat|I don't even notice any more].",
        ),
        ("{p} dyed the curtains {v}.", "{p} says {v} is unlucky."),
        ("[It must suit you|Consistency has its charm]. Does it go with your coat?", "At least everything matches. Is there a second favourite?"),
        ("You are buying me a jumper: which colour?", "Recommend a colour for my new carpet."),
    ),
    Frame(
        "order",
        (
            "at {k} I always have {v}, [the waiter doesn't even ask|anything else would feel wrong].",
            "we went to {k} and I had {v} again, [I know, boring|so good].",
        ),
        (),
        ("[Never change a winning team|Loyalty is a virtue]. What did the others have?", "They must know you there. Is it far?"),
        ("We are at {k}: what should I order?", "What do I like best at {k}?"),
        keys="eatery",
    ),
    Frame(
        "avoid",
        (
            "next time we book {k} I don't want {v} again, [I hardly slept|never ever].",
            "{k} would be fine if it weren't for {v}, [I can't bear it|it spoils everything for me].",
        ),
        (),
        ("Good to know for next time. [Did you tell them|Was the rest all right]?", "A word at reception might help, or an email beforehand."),
        ("Book {k} for me: what do I want to avoid?", "What do I dislike about {k}?"),
        keys="inn",
    ),
)  # fmt: skip

POOLS: dict[str, tuple[str, ...]] = {
    "dessert": ("rhubarb crumble", "crème caramel", "sticky toffee pudding", "lemon posset", "tiramisu", "baked alaska", "rice pudding",
                "blackberry fool", "treacle tart", "bread and butter pudding", "panna cotta", "pavlova", "trifle", "poached pears"),
    "genre": ("courtroom dramas", "spaghetti westerns", "heist capers", "silent comedies", "submarine thrillers", "samurai epics",
              "screwball comedies", "nature documentaries", "space operas", "Nordic noir", "old musicals", "road movies", "ghost stories", "biopics"),
    "music": ("bebop", "Motown", "baroque choirs", "bluegrass", "calypso", "Gregorian chant", "flamenco", "synth pop", "Delta blues", "fado",
              "gospel", "reggae", "string quartets", "klezmer"),
    "hated_food": ("coriander", "blue cheese", "olives", "liver", "beetroot", "capers", "aubergine", "sardines", "okra", "aniseed",
                   "fennel bulb", "black pudding", "raw onion", "cottage cheese"),
    "holiday": ("a mountain hut", "a narrowboat", "a monastery guest house", "a beach cabin", "a treehouse", "a farm cottage",
                "a forest yurt", "a shepherd's wagon", "a spa hotel", "a croft by the loch", "an island hostel", "a vineyard inn",
                "a camper van", "a lakeside chalet"),
    "drink": ("flat white", "oolong", "ginger tea", "Americano", "rooibos", "lapsang souchong", "cocoa", "espresso macchiato",
              "cappuccino", "chai latte", "earl grey", "elderflower pressé", "matcha", "mint infusion"),
    "seat": ("a table by the window", "the aisle", "the quiet coach", "a forward-facing one", "the upper deck", "the very back",
             "a single by the luggage rack", "a spot near the door", "a compartment"),
    "flower": ("peonies", "sweet peas", "ranunculus", "freesias", "delphiniums", "snapdragons", "hyacinths", "dahlias", "cornflowers",
               "lilac", "anemones", "gladioli", "mimosa", "sunflowers"),
    "board_game": ("backgammon", "Scrabble", "Carcassonne", "dominoes", "cribbage", "mah-jong", "Ludo", "Catan", "Pictionary", "canasta",
                   "Cluedo", "Monopoly", "rummy", "Go Fish"),
    "colour": ("mustard yellow", "forest green", "burgundy", "cobalt", "lavender", "terracotta", "turquoise", "charcoal", "apricot",
               "magenta", "ivory", "rust red", "indigo", "olive drab"),
    "eatery": ("the Tandoor Mahal", "Bistro Quimper", "the Anchor Tap", "Pho Saigon Corner", "Pizzeria Vesuvio", "the Crossroads Diner",
               "Taverna Kostas", "the Dumpling House", "Café Belvedere", "the Smokehouse", "Sushi Hana", "the Lamb & Flag"),
    "order": ("lamb shank", "mussels in cider", "saag paneer", "the mushroom risotto", "duck pancakes", "grilled halloumi", "sea bream",
              "gnocchi", "the oyster platter", "chicken tikka", "pork belly", "the falafel plate", "steak tartare", "the nut roast"),
    "inn": ("the Grand at Scarborough", "Hotel Miramar", "the Talbot", "Pension Edelweiss", "the Old Rectory", "Villa Serena",
            "the Queen's Head", "Hotel Astoria", "the Drovers' Inn", "Gasthof Adler", "the Esplanade", "Riad Zahra"),
    "avoid": ("a room over the kitchen", "feather pillows", "the twin beds", "the ground floor", "half board", "scratchy sheets",
              "the annexe", "a view of the car park", "the shared bathroom", "air conditioning", "the disco nights", "breakfast at seven"),
}  # fmt: skip
