"""Puts words round a fact: requests, small remarks, assistant's answers, in very many variants."""

from collections.abc import Sequence
from random import Random

from memeval.benchmarks.demo.draw import between, capital, pick
from memeval.benchmarks.demo.topics import CLOSERS, LEADS, LINKS, OPENERS, REACTIONS, REMARKS, TOPICS, Topic
from memeval.benchmarks.demo.world import Person

# Two words that agree in their first letters may share a stem; all others cannot.
_PREFIX = 3
_NEUTRAL = frozenset(
    "a an the i you he she it we they me my your his her our their this that these those what which who whom whose where "
    "when why how is are was were be been do does did have has had can could should would will in on at of to for from "
    "with by and or but not no so as if than then up out off into about there here one am let".split()
)


def prefixes(text: str) -> frozenset[str]:
    """The beginnings of the content words: texts without a common one share no stem."""
    words = "".join(c if c.isalnum() else " " for c in text.lower()).split()
    return frozenset(word[:_PREFIX] for word in words if word not in _NEUTRAL)


class Chitchat:
    """One user's small talk."""

    def __init__(self, rng: Random, people: Sequence[Person]) -> None:
        """Talk about `people` where a remark names somebody."""
        self._rng = rng
        self._people = people

    def topic(self) -> Topic:
        """What a stretch of a session is about."""
        return pick(self._rng, TOPICS)

    def remark(self) -> str:
        """A sentence of no consequence."""
        rng = self._rng
        person = pick(rng, self._people)
        text = pick(rng, REMARKS)
        return capital(
            text.format(who=person.who, name=person.name, m=between(rng, 12, 97), h=between(rng, 6, 11))
        )

    def request(self, topic: Topic, slot: str) -> str:
        """What the user wants to know."""
        return pick(self._rng, topic.requests).format(x=slot, X=capital(slot))

    def user(self, topic: Topic, slot: str, fact: str | None) -> str:
        """A turn of the user that may carry `fact` in passing."""
        rng = self._rng
        request = self.request(topic, slot)
        roll = rng.random()
        if fact is None:
            fact = self.remark() if roll < 0.8 else None
        if fact is None:
            return f"{pick(rng, LEADS)} {self.remark()} {request}" if roll < 0.9 else f"{pick(rng, LEADS)} {request}"
        roll = rng.random()
        if roll < 0.3:
            return f"{fact} {request}"
        if roll < 0.55:
            return f"{pick(rng, LEADS)} {fact} {request}"
        if roll < 0.8:
            return f"{request} {fact}"
        return f"{pick(rng, LEADS)} {request} {fact}"

    def assistant(self, topic: Topic, slot: str, said: str | None) -> str:
        """An answer of the assistant, built round `said` if given."""
        rng = self._rng
        pieces = topic.advice
        count = len(pieces)
        first = int(rng.random() * count)
        second = (first + 1 + int(rng.random() * (count - 1))) % count
        third = pick(rng, pieces)
        parts = []
        if rng.random() < 0.75:
            parts.append(pick(rng, REACTIONS if rng.random() < 0.3 else OPENERS))
        if said is not None:
            parts.append(said)
        parts.append(pieces[first].format(x=slot))
        if said is None:
            parts.append(pieces[second].format(x=slot))
            if third is not pieces[first] and third is not pieces[second]:
                parts.append(third.format(x=slot))
        if rng.random() < 0.6:
            parts.append(pick(rng, CLOSERS))
        return " ".join(parts)
