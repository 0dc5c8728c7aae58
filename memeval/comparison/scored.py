"""Rows that are compared, and their values question by question."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from memeval.kit.errors import BaselineError
from memeval.kit.types import DialogueRecord
from memeval.records.runs import Run
from memeval.scoring.measures import Measure, QuestionMeasure
from memeval.scoring.scores import Scores


class Scored(Protocol):
    """A scored run, as `memeval.scoring.rows.Row`."""

    @property
    def run(self) -> Run:
        """The run."""

    def records(self) -> list[DialogueRecord]:
        """What the run noted of its dialogues, if that is kept."""

    @property
    def scores(self) -> Scores:
        """Its scores."""

    @property
    def name(self) -> str:
        """Strategy and retriever."""

    @property
    def is_reference(self) -> bool:
        """Whether it is a fixed row such as `none` or `oracle`, which has no rivals."""


def best(rows: Sequence[Scored], measure: Measure) -> Scored:
    """The row with the best value, fixed rows only where there is nothing else; the first of equals."""
    rivals = [row for row in rows if not row.is_reference] or list(rows)
    sign = -1 if measure.better == "lower" else 1

    def value(row: Scored) -> float:
        score = row.scores.overall.get(measure)
        return -np.inf if score is None or score.value is None else sign * score.value

    return max(rivals, key=value)


def aligned(
    row: Scored, other: Scored, measure: Measure, category: str | None
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Values of both on the same questions, and their dialogues."""
    if row.scores.questions != other.scores.questions or row.scores.dialogues != other.scores.dialogues:
        raise BaselineError(
            f"{row.run.id} and {other.run.id} have scores of other questions: score both with the same data again"
        )
    values, clusters = values_of(row.scores, measure, category)
    others, _ = values_of(other.scores, measure, category)
    return values, others, clusters


def values_of(
    scores: Scores, measure: Measure, category: str | None
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Values of a measure, nan where there is none, and the dialogue of each; of one category or of all."""
    is_question = isinstance(measure, QuestionMeasure)
    clusters = scores.clusters if is_question else np.arange(len(scores.dialogues), dtype=np.int64)
    values = scores.values.get(measure, np.full(len(clusters), np.nan))
    if category is None or not is_question:
        return values, clusters
    kept = np.array([name == category for name in scores.categories], dtype=np.bool_)
    return values[kept], clusters[kept]
