"""One passage a round: what the user says and what is answered."""

from collections.abc import Sequence

from memeval.kit.document import Document
from memeval.kit.types import Passage, Turn
from memeval.strategies.writing.groups import Groups, line


class Rounds:
    """Stores a user turn with all replies up to the next user turn of the session: a round, as LongMemEval calls it.

    A passage's id is that of the round's first turn; it grows while replies come in. Replies at the start of a session,
    before any user turn, make a round of their own.
    """

    def __init__(self, document: Document) -> None:
        """Take the template that writes a turn down."""
        self._document = document
        self._groups = Groups()
        self._open: str | None = None
        self._session: str | None = None

    def write(self, turns: Sequence[Turn]) -> Sequence[Passage]:
        """Rounds that are new or have grown."""
        for turn in turns:
            written = line(turn, self._document)
            if turn.session != self._session or turn.role == "user":
                self._open = None
            self._session = turn.session
            if written is None:
                continue
            if self._open is None:
                self._open = turn.id
            self._groups.add(self._open, written)
        return self._groups.take()

    def forget(self, turn_ids: Sequence[str]) -> None:
        """Take turns out of their rounds; the next `write` gives the rounds without them."""
        self._groups.forget(turn_ids)
