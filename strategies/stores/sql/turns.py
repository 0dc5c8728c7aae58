"""What SQL stores share: which turns they take, and how times are written."""

from collections.abc import Sequence
from datetime import datetime

from memeval.kit.errors import ContractError
from memeval.kit.types import Turn


def check_turns(scope: str, turns: Sequence[Turn], texts: Sequence[str]) -> None:
    """Refuse text that some database would cut or change.

    Raises:
        ContractError: a NUL or an unpaired surrogate; names the turn.
    """
    for turn, text in zip(turns, texts, strict=True):
        for each in (scope, turn.id, turn.session, turn.speaker, turn.text, turn.caption or "", text):
            if not storable(each):
                raise ContractError(
                    f"turn {turn.id!r:.80} has a text with a NUL or an unpaired surrogate, which is not text: repair "
                    f"it before writing ({each!r:.80})"
                )


def storable(text: str) -> bool:
    """Whether it is text to every database."""
    if "\0" in text:
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def stamp(time: datetime) -> str:
    """A time as text that sorts by time, to the second."""
    return time.isoformat(sep=" ", timespec="seconds")
