"""The trade-off plot: what a strategy remembers against tokens, time and, where prices are known, money."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from memeval.comparison import estimate
from memeval.reports.plots.labels import label_points
from memeval.reports.plots.registry import plot
from memeval.reports.plots.style import Look, as_written, canvas, finish, frontier, number, tidy
from memeval.scoring.measures import ContextTokens, InputDollars, Measure, ReadSeconds
from memeval.scoring.rows import MAIN, Row, ordered

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Beyond this many points a label for each is no help: only the frontier and the references are named.
_MOST_LABELS = 24


@plot("trade-off", "recall against tokens, latency and money", [InputDollars()])
@as_written
def trade_off(rows: Sequence[Row], folder: Path, stem: str) -> list[Path]:
    """Evidence recall against context tokens, read latency p95 and, where known, dollars: one point a run.

    Strategies differ by marker and label, retrievers by colour, references are hollow. Bars are 95 % intervals
    (bootstrap of whole dialogues); the line joins the runs that no other run beats in both respects.
    """
    rows = [row for row in ordered(rows) if row.scores[MAIN].value is not None]
    if not rows:
        return []
    panels: list[tuple[str, float, Callable[[Row], float | None]]] = [
        ("context, tokens per question (mean)", 10.0, lambda row: _value(row, ContextTokens(), 1)),
        ("read latency p95, ms", 0.01, lambda row: _value(row, ReadSeconds(p=95), 1000)),
    ]
    dollars = _dollars(rows)
    if dollars is not None:
        measure, target = dollars
        panels.append((f"input price, $ per 1,000 questions ({target})", 0.001, lambda row: _value(row, measure, 1000)))
    # Two beside each other stay readable in the width of a page; the free corner takes the legend.
    figure, axes = canvas(2, 13, 6.4 * (len(panels) - 1), lines=len(panels) - 1, sharey=True)
    look = Look(rows)
    cells = list(axes.flat)
    for cell, (label, linear, value) in zip(cells, panels, strict=False):
        _panel(cell, rows, [value(row) for row in rows], label, linear, look)
    for cell in cells[::2]:
        cell.set_ylabel(f"{MAIN}, %")
    for cell in cells[len(panels) :]:
        cell.axis("off")
        look.legend(cell, "center left")
    if len(rows) > _MOST_LABELS and len(cells) == len(panels):
        look.legend(figure)
    note = "Hollow: references. Bars: 95 % intervals over dialogues. Line: what no other run beats in both respects."
    return finish(figure, rows, folder, stem, note)


def _value(row: Row, measure: Measure, factor: float) -> float | None:
    score = row.scores.overall.get(measure)
    return None if score is None or score.value is None else score.value * factor


def _dollars(rows: Sequence[Row]) -> tuple[Measure, str] | None:
    """The measure of the input price and the target whose prices they are, where all rows have one."""
    for measure in rows[0].scores.overall:
        if isinstance(measure, InputDollars):
            target = {row.priced_at for row in rows}
            if len(target) == 1 and any(row.scores[measure].value for row in rows):
                return measure, target.pop()
    return None


def _panel(
    axes: "Axes", rows: Sequence[Row], xs: Sequence[float | None], label: str, linear: float, look: Look
) -> None:
    points = []
    for row, x in zip(rows, xs, strict=True):
        y = row.scores[MAIN].value
        if x is None or y is None:
            continue
        interval = estimate(row.scores, MAIN).interval
        if interval is not None and not row.is_reference:
            axes.plot(
                [x, x],
                [interval.low * 100, interval.high * 100],
                color=look.colour(row),
                linewidth=1.4,
                alpha=0.55,
                zorder=2,
            )
        axes.plot(
            x,
            y * 100,
            marker=look.marker(row),
            markersize=8,
            color=look.colour(row),
            markerfacecolor="none" if row.is_reference else look.colour(row),
            linestyle="",
            clip_on=False,
            zorder=3,
        )
        points.append((row, x, y * 100))
    best = frontier([(x, y) for row, x, y in points if not row.is_reference])
    axes.plot([x for x, _ in best], [y for _, y in best], color="0.6", linewidth=1, zorder=1, drawstyle="steps-post")
    axes.set_xscale("symlog", linthresh=linear)
    axes.set_xlim(left=0)
    axes.xaxis.set_major_formatter(number)
    axes.set_ylim(-3, 103)
    axes.set_xlabel(label)
    tidy(axes)
    budgets = len({row.budget for row in rows if not row.is_reference}) > 1
    if len(points) > _MOST_LABELS:
        points = _worth_naming(points, best)
    label_points(axes, [(f"{row.name} @{row.budget:,}" if budgets else row.name, x, y) for row, x, y in points])


def _worth_naming(
    points: Sequence[tuple[Row, float, float]], best: Sequence[tuple[float, float]]
) -> list[tuple[Row, float, float]]:
    """Runs of the frontier, each at least two points of recall above the one named before it."""
    named: list[tuple[Row, float, float]] = []
    for row, x, y in sorted(points, key=lambda point: point[1:]):
        if (x, y) in best and not row.is_reference and (not named or y >= named[-1][2] + 2):
            named.append((row, x, y))
    return named
