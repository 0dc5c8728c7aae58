"""The last N turns."""

from collections.abc import Sequence

from memeval.kit.document import Document
from memeval.kit.errors import ConfigError
from memeval.kit.tokens import Tokenizer
from memeval.kit.types import Context, Query, Turn
from memeval.strategies.short_term.window import Window


class Truncation:
    """Keeps the system turns and the last `turns` turns, fewer where the token budget is smaller than they are."""

    def __init__(self, document: Document, tokenizer: Tokenizer, turns: int = 20) -> None:
        """Set how many turns of history are kept."""
        if turns < 1:
            raise ConfigError(
                f"strategy.turns={turns} keeps nothing: give 1 or more, e.g. strategy.turns=20, or strategy=none"
            )
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
