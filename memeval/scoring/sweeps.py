"""Runs the cells of a sweep and scores each run."""

from collections.abc import Mapping, Sequence
from typing import Any

from memeval.harness.compose import Cell, composer
from memeval.harness.sweep import Listener, Silent, carry_out
from memeval.kit.errors import ConfigError
from memeval.kit.protocols import Benchmark
from memeval.options.overrides import settings
from memeval.pricing import read_target
from memeval.records.runs import Run
from memeval.scoring.evaluate import evaluate
from memeval.scoring.measures import DEFAULT_MEASURES, Measure, parse
from memeval.scoring.rows import Row


def run_cells(
    cells: Sequence[Cell], listener: Listener | None = None, drawn: Sequence[Measure] = ()
) -> tuple[list[Row], int]:
    """Run all cells, each once, and score them.

    Args:
        cells: what to run.
        listener: is told how far it is.
        drawn: measures that the plots need which will be drawn of the rows; scored beside the default ones.

    Returns:
        the rows, one for each run and target, in the order of the cells, and the number of questions that failed.

    Raises:
        MemevalError: what stops a run. The other cells are run first, so that nothing that can be measured is missed.
    """
    rows: list[Row] = []
    # A measure that does not exist is said before anything runs.
    for cell in cells:
        measures_of(cell.config, drawn)

    def rate(cell: Cell, run: Run, benchmark: Benchmark) -> None:
        # Of a run that was made for another target, the prices of this one are asked for.
        target = read_target(cell.config["target"])
        rows.append(
            Row(run, evaluate(run, measures_of(cell.config, drawn), benchmark=benchmark, target=target), target)
        )

    errors = carry_out(cells, rate, listener or Silent())
    return rows, errors


def run_afresh(overrides: Sequence[str], multirun: bool, listener: Listener | None = None) -> list[Run]:
    """Run what the overrides say. What is stored is not reused: it may have been made by other code of the user's."""
    fresh = [] if "overwrite" in settings(overrides) else ["overwrite=true"]
    with composer() as hydra:
        cells = hydra.cells([*overrides, *fresh], multirun)
    return list({row.run.folder: row.run for row in run_cells(cells, listener)[0]}.values())


def measures_of(config: Mapping[str, Any], drawn: Sequence[Measure] = ()) -> Sequence[Measure]:
    """The measures that a config asks for; the default ones and `drawn` where it names none.

    Raises:
        ConfigError: one that does not exist.
    """
    asked = config["measures"]
    if asked is None:
        return tuple(dict.fromkeys((*DEFAULT_MEASURES, *drawn)))
    if not asked:
        raise ConfigError("measures=[] scores nothing: name some, e.g. measures='[ContextTokens]', or leave it out")
    return tuple(dict.fromkeys(parse(name) for name in asked))
