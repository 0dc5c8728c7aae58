"""Templates with choices: `[a|b]` is one of its branches (they nest), `{slot}` a value, `a~` is "a" or "an"."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from random import Random

_SENTENCE = re.compile(r"(?:^|(?<=[.!?] ))[a-z]")
_ARTICLE = re.compile(r"\b([aA])~ (?=([aeiouAEIOU])?)")


@dataclass(frozen=True, slots=True)
class _Slot:
    name: str


@dataclass(frozen=True, slots=True)
class _Choice:
    branches: "tuple[tuple[_Part, ...], ...]"


_Part = str | _Slot | _Choice


def say(rng: Random, template: str, slots: Mapping[str, str]) -> str:
    """Expand a template by random choices; articles set, sentences begun with a capital."""
    out: list[str] = []
    _expand(rng, _parse(template), slots, out)
    return tidy("".join(out))


def every(template: str) -> list[str]:
    """All expansions of a template, slots left as they are."""
    return [tidy(text) for text in _all(_parse(template))]


def tidy(text: str) -> str:
    """Set articles, begin sentences with a capital."""
    if "~" in text:
        text = _ARTICLE.sub(lambda found: found[1] + ("n " if found[2] else " "), text)
    return _SENTENCE.sub(lambda found: found[0].upper(), text)


def _expand(rng: Random, parts: Sequence[_Part], slots: Mapping[str, str], out: list[str]) -> None:
    for part in parts:
        if isinstance(part, str):
            out.append(part)
        elif isinstance(part, _Choice):
            branches = part.branches
            _expand(rng, branches[int(rng.random() * len(branches))], slots, out)
        else:
            out.append(slots[part.name])


def _all(parts: Sequence[_Part]) -> list[str]:
    options: list[list[str]] = []
    for part in parts:
        if isinstance(part, str):
            options.append([part])
        elif isinstance(part, _Choice):
            options.append([text for branch in part.branches for text in _all(branch)])
        else:
            options.append([f"{{{part.name}}}"])
    return ["".join(texts) for texts in product(*options)]


@lru_cache(maxsize=None)
def _parse(template: str) -> tuple[_Part, ...]:
    parts, end = _sequence(template, 0)
    if end != len(template):
        raise ValueError(f"unbalanced template at {end}: {template}")
    return parts


def _sequence(template: str, at: int) -> tuple[tuple[_Part, ...], int]:
    parts: list[_Part] = []
    start = at
    while at < len(template) and template[at] not in "|]":
        if template[at] not in "[{":
            at += 1
            continue
        if at > start:
            parts.append(template[start:at])
        if template[at] == "{":
            end = template.index("}", at)
            parts.append(_Slot(template[at + 1 : end]))
            at = end + 1
        else:
            branches: list[tuple[_Part, ...]] = []
            while not branches or template[at] == "|":
                branch, at = _sequence(template, at + 1)
                branches.append(branch)
            parts.append(_Choice(tuple(branches)))
            at += 1
        start = at
    if at > start:
        parts.append(template[start:at])
    return tuple(parts), at
