"""Sentences below a table about what is missing in its rows: verdicts, answers, hits."""

from collections.abc import Iterator, Sequence

from memeval.comparison.scored import Scored
from memeval.scoring.measures.ranking import RankingMeasure

# Empty rankings are said where they are more than this share.
_EMPTY = 0.1


def gap_notes(rows: Sequence[Scored]) -> list[str]:
    """A sentence for each kind of gap of each row; none where everything is there."""
    return [f"{row.name}: {sentence}" for row in rows if not row.is_reference for sentence in _sentences(row)]


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
