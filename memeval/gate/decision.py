"""When is a drop established? One-sided tests over dialogues, corrected for how many a gate asks at once."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from memeval.measures.base import Floats
from memeval.stats import cluster_t_test, holm, minimum_detectable_effect, permutation_test

POWER = 0.8
# Differing questions of which Student's t may make too much.
_FEW = 50


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
    """One-sided p of Student's t over dialogues: see `memeval.stats.cluster_t_test`; 1 with a single dialogue.

    With nothing allowed and few questions that differ it is at least that of flipping them one by one: a handful that
    fell, one in each dialogue, look more regular than they are.
    """
    excess = test.drops - test.allowed
    two_sided = cluster_t_test(excess, test.clusters)
    if two_sided is None or float(excess.mean()) <= 0:
        return 1.0
    p = two_sided / 2
    if test.allowed == 0 and int((test.drops != 0).sum()) <= _FEW:
        p = max(p, permutation_test(test.drops, np.zeros_like(test.drops), resamples=2000).p_value / 2)
    return p


def _sees(test: Test, tests: int) -> float | None:
    # Holm's first and hardest step.
    level = 2 * test.level / tests
    effect = minimum_detectable_effect(test.drops, test.clusters, level, POWER)
    return None if effect is None else test.allowed + effect
