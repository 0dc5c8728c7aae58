"""Sentences below a table about what is missing in its rows: verdicts, answers, hits, turns, facts."""

from collections import Counter
from collections.abc import Iterator, Sequence

from memeval.comparison.scored import Scored
from memeval.reports.gap import Gap
from memeval.scoring.measures.ranking import RankingMeasure

# Empty rankings are said where they are more than this share.
_EMPTY = 0.1
# Counters of memories that say what is missing: one thing, several, and what happened to them.
_COUNTED = {
    "refused": ("turn", "turns", "not stored: no database takes a NUL or half a character"),
    "turns_skipped": ("turn", "turns", "without facts: the model gave no usable reply"),
    "unextracted": ("turn", "turns", "without facts: the model gave no usable reply"),
    "facts_unsourced": ("fact", "facts", "left out: the model named no turn that states them"),
    "facts_empty": ("fact", "facts", "left out: the model left the subject, attribute or statement empty"),
    "summary_cut": ("summary", "summaries", "cut, since the model wrote more than it may have"),
    "unscored": ("hit", "hits", "left out of the fusion, since the part that found them gives no scores"),
    "sql_refused": ("SELECT", "SELECTs", "refused, and full text searched instead"),
    "sql_failed": ("SELECT", "SELECTs", "failed, and full text searched instead"),
}


def gap_notes(rows: Sequence[Scored]) -> list[str]:
    """A sentence for each kind of gap of each row; none where everything is there."""
    notes: list[str] = []
    for row in rows:
        if not row.is_reference:
            notes += [Gap(f"{row.name}: {sentence}") for sentence in (*_sentences(row), *_counted(row))]
            notes += [f"{row.name}: {sentence}" for sentence in _short(row)]
    return notes


def _counted(row: Scored) -> Iterator[str]:
    """What the memory itself counted, over all dialogues; the parts of a composite put their names in front."""
    counts: Counter[str] = Counter()
    for record in row.records():
        for name, value in record.stats.items():
            counts[name.rpartition(".")[2]] += int(value)
    for name, (one, several, what) in _COUNTED.items():
        if count := counts[name]:
            yield f"{count:,} {one if count == 1 else several} {what}"


def _sentences(row: Scored) -> Iterator[str]:
    gaps = row.scores.gaps
    if gaps.unanswered:
        yield f"{gaps.unanswered:,} {_plural('question', gaps.unanswered)} got no answer from the reader"
    if gaps.unjudged:
        have = "has" if gaps.answers == 1 else "have"
        yield f"{gaps.unjudged:,} of {gaps.answers:,} {_plural('answer', gaps.answers)} {have} no usable verdict"
    if gaps.empty > _EMPTY * gaps.rankings:
        yield (
            f"{gaps.empty:,} of {gaps.rankings:,} rankings are empty: the memory found nothing for these questions, "
            "e.g. since it knows none of their words (memeval show RUN QUESTION)"
        )


def _short(row: Scored) -> Iterator[str]:
    """What the memory need not be blamed for: it found less than k passages."""
    short = [
        (measure.k, score.short, measure)
        for measure, score in row.scores.overall.items()
        if isinstance(measure, RankingMeasure) and score.short
    ]
    if short:
        k, share, measure = max(short, key=lambda each: each[0])
        yield (
            f"{share * 100:.1f} % of the rankings end before position {k} although more was written, so that {measure} "
            "is a lower bound"
        )


def _plural(noun: str, count: int) -> str:
    return noun if count == 1 else f"{noun}s"
