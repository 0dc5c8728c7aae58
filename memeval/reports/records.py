"""Scores and comparisons for programs: one record for each run, measure and category, with all digits."""

from collections.abc import Iterator, Mapping, Sequence

from memeval.comparison import Comparison, Estimate, Line, Tested
from memeval.reports.grid import Grid, Value, of_records
from memeval.scoring.measures import Measure, QuestionMeasure
from memeval.scoring.rows import MAIN, Row, axes
from memeval.scoring.scores import Part

# Figures of a test, empty where nothing was tested: for all but the main measure, the reference and fixed rows.
_TESTED = (
    "reference", "difference", "difference_low", "difference_high", "p", "p_holm", "p_flip_dialogues",
    "p_flip_questions", "p_mcnemar", "effect_size", "wins", "losses", "ties", "detectable", "verdict",
)  # fmt: skip
# Columns of words, also where they are empty.
_TEXTS = ("made_otherwise", "reference", "verdict", "tag", "category")


def compared(comparison: Comparison, rows: Sequence[Row]) -> Grid:
    """The table of `records`."""
    return of_records(records(comparison, rows), _TEXTS)


def records(comparison: Comparison, rows: Sequence[Row]) -> list[dict[str, Value]]:
    """One record for each run, measure and category (`all` for all questions), in the measures' own units.

    Shares are 0 to 1, times are seconds. What does not apply is None.
    """
    further = _further(rows)
    found = []
    for row, line in zip(rows, comparison.lines, strict=True):
        about = {**_about(row, further), "made_otherwise": ", ".join(line.timing) or None}
        for measure, category, estimate, tested in _figures(line, comparison.main):
            found.append(about | _record(comparison, measure, category, estimate, tested))
    return found


def scored(rows: Sequence[Row]) -> Grid:
    """The scores of runs: one line for each run, measure and group of questions, in the measures' own units.

    Groups are all questions, each category, and each tag. `chance` is what a random ranking would have, `saturated` the
    share of questions whose k reaches all that was written, `short` that of rankings that end before k, `unfit` the
    number of prompts that do not fit the target's window. What does not apply is empty.
    """
    further = _further(rows)
    found = []
    for row in rows:
        about = {**_about(row, further), "failed": int(row.scores.failed.sum())}
        for measure, score in row.scores.overall.items():
            extra: dict[str, Value] = {
                "n": score.n, "value": score.value, "chance": score.chance, "saturated": score.saturation,
                "short": score.short, "unfit": score.unfit,
            }  # fmt: skip
            found.append({**about, **_of(measure), "category": "all", "tag": None, **extra})
            for group, parts in (("category", score.by_category), ("tag", _tags(row, measure))):
                for name, part in parts.items():
                    place: dict[str, Value] = {"category": "all", "tag": None, group: name}
                    figures = dict.fromkeys(extra) | {"n": part.n, "value": part.value}
                    found.append({**about, **_of(measure), **place, **figures})
    return of_records(found, _TEXTS)


def _tags(row: Row, measure: Measure) -> Mapping[str, Part]:
    # As the table by tag, which shows one measure.
    return row.scores.by_tag(measure) if measure == MAIN and isinstance(measure, QuestionMeasure) else {}


def _of(measure: Measure) -> dict[str, Value]:
    return {"measure": str(measure), "unit": measure.quantity}


def _further(rows: Sequence[Row]) -> list[str]:
    """Settings that tell the rows apart beside their budget."""
    return [axis for axis in axes(rows) if axis != "budget"]


def _about(row: Row, further: Sequence[str]) -> dict[str, Value]:
    return {
        "benchmark": row.run.record.benchmark.name,
        "strategy": row.strategy,
        "retriever": row.retriever,
        "budget": row.budget,
        **{axis: row.on(axis) for axis in further},
        "run": row.run.id,
        "fixed": row.is_reference,
    }


def _figures(line: Line, main: Measure) -> Iterator[tuple[Measure, str, Estimate, Tested | None]]:
    for measure, estimate in line.estimates.items():
        yield measure, "all", estimate, line.tested if measure == main else None
    for name, estimate in line.categories.items():
        yield main, name, estimate, line.tested_categories.get(name)


def _record(
    comparison: Comparison, measure: Measure, category: str, estimate: Estimate, tested: Tested | None
) -> dict[str, Value]:
    record: dict[str, Value] = {
        **_of(measure),
        "category": category,
        "n": estimate.n,
        "unfit": estimate.unfit,
        "value": estimate.value,
        "low": estimate.interval.low if estimate.interval else None,
        "high": estimate.interval.high if estimate.interval else None,
        "level": comparison.level,
    }
    if tested is None:
        return record | dict.fromkeys(_TESTED)
    pair = tested.paired
    interval = pair.interval
    values = (
        comparison.reference.run.id, pair.difference, interval.low if interval else None,
        interval.high if interval else None, pair.p_value, tested.p_holm, pair.by_dialogue.p_value,
        pair.by_question.p_value, pair.mcnemar, pair.effect_size, pair.wins, pair.losses, pair.ties, pair.detectable,
        tested.verdict,
    )  # fmt: skip
    return record | dict(zip(_TESTED, values, strict=True))
