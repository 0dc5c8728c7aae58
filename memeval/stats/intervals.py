"""Intervals of a mean or a percentile over questions that come in dialogues: a bootstrap of whole dialogues."""

import math
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from memeval.errors import ConfigError
from memeval.stats.student import t_quantile

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

# With fewer dialogues there are too few different resamples: their tails say nothing.
_FEWEST_FOR_MEAN = 8
_FEWEST_FOR_PERCENTILE = 6
# Counted effectively, dialogues of somewhat different size are a little fewer than they are.
_SLACK = 1.0
# More resamples of dialogues that are all alike than this share have t values without an end.
_MOST_ALIKE = 0.002
# At most so many numbers of a resampled table in memory at once.
_CHUNK = 4_000_000


@dataclass(frozen=True, slots=True)
class Interval:
    """From `low` to `high`; in `level` of all repetitions it holds the true value."""

    low: float
    high: float
    level: float

    def holds(self, value: float) -> bool:
        """Whether a value lies in it, ends included."""
        return self.low <= value <= self.high


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean over questions and how sure it is.

    Attributes:
        error: standard error over dialogues; None where it cannot be known: fewer than two dialogues.
        degrees: degrees of freedom of the error; 0 without one.
    """

    value: float
    error: float | None
    degrees: float
    clusters: int


def cluster_mean(values: npt.ArrayLike, clusters: npt.ArrayLike | None = None) -> Mean | None:
    """The mean of the values that are not nan, with its standard error over clusters; None without values.

    The error is the delete-one-cluster jackknife of the ratio of sums (Efron and Stein 1981; CV3 of MacKinnon, Nielsen
    and Webb 2023), the degrees of freedom are the effective number of clusters less one, (sum n)^2 / sum n^2 - 1
    (Kish 1965, 11.7): ten dialogues of which one has most of the questions are worth less than ten.

    Args:
        values: (n,) one for each question.
        clusters: (n,) dialogue of each; None if every question stands for itself.
    """
    sums, counts, _ = _by_cluster(*_present(values, clusters))
    return _mean(sums, counts)


def bootstrap_interval(
    values: npt.ArrayLike,
    clusters: npt.ArrayLike | None = None,
    percentile: float | None = None,
    level: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
) -> Interval | None:
    """Interval of the mean, or of a percentile, with whole dialogues resampled.

    Means: the bootstrap-t of a ratio of sums (Efron and Tibshirani 1993, 12.5; Cameron, Gelbach and Miller 2008 for
    clusters). Where resamples are too coarse, since dialogues are few (8), or few of them have most of the questions or
    all of what varies, Student's t with the error and degrees of `cluster_mean`. Percentiles: the bootstrap percentile
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
    if not 0 < level < 1:
        raise ConfigError(f"level={level} is no level of confidence: give a share such as 0.95")
    if resamples < 100:
        raise ConfigError(f"resamples={resamples} are too few to find the ends of an interval: give 100 or more")
    if percentile is not None and not 0 <= percentile <= 100:
        raise ConfigError(f"percentile={percentile} does not exist: give 0 to 100")
    present, groups = _present(values, clusters)
    sums, counts, codes = _by_cluster(present, groups)
    if len(counts) < 2:
        return None
    if percentile is not None:
        return _of_percentile(present, codes, counts, percentile, level, resamples, seed)
    mean = _mean(sums, counts)
    # Rounding leaves traces of a spread where there is none.
    if mean is None or mean.error is None or mean.error <= 1e-12 * max(1e-12, float(np.abs(present).max())):
        return None
    ends = None
    if mean.degrees + 1 > _FEWEST_FOR_MEAN - _SLACK:
        ends = _bootstrap_t(sums, counts, level, resamples, seed)
    if ends is None:
        reach = t_quantile((1 + level) / 2, mean.degrees) * mean.error
        ends = mean.value - reach, mean.value + reach
    return Interval(*ends, level)


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
    effective = float(counts.sum() ** 2 / (counts**2).sum())
    if effective <= _FEWEST_FOR_PERCENTILE - _SLACK:
        return None
    order = np.argsort(values, kind="stable")
    ordered, of = values[order], codes[order]
    if ordered[0] == ordered[-1]:
        return None
    weights = _weights(groups, resamples, seed)
    found = np.empty(resamples)
    step = max(1, _CHUNK // len(ordered))
    for start in range(0, resamples, step):
        upto = np.cumsum(weights[start : start + step][:, of], axis=1)
        rank = (upto[:, -1] - 1) * (percentile / 100)
        below = np.floor(rank)
        first = ordered[(upto <= below[:, None]).sum(axis=1)]
        second = ordered[np.minimum((upto <= below[:, None] + 1).sum(axis=1), len(ordered) - 1)]
        found[start : start + step] = first + (rank - below) * (second - first)
    normal = NormalDist()
    reach = math.sqrt(effective / (effective - 1)) * t_quantile((1 + level) / 2, effective - 1)
    tail = normal.cdf(-reach)
    low, high = np.quantile(found, [tail, 1 - tail])
    return Interval(float(low), float(high), level)


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


def _mean(sums: Floats, counts: Floats) -> Mean | None:
    groups, total = len(counts), counts.sum()
    if not groups:
        return None
    value = float(sums.sum() / total)
    if groups < 2:
        return Mean(value, None, 0.0, groups)
    without = (sums.sum() - sums) / (total - counts)
    error = math.sqrt((groups - 1) / groups * float(((without - without.mean()) ** 2).sum()))
    effective = float(total**2 / (counts**2).sum())
    return Mean(value, error, effective - 1, groups)
