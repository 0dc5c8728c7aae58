"""Rankings that are made from the first hits of others, and go on when more is asked for."""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

from memeval.types import Hit

_STEP = 4


def deepened(k: int, depth: int, rank: Callable[[int], tuple[Sequence[Hit], bool]]) -> list[Hit]:
    """The at most `k` best hits, such that a longer ranking begins with the shorter one.

    What the first `depth` candidates give comes first, whatever `k`. Only if that is too little, four times as many are
    ranked, and those that are new follow, with scores lowered to below what is there. No two scores are equal: ties are
    in the order that `rank` gives them, and the later one is lowered by the smallest step there is.

    Args:
        k: how many are wanted.
        depth: how many candidates to begin with.
        rank: from a number of candidates to their hits with scores, best first, each once, and whether there may be
            more candidates.
    """
    found: list[Hit] = []
    seen: set[tuple[tuple[str, ...], str]] = set()
    more = True
    while more and len(found) < k:
        ranked, more = rank(depth)
        new = [hit for hit in ranked if (hit.sources, hit.text) not in seen]
        ceiling = _below(found[-1]) if found else math.inf
        drop = max(0.0, (new[0].score or 0.0) - ceiling) if new else 0.0
        for hit in new:
            hit = replace(hit, score=min((hit.score or 0.0) - drop, ceiling))
            ceiling = _below(hit)
            found.append(hit)
            seen.add((hit.sources, hit.text))
        depth *= _STEP
    return found[: max(k, 0)]


def _below(hit: Hit) -> float:
    return math.nextafter(hit.score or 0.0, -math.inf)
