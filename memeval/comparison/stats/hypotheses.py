"""Tests of paired values: is a run better than another on the same questions, and how sure is that."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from memeval.comparison.stats.intervals import Floats, cluster_mean
from memeval.kit.errors import ConfigError

# Up to so many different sums, all of them are looked at instead of a sample.
_MOST_ENUMERATED = 1 << 17
_CHUNK = 4_000_000


@dataclass(frozen=True, slots=True)
class Permutation:
    """Result of a permutation test.

    Attributes:
        p_value: two-sided.
        exact: whether all permutations were looked at.
        units: questions (or dialogues) whose sign mattered; with few of them p cannot be small.
    """

    p_value: float
    exact: bool
    units: int


def permutation_test(
    a: npt.ArrayLike,
    b: npt.ArrayLike,
    clusters: npt.ArrayLike | None = None,
    resamples: int = 10_000,
    seed: int = 0,
) -> Permutation:
    """Sign-flip test of paired values (Fisher 1935, 21; Good 2005, 3.7): two-sided, on the sum of the differences.

    Under the null hypothesis it is chance which of the two runs got which of a question's two values. With `clusters`
    whole dialogues are flipped, which is right also where the questions of a dialogue go the same way; ten dialogues
    cannot give a p below 2/1024. All permutations are looked at where their different sums are few enough, which they
    always are for values of no and yes: then, without clusters, it is the exact McNemar test. Otherwise p is
    (1 + hits) / (1 + resamples) (Phipson and Smyth 2010).

    Args:
        a: (n,) values of one run; questions where either is nan are left out.
        b: (n,) values of the other.
        clusters: (n,) dialogue of each question; None flips each question.
        resamples: sampled sign flips where there are too many to enumerate.
        seed: of the sample.
    """
    differences = paired_differences(a, b)
    kept = ~np.isnan(differences)
    units = differences[kept]
    if clusters is not None:
        _, codes = np.unique(np.asarray(clusters)[kept], return_inverse=True)
        units = np.bincount(codes, weights=units).astype(np.float64)
    scale = float(np.abs(units).sum())
    sizes, counts = np.unique(np.abs(units).round(12), return_counts=True)
    sizes, counts = sizes[sizes > 0], counts[sizes > 0]
    if not len(sizes):
        return Permutation(1.0, True, 0)
    # Sums that differ by rounding alone are equal.
    reached = abs(float(units.sum())) - 1e-9 * scale
    flipped = int(counts.sum())
    if math.prod(int(count) + 1 for count in counts) <= _MOST_ENUMERATED:
        return Permutation(min(1.0, _all_flips(sizes, counts, reached)), True, flipped)
    hits = _sampled_flips(sizes, counts, reached, resamples, seed)
    return Permutation((1 + hits) / (1 + resamples), False, flipped)


def _all_flips(sizes: Floats, counts: npt.NDArray[np.int64], reached: float) -> float:
    """Differences of one size only count by how many stay positive, so there are few different sums."""
    sums, chances = np.zeros(1), np.ones(1)
    for size, count in zip(sizes, counts, strict=True):
        positive = np.arange(count + 1)
        chance = np.array([math.comb(int(count), int(k)) / 2 ** int(count) for k in positive])
        sums = (sums[:, None] + size * (2 * positive - count)).ravel()
        chances = (chances[:, None] * chance).ravel()
    return float(chances[np.abs(sums) >= reached].sum())


def _sampled_flips(sizes: Floats, counts: npt.NDArray[np.int64], reached: float, resamples: int, seed: int) -> int:
    rng = np.random.default_rng(seed)
    alone, many = counts == 1, counts > 1
    hits = 0
    step = max(1, _CHUNK // len(sizes))
    for start in range(0, resamples, step):
        rows = min(step, resamples - start)
        signs = rng.integers(0, 2, (rows, int(alone.sum())), dtype=np.int8).astype(np.float64) * 2 - 1
        sums = signs @ sizes[alone]
        if many.any():
            positive = rng.binomial(counts[many], 0.5, (rows, int(many.sum())))
            sums = sums + (2 * positive - counts[many]) @ sizes[many]
        hits += int((np.abs(sums) >= reached).sum())
    return hits


def mcnemar_exact(wins: int, losses: int) -> float:
    """Two-sided p of the exact McNemar test: the discordant pairs as throws of a fair coin (McNemar 1947).

    Args:
        wins: questions that only the one run has.
        losses: questions that only the other has.
    """
    thrown, fewer = wins + losses, min(wins, losses)
    # Whole numbers of any size: floats would underflow from about 1,000 pairs.
    ways = term = 1
    for k in range(1, fewer + 1):
        term = term * (thrown - k + 1) // k
        ways += term
    p_value: float = 2 * ways / 2**thrown
    return min(1.0, p_value)


def cluster_t_test(differences: npt.ArrayLike, clusters: npt.ArrayLike | None = None) -> float | None:
    """Two-sided p of the mean difference by Student's t, over dialogues or over questions, whichever is larger.

    Unlike flipping whole dialogues it can give a small p with ten of them; the price is that the dialogues' means have
    to be roughly normal. The errors are those of `Mean`.

    Returns:
        None with fewer than two dialogues; 1.0 where no question differs.
    """
    mean = cluster_mean(differences, clusters)
    return None if mean is None else mean.p_value()


def holm(p_values: Sequence[float]) -> list[float]:
    """P values corrected for how many they are (Holm 1979), in their order: each may be held against the level.

    The chance that any true null hypothesis is rejected stays at most the level, whatever depends on what.
    """
    corrected = [0.0] * len(p_values)
    highest = 0.0
    for rank, index in enumerate(sorted(range(len(p_values)), key=lambda index: p_values[index])):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[index]))
        corrected[index] = highest
    return corrected


def paired_differences(a: npt.ArrayLike, b: npt.ArrayLike) -> Floats:
    """Differences a - b, nan where either is.

    Raises:
        ConfigError: values of different questions.
    """
    one, other = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if one.shape != other.shape:
        raise ConfigError(f"{one.shape} and {other.shape} values are not pairs: both runs need the same questions")
    return one - other
