"""Nothing is remembered: the closed-book floor."""

from collections.abc import Sequence

from memeval.kit.types import Context, Query, Turn


class Nothing:
    """Keeps no turn at all, so that a model could only answer from its weights."""

    def write(self, turns: Sequence[Turn]) -> None:
        """Let the turns pass."""

    def read(self, query: Query, budget: int) -> Context:
        """An empty context."""
        return Context(())

    def forget(self, turn_ids: Sequence[str]) -> None:
        """Nothing is kept, so nothing is left."""
