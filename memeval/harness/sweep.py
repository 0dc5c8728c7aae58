"""Carries out the cells of a sweep, each once, and reports to a listener. It prints nothing."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from memeval.harness.compose import Cell
from memeval.harness.once import Settings, place_of, run_plan, unreachable
from memeval.harness.pace import rare_collections
from memeval.harness.plan import Plan
from memeval.kit.errors import ConfigError, MemevalError
from memeval.kit.protocols import Benchmark
from memeval.kit.types import DialogueRecord
from memeval.options.build import build
from memeval.options.overrides import key_of
from memeval.records.record import RUN_FILE
from memeval.records.runs import Run, load


class Listener(Protocol):
    """Hears what a sweep does: the progress bar of the command line is one."""

    def started(self, run_id: str, total: int) -> None:
        """A run begins; the sweep has `total` runs."""

    def dialogue(self, record: DialogueRecord | None, total: int) -> None:
        """A dialogue of the current run is done, one of `total`; None once before the first."""

    def finished(self, run_id: str) -> None:
        """The run is complete."""

    def skipped(self, sentence: str) -> None:
        """A run is left out, since a store does not answer; the sentence says which and why."""

    def stopped(self, run_id: str, error: MemevalError) -> None:
        """An error ended the run; the sweep goes on with the next one."""


class Silent:
    """A listener that does nothing."""

    def started(self, run_id: str, total: int) -> None:
        """Do nothing."""

    def dialogue(self, record: DialogueRecord | None, total: int) -> None:
        """Do nothing."""

    def finished(self, run_id: str) -> None:
        """Do nothing."""

    def skipped(self, sentence: str) -> None:
        """Do nothing."""

    def stopped(self, run_id: str, error: MemevalError) -> None:
        """Do nothing."""


def carry_out(cells: Sequence[Cell], then: Callable[[Cell, Run, Benchmark], None], listener: Listener) -> int:
    """Run all cells, each once, and do something with each run.

    Args:
        cells: the composed cells; equal ones are run once.
        then: called with each finished run and its open benchmark, once for each target that was asked for: targets of
            equal windows and tokenizers share a run, and their prices differ.
        listener: hears what happens.

    Returns:
        the number of questions that failed; an error that ended a run counts as one more.

    Raises:
        MemevalError: what stops the only run, or all runs. Of several runs the others are carried out first.
    """
    benchmarks: dict[str, Benchmark] = {}
    planned: dict[tuple[str, str], tuple[Cell, Plan, Benchmark]] = {}
    by_target: dict[tuple[str, str], dict[str, Cell]] = {}
    for cell in cells:
        node = cell.config["benchmark"]
        key = json.dumps(node, sort_keys=True)
        if key not in benchmarks:
            benchmarks[key] = build(node, "benchmark")
        plan = cell.plan(benchmarks[key])
        place = (str(cell.config["results"]), plan.run_id)
        planned.setdefault(place, (cell, plan, benchmarks[key]))
        by_target.setdefault(place, {}).setdefault(json.dumps(cell.config["target"], sort_keys=True), cell)
    planned = {key: found for key, found in planned.items() if _can_run(*found, listener)}
    if not planned:
        raise ConfigError("no store of the sweep answers: memeval stores says what is installed and reachable")
    done = errors = 0
    stopped: MemevalError | None = None
    with rare_collections():
        for place, (cell, plan, benchmark) in planned.items():
            listener.started(plan.run_id, len(planned))
            try:
                finished = run_plan(
                    plan, benchmark, cell.config, settings_of(cell.config), listener.dialogue, cell.overrides
                )
            except MemevalError as error:
                if len(planned) == 1:
                    raise
                listener.stopped(plan.run_id, error)
                stopped = error
                continue
            errors += finished.errors
            for asked in by_target[place].values():
                then(asked, finished.run, benchmark)
            done += 1
            listener.finished(plan.run_id)
    if stopped is not None and not done:
        raise stopped
    return errors + (stopped is not None)


def settings_of(config: Mapping[str, Any]) -> Settings:
    """How a config wants to be run."""
    return Settings(Path(config["results"]), config["workers"], config["overwrite"], config["executor"])


def _can_run(cell: Cell, plan: Plan, benchmark: Benchmark, listener: Listener) -> bool:
    """False where a store does not answer and the config wants such runs skipped; the listener hears why.

    What has been run already needs no store.
    """
    if not cell.config["skip_unreachable"]:
        return True
    folder = place_of(Path(cell.config["results"]), benchmark, plan)
    if not cell.config["overwrite"] and (folder / RUN_FILE).is_file() and load(folder).finished:
        return True
    why = unreachable(plan)
    if why is not None:
        stores = [word for word in cell.overrides if "_store" in key_of(word)]
        listener.skipped(f"passed over {' '.join(stores) or plan.run_id}: {why}")
    return why is None
