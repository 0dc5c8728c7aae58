"""Scores that a committed baseline keeps, for tables beside runs that are scored afresh."""

from collections.abc import Sequence

import numpy as np

from memeval.kit.errors import BaselineError
from memeval.records.runs import Run
from memeval.scoring.baseline import definition, load
from memeval.scoring.measures import Measure, QuestionMeasure, parse
from memeval.scoring.scores import Part, Score, Scores


def kept_scores(run: Run, measures: Sequence[Measure]) -> Scores:
    """Those of the measures that a baseline holds, with their values by question where it keeps them.

    Raises:
        BaselineError: the baseline is damaged, or a measure's definition was another one when it was made.
    """
    entry = load(run.folder)
    members: dict[str, list[int]] = {}
    for index, category in enumerate(entry.categories):
        members.setdefault(category, []).append(index)
    overall, values = {}, {}
    for measure in measures:
        by_question = isinstance(measure, QuestionMeasure)
        kept = entry.measures.get(str(measure))
        array = np.full(len(entry.questions if by_question else entry.dialogues), np.nan)
        if kept is not None:
            if dict(kept.definition) != definition(measure):
                raise BaselineError(
                    f"{run.folder} has {measure} by another definition ({dict(kept.definition)}, now "
                    f"{definition(measure)}): make the baseline again, or leave the measure out with measures=[...]"
                )
            array = array if kept.values is None else kept.values
        categories = {name: _part(measure, array[indexes]) for name, indexes in members.items() if by_question}
        present = int((~np.isnan(array)).sum())
        value = None if kept is None else kept.value
        overall[measure] = Score(measure, value, present, 0, by_category=categories)
        values[measure] = array
    return Scores(
        overall=overall,
        values=values,
        questions=entry.questions,
        categories=entry.categories,
        tags=((),) * len(entry.questions),
        dialogues=entry.dialogues,
        clusters=entry.clusters,
        failed=np.zeros(len(entry.questions), dtype=np.bool_),
        has_derived=False,
        has_ranking=any(parse(name).ranked and kept.value is not None for name, kept in entry.measures.items()),
    )


def _part(measure: Measure, values: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> Part:
    present = values[~np.isnan(values)]
    return Part(measure.aggregate(present) if present.size else None, int(present.size))
