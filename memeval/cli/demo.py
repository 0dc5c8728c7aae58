"""`memeval demo`."""

from collections.abc import Sequence

from memeval.cli import console
from memeval.cli.run import print_plots, print_rows, run_with_bars
from memeval.harness.compose import composer

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
    rows, errors = run_with_bars(cells)
    print_rows(rows, errors)
    print_plots(rows, cells[0].config)
    return 1 if errors else 0
