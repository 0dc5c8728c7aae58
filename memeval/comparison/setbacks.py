"""Finds retrievers made of several that are behind the best of their parts."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from memeval.comparison.scored import Scored, aligned, best
from memeval.comparison.stats import Interval, bootstrap_interval
from memeval.scoring.measures import Measure

_DIALOGUE_PLACES = re.compile(r"(<scope>|<scratch>)(/[\w.-]+)*")


@dataclass(frozen=True, slots=True)
class Setback:
    """A run of several retrievers as one that is behind the best of them alone.

    Attributes:
        whole, part: the two runs.
        difference: whole - part on the measure, below 0 where higher is better.
        interval: of the difference.
    """

    whole: Scored
    part: Scored
    difference: float
    interval: Interval | None


def setbacks(rows: Sequence[Scored], measure: Measure, level: float = 0.95, seed: int = 0) -> Iterator[Setback]:
    """Runs of several retrievers that are behind the best of their parts, where that ran alone under the same terms.

    The parts are found among `rows`: equal in everything but the retriever, which is one of the whole's `parts`.
    """
    by_identity = {_identity(row): row for row in rows}
    for row in rows:
        memory = row.run.record.memory
        retriever = memory.get("retriever")
        parts = retriever.get("parts") if isinstance(retriever, Mapping) else None
        alone = [
            by_identity[key]
            for part in (parts if isinstance(parts, list) else ())
            if (key := _identity(row, part)) in by_identity
        ]
        if not alone:
            continue
        part_row = best(alone, measure)
        values, others, clusters = aligned(row, part_row, measure, None)
        differences = values - others
        if np.isnan(differences).all():
            continue
        difference = float(np.nanmean(differences))
        if difference * (-1 if measure.better == "lower" else 1) < 0:
            interval = bootstrap_interval(differences, clusters, level=level, seed=seed)
            yield Setback(row, part_row, difference, interval)


def _identity(row: Scored, part: Any = None) -> str:
    """What determines the run, without the places that a part has of its own; with one part as the retriever."""
    identity = dict(row.run.record.identity)
    if part is not None:
        identity["memory"] = {**identity["memory"], "retriever": part}
    return json.dumps(_unplaced(identity), sort_keys=True)


def _unplaced(node: Any) -> Any:
    if isinstance(node, Mapping):
        return {key: _unplaced(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_unplaced(value) for value in node]
    return _DIALOGUE_PLACES.sub(r"\1", node) if isinstance(node, str) else node
