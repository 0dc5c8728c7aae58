"""Reading a JSON object whose every mistake is to be reported, not only the first."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from typing import Any

from memeval.benchmarks.fields import kind
from memeval.kit.text import lone_surrogate

Report = Callable[[str, str], None]


@dataclass(frozen=True, slots=True)
class Mistake:
    """Something in a file that keeps it from being used.

    Attributes:
        line: counted from 1.
        field: where in the line, e.g. `questions[2].evidence[0]`; empty for the line as a whole.
        message: what is wrong and what is expected.
    """

    line: int
    field: str
    message: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.field}: {self.message}" if self.field else f"line {self.line}: {self.message}"


class Node:
    """An object at a place in the line.

    Its methods give None where a value is absent or wrong; what is wrong has then been reported. For a field that is
    not required null is as good as absent.
    """

    def __init__(self, value: Mapping[str, Any], where: str, report: Report, suspicious: bool) -> None:
        """`suspicious`: the line may hold characters that are not text."""
        self._value = value
        self._where = where
        self._report = report
        self._suspicious = suspicious

    @staticmethod
    def open(value: object, where: str, known: Sequence[str], report: Report, suspicious: bool) -> "Node | None":
        """The object, with fields that are not `known` reported; None if it is no object."""
        if not isinstance(value, dict):
            report(where, f"is {kind(value)}, expected an object")
            return None
        node = Node(value, where, report, suspicious)
        for key in value:
            if key not in known:
                near = did_you_mean(key, known) or f": known are {', '.join(known)}"
                report(node.field(key), f"is no field of this schema{near}")
        return node

    def field(self, key: str) -> str:
        """The full name of a field."""
        return f"{self._where}.{key}" if self._where else key

    def wrong(self, key: str, message: str) -> None:
        """Report a field."""
        self._report(self.field(key), message)

    def text(self, key: str, required: bool = True, blank: bool = False) -> str | None:
        """A string; `blank` allows one without content."""
        value = self._value.get(key)
        if value is None and (not required or key not in self._value):
            if required:
                self.wrong(key, "is missing: a string is required")
            return None
        return value if self._is_text(key, value, blank) else None

    def texts(self, key: str, required: bool = False) -> tuple[str, ...] | None:
        """A list of different strings."""
        values = self.items(key, required)
        if values is None:
            return None
        texts: dict[str, None] = {}
        for index, value in enumerate(values):
            if not self._is_text(f"{key}[{index}]", value, blank=False):
                continue
            if value in texts:
                self.wrong(f"{key}[{index}]", f"{value!r} is listed twice")
            texts[value] = None
        return tuple(texts)

    def items(self, key: str, required: bool = True) -> list[Any] | None:
        """A list of anything."""
        value = self._value.get(key)
        if value is None and (not required or key not in self._value):
            if required:
                self.wrong(key, "is missing: a list is required")
            return None
        if not isinstance(value, list):
            self.wrong(key, f"is {kind(value)}, expected a list")
            return None
        return value

    def time(self, key: str = "time") -> datetime | None:
        """An ISO 8601 date or time without a zone; never required."""
        value = self.text(key, required=False)
        if value is None:
            return None
        try:
            time = datetime.fromisoformat(value)
        except ValueError:
            self.wrong(key, f"{value!r} is no ISO 8601 time: write it like 2023-05-08T13:56 or 2023-05-08")
            return None
        if time.tzinfo is not None:
            self.wrong(key, f"{value!r} has a time zone: write the dialogue's own local time without one")
            return None
        return time

    def _is_text(self, key: str, value: object, blank: bool) -> bool:
        if not isinstance(value, str):
            self.wrong(key, f"is {kind(value)}, expected a string")
        elif not blank and (not value or value.isspace()):
            self.wrong(key, "is blank: write something, or leave it out where it is optional")
        elif self._suspicious and "\0" in value:
            self.wrong(key, f"has a NUL character at offset {value.index(chr(0))}: remove it")
        elif self._suspicious and (offset := lone_surrogate(value)) is not None:
            self.wrong(key, f"has an unpaired surrogate at offset {offset}, which is not text: repair the encoding")
        else:
            return True
        return False


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`: did you mean 'x'?`, or nothing if no known word is near."""
    # Near matches of thousands of ids would take longer than reading the file.
    near = get_close_matches(word, list(known)[:1000], n=1)
    return f": did you mean {near[0]!r}?" if near else ""
