"""Typed reading of other people's JSON: every complaint names the file, the place in it and what to do."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from memeval.kit import strict_json, user_files
from memeval.kit.errors import DataError
from memeval.kit.strict_json import Repeat

# Records of LongMemEval-M have 5 MB; larger ones make the buffer grow.
_CHUNK = 1 << 21
# Characters of one record or line; the longest of published data have 6 million.
LONGEST = 1 << 28
_NAMES = {
    str: "a string",
    int: "an integer",
    float: "a number",
    bool: "true or false",
    list: "a list",
    dict: "an object",
    type(None): "null",
}


# strptime would read month names in the language of the machine.
MONTHS = {
    name: number
    for number, name in enumerate(
        "January February March April May June July August September October November December".split(), start=1
    )
}


def kind(value: object) -> str:
    """A JSON value's type in words, e.g. `a list`."""
    return _NAMES.get(type(value), type(value).__name__)


def take(record: Mapping[str, Any], key: str, wanted: type | tuple[type, ...], where: str) -> Any:
    """The value of a required key.

    Args:
        record: a JSON object.
        key: its key.
        wanted: the Python type or types that JSON may give here; bool does not pass for int.
        where: file and place, for the message.

    Raises:
        DataError: the key is missing or its value has another type.
    """
    kinds = wanted if isinstance(wanted, tuple) else (wanted,)
    if key not in record:
        raise DataError(f"{where} has no {key!r}: add it ({' or '.join(_NAMES[each] for each in kinds)})")
    value = record[key]
    if type(value) not in kinds:
        expected = " or ".join(_NAMES[each] for each in kinds)
        raise DataError(f"{where}: {key!r} is {kind(value)}, expected {expected}: correct the file")
    return value


def as_object(value: object, where: str) -> Mapping[str, Any]:
    """The value itself if it is a JSON object.

    Raises:
        DataError: it is something else.
    """
    if not isinstance(value, dict):
        raise DataError(f"{where} is {kind(value)}, expected an object: correct the file")
    return value


def read_json(path: Path) -> Any:
    """A whole JSON file.

    Raises:
        DataError: it cannot be read, is larger than 1 GB, is not UTF-8 or not JSON (a download that broke off, for
            instance), or repeats a key in an object.
    """
    text = user_files.read(path)
    try:
        value, repeats = strict_json.loads(text)
    except json.JSONDecodeError as error:
        raise DataError(
            f"{path} is not valid JSON (line {error.lineno}, column {error.colno}: {error.msg}): it may be truncated; "
            "fetch or copy it again"
        ) from error
    except (ValueError, RecursionError) as error:
        # Numbers of thousands of digits, or nesting of thousands of levels.
        raise DataError(f"{path} is none of the known data files ({strict_json.reason(error)}): check the file") from (
            error
        )
    if repeats:
        raise DataError(f"{path}, {repeats[0]}")
    return value


@dataclass(frozen=True, slots=True)
class Record:
    """A value of a file that holds several.

    Attributes:
        line: of the file where it begins, from 1.
        value: what was read.
        repeats: keys that stand twice in an object; their lines are those of the file.
    """

    line: int
    value: Any
    repeats: Sequence[Repeat]


def stream_array(path: Path) -> Iterator[Mapping[str, Any]]:
    """The objects of a JSON file that is one array, one at a time; memory as of `stream_records`.

    Raises:
        DataError: the file cannot be read, is not an array of objects, repeats a key in an object, or ends too early.
    """
    for number, record in enumerate(stream_records(path, array=True)):
        if record.repeats:
            raise DataError(f"{path}, {record.repeats[0]}")
        yield as_object(record.value, f"{path}: record {number}")


def stream_records(path: Path, array: bool) -> Iterator[Record]:
    """The values of a JSON file, one at a time.

    Memory is bounded by a few records, whatever the size of the file. It decodes with the standard library over a
    sliding buffer: as fast as loading whole, and unlike yajl it does not replace damaged characters silently.

    Args:
        path: the file.
        array: whether its values are those of one array; otherwise they follow one another.

    Raises:
        DataError: the file cannot be read, is not of this form, or ends too early.
    """
    user_files.check(path)
    try:
        # JSON treats \r as white space: having the line ends translated would only cost time.
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = _Records(path, file.read)
            yield from reader.array() if array else reader.sequence()
    except OSError as error:
        raise user_files.unreadable(path, error) from error
    except UnicodeDecodeError as error:
        raise user_files.not_utf8(path, error) from error


class _Records:
    """A reader of JSON values; `read(n)` gives the next n characters, "" at the end."""

    def __init__(self, path: Path, read: Callable[[int], str]) -> None:
        self._path = path
        self._read = read
        self._buffer = ""
        self._at = 0
        self._ended = False
        self._count = 0
        # Line ends before a place of the buffer: each is counted once.
        self._passed = 0
        self._counted = 0

    def array(self) -> Iterator[Record]:
        if self._next() != "[":
            raise DataError(
                f"{self._path} is not a JSON array of records (it must begin with [): is it the right file?"
            )
        self._at += 1
        if self._next() == "]":
            self._at += 1
        else:
            while True:
                yield self._record()
                separator = self._next()
                self._at += 1
                if separator == "]":
                    break
                if separator != ",":
                    raise self._broken("a comma or ] is missing")
        if self._next():
            raise self._broken("there is text after the closing ]")

    def sequence(self) -> Iterator[Record]:
        while self._next():
            yield self._record()

    def _next(self) -> str:
        """The next character that is not white space, "" at the end; it is not consumed."""
        while True:
            rest = self._buffer
            at = self._at
            while at < len(rest) and rest[at] in " \t\r\n":
                at += 1
            self._at = at
            if at < len(rest):
                return rest[at]
            if not self._more():
                return ""

    def _record(self) -> Record:
        opening = self._next()
        if opening != "{":
            raise self._broken("an object must begin here" if opening else "the file ends here")
        while True:
            try:
                value, end, repeats = strict_json.decode(self._buffer, self._at)
            except json.JSONDecodeError as error:
                # An error well before the end of what has been read is a mistake; at the end it may be the cut.
                cut = error.msg.startswith("Unterminated string") or error.pos >= len(self._buffer) - 16
                if not cut or not self._more():
                    raise self._broken("the file ends here" if cut else error.msg) from error
            except (ValueError, RecursionError) as error:
                raise self._broken(strict_json.reason(error)) from error
            else:
                line = self._line()
                self._at = end
                self._count += 1
                return Record(line, value, [Repeat(line + each.line - 1, each.field) for each in repeats])

    def _more(self) -> bool:
        if self._ended:
            return False
        self._line()
        rest = self._buffer[self._at :]
        self._at = self._counted = 0
        if len(rest) > LONGEST:
            self._buffer = rest
            raise self._broken(f"it has more than {LONGEST:,} characters")
        # Growing with the record keeps the repeated decoding of a long one linear.
        chunk = self._read(max(_CHUNK, len(rest)))
        self._ended = not chunk
        self._buffer = rest + chunk
        return bool(chunk)

    def _line(self) -> int:
        """The line of the current place."""
        self._passed += self._buffer.count("\n", self._counted, self._at)
        self._counted = self._at
        return 1 + self._passed

    def _broken(self, what: str) -> "BrokenError":
        return BrokenError(self._path, self._count, self._line(), what)


class BrokenError(DataError):
    """A file whose JSON ends being readable at a record.

    Attributes:
        line: where that record begins.
        what: what is wrong with it.
    """

    def __init__(self, path: Path, record: int, line: int, what: str) -> None:
        """Say where it is."""
        self.line = line
        self.what = what
        super().__init__(
            f"{path} is not valid JSON at record {record}, which begins in line {line} ({what}): it may be truncated "
            "or edited; fetch or copy it again"
        )
