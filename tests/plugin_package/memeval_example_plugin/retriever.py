"""A retriever of ten lines."""

from collections.abc import Sequence

from memeval.kit.protocols import Writing
from memeval.kit.types import Hit, Passage, Query, Turn


class SharedWords:
    """Ranks passages by how many different words they share with the query."""

    def __init__(self, writing: Writing, shortest: int = 4) -> None:
        self._writing, self._shortest = writing, shortest
        self._passages: dict[str, Passage] = {}

    def write(self, turns: Sequence[Turn]) -> None:
        self._passages.update((passage.id, passage) for passage in self._writing.write(turns))

    def search(self, query: Query, k: int) -> Sequence[Hit]:
        wanted = self._words(query.text)
        hits = [
            Hit(passage.text, passage.sources, len(wanted & self._words(passage.text)), passage.verbatim)
            for passage in self._passages.values()
        ]
        return sorted((hit for hit in hits if hit.score), key=lambda hit: -(hit.score or 0))[:k]

    def _words(self, text: str) -> set[str]:
        return {word for word in text.lower().split() if len(word) >= self._shortest}
