"""Scored runs without a run: values are given, everything else is as a real run has it."""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from memeval.records.record import RunRecord
from memeval.records.runs import Run
from memeval.scoring.measures import EvidenceRecall, Measure, QuestionMeasure
from memeval.scoring.rows import Row
from memeval.scoring.scores import Part, Score, Scores

IDENTITY: Mapping[str, Any] = {
    "benchmark": {"name": "toy", "sha256": "aa" * 32, "gold": "published"},
    "memory": {"option": "memory/Memory", "version": 1, "window": None, "retriever": None},
    "tokenizer": {"option": "tokenizer/get_tokenizer", "version": 1, "name": "o200k_base"},
    "document": {"option": "document/Document", "version": 1},
    "budget": 500,
    "limit": None,
}


def meta(strategy: str = "none", retriever: str = "bm25", **identity: Any) -> dict[str, Any]:
    """The run.json of a finished run; `identity` replaces parts of its identity."""
    node = {**IDENTITY, "memory": {**IDENTITY["memory"], "retriever": {"option": retriever}}, **identity}
    return {
        "schema_version": 2,
        "id": re.sub(r"^\W+|[^\w.+-]+", "-", f"{strategy}+{retriever}-{node['budget']}-x").removeprefix("-"),
        "names": {"benchmark": "toy", "strategy": strategy, "retriever": retriever},
        "identity": node,
        "code": "c0de",
        "benchmark": {"name": "toy", "licence": "-", "node": {}},
        "environment": {
            "memeval": "0.1.0", "python": "3.12.1", "platform": "Linux x86_64", "cores": 4, "packages": {}
        },
        "overrides": [f"budget={node['budget']}"],
        "status": "finished",
        "dialogues": 1,
        "questions": 2,
        "errors": 0,
        "execution": {"finished_at": "2026-11-28T12:00:00+00:00", "workers": 1},
    }  # fmt: skip


def record(**changes: Any) -> RunRecord:
    """The record of `meta()` with other values under some keys."""
    return read_back({**meta(), **changes})


def read_back(node: Mapping[str, Any]) -> RunRecord:
    """The record of what a run.json holds."""
    return RunRecord.from_json(json.dumps(node), Path("run.json"))


def row(
    name: str,
    values: Mapping[Measure, npt.ArrayLike] | npt.ArrayLike,
    dialogues: int = 6,
    categories: Sequence[str] = (),
    **changes: Any,
) -> Row:
    """A row.

    Args:
        name: strategy and retriever, as `sliding_window+bm25`.
        values: by measure, or of evidence recall; nan where there is none.
        dialogues: how many the questions are of, in equal parts.
        categories: of each question.
        changes: to run.json, `identity` to what determines the run.
    """
    by_measure = values if isinstance(values, Mapping) else {EvidenceRecall(): values}
    arrays: dict[Measure, npt.NDArray[np.float64]] = {m: np.asarray(v, dtype=np.float64) for m, v in by_measure.items()}
    n = max(len(array) for measure, array in arrays.items() if isinstance(measure, QuestionMeasure))
    groups = list(categories) or ["all"] * n
    strategy, _, retriever = name.partition("+")
    about = meta(strategy, retriever or "none", **changes.pop("identity", {}))
    about.update(changes)

    def part(measure: Measure, array: npt.NDArray[np.float64]) -> Part:
        present = array[~np.isnan(array)]
        return Part(measure.aggregate(present) if present.size else None, int(present.size))

    overall = {}
    for measure, array in arrays.items():
        whole = part(measure, array)
        by_category = {}
        if isinstance(measure, QuestionMeasure):
            by_category = {g: part(measure, array[[x == g for x in groups]]) for g in dict.fromkeys(groups)}
        overall[measure] = Score(measure, whole.value, whole.n, 0, by_category=by_category)
    scores = Scores(
        overall=overall,
        values=arrays,
        questions=tuple(f"q{i}" for i in range(n)),
        categories=tuple(groups),
        tags=((),) * n,
        dialogues=tuple(f"d{i}" for i in range(dialogues)),
        clusters=np.arange(n, dtype=np.int64) * dialogues // n,
        failed=np.zeros(n, dtype=np.bool_),
        has_derived=False,
        has_ranking=False,
    )
    return Row(Run(Path(about["id"]), read_back(about)), scores)
