"""Which texts every database, request and tokenizer takes, and how times are written as text.

Two characters are refused or changed by some of them: NUL, and a surrogate without its other half, which UTF-8 cannot
write.
"""

from datetime import datetime


def lone_surrogate(text: str) -> int | None:
    """The offset of the first unpaired surrogate; None if there is none."""
    if text.isascii():
        return None
    try:
        text.encode()
    except UnicodeEncodeError as error:
        return error.start
    return None


def flaw(text: str) -> str | None:
    """What keeps a text out of some database, with its offset and how to mend it; None if nothing does.

    The words follow "contains", e.g. `a NUL character at offset 3: remove it`.
    """
    if "\0" in text:
        return f"a NUL character at offset {text.index(chr(0))}: remove it"
    place = lone_surrogate(text)
    if place is None:
        return None
    code = ord(text[place])
    return f"an unpaired surrogate (U+{code:04X}) at offset {place}, which is not text: repair the encoding"


def storable(*texts: str | None) -> bool:
    """Whether every database takes all these texts; None is no text and taken."""
    return all(text is None or ("\0" not in text and lone_surrogate(text) is None) for text in texts)


def encodable(text: str) -> str:
    """The text with a question mark in the place of each unpaired surrogate."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def stamp(time: datetime | None, sep: str = "T", timespec: str = "auto") -> str | None:
    """A time as ISO 8601 text, which sorts by time within one `timespec`; see `datetime.isoformat`."""
    return None if time is None else time.isoformat(sep, timespec)


def time_of(text: str | None) -> datetime | None:
    """The time that `stamp` wrote; None for None and for an empty text."""
    return datetime.fromisoformat(text) if text else None
