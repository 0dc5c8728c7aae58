"""What the first page shows: a line for each run with scores, chance and intervals."""

from collections.abc import Iterator, Sequence
from typing import Any

from memeval.answers import judge_check
from memeval.comparison import estimate
from memeval.reports.notes import run_notes, tuned
from memeval.reports.table import unit
from memeval.scoring.measures import (
    ContextTokens,
    EvidenceRecall,
    InputDollars,
    JudgedAccuracy,
    Measure,
    QuestionDollars,
    QuestionMeasure,
    ReadSeconds,
)
from memeval.scoring.rows import Row, axes
from memeval.scoring.scores import Part, Score

TOKENS, LATENCY = ContextTokens(), ReadSeconds(p=95)
# Where no call of a model is paid, what the context costs as input of the target is all that is known.
DOLLARS = (QuestionDollars(), InputDollars())


def question_measures(measures: Sequence[Measure]) -> Iterator[tuple[int, QuestionMeasure]]:
    """Those with a value for each question, with their position."""
    for place, measure in enumerate(measures):
        if isinstance(measure, QuestionMeasure):
            yield place, measure


def summary(rows: Sequence[Row], measures: Sequence[Measure], title: str, documents: Sequence[int]) -> dict[str, Any]:
    """The data of the first page; `documents` is the number of each row's template of turns."""
    scores = rows[0].scores
    categories = list(dict.fromkeys(scores.categories))
    told = [axis for axis in axes(rows) if axis != "budget"]
    derived = any(row.scores.has_derived for row in rows)
    shown = [
        any(_value(row, measure) is not None for row in rows) and (derived or place == 0 or not _is_of_derived(measure))
        for place, measure in enumerate(measures)
    ]
    execution = [row.run.record.made_on for row in rows]
    return {
        "title": title,
        "benchmark": rows[0].run.record.benchmark.name,
        "licence": rows[0].run.record.benchmark.licence,
        "questions": len(scores.questions),
        "dialogues": len(scores.dialogues),
        "made": [min(filter(None, execution), default=""), max(execution)],
        "categories": categories,
        "counts": [scores.categories.count(category) for category in categories],
        "axes": told,
        "measures": [_measure(measure, seen, rows) for measure, seen in zip(measures, shown, strict=True)],
        "tokens": _place(measures, TOKENS),
        "latency": _place(measures, LATENCY),
        "dollars": next(
            (measures.index(each) for each in DOLLARS if each in measures and any(_value(row, each) for row in rows)),
            None,
        ),
        "notes": run_notes(rows),
        "runs": [_run(row, measures, categories, told, number) for row, number in zip(rows, documents, strict=True)],
    }


def _place(measures: Sequence[Measure], measure: Measure) -> int | None:
    return measures.index(measure) if measure in measures else None


def _is_of_derived(measure: Measure) -> bool:
    """Equal to recall itself where nothing in a context is derived."""
    return isinstance(measure, EvidenceRecall) and measure.segments == "all"


def _value(row: Row, measure: Measure) -> float | None:
    score = row.scores.overall.get(measure)
    return None if score is None else score.value


def _measure(measure: Measure, shown: bool, rows: Sequence[Row]) -> dict[str, Any]:
    judged = judge_check.notes(row.run.record.judge for row in rows) if isinstance(measure, JudgedAccuracy) else []
    return {
        "name": str(measure),
        "label": " ".join(measure.heading()),
        "unit": unit(measure),
        "quantity": measure.quantity,
        "better": measure.better,
        "summary": "; ".join([measure.summary, *judged]),
        "questions": isinstance(measure, QuestionMeasure),
        "shown": shown,
    }


def _run(
    row: Row, measures: Sequence[Measure], categories: Sequence[str], told: Sequence[str], document: int
) -> dict[str, Any]:
    return {
        "id": row.run.id,
        "name": row.name,
        "strategy": row.strategy,
        "retriever": row.retriever,
        "budget": row.budget,
        "reference": row.is_reference,
        "axes": [row.on(axis) for axis in told],
        "failed": int(row.scores.failed.sum()),
        "document": document,
        "code": row.run.record.code[:8],
        "tuned": [name.replace("/", "=") for name in tuned(row)],
        "unfit": [row.scores.overall[each].unfit if each in row.scores.overall else 0 for each in measures],
        "scores": [_score(row, measure, place == 0) for place, measure in enumerate(measures)],
        "categories": {
            str(place): [_part(row.scores.overall.get(measure), category) for category in categories]
            for place, measure in question_measures(measures)
        },
    }


def _score(row: Row, measure: Measure, main: bool) -> dict[str, Any] | None:
    score = row.scores.overall.get(measure)
    if score is None or score.value is None:
        return None
    found: dict[str, Any] = {"v": _rounded(score.value), "n": score.n}
    if score.chance is not None:
        found["chance"] = _rounded(score.chance)
    interval = estimate(row.scores, measure).interval if main or measure == LATENCY else None
    if interval is not None:
        found["low"], found["high"] = _rounded(interval.low), _rounded(interval.high)
    return found


def _part(score: Score | None, category: str) -> float | None:
    part: Part | None = score.by_category.get(category) if score is not None else None
    return None if part is None or part.value is None else _rounded(part.value)


def _rounded(value: float) -> float:
    return float(f"{value:.6g}")
