"""`memeval demo`."""

from collections.abc import Sequence

from memeval.cli import tables, words
from memeval.cli.run import OVERRIDES, carry_out_and_print
from memeval.harness.compose import composer

COMMAND = words.Command(
    "demo",
    "Run the default sweep on the embedded benchmark: windows, a summary, and a window with two retrievers, at 2,000 "
    "tokens. It ends with a table, a trade-off plot and where they lie. Nothing is downloaded and no key is needed.",
    (
        ("memeval demo", "the default sweep"),
        ("memeval demo budget=500 benchmark.turns=10000", "longer dialogues, a smaller budget"),
    ),
    options=(tables.FORMAT, tables.OUT, tables.STRICT),
    overrides=OVERRIDES,
)


def main(argv: Sequence[str]) -> int:
    """Carry out `memeval demo`."""
    given = COMMAND.parse(argv)
    output = tables.Output(given)
    with composer() as hydra:
        cells = hydra.cells(["experiment=demo", *given.overrides], multirun=True)
    return carry_out_and_print(cells, output)
