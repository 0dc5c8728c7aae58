"""Typed reading of other people's JSON: every complaint names the file, the place in it and what to do."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from memeval.errors import DataError

# Records of LongMemEval-M have 5 MB; larger ones make the buffer grow.
_CHUNK = 1 << 21
_NAMES = {
    str: "a string",
    int: "an integer",
    float: "a number",
    bool: "true or false",
    list: "a list",
    dict: "an object",
    type(None): "null",
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
        DataError: it cannot be read, or is not UTF-8 or not JSON (a download that broke off, for instance).
    """
    try:
        return json.loads(path.read_bytes())
    except OSError as error:
        raise unreadable(path, error) from error
    except UnicodeDecodeError as error:
        raise _not_utf8(path, error) from error
    except json.JSONDecodeError as error:
        raise DataError(
            f"{path} is not valid JSON (line {error.lineno}, column {error.colno}: {error.msg}): it may be truncated; "
            "fetch or copy it again"
        ) from error
    except (ValueError, RecursionError) as error:
        # Numbers of thousands of digits, or nesting of thousands of levels.
        raise DataError(f"{path} is none of the known data files ({error}): check the file") from error


def stream_array(path: Path) -> Iterator[Mapping[str, Any]]:
    """The objects of a JSON file that is one array, one at a time.

    Memory is bounded by a few records, whatever the size of the file. It decodes with the standard library over a
    sliding buffer: as fast as loading whole, and unlike yajl it does not replace damaged characters silently.

    Raises:
        DataError: the file cannot be read, is not an array of objects, or ends too early.
    """
    try:
        # JSON treats \r as white space: having the line ends translated would only cost time.
        with path.open(encoding="utf-8-sig", newline="") as file:
            yield from _Array(path, file.read).records()
    except OSError as error:
        raise unreadable(path, error) from error
    except UnicodeDecodeError as error:
        raise _not_utf8(path, error) from error


class _Array:
    """A reader of one JSON array; `read(n)` gives the next n characters, "" at the end."""

    def __init__(self, path: Path, read: Any) -> None:
        self._path = path
        self._read = read
        self._buffer = ""
        self._at = 0
        self._ended = False
        self._count = 0

    def records(self) -> Iterator[Mapping[str, Any]]:
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

    def _record(self) -> Mapping[str, Any]:
        opening = self._next()
        if opening != "{":
            raise self._broken("an object must begin here" if opening else "the file ends here")
        while True:
            try:
                record, self._at = _decode(self._buffer, self._at)
            except json.JSONDecodeError as error:
                # An error well before the end of what has been read is a mistake; at the end it may be the cut.
                cut = error.msg.startswith("Unterminated string") or error.pos >= len(self._buffer) - 16
                if not cut or not self._more():
                    raise self._broken("the file ends here" if cut else error.msg) from error
            except (ValueError, RecursionError) as error:
                raise self._broken(str(error)) from error
            else:
                self._count += 1
                return as_object(record, f"{self._path}: record {self._count - 1}")

    def _more(self) -> bool:
        if self._ended:
            return False
        rest = self._buffer[self._at :]
        # Growing with the record keeps the repeated decoding of a long one linear.
        chunk = self._read(max(_CHUNK, len(rest)))
        self._ended = not chunk
        self._buffer = rest + chunk
        self._at = 0
        return bool(chunk)

    def _broken(self, what: str) -> DataError:
        return DataError(
            f"{self._path} is not valid JSON at record {self._count} ({what}): it may be truncated or edited; fetch or "
            "copy it again"
        )


_decode = json.JSONDecoder().raw_decode


def unreadable(path: Path, error: OSError) -> DataError:
    """The error for a file that the system does not let us read."""
    return DataError(f"{path} cannot be read ({error.strerror or error}): check the path and its permissions")


def _not_utf8(path: Path, error: UnicodeDecodeError) -> DataError:
    return DataError(f"{path} is not UTF-8 (byte 0x{error.object[error.start]:02x}): save it as UTF-8")
