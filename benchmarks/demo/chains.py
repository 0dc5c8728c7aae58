"""Chains of two or three facts that have to be joined; the question names only the beginning.

{a} and {b} are people or names introduced by the chain itself, {v} is the answer.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Chain:
    """`told` in the order of joining; `names` says what {a} and {b} are: "person", "surname" or a pool."""

    told: Sequence[str]
    asked: str
    names: Sequence[str]
    pool: str


CHAINS = (
    Chain(("I share an office with {a}, who hums all day.", "{a} rents a place in {v}."),
          "In which town does the colleague that I share an office with live?", ("person",), "town"),
    Chain(("The new doctor at the surgery is called {a}.", "{a} spent ten years in {v} before moving here."),
          "Where did the new doctor at the surgery live before?", ("person",), "abroad"),
    Chain(("I've hired {a} to redo the bathroom.", "{a} drives a bright yellow {v}."),
          "What car belongs to the person who redoes our bathroom?", ("person",), "car"),
    Chain(("My chess partner on Sundays is {a}.", "The best friend of {a} is {b}.", "{b} makes a living as {v}."),
          "What is the profession of the best friend of my chess partner?", ("person", "person"), "job"),
    Chain(("Our babysitter is called {a}.", "{a} is engaged to {b}.", "{b} comes from {v}."),
          "Which town is the fiance of our babysitter from?", ("person", "person"), "town"),
    Chain(("The choir has a new conductor, {a}.", "{a} is also a gifted player of the {v}."),
          "What instrument does the conductor of the choir play?", ("person",), "instrument"),
    Chain(("The lady who walks our dog is {a} {b}.", "{a} {b} breaks out in hives from {v}."),
          "What can the lady who walks our dog not tolerate?", ("woman", "surname"), "allergy"),
    Chain(("Our team won a contract from {a} Logistics.", "{a} Logistics has its headquarters in {v}."),
          "In which city are the headquarters of the client that our team won?", ("surname",), "abroad"),
    Chain(("We had my birthday meal at Cafe {a}.", "The chef at Cafe {a} trained in {v}."),
          "In which city did the chef of the place where I celebrated my birthday train?", ("surname",), "abroad"),
    Chain(("The girl I tutor in maths is {a}.", "{a} spends all her pocket money on {v}."),
          "What does the girl I tutor buy with her pocket money?", ("woman",), "collects"),
    Chain(("The seat beside mine on the morning bus belongs to {a}.", "{a} has a parrot by the name of {v}."),
          "What is the parrot of the person who sits beside me on the bus called?", ("person",), "pet"),
    Chain(("I met the author {a} {b} at a signing.", "{a} {b} has a degree in {v}."),
          "What did the author whom I met at a signing study?", ("person", "surname"), "degree"),
    Chain(("The upstairs flat was let to {a}.", "{a} does {v} on Saturdays."),
          "Which sport does the tenant of the upstairs flat do?", ("person",), "sport"),
    Chain(("The kids' swimming coach is {a}.", "The partner of {a} is called {b}.", "{b} teaches evening classes in {v}."),
          "Which language does the partner of the swimming coach teach?", ("person", "person"), "language"),
    Chain(("The vet who looks after our rabbits is {a} {b}.", "{a} {b} helps out at {v}."),
          "Where does the vet of our rabbits help out?", ("person", "surname"), "volunteer"),
)  # fmt: skip
