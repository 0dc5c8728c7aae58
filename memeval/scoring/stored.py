"""Stored runs and committed baselines as rows: found by name, scored or read, and as a data frame."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from memeval.kit.errors import ConfigError, RecordsError
from memeval.kit.protocols import Benchmark
from memeval.records.runs import OUTCOMES_FILE, Run, find, runs
from memeval.scoring.baseline import SCORES_FILE
from memeval.scoring.evaluate import evaluate, open_benchmark
from memeval.scoring.kept import kept_scores
from memeval.scoring.measures import DEFAULT_MEASURES, Measure
from memeval.scoring.rows import Row

if TYPE_CHECKING:
    from pandas import DataFrame


def chosen(root: Path, patterns: Sequence[str]) -> tuple[list[Run], int]:
    """The runs that the patterns name, all finished ones without any; and how many replays among them are left out.

    A replay asks other questions; where there is nothing else the replays are what is named.

    Raises:
        ConfigError: there are none yet.
        RecordsError: a pattern that names no run.
    """
    found = find(root, patterns) if patterns else [run for run in runs(root) if run.finished]
    if not found:
        raise ConfigError(f"no runs in {root} yet: memeval demo makes some")
    asked = [run for run in found if not run.record.is_replay] or found
    return asked, len(found) - len(asked)


def scored(stored: Sequence[Run], measures: Sequence[Measure]) -> list[Row]:
    """Score runs, or read the scores that a baseline keeps; data that several runs share are opened once."""
    opened: dict[str, Benchmark] = {}
    rows = []
    for run in stored:
        if (run.folder / OUTCOMES_FILE).is_file():
            key = json.dumps([run.record.benchmark.node, run.record.fingerprint], sort_keys=True)
            if key not in opened:
                opened[key] = open_benchmark(run)
            rows.append(Row(run, evaluate(run, measures, benchmark=opened[key])))
        elif (run.folder / SCORES_FILE).is_file():
            rows.append(Row(run, kept_scores(run, measures)))
        else:
            raise RecordsError(f"{run.folder} has neither outcomes nor scores: run it again, or leave it out")
    return rows


def frame(rows: Sequence[Row]) -> "DataFrame":
    """One line a run, ids as the index: names, budget, and a column for each measure under its canonical name."""
    from pandas import DataFrame

    return DataFrame(
        [
            {
                "name": row.name,
                "strategy": row.strategy,
                "retriever": row.retriever,
                "budget": row.budget,
                "reference": row.is_reference,
                **{str(measure): score.value for measure, score in row.scores.overall.items()},
            }
            for row in rows
        ],
        index=[row.run.id for row in rows],
    )


def rows_of(root: Path | str, patterns: Sequence[str], measures: Sequence[Measure] = DEFAULT_MEASURES) -> list[Row]:
    """Rows of the runs that the patterns name below `root`: see `memeval.records.runs.find` and `scored`."""
    return scored(find(Path(root), patterns), measures)
