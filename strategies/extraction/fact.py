"""A fact, and the protocol of whatever finds facts in turns."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from memeval.kit.types import Turn


@dataclass(frozen=True, slots=True)
class Fact:
    """What a turn says about someone.

    Attributes:
        subject: whom it is about, as written: the speaker or a person named.
        attribute: what it is about, lower-case: `home`, `favourite food`, or the base form of a verb.
        value: what was said of it, e.g. `sushi`.
        statement: the fact in words, without its subject: `favourite food is sushi`. A date that was said relative to
            the turn's time follows its words in brackets: `ran a race last Saturday [20 May 2023]`.
        slot: facts of one subject, attribute and slot replace each other; "" for attributes with one value at a time.
        sources: ids of the turns that say so.
        time: of the last source.
        importance: 1 (trivial) to 5 (vital).
    """

    subject: str
    attribute: str
    value: str
    statement: str
    slot: str
    sources: tuple[str, ...]
    time: datetime | None
    importance: int

    @property
    def text(self) -> str:
        """As one line, with the day on which it was said: `Caroline: favourite food is sushi (12 May 2023)`."""
        return f"{self.line}{said(self.time)}"

    @property
    def line(self) -> str:
        """As one line without a day."""
        return f"{self.subject}: {self.statement}"


def day(time: datetime) -> str:
    """A day as it is written in facts: `7 May 2023`."""
    return f"{time.day} {time:%B} {time.year}"


def said(time: datetime | None) -> str:
    """The day of saying as it stands behind a fact: ` (7 May 2023)`; nothing where it is not known."""
    return f" ({day(time)})" if time is not None else ""


class Extractor(Protocol):
    """Finds facts; one extractor serves one dialogue, whose turns it is given in order."""

    def extract(self, turns: Sequence[Turn]) -> Sequence[Fact]:
        """The facts of these turns, in order, each with at least one of them as its source."""
