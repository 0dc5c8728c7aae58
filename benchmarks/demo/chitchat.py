"""Puts words round a fact: threads of questions and answers, small remarks, in very many variants."""

from collections.abc import Sequence
from random import Random

from memeval.benchmarks.demo.draw import between, pick, shuffled
from memeval.benchmarks.demo.smalltalk import (
    ACCEPTS,
    ASIDES,
    CLOSERS,
    FOLLOW,
    GREETINGS,
    REACTIONS,
    REMARKS,
    SHIFTS,
    WISHES,
)
from memeval.benchmarks.demo.templates import say
from memeval.benchmarks.demo.topics import TOPICS
from memeval.benchmarks.demo.world import Person

# Two words that agree in their first letters may share a stem; all others cannot.
_PREFIX = 3
_NEUTRAL = frozenset(
    "a an the i you he she it we they me my your his her our their this that these those what which who whom whose "
    "where when why how is are was were be been do does did have has had can could should would will in on at of to "
    "for from with by and or but not no so as if than then up out off into about there here one am let".split()
)


def prefixes(text: str) -> frozenset[str]:
    """The beginnings of the content words: texts without a common one share no stem."""
    words = "".join(c if c.isalnum() else " " for c in text.lower()).split()
    return frozenset(word[:_PREFIX] for word in words if word not in _NEUTRAL)


class Chitchat:
    """One user's small talk: threads about one matter, each a question and what follows from it."""

    def __init__(self, rng: Random, people: Sequence[Person]) -> None:
        """Talk about `people` where a remark names somebody."""
        self._rng = rng
        self._people = people
        self._fresh = True
        self._opening = True
        self.begin()

    def begin(self) -> None:
        """A new sitting."""
        self._opening = True
        self.turn()

    def turn(self) -> None:
        """Change the subject."""
        rng = self._rng
        self._topic = pick(rng, TOPICS)
        slots = self._topic.slots
        first = int(rng.random() * len(slots))
        second = (first + 1 + int(rng.random() * (len(slots) - 1))) % len(slots)
        person = pick(rng, self._people)
        self._slots = {"x": slots[first], "y": f"{self._topic.article}{slots[second]}", "who": person.who, "name": person.name}
        self._rounds = shuffled(rng, self._topic.rounds)
        self._more = shuffled(rng, self._topic.more)
        self._follow = shuffled(rng, FOLLOW)
        self._fresh = True
        self._answer = ""

    def maybe_turn(self) -> None:
        """Go on with the matter for a while, then change the subject."""
        if self._rng.random() < 0.4 or not self._rounds or len(self._follow) < 3:
            self.turn()

    def remark(self) -> str:
        """A sentence of no consequence."""
        rng = self._rng
        person = pick(rng, self._people)
        roll = rng.random()
        name = person.name if roll < 0.4 else person.who if roll < 0.6 else f"{person.who} {person.name}"
        hour = f"{between(rng, 5, 7)}:{between(rng, 0, 59):02}"
        text = say(rng, pick(rng, REMARKS), {"p": name, "m": str(between(rng, 12, 97)), "h": hour})
        return f"{text} {pick(rng, ASIDES)}" if rng.random() < 0.4 else text

    def lead(self) -> str:
        """The first words of a turn, or none."""
        words = GREETINGS if self._opening else SHIFTS if self._fresh else ACCEPTS
        return pick(self._rng, words)

    def question(self) -> str:
        """The next question of the thread."""
        rng = self._rng
        if self._rounds and (self._fresh or rng.random() < 0.35):
            asked, self._answer = self._rounds.pop()
        else:
            asked, self._answer = self._follow.pop()
        return say(rng, asked, self._slots)

    def user(self, fact: str | None, lead: str | None = None) -> str:
        """A turn of the user that may carry `fact` in passing."""
        rng = self._rng
        lead = self.lead() if lead is None else lead
        told = fact
        if told is None and rng.random() < 0.78:
            told = self.remark()
        question = self.question()
        if told is None:
            question = f"{question} {pick(rng, WISHES)}" if rng.random() < 0.85 else question
        self._opening = self._fresh = False
        self._reacts = told is not None
        if told is None:
            parts = [lead, question]
        elif rng.random() < 0.6:
            parts = [lead, told, question]
        else:
            parts = [lead, question, told]
        return " ".join(part for part in parts if part)

    def plain(self, fact: str) -> str:
        """A turn of the user that only tells."""
        rng = self._rng
        lead = self.lead()
        self._opening = False
        roll = rng.random()
        if roll < 0.6:
            return f"{lead} {fact}".strip()
        parts = (self.remark(), fact) if roll < 0.8 else (fact, self.remark())
        return " ".join(parts)

    def assistant(self, said: str | None = None) -> str:
        """The answer to the question asked last, or `said` with something round it."""
        rng = self._rng
        if said is not None:
            parts = [said]
        else:
            parts = [pick(rng, REACTIONS)] if self._reacts and rng.random() < 0.55 else []
            parts.append(say(rng, self._answer, self._slots))
        if said is None:
            count = pick(rng, (1, 2, 2, 3))
            if len(self._more) < count:
                self._more = shuffled(rng, self._topic.more)
            parts.extend(self._more.pop() for _ in range(count))
        if rng.random() < (0.45 if said is not None or len(parts) > 3 else 0.9):
            parts.append(pick(rng, CLOSERS))
        return " ".join(parts)
