"""Is a fact known already, does it replace one, or is it new? Decided among the nearest known facts."""

import re
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from annotated_types import Ge, Interval

from memeval.kit.protocols import Embedder
from memeval.kit.ranges import ranged
from memeval.kit.types import Vectors
from memeval.strategies.extraction.fact import Fact
from memeval.strategies.extraction.words import normal

_EXACT = re.compile(
    r"\d+|\b(?:not|never|no|isn't|wasn't|don't|doesn't|didn't|can't|won't|stopped|quit|left|without)\b|n't\b", re.I
)
_FIRST_ROWS = 8
# Two pictures of the same thing are two pictures.
_EVENTS = frozenset({"photo"})


@dataclass(frozen=True, slots=True)
class Verdict:
    """`added`; `merged` into the known fact `id`; `superseded`: takes the place of `id`; `late`: is older than `id`."""

    kind: Literal["added", "merged", "superseded", "late"]
    id: str | None = None


class _Bucket:
    """Facts of one subject and attribute. `rows` (capacity, d) grows by doubling: adding copies no more than twice."""

    __slots__ = ("facts", "ids", "places", "rows", "slots")

    def __init__(self) -> None:
        self.ids: list[str] = []
        self.facts: list[Fact] = []
        self.places: dict[str, int] = {}
        self.slots: dict[str, str] = {}
        self.rows: Vectors | None = None

    def put(self, name: str, fact: Fact, vector: Vectors | None) -> None:
        place = self.places[name] = len(self.ids)
        self.ids.append(name)
        self.facts.append(fact)
        self.slots[fact.slot] = name
        if vector is None:
            return
        if self.rows is None:
            self.rows = np.empty((_FIRST_ROWS, len(vector)), np.float32)
        elif place == len(self.rows):
            self.rows = np.concatenate([self.rows, np.empty_like(self.rows)])
        self.rows[place] = vector

    def remove(self, name: str) -> None:
        """The last fact takes the place that gets free."""
        place = self.places.pop(name)
        fact, last = self.facts[place], len(self.ids) - 1
        if self.slots.get(fact.slot) == name:
            del self.slots[fact.slot]
        if place != last:
            self.ids[place], self.facts[place] = self.ids[last], self.facts[last]
            self.places[self.ids[place]] = place
            if self.rows is not None:
                self.rows[place] = self.rows[last]
        self.ids.pop()
        self.facts.pop()

    def nearest(self, vector: Vectors, top: int) -> list[int]:
        """Places of the `top` facts of highest cosine similarity that reach `vector`, best first."""
        if self.rows is None or not self.ids:
            return []
        scores = self.rows[: len(self.ids)] @ vector
        if len(scores) > top:
            best = np.argpartition(-scores, top - 1)[:top]
        else:
            best = np.arange(len(scores))
        return [int(place) for place in best[np.argsort(-scores[best], kind="stable")]]

    def similarity(self, place: int, vector: Vectors) -> float:
        return 0.0 if self.rows is None else float(self.rows[place] @ vector)


@ranged
class Deduplicator:
    """Holds what is needed to recognise a fact: an index by subject, attribute and slot, and vectors.

    Only facts of one subject and attribute can be the same fact or replace each other, so only they are compared: the
    slot by its key, the words by the cosine similarity of their embeddings to the `top` nearest. Facts that differ in a
    number, a date or a negation are never the same, however near: embeddings hardly see these.
    """

    def __init__(
        self,
        embedder: Embedder | None = None,
        threshold: Annotated[float, Interval(gt=0, le=1)] = 0.9,
        top: Annotated[int, Ge(1)] = 5,
    ) -> None:
        """Start empty.

        Args:
            embedder: None recognises a fact only by its words.
            threshold: cosine similarity, 0 to 1, from which on two facts are the same.
            top: how many of the nearest are looked at.
        """
        self._embedder = embedder
        self._threshold = threshold
        self._top = top
        self._buckets: dict[tuple[str, str], _Bucket] = {}

    def embed(self, facts: list[Fact]) -> list[Vectors | None]:
        """A vector for each fact, in one call of the embedder."""
        if self._embedder is None or not facts:
            return [None] * len(facts)
        return list(self._embedder.embed([fact.line for fact in facts]))

    def judge(self, fact: Fact, vector: Vectors | None) -> Verdict:
        """What to do with a fact."""
        bucket = self._buckets.get(_key(fact))
        if bucket is None:
            return Verdict("added")
        held = bucket.slots.get(fact.slot)
        if held is not None:
            known = bucket.facts[bucket.places[held]]
            if restates(known, fact):
                return Verdict("merged", held)
            older = fact.time is not None and known.time is not None and fact.time < known.time
            return Verdict("late" if older else "superseded", held)
        if vector is not None:
            for place in bucket.nearest(vector, self._top):
                if bucket.similarity(place, vector) < self._threshold:
                    break
                if _same(bucket.facts[place], fact):
                    return Verdict("merged", bucket.ids[place])
        return Verdict("added")

    def put(self, name: str, fact: Fact, vector: Vectors | None) -> None:
        """Know a fact by `name`; it is the newest of its slot."""
        key = _key(fact)
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = _Bucket()
        bucket.put(name, fact, vector)

    def remove(self, name: str, fact: Fact) -> None:
        """Know it no longer; a name that is not known is ignored."""
        bucket = self._buckets.get(_key(fact))
        if bucket is not None and name in bucket.places:
            bucket.remove(name)

    def __len__(self) -> int:
        """How many facts are known."""
        return sum(len(bucket.ids) for bucket in self._buckets.values())


def restates(known: Fact, fact: Fact) -> bool:
    """Whether a fact of the same slot says the same as the known one."""
    return _polarity(known) == _polarity(fact) and (fact.slot != "" or normal(known.value) == normal(fact.value))


def _key(fact: Fact) -> tuple[str, str]:
    return fact.subject.lower(), fact.attribute


def _polarity(fact: Fact) -> str:
    """The verb that tells `likes tea` from `dislikes tea`."""
    return fact.statement.split(" ", 1)[0] if fact.attribute == "preference" else ""


def _same(known: Fact, fact: Fact) -> bool:
    """Whether facts that are near may be one."""
    return (
        fact.attribute not in _EVENTS
        and _polarity(known) == _polarity(fact)
        and bool(known.slot) == bool(fact.slot)
        and sorted(_EXACT.findall(known.statement.lower())) == sorted(_EXACT.findall(fact.statement.lower()))
    )
