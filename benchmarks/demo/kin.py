"""Who is who to whom, and what is known of them: the links of multi-hop questions."""

from memeval.benchmarks.demo.frames import Bond, Trait

# Told about two named people; `phrase` stands for {b}.
BONDS: tuple[Bond, ...] = (
    Bond(
        (
            "{a} shares an office with {b} now, [two desks and one heater|they argue about the window].",
            "{a} has a new office mate called {b}, [very tidy|hums all day].",
        ),
        ("Sharing an office is [a test of character|almost like living together].",),
        "the person sharing an office with {a}",
    ),
    Bond(
        (
            "{a} rents from {b}, [who answers the phone at once|and the lift never works].",
            "{a}'s landlord is called {b}, [quite a character|and lives downstairs].",
        ),
        ("A landlord [on the spot|who answers] is worth a lot. Is the flat nice?",),
        "{a}'s landlord",
    ),
    Bond(
        (
            "{a} got engaged to {b}, [after all those years|on a ferry of all places].",
            "{a} and {b} are engaged, [I cried|the ring was a great-aunt's].",
        ),
        ("What lovely news! Have they set a date?",),
        "the person engaged to {a}",
    ),
    Bond(
        (
            "{a} plays in a band with {b}, [mostly weddings|they practise in a barn].",
            "{a} found a band, with someone named {b} [on vocals|as leader].",
        ),
        ("A band of one's own! Have you heard them yet?",),
        "the person in a band with {a}",
    ),
    Bond(
        (
            "{a}'s stepmother is called {b}, [they get on, surprisingly|I met her at the airport].",
            "I finally met {b}, the stepmother of {a}, [not wicked at all|we talked for hours].",
        ),
        ("Families [come in all shapes|grow in funny ways]. It's nice that you met.",),
        "{a}'s stepmother",
    ),
    Bond(
        (
            "{a} carpools with {b} now, [Tuesdays and Thursdays|it saves on petrol].",
            "{a} carpools with someone called {b}, [who is never late|who sings].",
        ),
        ("Carpooling [saves money|makes mornings sociable], as long as everybody is on time.",),
        "the person carpooling with {a}",
    ),
    Bond(
        (
            "{a}'s godmother is {b}, [an old family friend|hence the enormous parcels].",
            "{b} is the godmother of {a}, [I only learned that today|hence the parcels].",
        ),
        ("A godmother like that is a treasure.",),
        "{a}'s godmother",
    ),
    Bond(
        (
            "{a} has a flatmate named {b}, [who labels the milk|very quiet].",
            "{b} moved in with {a} as a flatmate, [they split the bills|three weeks ago].",
        ),
        ("[Good flatmates are rare|Labels on the milk, the classic]. How is it going?",),
        "{a}'s flatmate",
    ),
)

# Told about the user in words that the phrase does not use.
OWN: tuple[Bond, ...] = (
    Bond(
        (
            "{b} looked at my teeth and [tutted|found a cavity], [back in six months|I gripped the chair].",
            "numb lip all day: {b} drilled my tooth for an hour.",
        ),
        ("[Soft food tonight|That's over, at least]. Is it still sore?",),
        "my dentist",
    ),
    Bond(
        (
            "{b} cut my hair [far too short|as if I were a sheep], it'll grow.",
            "told {b} just the fringe. Lost [ten|twelve] centimetres.",
        ),
        ("Hair has the decency to grow. A hat [until then|for a week]?",),
        "my barber",
    ),
    Bond(
        (
            "{b}, who lets me the flat, [raised what I pay each month|came about the damp].",
            "the flat belongs to {b}, who wants the deposit doubled.",
        ),
        ("Ask for it in writing, and check what the contract allows.",),
        "my landlord",
    ),
    Bond(
        (
            "{b} and I went through my tax papers, [two shoeboxes of receipts|we found three mistakes].",
            "{b} does my tax return and says I may deduct the desk.",
        ),
        ("[It's good to have someone who knows the forms|Money back is always welcome].",),
        "my accountant",
    ),
    Bond(
        (
            "at the gym {b} made me do lunges until I [saw stars|couldn't sit].",
            "forty squats in the gym, then {b} said we'd only warmed up.",
        ),
        ("[Drink a lot of water|A warm bath tonight]. Tomorrow will be worse, then better.",),
        "my personal trainer",
    ),
    Bond(
        (
            "{b} from the door opposite [watered my plants|took in the parcel], [an angel|I owe her wine].",
            "{b}, whose balcony touches mine, has a barbecue smoking.",
        ),
        ("It pays to be on good terms across the landing.",),
        "my neighbour",
    ),
)

TRAITS: tuple[Trait, ...] = (
    Trait(
        "stall",
        (
            "{b} has a stall at the {k} fair and sells {v}[| on Sundays].",
            "at the {k} fair I ran into {b}, who sells {v} there.",
        ),
        ("Fairs are [full of surprises|good for presents]. Did you buy something?",),
        ("What does {who} sell at the {k} fair?",),
        "fair",
    ),
    Trait(
        "painted",
        (
            "{b} had a picture in the {k} exhibition, it showed {v}[|, not cheap].",
            "the {k} exhibition was fun: {b} exhibited a picture of {v}.",
        ),
        ("[Art in the neighbourhood|How nice], was it any good?",),
        ("What did the picture by {who} in the {k} exhibition show?",),
        "gallery",
    ),
    Trait(
        "role",
        (
            "in the {k} panto {b} is cast as {v}, [made for it|typecasting].",
            "{b} plays {v} in the {k} panto, [tickets are eight pounds|the costume itches].",
        ),
        (
            "[That's one not to miss|The whole town will be there|That sounds like a laugh]. [Will you go|Do you have tickets|Is it the first time]?",
        ),
        ("Which role does {who} play in the {k} panto?",),
        "stage",
    ),
    Trait(
        "repair",
        (
            "{b} is restoring {v} in the {k} workshop, [year three|oil up to the elbows].",
            "over at the {k} workshop {b} is busy with {v}, [half of it on the floor|what a noise].",
        ),
        ("Projects like that need patience. How far along is it?",),
        ("What is {who} restoring in the {k} workshop?",),
        "workshop",
    ),
    Trait(
        "lecture",
        (
            "{b} gave a talk on {v} at the {k} institute, [I learned a lot|the projector died].",
            "the {k} institute had {b} speak about {v}, [full house|with slides].",
        ),
        ("Which part stayed with you?",),
        ("What was the talk about that {who} gave at the {k} institute?",),
        "institute",
    ),
)

OWN_TRAITS: tuple[Trait, ...] = (
    Trait(
        "pastime",
        (
            "{b} told me about {v}, [every spare minute goes into it|weekends included].",
            "{b} is wild about {v}, [showed me pictures|three evenings a week].",
        ),
        ("It's nice when people [glow about something|have a passion]. Were you tempted?",),
        ("What is the hobby of {who}?", "What does {who} do in leisure time?"),
    ),
    Trait(
        "retreat",
        (
            "{b} has bought a cottage in {v}, [for the long holidays|damp but charming].",
            "{b} is off to {v} whenever there's a free week, owns a cottage there.",
        ),
        (
            "[That must be a fine escape|Not a bad place to be|How enviable]. [Have you been invited|Do you know the area|Would you like that too]?",
        ),
        ("Where does {who} have a second home?",),
    ),
    Trait(
        "child",
        ("{b}'s boy wants to become {v}, [of all things|and means it].", "{b} is proud: the eldest boy trains as {v}."),
        (
            "[Parents beam about that|Good for the family|How sweet]. [It's an uncommon wish|Early plans can hold|Well, who knows what comes of it].",
        ),
        ("Which career has the son of {who} chosen?",),
    ),
)

POOLS: dict[str, tuple[str, ...]] = {
    "fair": ("Michaelmas", "Lammas", "Goose Green", "Martlet", "Candlemas", "Harbour", "Apple Day", "Whitsun"),
    "stall": ("beeswax candles", "rye loaves", "felt slippers", "goat's cheese", "wooden spoons", "chutney", "pottery owls", "second-hand spectacles", "honeycomb",
              "linen aprons", "garlic plaits", "willow baskets", "soap bars", "gingerbread"),
    "gallery": ("Pump House", "Arches", "Tannery", "Dovecote", "Signal Box", "Malthouse", "Gatehouse", "Ropewalk"),
    "painted": ("a drowned village", "three lemons", "a sleeping greengrocer", "an empty swimming pool", "a burning piano", "the gasometer", "a red tractor",
                "two herons", "a staircase at night", "a pile of laundry", "a blindfolded horse", "the ferry in fog", "a broken umbrella", "nine crows"),
    "stage": ("Guildhall", "Corn Hall", "Assembly Rooms", "Drill Hall", "Little Theatre", "Methodist", "Lido", "Playhouse"),
    "role": ("Captain Hook", "Widow Twankey", "the back half of the horse", "Prince Charming", "the Sheriff", "Baron Hardup", "the Genie", "Mother Goose",
             "Buttons", "the Wicked Fairy", "King Rat", "Puss in Boots", "the Giant", "Friar Tuck"),
    "workshop": ("Pottery Lane", "Old Forge", "Brewery", "Viaduct", "Slipway", "Engine Shed", "Tram Depot", "Cooperage"),
    "repair": ("a steam launch", "a jukebox", "a church organ", "a fairground carousel", "a Vespa", "a grandfather clock", "a rocking horse", "a 1950s ambulance",
               "a weathervane", "a pinball machine", "a printing press", "a pedalo", "a barrel vault", "a glider"),
    "institute": ("Polytechnic", "Carnegie", "Mechanics'", "Miners'", "Seafarers'", "Botanical", "Literary", "Royal"),
    "lecture": ("eel migration", "Viking shipbuilding", "volcanic soils", "the history of salt", "bat echolocation", "Byzantine coins", "tidal power",
                "medieval surgery", "peat bogs", "cuneiform", "the Silk Road", "lighthouse optics", "monsoons", "Etruscan tombs"),
    "pastime": ("hang-gliding", "model railways", "bell ringing", "orienteering", "ballroom dancing", "falconry", "geocaching", "stargazing", "potholing",
                "fly-fishing", "roller derby", "kite surfing", "bonsai", "medieval re-enactment"),
    "retreat": ("Anglesey", "Umbria", "the Dordogne", "Connemara", "the Cotswolds", "Skye", "the Algarve", "Exmoor", "the Broads", "Istria", "Jersey", "Northumberland"),
    "child": ("a pastry chef", "a deep-sea diver", "a beekeeper", "a paramedic", "a goalkeeper", "a stage magician", "a vet", "a stonemason", "a pilot", "a puppeteer",
              "a tree surgeon", "a weatherman"),
    "name": ("Dariela", "Tomasz", "Anneliese", "Ravindra", "Siobhan", "Matthias", "Oluchi", "Kasimir", "Bronwen", "Desmond", "Eliska", "Farouk", "Ginevra",
             "Hamish", "Ingrid", "Jolyon", "Katinka", "Lorenzo", "Mireille", "Nikolai", "Odette", "Piotr", "Quentin", "Rosamund", "Stellan", "Tamsin",
             "Ulrike", "Vasily", "Winifred", "Xavier", "Yolanda", "Zacharias", "Aurelio", "Birgitta", "Cedric", "Delphine", "Eamonn", "Fenella", "Gustavo",
             "Hortensia", "Ivor", "Jemima", "Keziah", "Ludmila", "Magnus", "Nerys", "Osvaldo", "Pernilla", "Rhiannon", "Sebastien", "Tatiana", "Ursula",
             "Viggo", "Wendell", "Ysolde", "Zebedee", "Adaeze", "Bogdan", "Constanza", "Dmitri", "Eudora", "Florian", "Greta", "Hyacinth", "Isidore",
             "Jarek", "Klaus", "Leocadia", "Mordecai", "Nadezhda", "Orlando", "Paloma", "Roderick", "Svetlana", "Tiberius", "Umberto", "Violetta",
             "Wolfgang", "Xanthe", "Yorick"),
}  # fmt: skip
