"""Plots of scored runs; each function draws one kind and returns its files, none where there is nothing to draw."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from memeval.reports.plots.age import age
from memeval.reports.plots.backends import backends
from memeval.reports.plots.budget import budget
from memeval.reports.plots.categories import categories
from memeval.reports.plots.heat_map import heat_map
from memeval.reports.plots.scaling import scaling
from memeval.reports.plots.trade_off import trade_off
from memeval.scoring.rows import Row

PLOTS: Mapping[str, Callable[[Sequence[Row], Path, str], list[Path]]] = {
    "trade-off": trade_off,
    "budget": budget,
    "heat-map": heat_map,
    "categories": categories,
    "evidence-age": age,
    "scaling": scaling,
    "backends": backends,
}

__all__ = ["PLOTS", "age", "backends", "budget", "categories", "heat_map", "scaling", "trade_off"]
