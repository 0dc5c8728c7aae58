"""Recall by category of question: a row of points for each category, a point for each memory."""

from collections.abc import Sequence
from pathlib import Path

from memeval.kit.escaping import shown
from memeval.reports.plots.registry import plot
from memeval.reports.plots.style import MARKERS, Look, as_written, best_by_retriever, canvas, finish, tidy
from memeval.scoring.rows import MAIN, Row, ordered


@plot("categories", "recall by category of question")
@as_written
def categories(rows: Sequence[Row], folder: Path, stem: str) -> list[Path]:
    """The best run of each retriever; nothing is drawn for fewer than two categories."""
    compared, most = best_by_retriever(ordered(rows))
    names = {name: part.n for row in compared for name, part in row.scores[MAIN].by_category.items() if part.n}
    if len(names) < 2:
        return []
    figure, axes = canvas(1, 10, 1.8 + 0.16 * len(compared) * len(names) ** 0.6 + 0.55 * len(names))
    look = Look(compared)
    spread = 0.72 / max(1, len(compared) - 1)
    for index, row in enumerate(compared):
        ys = [place + 0.36 - index * spread for place in range(len(names))]
        xs = [_percent(row, name) for name in names]
        axes.plot(
            xs,
            ys,
            linestyle="",
            marker=MARKERS[index % len(MARKERS)],
            markersize=7,
            color=look.colour(row),
            label=row.name,
            clip_on=False,
        )
    for place in range(len(names) - 1):
        axes.axhline(place + 0.5, color="0.85", linewidth=0.8)
    axes.set_yticks(range(len(names)), [f"{shown(name)}\nn = {n:,}" for name, n in names.items()])
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(-0.5, len(names) - 0.5)
    axes.invert_yaxis()
    axes.set_xlim(-2, 102)
    axes.set_xlabel(f"{MAIN}, %")
    tidy(axes)
    axes.grid(axis="y", visible=False)
    axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False, fontsize=8.5)
    note = f"Budget {most:,} tokens, the best run of each retriever; in each band from the best overall down."
    return finish(figure, compared, folder, stem, note)


def _percent(row: Row, name: str) -> float:
    part = row.scores[MAIN].by_category.get(name)
    return float("nan") if part is None or part.value is None else 100 * part.value
