"""Storage systems beside each other: what the same memory remembers and writes on each, against how fast it reads."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from memeval.reports.plots.labels import label_points
from memeval.reports.plots.registry import plot
from memeval.reports.plots.style import Look, as_written, canvas, finish, plain, tidy
from memeval.scoring.measures import Measure, ReadSeconds, WriteRate
from memeval.scoring.rows import MAIN, Row

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_READ = ReadSeconds(p=95, clock="own")
# From so many on, names on one line would cover each other.
_LEVEL = 3
_PANELS: tuple[tuple[str, Measure, float], ...] = (
    (f"{MAIN}, %", MAIN, 100),
    ("writing, turns per second", WriteRate(clock="own"), 1),
)


@plot("backends", "stores by speed, of experiment=backends", [_READ, *(measure for _, measure, _ in _PANELS)])
@as_written
def backends(rows: Sequence[Row], folder: Path, stem: str) -> list[Path]:
    """Evidence recall and turns written in a second against read latency p95: one point a store, both times its own.

    Retrievers differ by colour; emulators of a product are hollow. What has no times, such as a stand-in, is left out.
    Nothing is drawn for fewer than two stores.
    """
    rows = [row for row in rows if row.store and _value(row, _READ, 1) is not None]
    if len({(row.retriever, row.store) for row in rows}) < 2:
        return []
    figure, axes = canvas(2, 14, 7, sharex=True)
    look = Look(rows)
    for cell, (label, measure, factor) in zip(axes, _PANELS, strict=True):
        _panel(cell, rows, measure, factor, look)
        cell.set_ylabel(label)
        if measure != MAIN:
            cell.set_yscale("log")
            plain(cell.yaxis)
        tidy(cell)
    for cell, (_, measure, factor) in zip(axes, _PANELS, strict=True):
        # Once both panels have their limits, which they share.
        label_points(cell, *_labels(rows, measure, factor))
    look.legend(figure, "outside right upper")
    note = (
        "Times without those of the embedder, on one machine: orders of magnitude, not digits. "
        "Hollow: an emulator, not the product."
    )
    return finish(figure, rows, folder, stem, note)


def _panel(axes: "Axes", rows: Sequence[Row], measure: Measure, factor: float, look: Look) -> None:
    for row in rows:
        x, y = _value(row, _READ, 1000), _value(row, measure, factor)
        if x is None or y is None:
            continue
        colour = look.colour(row)
        axes.plot(
            x,
            y,
            marker=look.marker(row),
            markersize=8,
            color=colour,
            markerfacecolor="none" if "emulator" in row.engines else colour,
            linestyle="",
            clip_on=False,
            zorder=3,
        )
    axes.set_xscale("log")
    plain(axes.xaxis)
    axes.set_xlabel("read latency p95, ms")


def _labels(
    rows: Sequence[Row], measure: Measure, factor: float
) -> tuple[list[tuple[str, float, float]], list[tuple[float, float]]]:
    """Names with their places, and the places without one: stores that are level share one, as exact ones in recall."""
    level: dict[tuple[str, float], list[tuple[str, float, float]]] = {}
    for row in rows:
        x, y = _value(row, _READ, 1000), _value(row, measure, factor)
        if x is not None and y is not None:
            level.setdefault((row.retriever, round(y, 1)), []).append((row.store, x, y))
    labels: list[tuple[str, float, float]] = []
    unnamed: list[tuple[float, float]] = []
    for (retriever, y), points in level.items():
        if len(points) < _LEVEL:
            labels += points
        else:
            fastest = min(points, key=lambda point: point[1])
            labels.append((f"{retriever}: {len(points)} stores at {y:.1f}", *fastest[1:]))
            unnamed += [point[1:] for point in points if point is not fastest]
    return labels, unnamed


def _value(row: Row, measure: Measure, factor: float) -> float | None:
    score = row.scores.overall.get(measure)
    return None if score is None or score.value is None else score.value * factor
