"""What every SQL store refuses, and how times stand in its tables."""

from collections.abc import Sequence
from datetime import datetime

from memeval.kit.errors import ContractError
from memeval.kit.stores import SqlFilters
from memeval.kit.text import flaw, stamp
from memeval.kit.types import Turn


def check_turns(scope: str, turns: Sequence[Turn], texts: Sequence[str]) -> None:
    """Refuse text that some database would cut or change.

    Raises:
        ContractError: a NUL or an unpaired surrogate; names the turn.
    """
    for turn, text in zip(turns, texts, strict=True):
        for each in (scope, turn.id, turn.session, turn.speaker, turn.text, turn.caption or "", text):
            if reason := flaw(each):
                raise ContractError(f"a text of turn {turn.id!r:.80} contains {reason} ({each!r:.80})")


def second(time: datetime | None) -> str | None:
    """A time as text that sorts by time, to the second."""
    return stamp(time, " ", "seconds")


def periods(filters: SqlFilters) -> list[tuple[str, str]]:
    """Each period of the filters as two texts; an open end is one that sorts before or after every date."""
    return [(second(start) or "", second(end) or "~") for start, end in filters.periods]
