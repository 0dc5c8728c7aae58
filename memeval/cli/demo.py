"""`memeval demo`."""

from collections.abc import Sequence
from pathlib import Path

from memeval.cli import console
from memeval.cli.run import print_rows, run_cells, title_of
from memeval.compose import composer

DESCRIPTION = """\
Run the default sweep on the embedded benchmark: windows, a summary, and a window with two retrievers, at 2,000 tokens.
It ends with a table, a trade-off plot and where they lie. Nothing is downloaded and no key is needed.

Overrides are those of memeval run: memeval demo budget=500 benchmark.turns=10000
"""


def main(argv: Sequence[str]) -> int:
    """Carry out `memeval demo`."""
    parser = console.subparser("demo", DESCRIPTION)
    parser.add_argument("overrides", nargs="*", metavar="KEY=VALUE", help="Hydra overrides")
    arguments = parser.parse_args(argv)
    with composer() as hydra:
        cells = hydra.cells(["experiment=demo", *arguments.overrides], multirun=True)
    rows, errors = run_cells(cells)
    print_rows(rows, errors)
    from memeval.report.plots import trade_off

    folder = Path(cells[0].config["results"]) / rows[0].run.meta["benchmark"]["name"]
    plot = trade_off(rows, folder / "trade-off.png", title_of("demo", rows))
    console.out().print(f"Trade-off plot: {plot.resolve()}", markup=False, soft_wrap=True)
    return 1 if errors else 0
