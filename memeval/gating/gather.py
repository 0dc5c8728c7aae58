"""Measures stored runs for the gate; what cannot be measured becomes an entry that says why."""

import json
from collections.abc import Iterable, Sequence

from memeval.kit.errors import DataError, RecordsError
from memeval.kit.protocols import Benchmark
from memeval.records.runs import OUTCOMES_FILE, Run
from memeval.scoring.baseline import Entry, entry_of, unscored
from memeval.scoring.evaluate import evaluate, open_benchmark
from memeval.scoring.measures import (
    DEFAULT_MEASURES,
    EvidenceAge,
    InputDollars,
    Measure,
    QuestionDollars,
    ReadSeconds,
    WriteDollars,
)
from memeval.scoring.rows import Row

# A baseline is also compared and drawn, when the run itself is long gone.
_TOLD = (ReadSeconds(p=99), InputDollars(), QuestionDollars(), WriteDollars(), EvidenceAge())


def measures_for(*groups: Iterable[Measure]) -> tuple[Measure, ...]:
    """The default measures, those that comparisons and plots tell, and all others that are asked for, once."""
    return tuple(dict.fromkeys([*DEFAULT_MEASURES, *_TOLD, *(measure for group in groups for measure in group)]))


def gather(runs: Iterable[Run], measures: Sequence[Measure]) -> tuple[list[Entry], list[Row]]:
    """Score runs; a benchmark that several of them share is opened once.

    Returns:
        an entry for each run, and a row for each that could be scored.
    """
    benchmarks: dict[str, Benchmark] = {}
    rows: list[Row] = []
    return [_entry(run, measures, benchmarks, rows) for run in runs], rows


def _entry(run: Run, measures: Sequence[Measure], benchmarks: dict[str, Benchmark], rows: list[Row]) -> Entry:
    if not (run.folder / OUTCOMES_FILE).is_file():
        return unscored(run, broken=f"the run is empty: there is no {OUTCOMES_FILE} in {run.folder}")
    # Runs of one benchmark may have been made with different data, which only opening it for each of them shows.
    key = json.dumps([run.record.benchmark.node, run.record.fingerprint], sort_keys=True)
    try:
        if key not in benchmarks:
            benchmarks[key] = open_benchmark(run)
        scores = evaluate(run, measures, benchmark=benchmarks[key])
        entry = entry_of(run, scores)
        rows.append(Row(run, scores))
        return entry
    except RecordsError as error:
        return unscored(run, broken=str(error))
    except DataError as error:
        return unscored(run, other_data=str(error))
