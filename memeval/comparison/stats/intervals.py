"""Intervals of a mean or a percentile over questions that come in dialogues: a bootstrap of whole dialogues."""

import math
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist
from typing import Annotated, NamedTuple

import numpy as np
import numpy.typing as npt
from annotated_types import Ge, Gt, Le, Lt

from memeval.comparison.stats.student import t_quantile, t_two_sided
from memeval.kit.errors import ConfigError
from memeval.kit.ranges import ranged

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

# With fewer dialogues there are too few different resamples: their tails say nothing.
_FEWEST_FOR_MEAN = 8
_FEWEST_FOR_PERCENTILE = 6
# Counted effectively, dialogues of somewhat different size are a little fewer than they are.
_SLACK = 1.0
# More resamples of dialogues that are all alike than this share have t values without an end.
_MOST_ALIKE = 0.002


@dataclass(frozen=True, slots=True)
class Interval:
    """From `low` to `high`; in `level` of all repetitions it holds the true value."""

    low: float
    high: float
    level: float

    def holds(self, value: float) -> bool:
        """Whether a value lies in it, ends included."""
        return self.low <= value <= self.high


class Error(NamedTuple):
    """A standard error and its degrees of freedom."""

    size: float
    degrees: float


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean over questions and how sure it is.

    The error over clusters is the delete-one-cluster jackknife of the ratio of sums (Efron and Stein 1981; CV3 of
    MacKinnon, Nielsen and Webb 2023). Its degrees of freedom are the effective number of clusters less one,
    (sum n)^2 / sum n^2 - 1 (Kish 1965, 11.7): ten dialogues of which one has most of the questions are worth less than
    ten. The error over questions is that of independent ones. What is less sure of the two counts, since few clusters
    may be alike by chance (Angrist and Pischke 2009, 8.1, take the larger error too).

    Attributes:
        over_clusters: None with fewer than two clusters: then nothing is known of others.
        over_questions: None with fewer than two questions.
    """

    value: float
    clusters: int
    over_clusters: Error | None
    over_questions: Error | None

    def p_value(self) -> float | None:
        """Two-sided p of Student's t-test that the true mean is 0; None if unknown; 1 if all values are 0.

        Where all values are equal there is no error to compare with: then it is the sign test of clusters.
        """
        errors = self._errors()
        if not errors:
            return None
        if max(error.size for error in errors) <= 1e-12 * abs(self.value):
            return 1.0 if self.value == 0 else 2.0 ** (1 - self.clusters)
        return max(t_two_sided(self.value / error.size, error.degrees) if error.size else 0.0 for error in errors)

    def reach(self, *probabilities: float) -> float | None:
        """The sum of Student's t at these probabilities, times the error; None if unknown."""
        reaches = [
            error.size * sum(t_quantile(probability, error.degrees) for probability in probabilities)
            for error in self._errors()
        ]
        return max(reaches, default=None)

    def _errors(self) -> list[Error]:
        if self.over_clusters is None:
            return []
        return [self.over_clusters] if self.over_questions is None else [self.over_clusters, self.over_questions]


def cluster_mean(values: npt.ArrayLike, clusters: npt.ArrayLike | None = None) -> Mean | None:
    """The mean of the values that are not nan; None without values.

    Args:
        values: (n,) one for each question.
        clusters: (n,) dialogue of each; None if every question stands for itself.
    """
    present, groups = _present(values, clusters)
    sums, counts, _ = _by_cluster(present, groups)
    return _mean(sums, counts, present)


@ranged
def bootstrap_interval(
    values: npt.ArrayLike,
    clusters: npt.ArrayLike | None = None,
    percentile: Annotated[float, Ge(0), Le(100)] | None = None,
    level: Annotated[float, Gt(0), Lt(1)] = 0.95,
    resamples: Annotated[int, Ge(100)] = 2000,
    seed: int = 0,
) -> Interval | None:
    """Interval of the mean, or of a percentile, with whole dialogues resampled.

    Means: the bootstrap-t of a ratio of sums (Efron and Tibshirani 1993, 12.5; Cameron, Gelbach and Miller 2008 for
    clusters). Where resamples are too coarse, since dialogues are few (8), or few of them have most of the questions or
    all of what varies, Student's t with the errors of `Mean`. Percentiles: the bootstrap percentile
    interval, expanded for few clusters (Hesterberg 2015, 3.3). docs/comparison.md has the coverage that was measured.

    Args:
        values: (n,) one for each question, nan where there is none.
        clusters: (n,) dialogue of each; None if every question stands for itself.
        percentile: 0 to 100, linear between order statistics; None for the mean.
        level: of confidence.
        resamples: how many.
        seed: of the resamples; equal arguments give equal intervals.

    Returns:
        None where nothing can be known of the spread: fewer than two dialogues (fewer than 6 for a percentile), or all
        dialogues alike.

    Raises:
        ConfigError: a level that is not between 0 and 1, fewer than 100 resamples, a percentile beyond 0 to 100.
    """
    present, groups = _present(values, clusters)
    sums, counts, codes = _by_cluster(present, groups)
    if len(counts) < 2:
        return None
    if percentile is not None:
        return _of_percentile(present, codes, counts, percentile, level, resamples, seed)
    mean = _mean(sums, counts, present)
    reach = mean.reach((1 + level) / 2) if mean is not None else None
    # Rounding leaves traces of a spread where there is none.
    if mean is None or reach is None or reach <= 1e-9 * max(1e-12, float(np.abs(present).max())):
        return None
    if _effective(counts) > _FEWEST_FOR_MEAN - _SLACK:
        ends = _bootstrap_t(sums, counts, level, resamples, seed)
        if ends is not None:
            return Interval(*ends, level)
    return Interval(mean.value - reach, mean.value + reach, level)


def _bootstrap_t(sums: Floats, counts: Floats, level: float, resamples: int, seed: int) -> tuple[float, float] | None:
    """Both ends; None if too many resamples have no error of their own."""
    groups = len(sums)
    weights = _weights(groups, resamples, seed)
    n = weights @ counts
    means = (weights @ sums) / n
    value = float(sums.sum() / counts.sum())
    squares = weights @ (sums * sums) - 2 * means * (weights @ (sums * counts)) + means**2 * (weights @ (counts**2))
    errors = np.sqrt(np.maximum(squares, 0)) / n
    error = float(np.sqrt(((sums - value * counts) ** 2).sum()) / counts.sum())
    usable = errors > 1e-6 * error
    if usable.mean() < 1 - _MOST_ALIKE:
        return None
    t = (means[usable] - value) / errors[usable]
    low, high = np.quantile(t, [(1 - level) / 2, (1 + level) / 2])
    return value - float(high) * error, value - float(low) * error


def _of_percentile(
    values: Floats, codes: Integers, counts: Floats, percentile: float, level: float, resamples: int, seed: int
) -> Interval | None:
    groups = len(counts)
    effective = _effective(counts)
    if effective <= _FEWEST_FOR_PERCENTILE - _SLACK:
        return None
    order = np.argsort(values, kind="stable")
    ordered, of = values[order], codes[order]
    if ordered[0] == ordered[-1]:
        return None
    weights = _weights(groups, resamples, seed)
    # Of each cluster, how many values stand up to each place of the order.
    upto = np.zeros((len(ordered), groups))
    upto[np.arange(len(ordered)), of] = 1
    np.cumsum(upto, axis=0, out=upto)
    rank = (weights @ counts - 1) * (percentile / 100)
    below = np.floor(rank)
    first, second = (ordered[_place(upto, weights, below + more)] for more in (0, 1))
    found = first + (rank - below) * (second - first)
    normal = NormalDist()
    reach = math.sqrt(effective / (effective - 1)) * t_quantile((1 + level) / 2, effective - 1)
    tail = normal.cdf(-reach)
    low, high = np.quantile(found, [tail, 1 - tail])
    return Interval(float(low), float(high), level)


def _place(upto: Floats, weights: Floats, rank: Floats) -> Integers:
    """For each resample the place in the order that its value of a rank stands at, all of them bisected at once."""
    low = np.zeros(len(weights), dtype=np.int64)
    high = np.full(len(weights), len(upto) - 1, dtype=np.int64)
    while (low < high).any():
        middle = (low + high) // 2
        too_few = np.einsum("bg,bg->b", weights, upto[middle]) <= rank
        low, high = np.where(too_few, middle + 1, low), np.where(too_few, high, middle)
    return low


@lru_cache(maxsize=4)
def _weights(groups: int, resamples: int, seed: int) -> Floats:
    """(resamples, groups) how often each cluster was drawn; shared, since many measures and runs ask for the same."""
    rng = np.random.default_rng(seed)
    weights = rng.multinomial(groups, np.full(groups, 1 / groups), size=resamples).astype(np.float64)
    weights.flags.writeable = False
    return weights


def _present(values: npt.ArrayLike, clusters: npt.ArrayLike | None) -> tuple[Floats, npt.NDArray[np.generic]]:
    array = np.asarray(values, dtype=np.float64)
    groups = np.arange(len(array)) if clusters is None else np.asarray(clusters)
    if len(groups) != len(array):
        raise ConfigError(f"{len(array)} values in {len(groups)} clusters: give the cluster of each value")
    kept = ~np.isnan(array)
    return array[kept], groups[kept]


def _by_cluster(values: Floats, groups: npt.NDArray[np.generic]) -> tuple[Floats, Floats, Integers]:
    """Sum and count of each cluster that has values, and the cluster's index of each value."""
    _, codes = np.unique(groups, return_inverse=True)
    counts = np.bincount(codes).astype(np.float64)
    sums: Floats = np.bincount(codes, weights=values).astype(np.float64)
    return sums, counts, codes.astype(np.int64)


def _effective(counts: Floats) -> float:
    """How many clusters of equal size these are worth."""
    return float(counts.sum() ** 2 / (counts**2).sum())


def _mean(sums: Floats, counts: Floats, values: Floats) -> Mean | None:
    groups, total = len(counts), len(values)
    if not groups:
        return None
    value = float(sums.sum() / total)
    over_questions = Error(float(values.std(ddof=1)) / math.sqrt(total), total - 1) if total > 1 else None
    if groups < 2:
        return Mean(value, groups, None, over_questions)
    without = (sums.sum() - sums) / (total - counts)
    error = math.sqrt((groups - 1) / groups * float(((without - without.mean()) ** 2).sum()))
    return Mean(value, groups, Error(error, _effective(counts) - 1), over_questions)
