"""Log-log curves: what writing, adding one turn and reading take as the dialogue grows."""

from collections.abc import Sequence
from pathlib import Path
from statistics import mean

from memeval.records.runs import OUTCOMES_FILE
from memeval.reports.plots.labels import label_ends
from memeval.reports.plots.registry import plot
from memeval.reports.plots.style import COLOURS, DASHES, MARKERS, as_written, canvas, finish, plain, tidy
from memeval.scoring.measures import IncrementSeconds, Measure, ReadSeconds, WriteSeconds
from memeval.scoring.rows import Row

_PANELS: tuple[tuple[str, Measure], ...] = (
    ("writing, ms per turn (mean)", WriteSeconds(per="turn")),
    ("one more turn, ms (median of the last)", IncrementSeconds()),
    ("reading, ms per question (p50)", ReadSeconds(p=50)),
)


@plot("scaling", "time against the length of the dialogue", [measure for _, measure in _PANELS])
@as_written
def scaling(rows: Sequence[Row], folder: Path, stem: str) -> list[Path]:
    """A panel for each of the measures that the rows have; nothing is drawn for rows of one size only."""
    lines: dict[str, dict[float, Row]] = {}
    for row in rows:
        # A committed baseline has no records.
        if not row.is_reference and (row.run.folder / OUTCOMES_FILE).is_file():
            turns = mean(record.turns for record in row.run.records())
            engine = row.settings.get("retriever.engine")
            lines.setdefault(f"{row.name} ({engine})" if engine else row.name, {})[turns] = row
    lines = {name: line for name, line in lines.items() if len(line) > 1}
    shown = [row for line in lines.values() for row in line.values()]
    panels = [(label, by) for label, by in _PANELS if any(_ms(row, by) is not None for row in shown)]
    if not lines or not panels:
        return []
    figure, drawn = canvas(len(panels), 5.6 * len(panels), 6, sharex=True, squeeze=False)
    for axes, (label, measure) in zip(drawn[0], panels, strict=True):
        axes.set_xscale("log")
        axes.set_yscale("log")
        ends = []
        for index, (name, line) in enumerate(sorted(lines.items())):
            points = [(x, y) for x, row in sorted(line.items()) if (y := _ms(row, measure))]
            colour = COLOURS[index % len(COLOURS)]
            axes.plot(
                [x for x, _ in points],
                [y for _, y in points],
                color=colour,
                linestyle=DASHES[index % len(DASHES)],
                marker=MARKERS[index % len(MARKERS)],
                markersize=6,
            )
            if points:
                ends.append((name.removesuffix(" alone").replace(" alone (", " ("), *points[-1], colour))
        plain(axes.xaxis)
        plain(axes.yaxis)
        axes.set_xlabel("turns in the dialogue")
        axes.set_ylabel(label)
        tidy(axes)
        label_ends(axes, ends)
    note = "Booked times, without the harness's caches. A rising line of one more turn: the index is built anew."
    return finish(figure, shown, folder, stem, note)


def _ms(row: Row, measure: Measure) -> float | None:
    score = row.scores.overall.get(measure)
    return None if score is None or score.value is None else 1000 * score.value
