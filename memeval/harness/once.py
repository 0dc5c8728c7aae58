"""Runs a plan over its benchmark into the store: skips what is finished, appends what comes out."""

import json
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from memeval.harness.executors import Executor, Processes, Serial, Shared, each_once, get_executor
from memeval.harness.plan import Plan
from memeval.kit import engines
from memeval.kit.errors import ConfigError, ModelError, StorageError
from memeval.kit.plain_names import RULE, is_plain
from memeval.kit.protocols import Benchmark
from memeval.kit.scratch import Scratch
from memeval.kit.types import Dialogue, DialogueRecord
from memeval.options import given, identity
from memeval.options.build import TARGET, build
from memeval.provenance import environment
from memeval.provenance.closure import code_hash
from memeval.records import reopening
from memeval.records.record import Data, Execution, RunRecord, folder_of
from memeval.records.runs import Run, reuse
from memeval.records.writer import RunWriter

_ADDRESS = re.compile(r"^([^=]*\burl=).*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Settings:
    """How to run, as opposed to what: none of it changes an outcome."""

    results: Path
    workers: int = 1
    overwrite: bool = False
    # Node of the executor; None chooses by the number of workers.
    executor: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Finished:
    """A run after `run_plan`: `executed` dialogues were run now, `kept` were there before."""

    run: Run
    executed: int
    kept: int
    errors: int


def run_plan(
    plan: Plan,
    benchmark: Benchmark,
    config: Mapping[str, Any],
    settings: Settings,
    progress: Callable[[DialogueRecord | None, int], None] = lambda record, total: None,
    overrides: Sequence[str] = (),
) -> Finished:
    """Run what is not finished yet.

    Args:
        plan: what to run.
        benchmark: the benchmark built from `plan.benchmark`.
        config: the resolved config, kept in run.json for the reader.
        settings: how to run it.
        progress: called with (None, total) once, then with the record of each dialogue, kept ones first.
        overrides: the words that it was composed from, kept likewise.

    Raises:
        RecordsError, DataError, ConfigError, ModelError: what stops the run; finished dialogues are kept.
    """
    folder = place_of(settings.results, benchmark, plan)
    executor = _executor(plan, settings)
    _check_can_leave(plan, executor)
    record = RunRecord(
        id=plan.run_id,
        names=dict(plan.names),
        identity=plan.identity,
        code=code_hash(
            {"memory": plan.memory, "benchmark": plan.benchmark, "reader": plan.reader, "judge": plan.judge}
        ),
        benchmark=Data(
            benchmark.name,
            benchmark.licence,
            identity.described(plan.benchmark),
            reopening.started_in(plan.benchmark, folder),
        ),
        # Without the memory's own: two memories that were run by one memeval share it.
        harness_code=code_hash({}),
        environment=environment.environment(),
        config=_without_addresses(config),
        overrides=tuple(_ADDRESS.sub(r"\1(not kept)", word) for word in overrides),
        # Under this name stands what `memeval judge-check` has found out about it.
        judge=None if plan.judge is None else build(plan.judge, "judge").fingerprint,
        status="unfinished",
    )
    if not settings.overwrite and (reusable := reuse(folder, record)) is not None:
        return Finished(reusable, 0, reusable.record.dialogues or 0, 0)
    writer = RunWriter(folder, record, settings.overwrite)
    try:
        total = len(benchmark) if plan.limit is None else min(plan.limit, len(benchmark))
        progress(None, total)
        for dialogue in list(writer.finished.values()):
            progress(dialogue, total)
        kept = len(writer.finished)
        order: list[str] = []
        errors = 0
        if plan.isolation == "shared" and writer.finished:
            # The stores must hold every dialogue before the first question at a dialogue's end is read.
            writer.forget_all()
            kept = 0
        start = time.perf_counter()
        with closing(each_once(executor, plan, _open_dialogues(benchmark, plan.limit, writer, order))) as results:
            for result in results:
                writer.append(result)
                failed = sum(outcome.error is not None for outcome in result.outcomes)
                # A dialogue that went wrong after its questions counts as one.
                errors += failed or result.record.error is not None
                progress(result.record, total)
        executed = len(writer.finished) - kept
        unanswered = sum(map(_unanswered, writer.finished.values()))
        record = replace(
            record,
            dialogues=len(order),
            questions=sum(dialogue.questions for dialogue in writer.finished.values()),
            errors=errors + unanswered,
            execution=Execution(
                finished_at=datetime.now(UTC).isoformat(timespec="seconds"),
                executor=type(executor).__name__,
                workers=settings.workers,
                dialogues=executed,
                seconds=round(time.perf_counter() - start, 3),
                peak_memory_bytes=environment.peak_memory(),
            ),
            engines=_engines(writer.finished.values()),
        )
        return Finished(writer.finish(order, record), executed, kept, errors + unanswered)
    finally:
        writer.close()


def _executor(plan: Plan, settings: Settings) -> Executor:
    """What runs the dialogues. It changes no result, so that it is no part of the plan.

    Raises:
        ConfigError: one that cannot run the plan.
    """
    if settings.executor is None:
        here = given.inside([plan.memory, plan.benchmark, plan.reader, plan.judge])
        # With a limit of time, what hangs has to be in a process that can be ended.
        if plan.timeout is not None and plan.isolation != "shared" and not here:
            return Processes(settings.workers)
        return get_executor(settings.workers, plan.isolation)
    executor = build(settings.executor, "executor")
    name = type(executor).__name__
    if not isinstance(executor, Executor):
        raise ConfigError(
            f"executor={name} has no run(plan, dialogues): give a class that has it, or choose one of memeval list "
            "executor"
        )
    if plan.isolation == "shared" and not isinstance(executor, Shared):
        raise ConfigError(
            f"isolation=shared keeps all stores in one process, and executor={name} does not: add executor=auto, or "
            "isolation=separate"
        )
    return executor


def _check_can_leave(plan: Plan, executor: Executor) -> None:
    """Refuse to send to other processes what only this process knows.

    Raises:
        ConfigError: names the object.
    """
    here = given.inside([plan.memory, plan.benchmark, plan.reader, plan.judge])
    if here and not isinstance(executor, Serial | Shared):
        raise ConfigError(
            f"{type(executor).__name__} runs dialogues in other processes, and {here[0]} is known to this process "
            "only: give workers=1 or executor=serial, or a class in a module that can be imported"
        )


def place_of(results: Path, benchmark: Benchmark, plan: Plan) -> Path:
    """Where a run is stored below `results`.

    Raises:
        ConfigError: a benchmark whose name cannot be a folder's.
    """
    if not is_plain(benchmark.name):
        raise ConfigError(
            f"a benchmark calls itself {benchmark.name!r:.200}, but its runs lie in a folder of that name: give it a "
            f"plain name ({RULE})"
        )
    return folder_of(results, benchmark.name, plan.run_id)


def _without_addresses(node: Any) -> Any:
    """Where a store is reached is nobody else's business, and is left out of what is kept."""
    if isinstance(node, Mapping):
        return {
            key: "(not kept)" if key == "url" and value is not None else _without_addresses(value)
            for key, value in node.items()
        }
    return [_without_addresses(value) for value in node] if isinstance(node, list) else node


def unreachable(plan: Plan) -> str | None:
    """Why one of the plan's stores cannot be opened, in a sentence; None if all of them answer."""
    with Scratch() as scratch, engines.visit():
        for node in _stores(plan.memory_of("probe", str(scratch))):
            try:
                store = build(node, "store")
                try:
                    store.count("probe")
                finally:
                    store.close()
            except (ConfigError, ModelError, StorageError) as error:
                return str(error)
    return None


def _stores(node: Any) -> Iterator[Mapping[str, Any]]:
    children = node.values() if isinstance(node, Mapping) else node if isinstance(node, list) else ()
    if isinstance(node, Mapping) and isinstance(store := node.get("store"), Mapping) and store.get(TARGET):
        yield store
    for child in children:
        yield from _stores(child)


def _engines(records: Iterable[DialogueRecord]) -> tuple[engines.Engine, ...]:
    """What served the run, each once."""
    found = {json.dumps(engine, sort_keys=True): engine for record in records for engine in record.engines}
    return tuple(engines.Engine(**engine) for engine in found.values())


def _unanswered(record: DialogueRecord) -> int:
    """Questions that got no answer or no verdict; those of kept dialogues count too, since they are still open."""
    return int(record.stats.get("unanswered", 0) + record.stats.get("unjudged", 0))


def _open_dialogues(benchmark: Benchmark, limit: int | None, writer: RunWriter, order: list[str]) -> Iterator[Dialogue]:
    """Dialogues that are not finished; `order` gets the ids of all of them."""
    for number, dialogue in enumerate(benchmark):
        if limit is not None and number >= limit:
            return
        order.append(dialogue.id)
        if dialogue.id not in writer.finished:
            yield dialogue
