"""Templates with choices: `[a|b]` is one of its branches (they nest), `{slot}` a value, `a~` is "a" or "an"."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import TypeVar

_T = TypeVar("_T")
_SENTENCE = re.compile(r"(?:^|(?<=[.!?] ))[a-z]")
_ARTICLE = re.compile(r"\b([aA])~ (?=([aeiouAEIOU])?)")


@dataclass(frozen=True, slots=True)
class _Slot:
    name: str


@dataclass(frozen=True, slots=True)
class _Choice:
    branches: "tuple[tuple[_Part, ...], ...]"


_Part = str | _Slot | _Choice


class Voice:
    """Seeded draws. Only `Random.random` is used: of a seeded generator, that is what Python promises to keep."""

    def __init__(self, seed: str) -> None:
        """Start from a text."""
        self.random = Random(seed).random

    def chance(self, probability: float) -> bool:
        """True with this probability."""
        return self.random() < probability

    def between(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both included."""
        return low + int(self.random() * (high - low + 1))

    def pick(self, items: Sequence[_T]) -> _T:
        """One of the items."""
        return items[int(self.random() * len(items))]

    def shuffled(self, items: Sequence[_T]) -> list[_T]:
        """The items in random order."""
        order = list(items)
        for last in range(len(order) - 1, 0, -1):
            other = int(self.random() * (last + 1))
            order[last], order[other] = order[other], order[last]
        return order

    def say(self, template: str, slots: dict[str, str], pools: Mapping[str, Sequence[str]]) -> str:
        """Expand a template; a slot without a value takes one from its pool and keeps it in `slots`.

        Pool entries are templates themselves.
        """
        out: list[str] = []
        self._expand(_parse(template), slots, pools, out)
        return "".join(out)

    def _expand(
        self, parts: Sequence[_Part], slots: dict[str, str], pools: Mapping[str, Sequence[str]], out: list[str]
    ) -> None:
        for part in parts:
            if isinstance(part, str):
                out.append(part)
            elif isinstance(part, _Choice):
                branches = part.branches
                self._expand(branches[int(self.random() * len(branches))], slots, pools, out)
            else:
                value = slots.get(part.name)
                if value is None:
                    value = slots[part.name] = self.say(self.pick(pools[part.name]), slots, pools)
                out.append(value)


def tidy(text: str) -> str:
    """Set articles, begin sentences with a capital."""
    if "~" in text:
        text = _ARTICLE.sub(lambda found: found[1] + ("n " if found[2] else " "), text)
    return _SENTENCE.sub(lambda found: found[0].upper(), text)


@cache
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
