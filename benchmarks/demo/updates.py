"""What changes in the user's own life: first wording, later wordings, questions, values (each list belongs to one topic)."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Update:
    """A value of the user's life that is superseded from time to time."""

    key: str
    first: Sequence[str]
    later: Sequence[str]
    asked: Sequence[str]
    values: Sequence[str]


UPDATES = (
    Update("gym", ("I have signed up at the gym {v}.", "My new gym is {v}, five minutes from the office."),
           ("I left the old gym and go to {v} now.", "I've switched gyms again, it is {v} from today on.",
            "The other gym closed, so I train at {v} from now on."),
           ("Which gym do I go to?", "What is my gym called at the moment?"),
           ("Ironworks", "Pulse Nine", "The Boiler Room", "Kettle and Bar", "Northside Strength", "Velo House")),
    Update("phone", ("I bought myself a {v}, my first new phone in years.", "My phone is a {v}, bought second-hand."),
           ("My old phone fell into the sink, so I have a {v} now.", "I traded my phone in for a {v}."),
           ("Which phone do I have?", "What phone am I using these days?"),
           ("Pixel 8", "Galaxy S23", "iPhone 13", "Fairphone 5", "Xperia 10", "Moto Edge")),
    Update("project", ("At work they put me on the {v} project.", "I am on the {v} project at work, starting Monday."),
           ("I have been moved to the {v} project.", "Reorganisation at work: my project is {v} now.",
            "The last project was wound up and I am on {v} instead."),
           ("Which project am I on at work?", "What project do I work on now?"),
           ("Falcon", "Bluebird", "Atlas", "Quicksilver", "Longship", "Sandpiper", "Monsoon")),
    Update("bank", ("I opened an account with {v} Bank.", "My salary goes to {v} Bank."),
           ("I moved my account to {v} Bank for the better rate.", "I gave up on my bank and changed to {v} Bank."),
           ("Which bank am I with?", "At which bank is my account now?"),
           ("Hartwell", "Cobalt", "Meridian", "Thornfield", "Oakline", "Starling Cross")),
    Update("class", ("My pottery class is on {v}.", "I go to pottery class every {v}."),
           ("They moved the pottery class to {v}.", "The pottery class changed its evening, it's on {v} now."),
           ("On which evening is my pottery class?", "When in the week do I have my pottery class?"),
           ("Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays")),
    Update("plot", ("I was given plot {v} at the allotment.", "Our allotment is plot {v}, right by the water tank."),
           ("We swapped our allotment for plot {v}.", "The committee moved us, our allotment is plot {v} now."),
           ("What is the number of my allotment plot?", "Which allotment plot do I have?"),
           ("B17", "C42", "A93", "D68", "E26", "F51")),
    Update("book", ("The book club picked {v} for this month.", "For the book club we are reading {v}."),
           ("The book club moved on, we are reading {v} now.", "New pick for the book club: {v}."),
           ("What is the book club reading?", "Which book does my book club read at the moment?"),
           ("Middlemarch", "Beloved", "Stoner", "Dracula", "Piranesi", "Rebecca", "Emma")),
    Update("plants", ("I have {v} tomato plants on the balcony.", "There are {v} tomato plants on my balcony."),
           ("The balcony is up to {v} tomato plants.", "I gave some away or bought more, in any case it's {v} tomato "
            "plants on the balcony now."),
           ("How many tomato plants are on my balcony?", "How many tomato plants do I have?"),
           ("seven", "eleven", "fifteen", "nineteen", "twenty-three", "thirty")),
    Update("target", ("My target for the half marathon is {v}.", "I want to run the half marathon in {v}."),
           ("The coach thinks I should aim for {v} in the half marathon.", "I've changed my half marathon target to {v}."),
           ("What is my target for the half marathon?", "What time am I aiming for in the half marathon?"),
           ("1:58", "1:52", "1:47", "1:43", "1:39", "2:06")),
    Update("broadband", ("Our broadband is from {v}.", "I've signed a broadband contract with {v}."),
           ("The broadband kept failing, so we are with {v} now.", "We changed our broadband over to {v}."),
           ("Who supplies our broadband?", "Which broadband company are we with?"),
           ("Zephyrnet", "Fibrelane", "Hopwire", "Lumo Connect", "Skyline Hub", "Quayline")),
    Update("desk", ("At the office I sit on the {v} floor.", "My desk is on the {v} floor."),
           ("We moved offices, my desk is on the {v} floor now.", "They shuffled us around and I sit on the {v} floor."),
           ("On which floor is my desk?", "Which floor do I sit on at the office?"),
           ("second", "fourth", "sixth", "ninth", "twelfth")),
    Update("savings", ("I want to save {v} for the kitchen.", "My savings goal for the kitchen is {v}."),
           ("The builder's quote came, so my savings goal for the kitchen is {v}.",
            "I had to change the savings goal for the kitchen to {v}."),
           ("What is my savings goal for the kitchen?", "How much do I want to save for the kitchen?"),
           ("4,200 pounds", "5,500 pounds", "6,800 pounds", "7,900 pounds", "9,100 pounds")),
)  # fmt: skip

# Past tense, base form, noun-like form: "I handed in my notice", "When did I hand in my notice?"
EVENTS = (
    ("handed in my notice", "hand in my notice", "handing in my notice"),
    ("adopted the kitten", "adopt the kitten", "adopting the kitten"),
    ("collected the keys to the new flat", "collect the keys to the new flat", "collecting the keys to the new flat"),
    ("had my wisdom tooth out", "have my wisdom tooth out", "having my wisdom tooth out"),
    ("ran the charity ten-kilometre race", "run the charity ten-kilometre race", "running the charity race"),
    ("gave the talk at the conference", "give the talk at the conference", "giving the talk at the conference"),
    ("planted the apple tree", "plant the apple tree", "planting the apple tree"),
    ("sold the old caravan", "sell the old caravan", "selling the old caravan"),
    ("sprained my ankle", "sprain my ankle", "spraining my ankle"),
    ("climbed Scafell Pike", "climb Scafell Pike", "climbing Scafell Pike"),
    ("sat the accounting exam", "sit the accounting exam", "sitting the accounting exam"),
    ("baked the wedding cake", "bake the wedding cake", "baking the wedding cake"),
    ("signed the mortgage papers", "sign the mortgage papers", "signing the mortgage papers"),
    ("swam in the quarry lake", "swim in the quarry lake", "swimming in the quarry lake"),
    ("assembled the greenhouse", "assemble the greenhouse", "assembling the greenhouse"),
    ("auditioned for the choir", "audition for the choir", "auditioning for the choir"),
    ("lost my passport", "lose my passport", "losing my passport"),
    ("repainted the front door", "repaint the front door", "repainting the front door"),
    ("finished the quilt", "finish the quilt", "finishing the quilt"),
    ("tried paragliding", "try paragliding", "trying paragliding"),
    ("met the new mayor", "meet the new mayor", "meeting the new mayor"),
    ("won the pub quiz", "win the pub quiz", "winning the pub quiz"),
    ("cancelled the magazine subscription", "cancel the magazine subscription", "cancelling the magazine subscription"),
    ("had the piano tuned", "have the piano tuned", "having the piano tuned"),
    ("submitted the grant application", "submit the grant application", "submitting the grant application"),
    ("broke my favourite mug", "break my favourite mug", "breaking my favourite mug"),
    ("saw the northern lights", "see the northern lights", "seeing the northern lights"),
    ("hosted the street party", "host the street party", "hosting the street party"),
)  # fmt: skip
