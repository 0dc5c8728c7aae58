"""Random choices that come out the same under every Python version: only `Random.random` is used."""

from collections.abc import Iterable, Sequence
from random import Random
from typing import TypeVar

T = TypeVar("T")


def pick(rng: Random, items: Sequence[T]) -> T:
    """One item, uniformly."""
    return items[int(rng.random() * len(items))]


def between(rng: Random, low: int, high: int) -> int:
    """An integer from `low` to `high`, both included."""
    return low + int(rng.random() * (high - low + 1))


def shuffled(rng: Random, items: Iterable[T]) -> list[T]:
    """The items in random order."""
    keyed = [(rng.random(), index, item) for index, item in enumerate(items)]
    keyed.sort(key=lambda entry: entry[:2])
    return [item for _, _, item in keyed]


def capital(text: str) -> str:
    """The text with its first letter in upper case, the rest unchanged."""
    return text[:1].upper() + text[1:]
