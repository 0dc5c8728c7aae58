"""The turns of a dialogue written down once, and the newest of them that fit a number of tokens."""

from collections.abc import Sequence

from memeval.kit.document import Document
from memeval.kit.tokens import Tokenizer
from memeval.kit.types import Segment, Turn


class Window:
    """Segments of the turns written so far. System turns are instructions, kept apart and never dropped for age."""

    def __init__(self, document: Document, tokenizer: Tokenizer) -> None:
        """Start empty."""
        self.system: list[Segment] = []
        self.history: list[Segment] = []
        self._document = document
        self._count = tokenizer.count
        self._last: tuple[int, int, int | None, tuple[Segment, ...]] | None = None

    def write(self, turns: Sequence[Turn]) -> None:
        """Append the next turns; turns without any text are passed over."""
        render = self._document.render
        for turn in turns:
            if turn.role == "system":
                self.system.append(Segment("system", turn.text.strip(), (turn.id,)))
            elif turn.text or turn.caption:
                self.history.append(Segment("history", render(turn), (turn.id,)))
        self._last = None

    def restart(self, turns: Sequence[Turn]) -> None:
        """Begin the history anew with these turns; system turns stay."""
        self.history.clear()
        self.write(turns)

    def forget(self, turn_ids: Sequence[str]) -> None:
        """Drop the segments made from these turns."""
        gone = set(turn_ids)
        self.system = [segment for segment in self.system if gone.isdisjoint(segment.sources)]
        self.history = [segment for segment in self.history if gone.isdisjoint(segment.sources)]
        self._last = None

    def read(self, budget: int, turns: int | None = None) -> tuple[Segment, ...]:
        """System segments, then the newest history in order, together at most `budget` tokens.

        Args:
            budget: tokens.
            turns: at most so many turns of history; None sets no limit.

        A turn that alone is larger than the whole budget is passed over, since no window of this size can ever show
        it; at the first other turn that no longer fits the window ends, so that it has no gaps of ordinary size.
        """
        if self._last is not None and self._last[:3] == (len(self.history), budget, turns):
            return self._last[3]
        kept: list[Segment] = []
        left = budget
        for segment in self.system:
            tokens = self._count(segment.text)
            if tokens <= left:
                kept.append(segment)
                left -= tokens
        room = left
        newest: list[Segment] = []
        for segment in reversed(self.history):
            if turns is not None and len(newest) >= turns:
                break
            tokens = self._count(segment.text)
            if tokens > left:
                if tokens > room:
                    continue
                break
            newest.append(segment)
            left -= tokens
        newest.reverse()
        segments = (*kept, *newest)
        self._last = (len(self.history), budget, turns, segments)
        return segments
