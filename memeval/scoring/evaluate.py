"""Scores of stored runs: finds the gold again and makes sure that it is the gold of the run."""

from collections.abc import Iterator, Sequence
from itertools import islice

from memeval.kit.errors import ConfigError, DataError, RecordsError
from memeval.kit.protocols import Benchmark
from memeval.kit.types import Dialogue
from memeval.options import identity
from memeval.options.build import build
from memeval.pricing import Target, read_target
from memeval.records import reopening
from memeval.records.record import RUN_FILE
from memeval.records.runs import Run
from memeval.scoring.measures import Measure
from memeval.scoring.measures.presets import Preset
from memeval.scoring.scores import Scores, score

# Of these parts of a fingerprint the outcomes do not depend, only the scores: a preset may choose others.
_GOLD_KEYS = ("gold", "evidence")


def open_benchmark(run: Run, preset: Preset | None = None) -> Benchmark:
    """The benchmark that a run was made with, with the gold that the preset asks for.

    Raises:
        ConfigError: a preset of another benchmark.
        DataError: the data are not the ones of the run any more.
    """
    name, node = run.record.benchmark.name, reopening.found_again(run.record.benchmark, run.folder)
    if preset is not None and preset.benchmark != name:
        raise ConfigError(
            f"preset={preset.name} is defined on {preset.benchmark}, run {run.id} is of {name}: choose "
            "runs of that benchmark, or measures=[...] instead of a preset"
        )
    benchmark: Benchmark = build({**identity.built_from(node), **(preset.gold if preset else {})}, "benchmark")
    recorded = run.record.fingerprint
    now = benchmark.fingerprint()
    differing = [key for key in recorded if key not in _GOLD_KEYS and recorded[key] != now.get(key)]
    if differing:
        key = differing[0]
        raise DataError(
            f"run {run.id} was made with other data ({key} was {recorded[key]}, is now {now.get(key)}): bring back "
            "the data of the run, or run it again"
        )
    return benchmark


def target_of(run: Run) -> Target | None:
    """The model that a run was made for, with the prices that stood in its config; None for a run without one.

    Raises:
        RecordsError: the record misstates it.
    """
    try:
        return read_target(run.record.target) if run.record.target else None
    except (AttributeError, ConfigError, KeyError, TypeError, ValueError) as error:
        raise RecordsError(
            f"{run.folder / RUN_FILE} is damaged (config.target: {error!s:.200}): start the run again with "
            "overwrite=true, or name a model with target="
        ) from error


def evaluate(
    run: Run,
    measures: Sequence[Measure],
    preset: Preset | None = None,
    benchmark: Benchmark | None = None,
    target: Target | None = None,
) -> Scores:
    """Score a stored run.

    Args:
        run: the run.
        measures: what to compute.
        preset: another definition of gold and denominator.
        benchmark: the run's benchmark if it is open already; ignored with a preset.
        target: the model whose prices apply; None takes the run's own.

    Raises:
        DataError: gold that does not belong to the run.
    """
    if run.record.is_replay:
        raise ConfigError(
            f"run {run.id} is a replay: its queries are the user's turns, which have no gold to be scored by; memeval "
            f"replay {run.id} says what it costs"
        )
    if benchmark is None or preset is not None:
        benchmark = open_benchmark(run, preset)
    records = list(run.records())
    dialogues: Iterator[Dialogue] = islice(iter(benchmark), run.record.limit)
    if not run.finished:
        done = {record.dialogue for record in records}
        dialogues = (dialogue for dialogue in dialogues if dialogue.id in done)
    return score(
        (outcome for result in run.results() for outcome in result.outcomes),
        records,
        dialogues,
        measures,
        document=build(identity.built_from(run.record.document), "document"),
        tokenizer=build(identity.built_from(run.record.identity["tokenizer"]), "tokenizer"),
        gold=preset.view if preset else None,
        target=target or target_of(run),
    )
