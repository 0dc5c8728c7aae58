"""The last N turns."""

from collections.abc import Sequence
from typing import Annotated

from annotated_types import Ge

from memeval.kit.document import Document
from memeval.kit.ranges import ranged
from memeval.kit.tokens import Tokenizer
from memeval.kit.types import Context, Query, Turn
from memeval.strategies.short_term.window import Window


@ranged
class Truncation:
    """Keeps the system turns and the last `turns` turns, fewer where the token budget is smaller than they are."""

    def __init__(self, document: Document, tokenizer: Tokenizer, turns: Annotated[int, Ge(1)] = 20) -> None:
        """Set how many turns of history are kept."""
        self._turns = turns
        self._window = Window(document, tokenizer)

    def write(self, turns: Sequence[Turn]) -> None:
        """Append."""
        self._window.write(turns)

    def read(self, query: Query, budget: int) -> Context:
        """The last turns."""
        return Context(self._window.read(budget, self._turns))

    def forget(self, turn_ids: Sequence[str]) -> None:
        """Drop these turns."""
        self._window.forget(turn_ids)
