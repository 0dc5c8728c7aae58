"""The Python API. `import memeval` offers these names and loads them when they are first used."""

from memeval.api.calls import compare, gate, load, plot, report, run, score, sweep
from memeval.api.results import Compared, Result, Results

__all__ = ["Compared", "Result", "Results", "compare", "gate", "load", "plot", "report", "run", "score", "sweep"]
