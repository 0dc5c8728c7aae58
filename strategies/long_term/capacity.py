"""A memory that holds so much and no more, for any retriever that can forget."""

from collections import deque
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from heapq import heappop, heappush
from typing import Annotated, Literal

from annotated_types import Ge, Gt

from memeval.kit import powers
from memeval.kit.errors import ConfigError
from memeval.kit.powers import Composite, forgetful
from memeval.kit.protocols import Retriever
from memeval.kit.ranges import ranged
from memeval.kit.types import Hit, Query, Turn
from memeval.strategies.long_term.importance import importance

Eviction = Literal["oldest", "least_recently_read", "least_important"]


@ranged
class Capacity(Composite):
    """Lets another retriever forget turns that are too many or too old.

    After each write and before each search. What is evicted stays so. Turns that nothing stores (system turns, and
    those without text and caption) do not count.

    `oldest`: the turn written first goes. `least_recently_read`: the one that was read, or if never, written, longest
    ago; the first `reads` hits of a search are read. `least_important`: the one rated lowest, by
    the other retriever's writing or, where that rates nothing, by `importance.importance`; of equal ones the oldest, so
    that a trivial new turn may go at once.
    """

    def __init__(
        self,
        inner: Retriever,
        turns: Annotated[int, Ge(1)] | None = 1000,
        eviction: Eviction = "oldest",
        ttl_days: Annotated[float, Gt(0)] | None = None,
        reads: Annotated[int, Ge(1)] = 5,
    ) -> None:
        """Wrap a retriever.

        Args:
            inner: the retriever; it must be able to forget.
            turns: how many turns are kept; None for any number.
            eviction: which go first.
            ttl_days: turns older than so many days go, by the dialogue's own clock (the query's time or the latest
                turn's); None keeps them. Turns without a time do not grow old.
            reads: of least_recently_read: how many hits of a search count as read.

        Raises:
            ConfigError: a retriever that cannot forget, or values that keep nothing.
        """
        try:
            forgetful(inner)
        except ConfigError as error:
            raise ConfigError(f"nothing can be evicted from retriever.inner: {error}") from None
        super().__init__(inner)
        self._inner = inner
        self._most = turns
        self._eviction = eviction
        self._ttl = None if ttl_days is None else timedelta(days=ttl_days)
        self._reads = reads
        self._now: datetime | None = None
        # What is kept, with what it is evicted by; entries of the heap that differ from it are out of date.
        self._kept: dict[str, tuple[int, int]] = {}
        self._heap: list[tuple[tuple[int, int], str]] = []
        self._ages: deque[tuple[datetime, str]] = deque()
        self._serial = 0
        self._evicted = 0
        self._expired = 0

    def write(self, turns: Sequence[Turn]) -> None:
        """Write, then evict what is too much."""
        powers.write(turns, self._inner)
        for turn in turns:
            if turn.role == "system" or not (turn.text.strip() or turn.caption):
                continue
            self._note(turn.id, self._rating(turn) if self._eviction == "least_important" else 0)
            if turn.time is not None:
                self._now = turn.time if self._now is None else max(self._now, turn.time)
                if self._ttl is not None:
                    self._ages.append((turn.time, turn.id))
        self._evict()

    def _rating(self, turn: Turn) -> int:
        rating = self.rating(turn.id)
        return importance(turn.text) if rating is None else rating

    def _note(self, turn: str, rating: int) -> None:
        self._serial += 1
        self._kept[turn] = (rating, self._serial)
        heappush(self._heap, (self._kept[turn], turn))

    def _evict(self) -> None:
        gone = self._expire()
        self._expired += len(gone)
        if self._most is not None:
            while len(self._kept) > self._most:
                rank, turn = heappop(self._heap)
                if self._kept.get(turn) == rank:
                    del self._kept[turn]
                    gone.append(turn)
                    self._evicted += 1
        if gone:
            super().forget(gone)

    def _expire(self) -> list[str]:
        if self._ttl is None or self._now is None:
            return []
        # Turns come in order of time but for a few, which go when what stands before them does.
        gone = []
        while self._ages and self._now - self._ages[0][0] > self._ttl:
            turn = self._ages.popleft()[1]
            if self._kept.pop(turn, None) is not None:
                gone.append(turn)
        return gone

    def search(self, query: Query, k: int) -> Sequence[Hit]:
        """The other retriever's hits among what is kept."""
        if self._ttl is not None and query.time is not None:
            self._now = query.time if self._now is None else max(self._now, query.time)
            self._evict()
        hits = self._inner.search(query, k)
        if self._eviction == "least_recently_read":
            for source in dict.fromkeys(source for hit in hits[: self._reads] for source in hit.sources):
                if source in self._kept:
                    self._note(source, 0)
        return hits

    def forget(self, turn_ids: Sequence[str]) -> None:
        """Forget; what was evicted does not come back for it."""
        for turn in turn_ids:
            self._kept.pop(turn, None)
        super().forget(turn_ids)

    def stats(self) -> Mapping[str, float]:
        """The other retriever's counters, and turns `kept`, `evicted` as too many and `expired` as too old."""
        own = {"kept": len(self._kept), "evicted": self._evicted, "expired": self._expired}
        return {**super().stats(), **own}
