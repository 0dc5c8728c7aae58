"""Overrides, the words `key=value` of `memeval run`: read here once, and put into the grammar of Hydra.

A word may be written as it is meant: a file name with blanks, brackets, quotes or `=`, a path that begins with `~`, a
list with or without brackets whose items have brackets and commas of their own.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from memeval.options import root

# `key=`, with the signs of Hydra in front. A path has a `/` in front of its first `=`, or it is written `./a=b`.
_KEY = re.compile(r"(?P<sign>[+~]{0,2})(?P<key>[A-Za-z_][\w.@:-]*)=", re.ASCII)
# Takes an option away.
_REMOVED = re.compile(r"~(?P<key>[A-Za-z_][\w.@:-]*)", re.ASCII)
_PLAIN = re.compile(r"[A-Za-z_][\w./-]*", re.ASCII)
_READ_OTHERWISE = frozenset(("null", "true", "false", "nan", "inf"))
_OPENING, _CLOSING = "([{", ")]}"
# What the grammar of Hydra takes for more than text.
_MARKUP = frozenset(" ,=[]{}()'\"\\$#;&!")
_LISTS = frozenset(option.name for option in root.OPTIONS if "list[str]" in str(option.kind))


class Override(NamedTuple):
    """A word `key=value`; `sign` is what Hydra has in front of the key: `+`, `++`, `~` or nothing."""

    sign: str
    key: str
    value: str

    @property
    def root(self) -> str:
        """The first part of the key."""
        return self.key.partition(".")[0]


def read(word: str) -> Override | None:
    """The override that a word is, or None for a word without `key=`."""
    match = _KEY.match(word)
    return None if match is None else Override(match["sign"], match["key"], word[match.end() :])


def is_override(word: str) -> bool:
    """Whether a word is an override: `key=value`, or `~key`, which takes an option away."""
    return _KEY.match(word) is not None or _REMOVED.fullmatch(word) is not None


def settings(words: Iterable[str]) -> dict[str, str]:
    """The values of overrides by key; words without a value are left out."""
    return {override.key: override.value for word in words if (override := read(word)) is not None}


def key_of(word: str) -> str:
    """The key of an override, also of one that takes an option away."""
    return word.partition("=")[0].lstrip("+~")


def items(text: str) -> list[str]:
    """The items of a list: separated by commas, with or without blanks and brackets around; each may be quoted.

    Commas within brackets or quotes belong to an item: `[Recall(unit=session,rule=any)@5, 'a, b']` has two.
    """
    text = text.strip()
    if (
        text.startswith("[")
        and next((place for place, depth in _outside_quotes(text) if not depth), -1) == len(text) - 1
    ):
        text = text[1:-1]
    commas = [place for place, depth in _outside_quotes(text) if text[place] == "," and depth <= 0]
    ends = zip([-1, *commas], [*commas, len(text)], strict=True)
    found = (text[start + 1 : end].strip() for start, end in ends)
    return [_unquoted(item) for item in found if item]


def _outside_quotes(text: str) -> Iterator[tuple[int, int]]:
    """Places of a list that no quotes enclose, with the number of brackets that are open behind them.

    A quote opens only where an item begins, so that an apostrophe within a word is a letter.
    """
    depth, quote, begins, escaped = 0, "", True, False
    for place, sign in enumerate(text):
        if quote:
            quote = "" if sign == quote and not escaped else quote
            escaped = sign == "\\" and not escaped
        elif sign in "'\"" and begins:
            quote = sign
        else:
            depth += (sign in _OPENING) - (sign in _CLOSING)
            begins = sign in (",", *_OPENING) or (begins and sign == " ")
            yield place, depth


def _unquoted(item: str) -> str:
    if len(item) >= 2 and item[0] == item[-1] and item[0] in "'\"":
        return re.sub(r"\\(['\"\\])", r"\1", item[1:-1])
    return item


def expanded(value: str) -> str:
    """A path whose `~` or `~name` in front is the home folder that a shell would put there."""
    if not value.startswith("~"):
        return value
    try:
        return str(Path(value).expanduser())
    except RuntimeError:
        # There is no such user: it is a name.
        return value


def in_grammar(words: Iterable[str]) -> list[str]:
    """Overrides in the grammar of Hydra; those that are written in it stay as they are."""
    return [_in_grammar(word) for word in words]


def _in_grammar(word: str) -> str:
    override = read(word)
    if override is None:
        return word
    front, value = f"{override.sign}{override.key}=", override.value
    if override.key in _LISTS:
        # An interpolation is no item.
        return word if value in ("", "null") or value.startswith("${") else front + text(items(value))
    if value.startswith("~"):
        value = expanded(value)
        word = front + value
    if not _MARKUP.isdisjoint(value) and _is_path(value):
        return front + text(value)
    if value[:1] in ("[", "{", "'", '"', "$") or _is_readable(word):
        return word
    return front + text(value)


def _is_path(value: str) -> bool:
    try:
        return Path(value).exists()
    except (OSError, ValueError):
        return False


def _is_readable(word: str) -> bool:
    from hydra.core.override_parser.overrides_parser import OverridesParser

    try:
        OverridesParser.create().parse_override(word)
    except Exception:
        # Hydra has errors of its own for words, and lets those of its parser through.
        return False
    return True


def text(value: Any) -> str:
    """A value in the grammar of Hydra."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, Mapping):
        return f"{{{','.join(f'{key}: {text(each)}' for key, each in value.items())}}}"
    if isinstance(value, list | tuple):
        return f"[{','.join(map(text, value))}]"
    written = str(value)
    if _PLAIN.fullmatch(written) and written.lower() not in _READ_OTHERWISE:
        return written
    # A backslash acts only in front of a quote.
    return "'" + re.sub(r"(\\*)('|$)", lambda found: found[1] * 2 + ("\\'" if found[2] else ""), written) + "'"
