"""Rankings that are made from the first hits of others, and go on when more is asked for."""

import math
from collections.abc import Callable, Sequence

from memeval.kit.types import Hit

_STEP = 4


def deepened(k: int, depth: int, rank: Callable[[int], tuple[Sequence[tuple[Hit, float]], bool]]) -> list[Hit]:
    """The at most `k` best hits, such that a longer ranking begins with the shorter one.

    What the first `depth` candidates give comes first, whatever `k`. Only if that is too little, four times as many are
    ranked, and those that are new follow, with scores lowered to below what is there. No two scores are equal: ties are
    in the order that `rank` gives them, and the later one is lowered by the smallest step there is.

    Args:
        k: how many are wanted.
        depth: how many candidates to begin with.
        rank: from a number of candidates to their hits, each once and with its score, best first, and whether there may
            be more candidates.
    """
    found: list[Hit] = []
    seen: set[tuple[tuple[str, ...], str]] = set()
    more = True
    while more and len(found) < k:
        ranked, more = rank(depth)
        new = [pair for pair in ranked if (pair[0].sources, pair[0].text) not in seen] if seen else ranked
        ceiling = math.nextafter(found[-1].score or 0.0, -math.inf) if found else math.inf
        drop = max(0.0, new[0][1] - ceiling) if new else 0.0
        # The rest is not looked at: a thousand hits a question are made by the hundred thousand.
        for hit, score in new[: k - len(found)]:
            score = min(score - drop, ceiling)
            ceiling = math.nextafter(score, -math.inf)
            found.append(Hit(hit.text, hit.sources, score, hit.verbatim, hit.importance))
        if more and len(found) < k:
            seen.update((hit.sources, hit.text) for hit, _ in new)
        depth *= _STEP
    return found
