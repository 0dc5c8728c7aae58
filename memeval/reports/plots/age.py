"""Recall against the age of the evidence: how far back a memory reaches."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from memeval.reports.plots.labels import label_ends
from memeval.reports.plots.registry import plot
from memeval.reports.plots.style import Look, as_written, best_by_retriever, canvas, finish, plain, tidy
from memeval.scoring.measures import EvidenceAge
from memeval.scoring.rows import MAIN, Row, ordered

_BINS = 7
_FEWEST = 10


@plot("evidence-age", "recall by the age of the evidence: how far back a memory reaches", [EvidenceAge()])
@as_written
def age(rows: Sequence[Row], folder: Path, stem: str) -> list[Path]:
    """Mean recall in bins of about equally many questions; nothing is drawn for rows without `EvidenceAge`."""
    compared, most = best_by_retriever([row for row in ordered(rows) if EvidenceAge() in row.scores.values])
    if not compared:
        return []
    ages = compared[0].scores.values[EvidenceAge()]
    known = ages[~np.isnan(ages)]
    if known.size < 2 * _FEWEST:
        return []
    edges = np.unique(np.quantile(known, np.linspace(0, 1, min(_BINS, known.size // _FEWEST) + 1)))
    if len(edges) < 3:
        return []
    figure, axes = canvas(1, 10, 6)
    look = Look(compared)
    ends = []
    for row in compared:
        own = row.scores.values[EvidenceAge()]
        values = row.scores.values[MAIN]
        xs, ys = [], []
        places = np.clip(np.searchsorted(edges, own, side="right") - 1, 0, len(edges) - 2)
        for place in range(len(edges) - 1):
            chosen = (places == place) & ~np.isnan(own) & ~np.isnan(values)
            if chosen.sum() >= _FEWEST // 2:
                xs.append(float(np.median(own[chosen])))
                ys.append(100 * float(values[chosen].mean()))
        axes.plot(
            xs,
            ys,
            color=look.colour(row),
            linestyle=look.dashes(row),
            marker=look.marker(row),
            markersize=6,
            linewidth=1.5,
        )
        if xs:
            ends.append((row.name, xs[-1], ys[-1], look.colour(row)))
    axes.set_xscale("log")
    axes.set_ylim(-3, 103)
    plain(axes.xaxis)
    axes.set_xlabel("age of the evidence, turns between it and the question (mean of its turns)")
    axes.set_ylabel(f"{MAIN}, %")
    tidy(axes)
    label_ends(axes, ends)
    note = f"Budget {most:,} tokens; bins of about {known.size // (len(edges) - 1):,} questions at their median age."
    return finish(figure, compared, folder, stem, note)
