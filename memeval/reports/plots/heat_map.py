"""A heat map: strategies by retrievers, the score written into every cell."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from memeval.reports.plots.registry import plot
from memeval.reports.plots.style import as_written, canvas, finish
from memeval.scoring.rows import MAIN, Row


@plot("heat-map", "strategy by retriever")
@as_written
def heat_map(rows: Sequence[Row], folder: Path, stem: str) -> list[Path]:
    """One map for each budget. Nothing is drawn for fewer than two strategies or two retrievers."""
    compared = [row for row in rows if not row.is_reference and row.scores[MAIN].value is not None]
    strategies = _by_mean(compared, "strategy")
    retrievers = _by_mean(compared, "retriever")
    # A strategy with a budget of its own would make a map of one row.
    counts = {size: sum(row.budget == size for row in compared) for size in {row.budget for row in compared}}
    budgets = sorted(size for size, count in counts.items() if count > len(retrievers))
    if len(strategies) < 2 or len(retrievers) < 2 or not budgets:
        return []
    strategies = [
        each for each in strategies if any(row.strategy == each and row.budget in budgets for row in compared)
    ]
    figure, panels = canvas(
        len(budgets),
        max(6.0, (1.6 + 0.62 * len(retrievers)) * len(budgets)),
        2.2 + 0.5 * len(strategies),
        sharey=True,
        squeeze=False,
    )
    for axes, size in zip(panels[0], budgets, strict=True):
        values = np.full((len(strategies), len(retrievers)), np.nan)
        for row in compared:
            if row.budget == size and row.strategy in strategies:
                values[strategies.index(row.strategy), retrievers.index(row.retriever)] = 100 * (
                    row.scores[MAIN].value or 0.0
                )
        image = axes.imshow(values, cmap="cividis", vmin=0, vmax=100, aspect="auto")
        for (down, across), value in np.ndenumerate(values):
            text = "–" if np.isnan(value) else f"{value:.0f}"
            axes.text(
                across,
                down,
                text,
                ha="center",
                va="center",
                fontsize=9,
                color="black" if value > 55 else "white" if not np.isnan(value) else "0.4",
            )
        axes.set_xticks(range(len(retrievers)), [_name(each) for each in retrievers], rotation=45, ha="right")
        axes.set_yticks(range(len(strategies)), ["no window" if each == "none" else each for each in strategies])
        axes.set_title(f"budget {size:,} tokens", fontsize=10)
        axes.tick_params(length=0)
    figure.colorbar(image, ax=panels[0], label=f"{MAIN}, %", shrink=0.9)
    return finish(figure, compared, folder, stem)


def _name(retriever: str) -> str:
    return "window alone" if retriever == "none" else retriever


def _by_mean(rows: Sequence[Row], attribute: str) -> list[str]:
    """Names, the best on average first."""
    values: dict[str, list[float]] = {}
    for row in rows:
        values.setdefault(getattr(row, attribute), []).append(row.scores[MAIN].value or 0.0)
    return sorted(values, key=lambda name: (-sum(values[name]) / len(values[name]), name))
