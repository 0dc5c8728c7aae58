"""Statistics of scores: intervals, paired tests, and what a comparison is able to find; `docs/comparison.md`."""

from memeval.comparison.stats.hypotheses import Permutation, cluster_t_test, holm, mcnemar_exact, permutation_test
from memeval.comparison.stats.intervals import Error, Interval, Mean, bootstrap_interval, cluster_mean
from memeval.comparison.stats.paired import Paired, effect_size, minimum_detectable_effect, paired
from memeval.comparison.stats.student import t_quantile, t_two_sided

__all__ = [
    "Error",
    "Interval",
    "Mean",
    "Paired",
    "Permutation",
    "bootstrap_interval",
    "cluster_mean",
    "cluster_t_test",
    "effect_size",
    "holm",
    "mcnemar_exact",
    "minimum_detectable_effect",
    "paired",
    "permutation_test",
    "t_quantile",
    "t_two_sided",
]
