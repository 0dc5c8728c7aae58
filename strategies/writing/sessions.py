"""One passage a session."""

from collections.abc import Sequence

from memeval.kit.document import Document
from memeval.kit.types import Passage, Turn
from memeval.strategies.writing.groups import Groups, line


class Sessions:
    """Stores all turns of a session so far under the session's id; the passage grows as the session goes on."""

    def __init__(self, document: Document) -> None:
        """Take the template that writes a turn down."""
        self._document = document
        self._groups = Groups()

    def write(self, turns: Sequence[Turn]) -> Sequence[Passage]:
        """Sessions that are new or have grown."""
        for turn in turns:
            written = line(turn, self._document)
            if written is not None:
                self._groups.add(turn.session, written)
        return self._groups.take()

    def forget(self, turn_ids: Sequence[str]) -> None:
        """Take turns out of their sessions; the next `write` gives the sessions without them."""
        self._groups.forget(turn_ids)
