"""Plots of scored runs. A plot in a new file of this folder is known without an edit here."""

from memeval.kit.plugins import import_all
from memeval.reports.plots.registry import PLOTS, Plot, measures_drawn, named_plots, plot

import_all(__path__, __name__)

__all__ = ["PLOTS", "Plot", "measures_drawn", "named_plots", "plot"]
