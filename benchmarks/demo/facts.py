"""What can be said of people and of the user, with several wordings each and the questions about it.

Statements and questions are templates: {who} "my sister", {name}, {they}/{them}/{their}, {v} the value.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Attribute:
    """Something with one value per person. `pool` names the values; `changed` are wordings of a later value."""

    key: str
    pool: str
    told: Sequence[str]
    asked: Sequence[str]
    changed: Sequence[str] = ()


PERSON = (
    Attribute(
        "lives", "town",
        ("{who} {name} lives in {v} these days.", "I spent an hour on the phone with {who} {name}, who lives in {v}.",
         "{who} {name} lives in {v}, so visiting means an early train."),
        ("Where does {who} {name} live?", "In which town does {who} {name} live?"),
        ("{who} {name} has packed up and now lives in {v}.", "Big news: {who} {name} lives in {v} now, the van left at dawn.",
         "I helped {who} {name} unpack, {they} lives in {v} now and loves it."),
    ),
    Attribute(
        "works", "job",
        ("{who} {name} works as {v} and the hours sound brutal.", "{name}, {who}, works as {v}.",
         "Funny story from {who} {name}, who works as {v}."),
        ("What does {who} {name} work as?", "As what does {who} {name} work?"),
        ("{who} {name} retrained and now works as {v}.", "Turns out {who} {name} quit and works as {v} now.",
         "{who} {name} sounds much happier since {they} works as {v}."),
    ),
    Attribute(
        "grew_up", "town",
        ("{who} {name} grew up in {v}, which explains the accent.", "I never knew that {who} {name} grew up in {v}.",
         "{who} {name} grew up in {v} and still talks about the school there."),
        ("Where did {who} {name} grow up?", "In which town did {who} {name} grow up?"),
    ),
    Attribute(
        "plays", "instrument",
        ("{who} {name} plays the {v} in a little band.", "{who} {name} plays the {v}, mostly after ten at night.",
         "We listened to {who} {name}, who plays the {v} rather well."),
        ("What instrument does {who} {name} play?", "Which instrument does {who} {name} play?"),
    ),
    Attribute(
        "drives", "car",
        ("{who} {name} drives a {v} that smells of wet dog.", "I got a lift from {who} {name}, who drives a {v}.",
         "{who} {name} drives a {v} and parks it across two spaces."),
        ("What car does {who} {name} drive?", "What does {who} {name} drive?"),
        ("{who} {name} drives a {v} now, the last one failed its inspection.",
         "{who} {name} turned up grinning because {they} drives a {v} now."),
    ),
    Attribute(
        "allergic", "allergy",
        ("{who} {name} is allergic to {v}, we found out the hard way.", "Note to self, {who} {name} is allergic to {v}.",
         "{who} {name} had a bad night, {they} is allergic to {v}."),
        ("What is {who} {name} allergic to?", "To what is {who} {name} allergic?"),
    ),
    Attribute(
        "learns", "language",
        ("{who} {name} is learning {v} from a podcast.", "{who} {name} is learning {v} and practises on all of us.",
         "Apparently {who} {name} is learning {v} for fun."),
        ("What language is {who} {name} learning?", "Which language is {who} {name} learning?"),
        ("{who} {name} got bored and is learning {v} now.", "It's a new year of hobbies, {who} {name} is learning {v} now."),
    ),
    Attribute(
        "collects", "collects",
        ("{who} {name} collects {v}, the shelves are full.", "{who} {name} collects {v} and showed me every single one.",
         "At the flea market I thought of {who} {name}, who collects {v}."),
        ("What does {who} {name} collect?", "What sort of things does {who} {name} collect?"),
    ),
    Attribute(
        "studied", "degree",
        ("{who} {name} studied {v}, hard as that is to believe.", "I learned at dinner that {who} {name} studied {v}.",
         "{who} {name} studied {v} and never used it since."),
        ("What did {who} {name} study?", "Which subject did {who} {name} study?"),
    ),
    Attribute(
        "volunteers", "volunteer",
        ("{who} {name} volunteers at {v} every other weekend.", "{who} {name} volunteers at {v} and wants me to come along.",
         "I met {who} {name}, who volunteers at {v}."),
        ("Where does {who} {name} volunteer?", "At which place does {who} {name} volunteer?"),
    ),
    Attribute(
        "cat", "pet",
        ("{who} {name} has a cat called {v} that hates visitors.", "I am feeding the cat of {who} {name}, it is called {v}.",
         "The cat that {who} {name} brought home is called {v}."),
        ("What is the cat of {who} {name} called?", "What is {who} {name}'s cat called?"),
    ),
    Attribute(
        "trains", "sport",
        ("{who} {name} trains twice a week in {v}.", "{who} {name} trains in {v} and has the bruises to show for it.",
         "I watched {who} {name}, who trains in {v} with real talent."),
        ("In which sport does {who} {name} train?", "Which sport does {who} {name} train in?"),
        ("{who} {name} has given up the old club and trains in {v} now.", "A surprise, {who} {name} trains in {v} now."),
    ),
    Attribute(
        "holiday", "abroad",
        ("{who} {name} has booked a holiday in {v}.", "{who} {name} is off on holiday to {v} and wants packing tips.",
         "I am jealous, {who} {name} goes on holiday to {v}."),
        ("Where is {who} {name} going on holiday?", "To which city is {who} {name} going on holiday?"),
    ),
)  # fmt: skip

# Preferences: asked as somebody would ask for advice.
PREFERENCE = (
    Attribute(
        "dish", "dish_liked",
        ("{who} {name} would eat {v} every single evening.", "Nothing makes {who} {name} happier than a plate of {v}.",
         "{who} {name} asked for {v} again, {they} never gets enough of it."),
        ("What should I cook for {who} {name}?", "{who} {name} is coming to dinner. Which meal would please {them}?",
         "Which supper would make {who} {name} happy?"),
    ),
    Attribute(
        "hates", "food_hated",
        ("{who} {name} cannot stand {v}.", "{who} {name} picked the {v} out of the salad and made a face.",
         "If there is {v} anywhere in a meal, {who} {name} pushes it aside."),
        ("Which ingredient should I leave out when I cook for {who} {name}?",
         "I am cooking for {who} {name}. What had better not be in it?"),
    ),
    Attribute(
        "music", "music",
        ("{who} {name} had {v} on all evening, it is {their} great love.", "{who} {name} is mad about {v}.",
         "With {who} {name} in the car it is {v} from start to finish, by choice."),
        ("What kind of music should I put on when {who} {name} visits?",
         "I want to make a playlist for {who} {name}. What should be on it?"),
    ),
    Attribute(
        "film", "film",
        ("{who} {name} adores {v}.", "{who} {name} talked me into another evening of {v}, {their} favourite.",
         "If it were up to {who} {name}, we would watch nothing but {v}."),
        ("What should we watch at the cinema to please {who} {name}?",
         "I am choosing something to watch with {who} {name}. What would {they} enjoy?"),
    ),
    Attribute(
        "flower", "flower",
        ("{who} {name} lights up whenever somebody brings {v}.", "{who} {name} says that no bouquet beats {v}.",
         "The windowsill of {who} {name} is full of {v}, {they} cannot resist them."),
        ("Which flowers should I bring {who} {name}?", "What should be in the bouquet for {who} {name}?"),
    ),
    Attribute(
        "drink", "drink",
        ("{who} {name} always orders {v}.", "{who} {name} refuses everything but {v}.",
         "{who} {name} could live on {v}, there is a crate of it in the hall."),
        ("What should I get {who} {name} to drink?", "Which drink should I have ready for {who} {name}?"),
    ),
    Attribute(
        "gift", "gift",
        ("{who} {name} has a soft spot for {v}.", "{who} {name} was thrilled with {v} last Christmas.",
         "You can't go wrong with {v} where {who} {name} is concerned."),
        ("What would be a good birthday present for {who} {name}?", "I need a gift for {who} {name}. What should I look for?"),
    ),
    Attribute(
        "outing", "outing",
        ("{who} {name} loves {v} more than anything.", "{who} {name} drags me to {v} whenever there is a free Sunday.",
         "I have never seen {who} {name} as cheerful as at {v}, {they} can't get enough."),
        ("Where should I take {who} {name} for a day out?", "Suggest an outing that {who} {name} would enjoy."),
    ),
)  # fmt: skip

# Things with a rare name: {n} is a surname used for nothing else, {v} a reference.
NAMED = (
    ("My claim with {n} Insurance got the reference {v}.", "What is the reference of my claim with {n} Insurance?"),
    ("The bike shed at {n} Yard opens with {v}.", "What opens the bike shed at {n} Yard?"),
    ("The parcel from {n} and Sons has the tracking number {v}.",
     "What is the tracking number of the parcel from {n} and Sons?"),
    ("My locker at the {n} Baths is {v}, at the very end of the row.", "Which locker do I have at the {n} Baths?"),
    ("The {n} Library gave me the card number {v}.", "What is my card number at the {n} Library?"),
    ("The paint for the hall is {n} White, shade {v}.", "What shade is the {n} White paint for the hall?"),
    ("My storage unit at {n} Wharf is {v}.", "Which storage unit do I have at {n} Wharf?"),
    ("The boiler is a {n}, serial number {v}.", "What is the serial number of the {n} boiler?"),
    ("The booking at the {n} Hotel is under {v}.", "Under what is the booking at the {n} Hotel?"),
    ("The order with {n} Timber went through as {v}.", "As what did the order with {n} Timber go through?"),
    ("My seat in the {n} Theatre is {v}, up in the gods.", "Which seat do I have in the {n} Theatre?"),
    ("The permit for {n} Street came through, number {v}.", "What is the number of the permit for {n} Street?"),
    ("The {n} Clinic filed me as patient {v}.", "As which patient did the {n} Clinic file me?"),
    ("The charger at the {n} Car Park wants the code {v}.", "What code does the charger at the {n} Car Park want?"),
)  # fmt: skip

# Recommended by the assistant: the user's request, what the assistant says, the question, the values.
RECOMMENDED = (
    ("I want something gripping to read on the train. What do you suggest?",
     "For the train I would recommend the novel {v}: short chapters and a proper twist.",
     "Which novel did you recommend for the train?",
     ("The Salt Ledger", "A Quiet Meridian", "The Glass Orchard", "Nine Winters", "The Cartwright Papers", "Ember Road")),
    ("Where could I take clients to lunch without breaking the bank?",
     "For a lunch with clients, I would book a table at {v}; it is quiet and the set menu is fair.",
     "At which restaurant did you tell me to book the lunch with clients?",
     ("Osteria Lumen", "The Copper Hen", "Maison Verdier", "Saffron Court", "The Tin Whistle", "Casa Alondra")),
    ("I need a board game for five that nobody has played yet.",
     "For five players, I would go for the board game {v}; the rules take ten minutes.",
     "Which board game did you suggest for five players?",
     ("Harbour Barons", "Moss and Moor", "Tramways of Zagreb", "The Lost Lighthouse", "Pepper Route", "Kites")),
    ("Is there a good podcast about the sea? I have a long walk ahead.",
     "About the sea, I would try the podcast {v}, which has one voyage per episode.",
     "Which podcast about the sea did you point me to?",
     ("Deep Soundings", "Knots and Leagues", "The Tidewatch Tapes", "Salt and Signal", "Harbourside", "Fathom Five")),
    ("I need an app to track my spending, nothing fancy.",
     "To track your spending, the app {v} should do; it works offline and has no adverts.",
     "Which app did you suggest to track my spending?",
     ("Pennywort", "Coinleaf", "Ledgerly", "Thriftbird", "Moneta Pocket", "Brasstacks")),
    ("Which walk would you do with friends who get tired easily?",
     "With friends who tire easily, I would do the {v} walk: five miles, two benches and a pub.",
     "Which walk did you propose for friends who tire easily?",
     ("Heron Mill", "Larkspur Ridge", "Three Weirs", "Old Tinner's", "Beacon Loop", "Foxglove Valley")),
    ("What sort of wood would you use for a shelf in a damp room?",
     "For a shelf in a damp room, I would use {v}; it hardly warps.",
     "Which wood did you say to use for a shelf in a damp room?",
     ("iroko", "larch", "teak", "western red cedar", "sapele", "black locust")),
    ("I want to learn to juggle. Is there a video course?",
     "To learn to juggle, the video course {v} is the friendliest that I know.",
     "Which video course did you name to learn to juggle?",
     ("Three Up", "Cascade in a Week", "Gravity School", "The Patient Juggler", "Airborne Basics", "Drop It Well")),
)  # fmt: skip
