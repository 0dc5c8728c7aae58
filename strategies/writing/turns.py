"""One passage a turn."""

from collections.abc import Sequence

from memeval.kit.document import Document
from memeval.kit.types import Passage, Turn
from memeval.strategies.writing.groups import line


class Turns:
    """Stores every turn by itself, under its own id; see `groups.line` for the few that are not stored."""

    def __init__(self, document: Document) -> None:
        """Take the template that writes a turn down."""
        self._document = document

    def write(self, turns: Sequence[Turn]) -> Sequence[Passage]:
        """One passage a turn."""
        document = self._document
        return [
            Passage(written.turn, written.text, (written.turn,), written.time)
            for turn in turns
            if (written := line(turn, document)) is not None
        ]
