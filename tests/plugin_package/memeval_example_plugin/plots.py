"""A plot that is not part of memeval."""

from collections.abc import Sequence
from pathlib import Path

from memeval.reports.plots import plot
from memeval.reports.plots.style import as_written, canvas, finish
from memeval.scoring.rows import Row
from memeval_example_plugin.measures import EmptyContext


@plot("empty", "share of empty contexts, a bar a run", [EmptyContext()])
@as_written
def empty(rows: Sequence[Row], folder: Path, stem: str) -> list[Path]:
    """A bar a run, in percent."""
    values = [(row.name, row.scores[EmptyContext()].value) for row in rows]
    bars = [(name, value * 100) for name, value in values if value is not None]
    if not bars:
        return []
    figure, axes = canvas()
    axes.barh([name for name, _ in bars], [value for _, value in bars])
    axes.set_xlabel("empty contexts, %")
    return finish(figure, rows, folder, stem)
