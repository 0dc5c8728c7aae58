"""Short term and long term under one budget."""

from collections.abc import Coroutine, Sequence
from math import ceil, inf
from typing import Annotated

from annotated_types import Ge, Interval

from memeval.kit import powers
from memeval.kit.errors import ConfigError, ContractError
from memeval.kit.powers import Composite
from memeval.kit.prompt import count
from memeval.kit.protocols import Retriever, Strategy
from memeval.kit.ranges import ranged
from memeval.kit.tokens import Tokenizer
from memeval.kit.types import Context, Hit, Query, Segment, Turn


@ranged
class Memory(Composite):
    """A window composed with a retriever: system, summary, retrieved memories, recent history.

    The window may use `1 - retrieved_share` of the budget and memories all that it leaves; what the memories leave
    goes back to the window. A passage whose turns all stand in the window already is not repeated. Memories are put
    in best first; one that does not fit is passed over for the next.
    """

    def __init__(
        self,
        window: Strategy,
        retriever: Retriever,
        tokenizer: Tokenizer,
        retrieved_share: Annotated[float, Interval(ge=0, le=1)] = 0.5,
        top_k: Annotated[int, Ge(1)] | None = None,
        depth: Annotated[int, Ge(1)] = 50,
    ) -> None:
        """Compose.

        Args:
            window: the short-term strategy.
            retriever: the long-term memory.
            tokenizer: counts the memories.
            retrieved_share: part of the budget that the window leaves to memories, 0 to 1.
            top_k: at most so many memories enter the prompt; None lets the budget decide.
            depth: how many hits are asked for and kept as the ranking.
        """
        if top_k is not None and top_k > depth:
            raise ConfigError(
                f"top_k={top_k} is more than depth={depth}: give e.g. top_k=5, or null to let the budget decide"
            )
        super().__init__(window, retriever)
        self._window = window
        self._retriever = retriever
        self._tokenizer = tokenizer
        self._share = retrieved_share
        self._top_k = top_k
        self._depth = depth
        self._written = 0
        # Passages come back for many questions: each is counted once, and as the same object it is checked only once.
        self._known: dict[str, tuple[Segment, int]] = {}

    def write(self, turns: Sequence[Turn]) -> None:
        """Write to both sides."""
        self._written += len(turns)
        powers.write(turns, self._window, self._retriever)

    def read(self, query: Query, budget: int) -> Context:
        """Compose both sides for a query."""
        ranking = _Ranking(self._retriever, query, self._depth)
        window = self._window.read(query, budget - int(budget * self._share)).segments
        # Each round can only give tokens back to the window and drop memories that it now shows, so this ends.
        while True:
            used = count(window, self._tokenizer)
            memories, taken = self._fill(ranking, window, budget - used)
            larger = self._window.read(query, budget - taken).segments
            if len(larger) <= len(window):
                break
            window = larger
        head = [segment for segment in window if segment.kind in ("system", "summary")]
        tail = [segment for segment in window if segment.kind not in ("system", "summary")]
        return Context((*head, *memories, *tail), tuple(ranking.first(self._depth)))

    def _fill(self, ranking: "_Ranking", window: Sequence[Segment], room: int) -> tuple[list[Segment], int]:
        """The best memories not shown by the window in at most `room` tokens, and the tokens they take."""
        shown = {source for segment in window if segment.verbatim for source in segment.sources}
        if len(shown) >= self._written:
            # The window holds everything that there is to be fetched.
            return [], 0
        memories: list[Segment] = []
        most = inf if self._top_k is None else self._top_k
        taken = 0
        asked, tried = self._depth, 0
        hits = ranking.first(asked)
        known = self._known
        while True:
            for hit in hits[tried:]:
                if len(memories) >= most:
                    return memories, taken
                if shown and hit.sources and shown.issuperset(hit.sources):
                    continue
                segment, tokens = known.get(hit.text) or self._memory(hit)
                if taken + tokens <= room:
                    if segment.sources != hit.sources or segment.verbatim != hit.verbatim:
                        segment, tokens = self._memory(hit)
                    memories.append(segment)
                    taken += tokens
            # A large budget can hold more than `depth` memories: then the ranking is asked for further down.
            tried = len(hits)
            if self._top_k is not None or tried < asked or taken > room * 0.9:
                return memories, taken
            # As many as fill the room if the next ones are as long as those so far, and a quarter more.
            asked = max(2 * asked, min(ceil(1.25 * asked * room / max(taken, 1)), 16 * asked))
            hits = ranking.first(asked)

    def _memory(self, hit: Hit) -> tuple[Segment, int]:
        """The hit as a segment, and its tokens."""
        made = Segment("memory", hit.text, hit.sources, hit.verbatim), self._tokenizer.count(hit.text)
        self._known[hit.text] = made
        return made

    def forget(self, turn_ids: Sequence[str]) -> None:
        """Forget on both sides, or, if one cannot, on none.

        Raises:
            ConfigError: a side cannot forget.
        """
        super().forget(turn_ids)
        self._known.clear()


class _Ranking:
    """The hits of one query, searched no deeper than they are asked for and never twice."""

    def __init__(self, retriever: Retriever, query: Query, k: int) -> None:
        self._retriever = retriever
        self._query = query
        self._asked = k
        found: object = retriever.search(query, k)
        if not isinstance(found, Sequence):
            if isinstance(found, Coroutine):
                # Or Python would warn that nobody awaited it.
                found.close()
            raise ContractError(
                f"search() returned a {type(found).__name__}: write def search without async and yield, and "
                "return a list of memeval Hits, best first"
            )
        self._hits: Sequence[Hit] = found

    def first(self, k: int) -> Sequence[Hit]:
        """At least the first `k`, or all that there are."""
        if k > self._asked:
            self._asked = k
            self._hits = self._retriever.search(self._query, k)
        return self._hits if k == self._asked else self._hits[:k]
