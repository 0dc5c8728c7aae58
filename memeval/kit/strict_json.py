"""JSON that other people have written: a key that stands twice in an object is reported, where `json` keeps the last.

A text that is read here may be of any size and shape; what reads it says in words what is wrong with it.
"""

import json
import re
from dataclasses import dataclass
from typing import Any

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],]', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Repeat:
    """A key that an object has for the second time.

    Attributes:
        line: of the text, from 1.
        field: the key with its place, e.g. `questions[2].evidence`.
    """

    line: int
    field: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.field}: {REPEATED}"


REPEATED = "the key stands twice in its object: keep one of the two"


def loads(text: str) -> tuple[Any, list[Repeat]]:
    """The value of a text, with the last value of a repeated key, and all repeated keys.

    Raises:
        ValueError: the text is no JSON; `reason` puts the error into words.
        RecursionError: it is nested too deeply.
    """
    value, end, repeats = decode(text, _blank(text, 0))
    if _blank(text, end) < len(text):
        raise json.JSONDecodeError("Extra data", text, _blank(text, end))
    return value, repeats


def decode(text: str, at: int) -> tuple[Any, int, list[Repeat]]:
    """The value that begins at a place, the place behind it, and the keys that it repeats (lines count from there).

    Raises:
        ValueError, RecursionError: as of `loads`.
    """
    twice = False

    def made(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal twice
        value = dict(pairs)
        twice = twice or len(value) < len(pairs)
        return value

    try:
        value, end = json.JSONDecoder(object_pairs_hook=made).raw_decode(text, at)
    except StopIteration as error:
        raise json.JSONDecodeError("Expecting value", text, at) from error
    return value, end, _repeats(text[at:end]) if twice else []


def reason(error: Exception) -> str:
    """What is wrong, in a few words that fit into a sentence of the reader."""
    if isinstance(error, json.JSONDecodeError):
        return f"line {error.lineno}, column {error.colno}: {error.msg}"
    if isinstance(error, RecursionError):
        return "objects or lists are nested too deeply"
    return "a number has thousands of digits" if "digits" in str(error) else str(error)


def _blank(text: str, at: int) -> int:
    """The first place from `at` on that is not JSON's white space."""
    while at < len(text) and text[at] in " \t\r\n":
        at += 1
    return at


def _repeats(text: str) -> list[Repeat]:
    """Looks for repeated keys in the text of one JSON value; only run where there are some."""
    found: list[Repeat] = []
    # Of each open object its keys, of each open list None; the name or the number of what is being read in it.
    keys: list[set[str] | None] = []
    names: list[str | int] = []
    opened = False
    line, counted = 1, 0
    for token in _TOKEN.finditer(text):
        sign = token[0]
        if sign in "{[":
            keys.append(set() if sign == "{" else None)
            names.append("" if sign == "{" else 0)
            opened = sign == "{"
        elif sign in "}]":
            keys.pop()
            names.pop()
            opened = False
        elif sign == ",":
            if keys[-1] is None:
                names[-1] = int(names[-1]) + 1
            opened = keys[-1] is not None
        elif opened and keys and (known := keys[-1]) is not None:
            opened = False
            key = str(json.loads(sign, strict=False))
            names[-1] = key
            if key in known:
                line, counted = line + text.count("\n", counted, token.start()), token.start()
                found.append(Repeat(line, _path(names)))
            known.add(key)
    return found


def _path(names: list[str | int]) -> str:
    path = ""
    for name in names:
        path += f"[{name}]" if isinstance(name, int) else f".{name}" if path else name
    return path
