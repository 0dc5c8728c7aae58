"""Rendered turns gathered under the ids of the passages that they belong to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from memeval.kit.document import Document
from memeval.kit.types import Passage, Turn


@dataclass(frozen=True, slots=True)
class Line:
    """A turn as the document template writes it."""

    turn: str
    text: str
    time: datetime | None


def line(turn: Turn, document: Document) -> Line | None:
    """The turn rendered, or None for one that is not stored.

    System turns are instructions to the model, kept by the short-term side, and never stored as memories. A turn
    without text is stored only for its caption, if the template shows captions: there is nothing else of it to find.
    """
    if turn.role == "system":
        return None
    if not turn.text.strip() and (document.caption is None or not turn.caption):
        return None
    return Line(turn.id, document.render(turn), turn.time)


class Groups:
    """Passages of several turns that may still grow; `take` gives those that changed since it was last called."""

    def __init__(self) -> None:
        """Start empty."""
        self._lines: dict[str, list[Line]] = {}
        self._changed: dict[str, None] = {}

    def add(self, group: str, *lines: Line) -> None:
        """Append to a group, which is opened by its first line."""
        self._lines.setdefault(group, []).extend(lines)
        self._changed[group] = None

    def lines(self, group: str) -> Sequence[Line]:
        """The lines of a group so far, in order."""
        return self._lines.get(group, ())

    def take(self) -> list[Passage]:
        """New and changed groups as passages, lines joined by a newline; empty ones are left out."""
        passages = []
        for group in self._changed:
            lines = self._lines[group]
            if lines:
                text = "\n".join(line.text for line in lines)
                passages.append(Passage(group, text, tuple(line.turn for line in lines), lines[-1].time))
        self._changed.clear()
        return passages

    def forget(self, turn_ids: Sequence[str]) -> None:
        """Take these turns out of their groups, which then count as changed."""
        gone = set(turn_ids)
        for group, lines in self._lines.items():
            kept = [line for line in lines if line.turn not in gone]
            if len(kept) < len(lines):
                self._lines[group] = kept
                self._changed[group] = None
