"""`memeval plot`."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from memeval.cli import console
from memeval.kit.errors import ConfigError

if TYPE_CHECKING:
    from memeval.scoring.rows import Row

DESCRIPTION = """\
Draw stored runs, as PNG and SVG.
  memeval plot                                         everything that can be drawn of all stored runs, by benchmark
  memeval plot 'results/runs/locomo/*' kinds=[budget,heat-map] out=plots

RUN is a run's id, the start of one, a glob over ids, or a folder. Kinds: trade-off (recall against tokens, latency
and money), budget (recall against the budget), heat-map (strategy by retriever), categories, evidence-age (how far back
a memory reaches), scaling (time against the length of the dialogue), backends (stores by speed, of
experiment=backends). A kind is left out where there is nothing to draw.
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

    from memeval.scoring.measures import (
        DEFAULT_MEASURES,
        EvidenceAge,
        IncrementSeconds,
        InputDollars,
        ReadSeconds,
        WriteRate,
        WriteSeconds,
    )
    from memeval.scoring.rows import Row
    from memeval.scoring.stored import chosen, scored

    root = Path(options.get("results", "results/runs"))
    found, replays = chosen(root, patterns)
    if replays:
        console.out().print(f"Replays left out: {replays:,} (memeval replay shows what they cost).")
    measures = (*DEFAULT_MEASURES, EvidenceAge(), InputDollars(), IncrementSeconds(), WriteSeconds(per="turn"))
    measures += (ReadSeconds(p=95, clock="own"), WriteRate(clock="own"))
    by_benchmark: dict[str, list[Row]] = {}
    for row in scored(found, measures):
        by_benchmark.setdefault(row.run.meta["benchmark"]["name"], []).append(row)
    kinds = [each for each in options.get("kinds", "").strip("[]").split(",") if each] or None
    drawn = 0
    for name, rows in by_benchmark.items():
        drawn += draw(rows, kinds, Path(options["out"]) if "out" in options else root / name)
    if not drawn:
        console.out().print("Nothing could be drawn of these runs: memeval plot --help says what each kind needs.")
    return 0


def draw(rows: "Sequence[Row]", kinds: Sequence[str] | None, folder: Path) -> int:
    """Draw the kinds (None: all) and print where they lie; returns how many there are."""
    from memeval.reports.plots import PLOTS

    if unknown := [kind for kind in kinds or () if kind not in PLOTS]:
        raise ConfigError(f"there is no plot {unknown[0]!r}: choose kinds among {', '.join(PLOTS)}")
    drawn = 0
    for kind, plot in PLOTS.items():
        if kinds is None or kind in kinds:
            for file in plot(rows, folder, kind)[:1]:
                console.out().print(f"Plot {kind}: {file.resolve()} (and .svg)", markup=False, soft_wrap=True)
                drawn += 1
    return drawn
