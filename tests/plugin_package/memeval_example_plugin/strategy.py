"""A strategy of ten lines."""

from collections.abc import Sequence

from memeval.kit.document import Document
from memeval.kit.tokens import Tokenizer
from memeval.kit.types import Context, Query, Segment, Turn


class LastWords:
    """Remembers the last thing that each speaker said, and of that as much as the budget holds."""

    def __init__(self, document: Document, tokenizer: Tokenizer, speakers: int = 2) -> None:
        self._document, self._tokenizer, self._speakers = document, tokenizer, speakers
        self._last: dict[str, Segment] = {}

    def write(self, turns: Sequence[Turn]) -> None:
        for turn in turns:
            self._last.pop(turn.speaker, None)
            self._last[turn.speaker] = Segment("history", self._document.render(turn), (turn.id,))

    def read(self, query: Query, budget: int) -> Context:
        kept: list[Segment] = []
        for segment in list(self._last.values())[-self._speakers :]:
            budget -= self._tokenizer.count(segment.text)
            if budget >= 0:
                kept.append(segment)
        return Context(kept)
