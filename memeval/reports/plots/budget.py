"""Recall against the token budget: a line for each memory."""

from collections.abc import Sequence
from pathlib import Path

from memeval.reports.plots.labels import label_ends
from memeval.reports.plots.registry import plot
from memeval.reports.plots.style import Look, as_written, canvas, finish, tidy
from memeval.scoring.rows import MAIN, Row


@plot("budget", "recall against the budget")
@as_written
def budget(rows: Sequence[Row], folder: Path, stem: str) -> list[Path]:
    """One panel for each short-term strategy, one line for each retriever in it; the grey line is chance.

    Nothing is drawn where there is one budget only.
    """
    compared = [row for row in rows if not row.is_reference and row.scores[MAIN].value is not None]
    lines: dict[tuple[str, str], dict[int, Row]] = {}
    for row in compared:
        lines.setdefault((row.strategy, row.retriever), {})[row.budget] = row
    lines = {key: line for key, line in lines.items() if len(line) > 1}
    strategies = sorted({strategy for strategy, _ in lines})
    budgets = sorted({size for line in lines.values() for size in line})
    if not lines:
        return []
    figure, panels = canvas(len(strategies), max(6.5, 3.6 * len(strategies)), 5.6, sharey=True, squeeze=False)
    look = Look(row for line in lines.values() for row in line.values())
    for axes, strategy in zip(panels[0], strategies, strict=True):
        axes.set_xscale("log")
        axes.set_xticks(budgets, [f"{each:,}" for each in budgets])
        axes.minorticks_off()
        axes.set_ylim(-3, 103)
        ends = []
        for (own, retriever), line in sorted(lines.items()):
            if own != strategy:
                continue
            points = sorted(line.items())
            ys = [100 * (row.scores[MAIN].value or 0.0) for _, row in points]
            last = points[-1][1]
            axes.plot(
                [x for x, _ in points],
                ys,
                color=look.colour(last),
                linestyle=look.dashes(last),
                marker=look.marker(last),
                markersize=5,
                linewidth=1.6,
            )
            ends.append(
                ("window alone" if retriever == "none" else retriever, points[-1][0], ys[-1], look.colour(last))
            )
        _chance(axes, [line for (own, _), line in lines.items() if own == strategy])
        axes.set_title("retriever alone" if strategy == "none" else strategy, fontsize=10)
        axes.set_xlabel("budget, tokens")
        tidy(axes)
        label_ends(axes, ends)
    panels[0][0].set_ylabel(f"{MAIN}, %")
    return finish(figure, compared, folder, stem, "Grey: chance, a context as full of turns chosen at random.")


def _chance(axes: "object", lines: Sequence[dict[int, Row]]) -> None:
    points: dict[int, float] = {}
    for line in lines:
        for size, row in line.items():
            points[size] = max(points.get(size, 0.0), row.scores[MAIN].chance or 0.0)
    xs = sorted(points)
    axes.plot(xs, [100 * points[x] for x in xs], color="0.6", linewidth=1, linestyle=(0, (1, 1)))  # type: ignore[attr-defined]
