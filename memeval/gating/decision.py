"""When is a drop established? One-sided tests over dialogues, corrected for how many a gate asks at once."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from memeval.comparison.stats import cluster_mean, cluster_t_test, holm, minimum_detectable_effect, t_quantile
from memeval.scoring.measures.base import Floats

POWER = 0.8


class Test(NamedTuple):
    """What one check asks: is the mean of `drops` (n,) larger than `allowed`?

    `level` is the chance of saying so where it is not.
    """

    drops: Floats
    clusters: npt.NDArray[np.int64]
    allowed: float
    level: float


class Decision(NamedTuple):
    """The answer.

    Attributes:
        p: corrected for all tests of the gate (Holm); it is held against the test's level.
        worse: the drop is established.
        sees: a true mean drop of this size is established four times in five; None where that cannot be known.
    """

    p: float
    worse: bool
    sees: float | None


def decide(tests: Sequence[Test]) -> list[Decision]:
    """Decide all tests of a gate together: a false alarm in any of them is as seldom as the highest level says."""
    corrected = holm([p_value(test) for test in tests])
    return [Decision(p, p <= test.level, _sees(test, len(tests))) for p, test in zip(corrected, tests, strict=True)]


def p_value(test: Test) -> float:
    """One-sided p of Student's t over dialogues; 1 with a single dialogue. It is that of `cluster_t_test`."""
    excess = test.drops - test.allowed
    two_sided = cluster_t_test(excess, test.clusters)
    return 1.0 if two_sided is None or float(excess.mean()) <= 0 else two_sided / 2


def _sees(test: Test, tests: int) -> float | None:
    # Holm's first and hardest step.
    level = test.level / tests
    known = minimum_detectable_effect(test.drops, test.clusters, 2 * level, POWER)
    mean = cluster_mean(test.drops, test.clusters)
    if mean is None or mean.over_clusters is None:
        return None
    if not np.isin(test.drops, (-1.0, 0.0, 1.0)).all():
        return None if known is None else test.allowed + known
    # Yes and no: a drop of d makes the pairs differ more than they do now, by a variance of d for each question. The
    # root of d = t * sqrt(error^2 + d / n).
    t = t_quantile(1 - level, mean.over_clusters.degrees) + t_quantile(POWER, mean.over_clusters.degrees)
    half = t * t / len(test.drops) / 2
    return test.allowed + max(known or 0.0, half + math.sqrt(half * half + (t * mean.over_clusters.size) ** 2))
