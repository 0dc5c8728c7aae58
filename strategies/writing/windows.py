"""One passage a window of tokens, with overlap."""

from collections.abc import Sequence
from typing import Annotated

from annotated_types import Ge

from memeval.kit.document import Document
from memeval.kit.errors import ConfigError
from memeval.kit.ranges import ranged
from memeval.kit.tokens import Tokenizer
from memeval.kit.types import Passage, Turn
from memeval.strategies.writing.groups import Groups, Line, line


@ranged
class Windows:
    """Stores consecutive whole turns packed up to a number of tokens, the last ones repeated in the next window.

    Turns are never cut, so a turn longer than a window is a passage by itself. A passage's id is that of its first
    turn. The newest window is stored while it still grows, so that every turn can be found as soon as it is written.
    """

    def __init__(
        self,
        document: Document,
        tokenizer: Tokenizer,
        tokens: Annotated[int, Ge(1)] = 256,
        overlap: Annotated[int, Ge(0)] = 64,
        across_sessions: bool = False,
    ) -> None:
        """Set the size.

        Args:
            document: the template that writes a turn down.
            tokenizer: counts the turns.
            tokens: size of a window.
            overlap: at most so many tokens of whole turns are repeated from the window before.
            across_sessions: let a window hold turns of two sessions.
        """
        if overlap >= tokens:
            raise ConfigError(
                f"writing.overlap={overlap} must be less than writing.tokens={tokens}, e.g. "
                f"writing.overlap={tokens // 4}"
            )
        self._document = document
        self._count = tokenizer.count
        self._tokens = tokens
        self._overlap = overlap
        self._across = across_sessions
        self._groups = Groups()
        self._open: str | None = None
        self._size = 0
        self._session: str | None = None

    def write(self, turns: Sequence[Turn]) -> Sequence[Passage]:
        """Windows that are new or have grown."""
        for turn in turns:
            if turn.session != self._session and not self._across:
                self._open = None
            self._session = turn.session
            written = line(turn, self._document)
            if written is not None:
                self._put(written)
        return self._groups.take()

    def _put(self, written: Line) -> None:
        tokens = self._count(written.text)
        if self._open is not None and self._size + tokens <= self._tokens:
            self._groups.add(self._open, written)
            self._size += tokens
            return
        # What is repeated leaves room for the new turn, which did not fit with the whole of the window before: so each
        # window starts at a later turn than the one before, and has an id of its own.
        repeated = self._tail(min(self._overlap, self._tokens - tokens)) if self._open is not None else []
        self._open = repeated[0].turn if repeated else written.turn
        self._size = tokens + sum(self._count(old.text) for old in repeated)
        self._groups.add(self._open, *repeated, written)

    def _tail(self, room: int) -> list[Line]:
        """The last turns of the open window that fit `room` tokens."""
        tail: list[Line] = []
        for old in reversed(self._groups.lines(self._open or "")):
            room -= self._count(old.text)
            if room < 0:
                break
            tail.insert(0, old)
        return tail

    def forget(self, turn_ids: Sequence[str]) -> None:
        """Take turns out of their windows; the next `write` gives the windows without them."""
        self._groups.forget(turn_ids)
        if self._open is not None:
            self._size = sum(self._count(old.text) for old in self._groups.lines(self._open))
