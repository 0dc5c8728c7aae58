"""Runs side by side: whether they may stand there, and how sure it is that one is better than another."""

from memeval.comparison.comparable import check_comparable, differs, timing_differences
from memeval.comparison.comparing import Comparison, Estimate, Line, Tested, compare, estimate
from memeval.comparison.scored import Scored, best
from memeval.comparison.setbacks import Setback, setbacks

__all__ = [
    "Comparison",
    "Estimate",
    "Line",
    "Scored",
    "Setback",
    "Tested",
    "best",
    "check_comparable",
    "compare",
    "differs",
    "estimate",
    "setbacks",
    "timing_differences",
]
