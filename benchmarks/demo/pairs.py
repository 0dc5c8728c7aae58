"""Facts of the user's life asked about in other words: no content word of the question occurs in the statement."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pair:
    """A statement with {v}, a question that shares no stem with it, and values that belong to this pair alone."""

    told: str
    asked: str
    values: Sequence[str]


PAIRS = (
    Pair("I finally adopted a beagle called {v}.", "What does my dog answer to?", ("Rascal", "Toffee", "Bandit", "Maple")),
    Pair("The consultant says it's {v}, so no more running for a while.",
         "Which medical diagnosis did I receive?", ("tendonitis", "a stress fracture", "bursitis", "shin splints")),
    Pair("Our anniversary dinner was at {v}, the waiter even lit candles.",
         "At which restaurant did we celebrate being married?", ("Trattoria Sole", "The Walnut Tree", "Le Petit Zinc")),
    Pair("I drove to the shelter in {v} and came home with a kitten.",
         "From which place did I adopt my cat?", ("Thirsk", "Selby", "Goole", "Yarm")),
    Pair("My pay went up to {v} after the review.", "What salary do I earn?",
         ("38,000 pounds", "41,500 pounds", "46,200 pounds", "52,700 pounds")),
    Pair("The stork has been: our little girl is called {v}.", "How did we name the baby daughter?",
         ("Elodie", "Mabel", "Astrid", "Flora")),
    Pair("I've bought a second-hand {v} with a low mileage.", "What sort of vehicle did I purchase?",
         ("hatchback", "pickup truck", "camper van", "cabriolet")),
    Pair("My violin lessons cost {v} each, ouch.", "How much do I pay for music tuition?",
         ("27 pounds", "34 pounds", "43 pounds", "48 pounds")),
    Pair("I get terribly seasick unless I chew {v}.", "What remedy calms my stomach on boats?",
         ("candied ginger", "peppermint gum", "liquorice root", "fennel seeds")),
    Pair("We tied the knot in {v}, barefoot and in the drizzle.", "Where was our wedding?",
         ("Portmeirion", "Gretna", "Clovelly", "Tobermory")),
    Pair("The surgeon is going to open up my {v} under full anaesthetic.", "Which body part needs an operation?",
         ("left shoulder", "right knee", "gallbladder", "big toe")),
    Pair("The thieves took the {v} out of our shed.", "What was stolen from us?",
         ("hedge trimmer", "cargo bike", "pressure washer", "tool chest")),
)  # fmt: skip
