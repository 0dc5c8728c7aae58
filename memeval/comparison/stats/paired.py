"""Everything that is said of two runs on the same questions, in one value."""

from dataclasses import dataclass
from typing import Annotated

import numpy as np
import numpy.typing as npt
from annotated_types import Gt, Lt

from memeval.comparison.stats.hypotheses import (
    Permutation,
    cluster_t_test,
    mcnemar_exact,
    paired_differences,
    permutation_test,
)
from memeval.comparison.stats.intervals import Floats, Interval, bootstrap_interval, cluster_mean
from memeval.kit.ranges import ranged


@dataclass(frozen=True, slots=True)
class Paired:
    """One run against another on the questions that both have a value for.

    Attributes:
        n: those questions.
        dialogues: that they come from.
        difference: mean of a - b.
        interval: of the difference, dialogues resampled; None where it cannot be known.
        p_value: of the t-test over dialogues; with one dialogue that of the sign flips of questions, which then holds
            for more questions of that dialogue only; 1 where no question differs.
        by_dialogue: sign flips of whole dialogues.
        by_question: sign flips of single questions: as if questions of one dialogue had nothing in common.
        mcnemar: exact test of the discordant pairs; None if some value is neither 0 nor 1.
        wins: questions with a higher value in a.
        losses: questions with a higher value in b.
        effect_size: Cohen's d_z; None where no question differs, or all do by the same.
        detectable: minimum detectable effect at power 0.8 of a test that is corrected for `tests`; None if unknown.
    """

    n: int
    dialogues: int
    difference: float
    interval: Interval | None
    p_value: float
    by_dialogue: Permutation
    by_question: Permutation
    mcnemar: float | None
    wins: int
    losses: int
    effect_size: float | None
    detectable: float | None

    @property
    def ties(self) -> int:
        """Questions with equal values."""
        return self.n - self.wins - self.losses


def paired(
    a: npt.ArrayLike,
    b: npt.ArrayLike,
    clusters: npt.ArrayLike,
    level: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
    tests: int = 1,
) -> Paired | None:
    """Compare values of two runs, aligned by question; None if no question has both.

    Args:
        a: (n,) values of one run, nan where there is none.
        b: (n,) values of the other.
        clusters: (n,) dialogue of each question.
        level: of the interval.
        resamples: of the interval; the sampled sign flips are five times as many.
        seed: of both.
        tests: how many tests this is one of, for `detectable`; p values stay uncorrected (see `holm`).
    """
    differences = paired_differences(a, b)
    kept = ~np.isnan(differences)
    if not kept.any():
        return None
    one, other = np.asarray(a, dtype=np.float64)[kept], np.asarray(b, dtype=np.float64)[kept]
    groups, differences = np.asarray(clusters)[kept], differences[kept]
    wins, losses = int((differences > 0).sum()), int((differences < 0).sum())
    by_question = permutation_test(one, other, None, 5 * resamples, seed)
    over_dialogues = cluster_t_test(differences, groups)
    return Paired(
        n=len(differences),
        dialogues=len(np.unique(groups)),
        difference=float(differences.mean()),
        interval=bootstrap_interval(differences, groups, None, level, resamples, seed),
        p_value=by_question.p_value if over_dialogues is None else over_dialogues,
        by_dialogue=permutation_test(one, other, groups, 5 * resamples, seed),
        by_question=by_question,
        mcnemar=mcnemar_exact(wins, losses) if _is_yes_or_no(one) and _is_yes_or_no(other) else None,
        wins=wins,
        losses=losses,
        effect_size=effect_size(differences),
        detectable=minimum_detectable_effect(differences, groups, (1 - level) / tests),
    )


def effect_size(differences: npt.ArrayLike) -> float | None:
    """Cohen's d_z: the mean difference over the differences' standard deviation (Cohen 1988, 2.3.5; Lakens 2013).

    0.2 is small, 0.5 medium, 0.8 large by Cohen's convention.

    Returns:
        None where all differences are equal, so that there is nothing to measure them by.
    """
    array = np.asarray(differences, dtype=np.float64)
    array = array[~np.isnan(array)]
    if len(array) < 2:
        return None
    deviation = float(array.std(ddof=1))
    return None if deviation <= 1e-12 * max(1e-12, float(np.abs(array).max())) else float(array.mean()) / deviation


@ranged
def minimum_detectable_effect(
    differences: npt.ArrayLike,
    clusters: npt.ArrayLike | None = None,
    level: Annotated[float, Gt(0), Lt(1)] = 0.05,
    power: Annotated[float, Gt(0), Lt(1)] = 0.8,
) -> float | None:
    """The smallest true mean difference that a two-sided test over dialogues finds with a given power.

    (t[1 - level/2] + t[power]) times the standard error of the mean difference (Bloom 1995, table 1), the errors those
    of `Mean`. It describes pairs like these: as many, and as different.

    Args:
        differences: (n,) of paired values, in their unit.
        clusters: (n,) dialogue of each; None if every question stands for itself.
        level: of the test; 0.05 is a chance of 5 % of finding what is not there.
        power: chance of finding what is there.

    Returns:
        None where the pairs tell nothing of their spread: fewer than two dialogues, or no question that differs.

    Raises:
        ConfigError: a level or power that is not between 0 and 1.
    """
    mean = cluster_mean(differences, clusters)
    reach = None if mean is None else mean.reach(1 - level / 2, power)
    return None if reach is None or reach <= 1e-12 else reach


def _is_yes_or_no(values: Floats) -> bool:
    return bool(np.isin(values, (0.0, 1.0)).all())
