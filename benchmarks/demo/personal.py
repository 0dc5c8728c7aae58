"""Facts about the user and the words in which they can be asked about without repeating any."""

from memeval.benchmarks.demo.frames import Frame

FRAMES: tuple[Frame, ...] = (
    Frame(
        "breed",
        (
            "I [finally|actually] did it and brought a {v} home from the rescue [centre|shelter], he [is already asleep on my feet|howls at the hoover].",
            "so there's a {v} [on my sofa|in my hallway] as of this weekend. The shelter [said|reckons] he's about [two|three|four].",
            "[walking|taking out] the {v} before sunrise is [the new normal|my life now], he [drags me round the block|refuses to wait].",
        ),
        (
            "{p} has taken in a {v} from the shelter and [sends me pictures hourly|can't talk about anything else].",
            "I looked after the {v} of {p} for an afternoon, [lovely but exhausting|never again on white carpet].",
        ),
        (
            "[What a change to the household|Congratulations to you both]! [A fixed routine|The same walk every morning] helps them settle.",
            "He sounds [like a character|adorable]. Has he [got used to the stairs|met the neighbours] yet?",
            "The first weeks are [all about patience|tiring but lovely]. Short outings and [plenty of praise|a quiet corner] go a long way.",
        ),
        ("What [kind of|sort of] pet do I [have|own]?", "Which [dog|canine companion] lives with me?"),
    ),
    Frame(
        "job",
        (
            "working as a~ {v} [sounds grander than it is|is less boring than people think], [mostly I stare at spreadsheets|it's mostly paperwork].",
            "nobody at parties knows what to say when I tell them I work as a~ {v}, [they just nod|they change the subject].",
            "eleven years in the office as a~ {v} and I [still forget my badge|still can't explain it to my gran].",
        ),
        (
            "{p} has qualified as a~ {v} after all those evening classes.",
            "{p} is retraining to be a~ {v}, [at fifty|with two small children], I'm impressed.",
        ),
        (
            "Every trade [has its blank stares|is a mystery from outside]. What do you enjoy about it?",
            "That [sounds like solid experience|is quite a path]. [Is it busy at the moment|Do you like the people]?",
            "I imagine [the details matter a lot there|no two weeks are quite alike].",
        ),
        ("What is my [profession|occupation]?", "How do I [earn my living|make money]?"),
    ),
    Frame(
        "town",
        (
            "I was [a kid|small] in {v}, [we knew every shopkeeper|nobody locked a door there] back then.",
            "we didn't leave {v} until I was seventeen, so [the accent stuck|I still say things wrong].",
            "primary school in {v} meant [gravel playgrounds|cold milk] and [very strict nuns|skinned knees].",
        ),
        (
            "{p} was brought up in {v}, [you can hear it|and won't hear a word against the place].",
            "{p} spent years in {v} before moving here.",
        ),
        (
            "Places like that [leave a mark|shape the way we talk]. Do you ever go back?",
            "[What a vivid memory|That paints a picture]. Are any of the old [friends|faces] still there?",
        ),
        ("Where did I grow up?", "What is my [birthplace|hometown]?"),
    ),
    Frame(
        "instrument",
        (
            "had my [first|third] lesson on the {v} [on Tuesday|last night], my [fingers|wrists] hurt and the walls are thin.",
            "the rented {v} [arrived|was delivered], so scales every evening until [they evict me|somebody complains].",
            "my {v} teacher says [I should count out loud|I hold my breath too much], she's probably right.",
        ),
        (
            "{p} has been offered a place in an orchestra, on the {v} of all things.",
            "{p} practises the {v} in the garage [so nobody complains|every Sunday].",
        ),
        (
            "Slow repetition [beats speed|works wonders] in the beginning. [Ten minutes a day is plenty|Keep sessions short].",
            "[Well done for starting|Good for you]! It gets easier once the [posture|breathing] is automatic.",
        ),
        ("Which musical instrument am I learning?", "What instrument can I play?"),
    ),
    Frame(
        "sport",
        (
            "signed up with the {v} club round the corner, [everything aches|I could barely get out of bed today].",
            "{v} every Thursday night now, [I'm the oldest by a decade|it clears my head like nothing else].",
            "the {v} people [are a friendly lot|put me in the beginners' group], I came last and loved it.",
        ),
        (
            "{p} won a cup in {v}, it stands on the mantelpiece.",
            "{p} gave up {v} because of a bad knee.",
        ),
        (
            "Aches like that [fade after two weeks|mean something is working]. Do stretch afterwards.",
            "[Turning up is most of it|That's a great attitude]! Rest a day between sessions.",
        ),
        ("How do I keep [fit|in shape]?", "What [exercise|physical activity] do I do?"),
    ),
    Frame(
        "language",
        (
            "day [thirty|forty|fifty] of {v} on that app, I can [order soup|ask for the station] and not much else.",
            "bought a {v} grammar [second-hand|from the market], the [verbs|endings] are out to get me.",
            "my {v} evening class got to the past tense, [half of us fled|I dream in flash cards].",
        ),
        (
            "{p} speaks fluent {v} because of a year abroad.",
            "{p} translates manuals from {v}, [paid by the word|late into the night].",
        ),
        (
            "Little and often is the way. Try [labelling things in the kitchen|reading children's books].",
            "[Endings come with time|Nobody minds mistakes]. Speaking out loud helps more than rules.",
        ),
        ("Which foreign tongue am I studying?", "What am I [studying|learning] to speak?"),
    ),
    Frame(
        "allergen",
        (
            "mystery solved: {v} is what [makes my throat swell|brings me out in hives], the clinic [rang with the results|is certain].",
            "one bite with {v} and my lips [tingle|puff up], so I carry an adrenaline pen around now.",
            "no {v} for me ever again, [it put me in A&E|I couldn't breathe], hives all over.",
        ),
        (
            "{p} comes out in a rash from {v}, so picnics are complicated.",
            "we had to throw a cake away because {p} can't tolerate {v}.",
        ),
        (
            "Good that it is settled. Read the labels [twice|every time], recipes change without notice.",
            "That must have been frightening. Do [your colleagues|the people around you] know what to do?",
        ),
        ("What food am I allergic to?", "Which ingredient is dangerous [to|for] me?"),
    ),
    Frame(
        "commute",
        (
            "I [get|go] to the office {v} these days, [rain or shine|forty minutes door to door].",
            "going in {v} [saves me a fortune|wakes me up properly], though [my hair suffers|people do stare].",
            "arrived at my desk soaked, that's what you get for going {v}.",
        ),
        (
            "{p} swears by going to the office {v}.",
            "{p} used to get in {v} until [the timetable changed|an accident in autumn].",
        ),
        (
            "A towel and [dry socks|a spare shirt] in the desk drawer would be an idea.",
            "[That beats a traffic jam|At least nobody is honking at you]. How is it in winter?",
        ),
        ("[How|By what means] do I commute?", "What mode of transport takes me to my job?"),
    ),
    Frame(
        "degree",
        (
            "three years of {v} lectures in a cold hall and what I remember is [the canteen|the bad coffee].",
            "found my old {v} notes from college in the attic, I [used to know things|understood half of it once].",
            "I wrote my thesis in {v}, [all ninety pages of it|nobody has opened it since].",
        ),
        (
            "{p} is going back to college for {v}.",
            "{p} dropped out of {v} after a term and never looked back.",
        ),
        (
            "Old notes are [a time machine|humbling]. Was there a lecturer you remember?",
            "Some of it always stays. [Would you do it again|Do you still read about it]?",
        ),
        ("What did I [study|major in] at university?", "Which academic subject is my diploma in?"),
    ),
    Frame(
        "fear",
        (
            "I [screamed|climbed on a chair] this morning: {v}. My heart is still going, [it's ridiculous|at my age].",
            "can't be in a room with {v}, my knees just [go|turn to water].",
            "left the birthday party early because of {v}, I [panicked|broke out in a sweat].",
        ),
        (
            "{p} laughs at me, but {p2} is just as bad with {v}.",
            "{p} has a thing about {v} and won't go into the cellar.",
        ),
        (
            "[It isn't ridiculous|Plenty of people feel that way]. Slow breathing, four in and six out, takes the edge off.",
            "That sounds unpleasant. Small steps [with someone you trust|at your own pace] can help.",
        ),
        ("What am I [scared|afraid|terrified] of?", "What frightens me?", "Which phobia do I have?"),
    ),
    Frame(
        "venue",
        (
            "ten years since we said our vows in {v}, [and it poured|and my veil blew away].",
            "drove past {v} today, where we exchanged rings, [I got all soft|the roof has gone].",
            "the photos of our big day in {v} finally hang in the hall.",
        ),
        (
            "{p} is throwing a retirement party in {v}.",
            "{p} held the christening in {v}, [very draughty|with far too much cake].",
        ),
        (
            "[Rain is lucky, they say|What a setting]. Are you planning anything for the anniversary?",
            "That sounds [romantic|unforgettable]. Who caught the bouquet?",
        ),
        ("Where [was my wedding|did I get married]?", "At what location did I marry?"),
    ),
    Frame(
        "first_job",
        (
            "at sixteen I [spent a summer sweeping floors|earned my pocket money] at {v}, [never been so tired|five quid an hour].",
            "my very first payslip came from {v}, I [framed it|blew it all on trainers].",
            "saw a boy in a too big apron and thought of me at {v}, Saturdays, seven till two.",
        ),
        (
            "{p} puts in Saturday shifts at {v} for pocket money.",
            "{p} once fainted at {v} on the first day.",
        ),
        (
            "Starts like that [teach you more than school|build character]. Did you stay long?",
            "[Those aprons never fit|A proud moment]! What did you learn there?",
        ),
        ("Where did I work as a teenager?", "Who employed me when I was young?"),
    ),
    Frame(
        "noise",
        (
            "the man upstairs [started|is at it] again at midnight: {v}. I lay there counting [cracks|sheep].",
            "earplugs don't do a thing against {v}, the ceiling [hums|shakes] until two in the morning.",
            "another short night, {v} above my bed until one in the morning.",
        ),
        (
            "{p} can't hear the telly for {v} next door.",
            "{p} complained to the council about {v}.",
        ),
        (
            "A friendly note [before a complaint|through the letterbox] often helps. Keep a list of dates as well.",
            "That's [wearing|hard on the nerves]. A white-noise app [may cover it|could bridge the worst].",
        ),
        ("Which noise from my neighbour keeps me awake?", "What neighbour's noise stops me from sleeping?"),
    ),
    Frame(
        "collectible",
        (
            "came home from the flea market with another three {v}, [the cabinet is full|no room left on the shelf].",
            "dusted the display case with my {v}, all [eighty|ninety|two hundred] of them, it took [all day|till dark].",
            "outbid at the auction over a box of {v}, [I sulked|I'm heartbroken].",
        ),
        (
            "{p} inherited boxes of {v} and has no idea what to do with them.",
            "{p} sells {v} online, [mostly to Japan|quite profitably].",
        ),
        (
            "[A glass door|A soft brush] saves a lot of dusting. Which one is your favourite?",
            "There will be another [auction|chance]. Set yourself a limit beforehand.",
        ),
        ("What do I collect?", "What is in my collection?"),
    ),
    Frame(
        "charity",
        (
            "helped out at {v}, as [every|each] Sunday, peeled a thousand carrots, [nice crowd|my hands are orange].",
            "the people at {v} gave me a mug for [five|three] years of helping out for free.",
            "they're short of helpers at {v}, so I [said I'd come Wednesdays too, unpaid|took a second shift for free].",
        ),
        (
            "{p} ran a raffle for {v}.",
            "{p} left {v} a small legacy, nobody had known.",
        ),
        (
            "[That's generous of you|They're lucky to have you]. Mind that you get some rest too.",
            "It sounds like [a warm place|good company]. What do you get out of it?",
        ),
        ("Where do I volunteer?", "Which [charity|good cause] do I support with my time?"),
    ),
    Frame(
        "surgery",
        (
            "so the hospital [wrote|rang]: they will take my {v} out on a [Monday|Friday]. I've never [been put under|had stitches].",
            "my {v} [has|have] to come out after all, the scan was [clear about it|not pretty].",
            "signed the consent form for my {v}, [keyhole|day ward], home the same night.",
        ),
        (
            "{p} is in hospital because of {v} trouble.",
            "{p} keeps telling everyone about the {v} drama at dinner.",
        ),
        (
            "That's routine these days. Write down your questions for the anaesthetist.",
            "It's normal to be nervous. Who will pick you up afterwards?",
        ),
        ("Which [operation|surgery] am I having?", "What is the surgeon going to remove from me?"),
    ),
    Frame(
        "sibling_town",
        (
            "my sister loves {v}, they've [bought the house|got a garden] and [the kids|the twins] start school there.",
            "parcel for my sister went off to {v} today, [the postage was a joke|customs form and all].",
            "spent the whole call with my sister hearing about {v}, [the hills|the market], they'll never move away.",
        ),
        (
            "{p} found a flat in {v}, [tiny but bright|above a bakery].",
            "{p} hates {v} and counts the days.",
        ),
        (
            "[It's good to hear they have settled|That sounds like a happy bunch]. When will you see them?",
            "Parcels from you must be a treat. What did you [put in|send]?",
        ),
        ("Where does my sibling live?", "In which place is my sibling's home?"),
    ),
    Frame(
        "car",
        (
            "I drove off the dealer's lot in a {v}, [second-hand but spotless|smells of pine tree].",
            "my {v} failed its MOT, [brake pads and a bulb|rust underneath], that's four hundred gone.",
            "somebody scratched my {v} at the supermarket [and left no note|right across the door].",
        ),
        (
            "{p} is selling the {v} because of the fuel.",
            "{p} drove into a bollard with a {v}, nobody hurt.",
        ),
        (
            "[How annoying|That adds up]. Ask two garages for a price before you decide.",
            "Keep the paperwork together, [it helps on resale|insurers ask for it].",
        ),
        ("Which [vehicle|automobile] do I own?", "What make of vehicle do I have?"),
    ),
)

POOLS: dict[str, tuple[str, ...]] = {
    "breed": (
        "beagle", "whippet", "corgi", "greyhound", "dachshund", "labradoodle", "border collie", "schnauzer", "springer spaniel",
        "pointer", "poodle", "lurcher", "bulldog", "terrier mix", "samoyed", "basset",
    ),
    "job": (
        "paralegal", "quantity surveyor", "conveyancer", "payroll officer", "proofreader", "claims adjuster", "tax inspector",
        "patent clerk", "actuary", "town planner", "records manager", "technical writer", "logistics planner",
        "grants administrator", "compliance officer", "cartographer",
    ),
    "town": (
        "Whitby", "Ludlow", "Kendal", "Penzance", "Oban", "Tenby", "Hexham", "Lyme Regis", "Stamford", "Buxton", "Cromer",
        "Totnes", "Aberystwyth", "Berwick", "Skipton", "Frome", "Pitlochry", "Malvern", "Bridport", "Alnwick",
    ),
    "instrument": (
        "cello", "oboe", "bassoon", "trombone", "accordion", "banjo", "clarinet", "mandolin", "french horn", "double bass",
        "saxophone", "harpsichord", "hurdy-gurdy", "bagpipes", "ukulele", "zither",
    ),
    "sport": (
        "fencing", "badminton", "bouldering", "squash", "handball", "judo", "water polo", "archery", "curling", "hockey",
        "table tennis", "canoeing", "kickboxing", "volleyball", "lacrosse", "netball",
    ),
    "language": (
        "Hungarian", "Norwegian", "Portuguese", "Welsh", "Turkish", "Icelandic", "Romanian", "Korean", "Finnish", "Basque",
        "Swahili", "Estonian", "Catalan", "Georgian", "Croatian", "Vietnamese",
    ),
    "allergen": (
        "sesame", "lupin flour", "cashews", "kiwi", "shellfish", "celeriac", "mustard seed", "pistachios", "mango", "buckwheat",
        "peanuts", "soya", "hazelnuts", "squid", "poppy seeds", "lychee",
    ),
    "commute": (
        "by tram", "on a folding bike", "on a moped", "by kayak", "on roller skates", "on an electric scooter", "by ferry",
        "on a tandem", "in a shared minibus", "on horseback", "on a longboard", "by park-and-ride", "on a cargo bike",
        "in a sidecar",
    ),
    "degree": (
        "geology", "theology", "linguistics", "astronomy", "archaeology", "botany", "musicology", "statistics", "oceanography",
        "philosophy", "metallurgy", "anthropology", "economics", "zoology", "classics", "criminology",
    ),
    "fear": (
        "a wasp", "moths", "balloons", "a clown", "a thunderstorm", "pigeons", "a centipede", "mice", "geese", "an earwig",
        "needles", "a seagull", "snakes", "jellyfish", "a mannequin", "frogs",
    ),
    "venue": (
        "a converted lighthouse", "a boathouse", "an orangery", "a disused chapel", "a barn in Dorset", "the castle ruins",
        "a walled garden", "the old observatory", "a windmill", "a vineyard", "the zoo's aquarium", "a railway museum",
        "a cricket pavilion", "the corn exchange", "a planetarium", "an abbey cloister",
    ),
    "first_job": (
        "a bowling alley", "the fish market", "a garden centre", "an ice rink", "the launderette", "a crazy golf course",
        "a petrol station", "a chip van", "the swimming baths", "a shoe factory", "a strawberry farm", "the bingo hall",
        "a car wash", "the print works", "a riding stable", "a cinema kiosk",
    ),
    "noise": (
        "drum solos", "karaoke", "a treadmill", "power drills", "tap dancing", "opera arias", "a sewing machine", "dubstep",
        "a rowing machine", "trumpet scales", "furniture being dragged", "bouncing basketballs", "video game explosions",
        "a washing machine", "arguments", "line dancing",
    ),
    "collectible": (
        "fountain pens", "snow globes", "enamel signs", "matchboxes", "beer mats", "vinyl records", "thimbles", "marbles",
        "pocket watches", "tin soldiers", "typewriters", "postcards of piers", "toy trains", "brass buttons",
        "film cameras", "teapots",
    ),
    "charity": (
        "St Brannock's kitchen", "the Harbour Pantry", "the night shelter on Mill Lane", "the Larch Road food bank",
        "the Lantern Project", "the seamen's mission", "the Open Table", "Hope Yard", "the Elder Café",
        "the Quayside canteen", "the Refuge at Five Ways", "the Sycamore lunch club", "the Wayfarers' hostel",
        "the Linden soup run",
    ),
    "surgery": (
        "gallbladder", "tonsils", "wisdom teeth", "appendix", "thyroid", "kidney stone", "adenoids", "bunions", "spleen",
        "cataract", "polyps", "hernia mesh", "collarbone plate", "ankle screws",
    ),
    "sibling_town": (
        "Utrecht", "Ghent", "Graz", "Bergen", "Tampere", "Porto", "Seville", "Lucca", "Aarhus", "Gdansk", "Ljubljana", "Basel",
        "Galway", "Nantes", "Leipzig", "Malmö", "Tartu", "Brno", "Trieste", "Girona",
    ),
    "car": (
        "Skoda Fabia", "Volvo estate", "Fiat Panda", "Honda Jazz", "Renault Zoe", "Citroën Berlingo", "Mini Cooper",
        "Toyota Yaris", "Nissan Leaf", "Subaru Forester", "Saab convertible", "Suzuki Swift", "Dacia Duster",
        "Kia Picanto", "Mazda coupé", "Peugeot van",
    ),
}  # fmt: skip
