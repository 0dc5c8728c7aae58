"""A token budget that slides along the dialogue: the oldest turns that are not system turns are dropped."""

from collections.abc import Sequence
from typing import Annotated

from annotated_types import Ge

from memeval.kit.document import Document
from memeval.kit.ranges import ranged
from memeval.kit.tokens import Tokenizer
from memeval.kit.types import Context, Query, Turn
from memeval.strategies.short_term.window import Window


@ranged
class SlidingWindow:
    """Keeps the system turns and the newest turns that fit `tokens`, or the run's whole budget if that is None."""

    def __init__(self, document: Document, tokenizer: Tokenizer, tokens: Annotated[int, Ge(1)] | None = None) -> None:
        """Set the size of the window in tokens."""
        self._tokens = tokens
        self._window = Window(document, tokenizer)

    def write(self, turns: Sequence[Turn]) -> None:
        """Append."""
        self._window.write(turns)

    def read(self, query: Query, budget: int) -> Context:
        """The newest turns that fit."""
        return Context(self._window.read(budget if self._tokens is None else min(budget, self._tokens)))

    def forget(self, turn_ids: Sequence[str]) -> None:
        """Drop these turns."""
        self._window.forget(turn_ids)
