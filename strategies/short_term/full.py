"""The whole dialogue, as far as the budget reaches; its YAML sets the budget to the target's context window."""

from collections.abc import Sequence

from memeval.kit.document import Document
from memeval.kit.tokens import Tokenizer
from memeval.kit.types import Context, Query, Turn
from memeval.strategies.short_term.window import Window


class Full:
    """Append-only history; the oldest turns go only when the window itself overflows."""

    def __init__(self, document: Document, tokenizer: Tokenizer) -> None:
        """Start an empty history."""
        self._window = Window(document, tokenizer)

    def write(self, turns: Sequence[Turn]) -> None:
        """Append."""
        self._window.write(turns)

    def read(self, query: Query, budget: int) -> Context:
        """Everything that fits."""
        return Context(self._window.read(budget))

    def forget(self, turn_ids: Sequence[str]) -> None:
        """Drop these turns."""
        self._window.forget(turn_ids)
