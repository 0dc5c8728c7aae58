"""`memeval plot`."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from memeval.cli import console, tables, words
from memeval.kit.errors import ConfigError

if TYPE_CHECKING:
    from memeval.reports.plots import Plot
    from memeval.scoring.rows import Row

KINDS = words.names("kinds", "what to draw; left out, everything that can be drawn", "KIND,...")
OUT = words.path("out", None, "folder of the plots; left out, the folder of the runs", "FOLDER")
COMMAND = words.Command(
    "plot",
    "Draw stored runs, as PNG and SVG. A kind is left out where there is nothing to draw.",
    (
        ("memeval plot", "everything that can be drawn of all stored runs, by benchmark"),
        ("memeval plot 'results/runs/locomo/*' kinds=budget,heat-map out=plots", "two kinds of one benchmark"),
    ),
    words.Words(
        "[RUN...]", "a run's id, the start of one, a glob over ids, or a folder; left out, all finished runs", most=None
    ),
    (KINDS, OUT, tables.RESULTS),
    notes="memeval list plots says what each kind draws.",
)


def main(argv: Sequence[str]) -> int:
    """Carry out `memeval plot`."""
    given = COMMAND.parse(argv)

    from memeval.reports.notes import tuned_notes
    from memeval.scoring.measures import DEFAULT_MEASURES
    from memeval.scoring.rows import Row
    from memeval.scoring.stored import chosen, scored

    root = given[tables.RESULTS]
    found, replays = chosen(root, given.words)
    if replays:
        console.out().print(f"Replays left out: {replays:,} (memeval replay shows what they cost).")
    plots = chosen_plots(given[KINDS] or None)
    measures = dict.fromkeys([*DEFAULT_MEASURES, *(measure for plot in plots for measure in plot.measures)])
    by_benchmark: dict[str, list[Row]] = {}
    for row in scored(found, tuple(measures)):
        by_benchmark.setdefault(row.run.record.benchmark.name, []).append(row)
    drawn = 0
    for name, rows in by_benchmark.items():
        out = given[OUT] or root
        # Plots of several benchmarks have the same names.
        console.say(tuned_notes(rows))
        drawn += draw(rows, plots, out if OUT in given and len(by_benchmark) == 1 else out / name)
    if not drawn:
        console.out().print("Nothing could be drawn of these runs: memeval plot --help says what each kind needs.")
    return 0


def chosen_plots(kinds: Sequence[str] | None) -> "list[Plot]":
    """The plots of these kinds, or all that can be loaded.

    Raises:
        ConfigError: there is no such kind, or the package that offers it cannot be imported.
    """
    from memeval.reports.plots import PLOTS, named_plots

    if kinds is not None:
        return named_plots(kinds)
    plots = []
    for _, plot in PLOTS.available():
        if isinstance(plot, ConfigError):
            console.notes().print(f"memeval: left out: {plot}", markup=False, soft_wrap=True)
        else:
            plots.append(plot)
    return plots


def draw(rows: "Sequence[Row]", plots: "Sequence[Plot]", folder: Path, say: Callable[[str], None] | None = None) -> int:
    """Draw the plots and say where they lie; returns how many there are.

    Args:
        rows: of one benchmark.
        plots: what to draw.
        folder: of the files.
        say: prints a line; None to print it on standard output.
    """
    drawn = 0
    for plot in plots:
        for file in plot(rows, folder, plot.name)[:1]:
            line = f"Plot {plot.name}: {file.resolve()} (and .svg)"
            if say is None:
                console.out().print(line, soft_wrap=True)
            else:
                say(line)
            drawn += 1
    return drawn
