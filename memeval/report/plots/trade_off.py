"""The trade-off plot: what a strategy remembers against what it costs in tokens and in time."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from memeval.measures import ContextTokens, ReadSeconds
from memeval.report.rows import MAIN, Row, ordered

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MARKERS = "osD^vP*X<>hp"


def trade_off(rows: Sequence[Row], path: Path, title: str) -> Path:
    """Draw evidence recall against context tokens and against read latency p95, one point a run, into a PNG.

    Strategies differ by marker and label, retrievers by colour, references are hollow; the line joins the runs that
    no other run beats in both respects (Pareto frontier, references left out).
    """
    import matplotlib

    matplotlib.use("Agg", force=False)
    from matplotlib import pyplot

    rows = [row for row in ordered(rows) if row.scores[MAIN].value is not None]
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(13, 6), sharey=True, layout="constrained")
    tokens = [row.scores[ContextTokens()].value for row in rows]
    _panel(left, rows, tokens, "context tokens per question (mean)", 10.0)
    latency = [None if (value := row.scores[ReadSeconds(p=95)].value) is None else value * 1000 for row in rows]
    _panel(right, rows, latency, "read latency p95 (ms)", 0.01)
    left.set_ylabel(f"{MAIN} (%)")
    figure.suptitle(title)
    figure.supxlabel(
        "Hollow: references. Line: what no other strategy beats in both respects.", fontsize=8.5, color="0.35"
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=130)
    pyplot.close(figure)
    return path


def _panel(axes: "Axes", rows: Sequence[Row], xs: Sequence[float | None], label: str, linear: float) -> None:
    strategies = sorted({row.strategy for row in rows})
    retrievers = sorted({row.retriever for row in rows})
    points = []
    for row, x in zip(rows, xs, strict=True):
        y = row.scores[MAIN].value
        if x is None or y is None:
            continue
        colour = f"C{retrievers.index(row.retriever)}"
        axes.plot(
            x,
            y * 100,
            marker=_MARKERS[strategies.index(row.strategy) % len(_MARKERS)],
            markersize=9,
            color=colour,
            markerfacecolor="none" if row.is_reference else colour,
            linestyle="",
            clip_on=False,
            zorder=3,
        )
        points.append((row, x, y * 100))
    frontier = _frontier([(x, y) for row, x, y in points if not row.is_reference])
    axes.plot(
        [x for x, _ in frontier], [y for _, y in frontier], color="0.6", linewidth=1, zorder=1, drawstyle="steps-post"
    )
    axes.set_xscale("symlog", linthresh=linear)
    axes.set_xlim(left=0)
    axes.set_ylim(-3, 103)
    axes.set_xlabel(label)
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    budgets = len({row.budget for row in rows if not row.is_reference}) > 1
    _label(axes, [(f"{row.name} @{row.budget:,}" if budgets else row.name, x, y) for row, x, y in points])


def _frontier(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    best: list[tuple[float, float]] = []
    for x, y in sorted(points, key=lambda point: (point[0], -point[1])):
        if not best or y > best[-1][1]:
            best.append((x, y))
    return best


def _label(axes: "Axes", points: Sequence[tuple[str, float, float]]) -> None:
    """Write each label beside its point, moved up or down until it covers no other label or marker."""
    from matplotlib.patheffects import withStroke

    halo = [withStroke(linewidth=2.5, foreground="white")]
    figure = axes.figure
    figure.canvas.draw()
    renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined]
    taken = []
    for _, x, y in points:
        px, py = axes.transData.transform((x, y))
        taken.append((px - 8, py - 8, px + 8, py + 8))
    frame = axes.get_window_extent(renderer)
    for name, x, y in sorted(points, key=lambda point: -point[2]):
        offsets = [
            (side * dx, dy)
            for dy in (0, 11, -11, 22, -22, 33, -33, 44, -44, 55, -55, 66, -66)
            for side in (1, -1)
            for dx in (9, 24)
        ]
        for dx, dy in offsets:
            text = axes.annotate(
                name,
                (x, y),
                xytext=(dx, dy),
                textcoords="offset points",
                ha="left" if dx > 0 else "right",
                va="center",
                fontsize=8.5,
                path_effects=halo,
                arrowprops={"arrowstyle": "-", "color": "0.5", "linewidth": 0.6, "shrinkB": 5}
                if abs(dy) > 11 or abs(dx) > 9
                else None,
            )
            box = text.get_window_extent(renderer)
            edges = (box.x0 - 1, box.y0 - 1, box.x1 + 1, box.y1 + 1)
            inside = edges[0] >= frame.x0 and edges[2] <= frame.x1 + 4 and edges[1] >= frame.y0 and edges[3] <= frame.y1
            if inside and not any(_overlap(edges, other) for other in taken):
                taken.append(edges)
                break
            text.remove()
        else:
            axes.annotate(name, (x, y), xytext=(9, 0), textcoords="offset points", va="center", fontsize=8.5)


def _overlap(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
