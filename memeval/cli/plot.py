"""`memeval plot`."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from memeval.cli import console
from memeval.kit.errors import ConfigError

if TYPE_CHECKING:
    from memeval.reports.plots import Plot
    from memeval.scoring.rows import Row

DESCRIPTION = """\
Draw stored runs, as PNG and SVG.
  memeval plot                                         everything that can be drawn of all stored runs, by benchmark
  memeval plot 'results/runs/locomo/*' kinds=[budget,heat-map] out=plots

RUN is a run's id, the start of one, a glob over ids, or a folder. A kind is left out where there is nothing to draw:
memeval list plots says what each draws.
"""


def main(argv: Sequence[str]) -> int:
    """Carry out `memeval plot`."""
    parser = console.subparser("plot", DESCRIPTION)
    parser.add_argument("words", nargs="*", metavar="RUN", help="runs, and kinds=[...], out=FOLDER, results=FOLDER")
    words = parser.parse_args(argv).words
    options = {key: value for key, _, value in (word.partition("=") for word in words if "=" in word)}
    if unknown := set(options) - {"kinds", "out", "results"}:
        raise ConfigError(f"memeval plot takes kinds=, out= and results=, not {', '.join(sorted(unknown))}=")
    patterns = [word for word in words if "=" not in word]

    from memeval.reports.notes import tuned_notes
    from memeval.scoring.measures import DEFAULT_MEASURES
    from memeval.scoring.rows import Row
    from memeval.scoring.stored import chosen, scored

    root = Path(options.get("results", "results/runs"))
    found, replays = chosen(root, patterns)
    if replays:
        console.out().print(f"Replays left out: {replays:,} (memeval replay shows what they cost).")
    kinds = [each for each in options.get("kinds", "").strip("[]").replace(" ", "").split(",") if each] or None
    plots = chosen_plots(kinds)
    measures = dict.fromkeys([*DEFAULT_MEASURES, *(measure for plot in plots for measure in plot.measures)])
    by_benchmark: dict[str, list[Row]] = {}
    for row in scored(found, tuple(measures)):
        by_benchmark.setdefault(row.run.meta["benchmark"]["name"], []).append(row)
    drawn = 0
    for name, rows in by_benchmark.items():
        out = Path(options["out"]) if "out" in options else root
        # Plots of several benchmarks have the same names.
        console.say(tuned_notes(rows))
        drawn += draw(rows, plots, out if "out" in options and len(by_benchmark) == 1 else out / name)
    if not drawn:
        console.out().print("Nothing could be drawn of these runs: memeval plot --help says what each kind needs.")
    return 0


def chosen_plots(kinds: Sequence[str] | None) -> "list[Plot]":
    """The plots of these kinds, or all that can be loaded.

    Raises:
        ConfigError: there is no such kind, or the package that offers it cannot be imported.
    """
    from memeval.reports.plots import PLOTS

    if kinds is not None:
        if unknown := [kind for kind in kinds if kind not in PLOTS]:
            raise ConfigError(f"there is no plot {unknown[0]!r}: choose kinds among {', '.join(PLOTS)}")
        return [PLOTS[kind] for kind in dict.fromkeys(kinds)]
    plots = []
    for _, plot in PLOTS.available():
        if isinstance(plot, ConfigError):
            console.notes().print(f"memeval: left out: {plot}", markup=False, soft_wrap=True)
        else:
            plots.append(plot)
    return plots


def draw(rows: "Sequence[Row]", plots: "Sequence[Plot]", folder: Path) -> int:
    """Draw the plots and print where they lie; returns how many there are."""
    drawn = 0
    for plot in plots:
        for file in plot(rows, folder, plot.name)[:1]:
            console.out().print(f"Plot {plot.name}: {file.resolve()} (and .svg)", markup=False, soft_wrap=True)
            drawn += 1
    return drawn
