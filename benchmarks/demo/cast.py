"""The people whom a user mentions."""

from dataclasses import dataclass

from memeval.benchmarks.demo.grammar import Voice
from memeval.benchmarks.demo.manners import ANYONE, BY_KIND, RELATIONS, USERS


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in the background: "Petra", to strangers "my cousin Petra"."""

    name: str
    full: str


class Cast:
    """The user and a dozen people around them, each under a name of their own."""

    def __init__(self, index: int, voice: Voice) -> None:
        """Draw the people; users that follow each other have different names."""
        self._voice = voice
        self.user = USERS[index % len(USERS)]
        names: set[str] = set()
        people = []
        for relation in voice.shuffled(RELATIONS)[:12]:
            pool = BY_KIND.get(relation.removesuffix(" {name}"), ANYONE)
            name = voice.pick([each for each in pool if each not in names])
            names.add(name)
            people.append(Person(name, relation.replace("{name}", name)))
        self.people = tuple(people)

    def anyone(self) -> Person:
        """One of the people."""
        return self._voice.pick(self.people)

    def pair(self) -> tuple[Person, Person]:
        """Two different people."""
        one, two = self._voice.pick(self.people), self._voice.pick(self.people)
        while two is one:
            two = self._voice.pick(self.people)
        return one, two
