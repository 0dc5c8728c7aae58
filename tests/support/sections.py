from collections.abc import Sequence

from memeval.kit.types import Context, Kind, Query, Segment, Turn

TEXTS: dict[Kind, str] = {
    "system": "You know Ann and Ben well.",
    "summary": "They talked about boats, and then about the harbour.",
    "memory": "Ann: the boat is blue",
    "history": "Ben: so it is",
    "tool": "boats.find(colour='blue'): 1 row",
}


class EverySection:
    """A memory that fills each section of the prompt."""

    def write(self, turns: Sequence[Turn]) -> None:
        """Nothing has to be kept."""

    def read(self, query: Query, budget: int) -> Context:
        """One segment of each kind; two of them are turns."""
        cited = {"memory": ("t0",), "history": ("t1",)}
        return Context(
            [Segment(kind, text, cited.get(kind, ()), verbatim=kind in cited) for kind, text in TEXTS.items()]
        )
