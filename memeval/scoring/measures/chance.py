"""Closed forms for what a measure is worth by chance.

All of them are expectations over gold drawn uniformly at random from the units written, with the shape of the ranking
(or the coverage of the context) kept. For a ranking of single units this is the same as the expectation over uniformly
random rankings. With N units written, E of them gold and S of them looked at, the number of gold units seen is
hypergeometric.
"""

from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate, repeat


@lru_cache(maxsize=65536)
def none_seen(size: int, gold: int, seen: int) -> float:
    """P(no gold unit is seen) = C(N-E, S) / C(N, S), as a product of E factors."""
    probability = 1.0
    for i in range(gold):
        probability *= max(0, size - seen - i) / (size - i)
    return probability


@lru_cache(maxsize=65536)
def all_seen(size: int, gold: int, seen: int) -> float:
    """P(all gold units are seen) = C(N-E, S-E) / C(N, S), as a product of E factors."""
    probability = 1.0
    for i in range(gold):
        probability *= max(0, seen - i) / (size - i)
    return probability


def recall(rule: str, size: int, gold: int, reachable: int, seen: int) -> float:
    """Expected recall of `seen` of `size` units; `reachable` of the `gold` units are among them."""
    if size == 0 or reachable == 0:
        return 0.0
    if rule == "fraction":
        return reachable / gold * seen / size
    if rule == "any":
        return 1.0 - none_seen(size, reachable, seen)
    return all_seen(size, gold, seen) if reachable == gold else 0.0


def shape(gains: Sequence[int], k: int, size: int) -> tuple[int, ...]:
    """Units added by each of the first `k` positions, at most `size` in all; positions not ranked add one unit each.

    Positions at which nothing is left to add are not listed, so that its length is bounded by what was ranked and
    written, whatever `k` is.
    """
    ranked = gains[:k]
    k = min(k, len(ranked) + size)
    if sum(ranked) + k - len(ranked) <= size:
        return (*ranked, *repeat(1, k - len(ranked)))
    sizes: list[int] = []
    left = size
    for position in range(k):
        gain = min(left, gains[position] if position < len(gains) else 1)
        sizes.append(gain)
        left -= gain
    return tuple(sizes)


@lru_cache(maxsize=65536)
def precision(sizes: tuple[int, ...], size: int, reachable: int, k: int) -> float:
    """Expected share of `k` positions that bring a gold unit; those beyond `sizes` bring none."""
    if size == 0:
        return 0.0
    return sum(1.0 - none_seen(size, reachable, each) for each in sizes) / k


@lru_cache(maxsize=65536)
def reciprocal_rank(sizes: tuple[int, ...], size: int, reachable: int) -> float:
    """Expected 1 / position of the first position with a gold unit; 0 if there is none."""
    if size == 0:
        return 0.0
    missed = [none_seen(size, reachable, seen) for seen in accumulate(sizes, initial=0)]
    return sum((missed[i] - missed[i + 1]) / (i + 1) for i in range(len(sizes)))


@lru_cache(maxsize=65536)
def dcg(sizes: tuple[int, ...], size: int, reachable: int, discounts: tuple[float, ...]) -> float:
    """Expected discounted gain; `discounts` are factors, at least one for each position."""
    if size == 0:
        return 0.0
    pairs = zip(sizes, discounts, strict=False)
    return sum((1.0 - none_seen(size, reachable, each)) * factor for each, factor in pairs)
