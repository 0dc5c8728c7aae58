"""Recency and importance beside relevance, for any retriever."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Literal

from annotated_types import Ge, Gt

from memeval.kit import powers
from memeval.kit.errors import ConfigError
from memeval.kit.powers import Composite
from memeval.kit.protocols import Retriever
from memeval.kit.ranges import ranged
from memeval.kit.types import Hit, Query, Turn
from memeval.strategies.long_term.deepening import deepened
from memeval.strategies.long_term.importance import importance as by_pattern

_DAY = timedelta(days=1)
_MOST = 5


@ranged
class Decay(Composite):
    """Ranks what another retriever finds by relevance, recency and importance, as generative agents do.

    Park et al. 2023, "Generative agents", section 4.1: `score = a_recency * recency + a_importance * importance +
    a_relevance * relevance`, each min-max scaled over the candidates to 0..1. Recency is `0.5 ** (days since last
    access / half_life)`; the paper's 0.995 an hour is a half life of 5.76 days. Relevance is the other retriever's
    score, or the position where it gives none.

    With `mode: product` the score is `relevance ** a * recency ** b * importance ** c` with relevance as a share of the
    best candidate's score and importance as a share of 5.

    The only clock is the dialogue's: the query's time or, without, the latest turn's. A turn without a time counts as
    said when the last one before it was.
    """

    def __init__(
        self,
        inner: Retriever,
        half_life: Annotated[float, Gt(0)] = 5.76,
        relevance: Annotated[float, Ge(0)] = 1.0,
        recency: Annotated[float, Ge(0)] = 1.0,
        importance: Annotated[float, Ge(0)] = 1.0,
        mode: Literal["sum", "product"] = "sum",
        reads: Annotated[int, Ge(0)] = 0,
        depth: Annotated[int, Ge(1)] = 200,
    ) -> None:
        """Wrap a retriever.

        Args:
            inner: finds the candidates.
            half_life: days after which recency is a half.
            relevance: its weight.
            recency: its weight.
            importance: its weight. A hit has the rating that its writing gave it (`writing=facts`, `model_facts`), or
                else that of its turns by `importance.importance`.
            mode: weighted sum of what is scaled to 0..1, or product.
            reads: the first so many hits of a query count as accessed at its time, for the queries after it; 0: a
                memory is as old as its last turn. With reads the result depends on the order of the questions.
            depth: how many candidates are ranked; further down only if more are asked for.

        Raises:
            ConfigError: values that rank nothing.
        """
        if not (relevance or recency or importance):
            raise ConfigError("all weights are 0, which ranks nothing: give e.g. retriever.relevance=1")
        super().__init__(inner)
        self._inner = inner
        self._half_life = half_life
        self._weights = (relevance, recency, importance)
        self._combined: Callable[[Sequence[Hit], datetime | None], list[float]]
        self._combined = self._sum if mode == "sum" else self._product
        self._reads = reads
        self._depth = depth
        self._now: datetime | None = None
        self._last: datetime | None = None
        self._times: dict[str, datetime | None] = {}
        self._patterns: dict[str, int] = {}
        self._accessed: dict[str, datetime] = {}
        self._read: tuple[Query, datetime, tuple[str, ...]] | None = None

    def write(self, turns: Sequence[Turn]) -> None:
        """Note times and importance, and write on."""
        for turn in turns:
            self._last = turn.time or self._last
            self._now = max((time for time in (self._now, turn.time) if time is not None), default=None)
            self._times[turn.id] = self._last
            self._patterns[turn.id] = by_pattern(turn.text)
        powers.write(turns, self._inner)

    def search(self, query: Query, k: int) -> Sequence[Hit]:
        """The at most `k` best of the other retriever's first `depth` hits; see `deepened` for more."""
        now = query.time or self._now
        self._access(query)

        def rank(depth: int) -> tuple[list[tuple[Hit, float]], bool]:
            hits = list(dict.fromkeys(self._inner.search(query, depth)))
            scored = zip(hits, self._combined(hits, now), strict=True)
            return sorted(scored, key=lambda pair: -pair[1]), len(hits) >= depth

        found = deepened(max(k, self._reads), self._depth, rank)
        if self._reads and now is not None:
            self._read = (query, now, tuple(source for hit in found[: self._reads] for source in hit.sources))
        return found[: max(k, 0)]

    def _access(self, query: Query) -> None:
        # A query asked again, only deeper, must not see its own reading.
        if self._read is not None and self._read[0] != query:
            _, time, sources = self._read
            for source in sources:
                self._accessed[source] = max(time, self._accessed.get(source, time))
            self._read = None

    def _recency(self, hit: Hit, now: datetime | None) -> float:
        times = [time for source in hit.sources if (time := self._times.get(source)) is not None]
        if self._accessed:
            times += [self._accessed[source] for source in hit.sources if source in self._accessed]
        if now is None or not times:
            return 1.0
        age = max((now - max(times)) / _DAY, 0.0)
        return float(0.5 ** (age / self._half_life))

    def _importance(self, hit: Hit) -> float:
        if hit.importance is not None:
            return hit.importance / _MOST
        return max((self._rating(source) for source in hit.sources), default=1) / _MOST

    def _rating(self, turn: str) -> int:
        """The writing's rating of a turn; where it gives none, that by patterns."""
        rating = self.rating(turn)
        return self._patterns.get(turn, 1) if rating is None else rating

    def _sum(self, hits: Sequence[Hit], now: datetime | None) -> list[float]:
        if not hits:
            return []
        columns = (
            _relevance(hits),
            [self._recency(hit, now) for hit in hits],
            [self._importance(hit) for hit in hits],
        )
        return [sum(map(_times, self._weights, row)) for row in zip(*map(_min_max, columns), strict=True)]

    def _product(self, hits: Sequence[Hit], now: datetime | None) -> list[float]:
        relevance = _relevance(hits)
        best = max((value for value in relevance), default=0.0)
        shares = [max(value, 0.0) / best if best > 0 else 1.0 for value in relevance]
        a, b, c = self._weights
        return [
            share**a * self._recency(hit, now) ** b * self._importance(hit) ** c
            for hit, share in zip(hits, shares, strict=True)
        ]

    def forget(self, turn_ids: Sequence[str]) -> None:
        """Forget, with what is noted of these turns here.

        Raises:
            ConfigError: the other retriever cannot.
        """
        super().forget(turn_ids)
        for turn in turn_ids:
            self._times.pop(turn, None)
            self._patterns.pop(turn, None)
            self._accessed.pop(turn, None)


def _relevance(hits: Sequence[Hit]) -> list[float]:
    return [float(len(hits) - place) if hit.score is None else hit.score for place, hit in enumerate(hits)]


def _times(weight: float, value: float) -> float:
    return weight * value


def _min_max(values: Sequence[float]) -> list[float]:
    low, high = min(values), max(values)
    return [(value - low) / (high - low) if high > low else 1.0 for value in values]
