"""One row a run: what tables and plots are made from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from memeval.kit.escaping import shown
from memeval.kit.types import DialogueRecord
from memeval.options import root
from memeval.pricing import Target
from memeval.records.runs import OUTCOMES_FILE, Run
from memeval.scoring.measures import EvidenceRecall, Measure
from memeval.scoring.scores import Scores

MAIN = EvidenceRecall()


@dataclass(frozen=True, slots=True)
class Row:
    """A scored run.

    Attributes:
        target: the model whose prices apply, where one was asked for; None for the one that the run was made for.
    """

    run: Run
    scores: Scores
    target: Target | None = None

    def records(self) -> list[DialogueRecord]:
        """What the run noted of its dialogues; nothing where a baseline keeps scores only."""
        return list(self.run.records()) if (self.run.folder / OUTCOMES_FILE).is_file() else []

    @property
    def strategy(self) -> str:
        """Short-term strategy, or the reference."""
        return shown(self.run.record.strategy)

    @property
    def retriever(self) -> str:
        """Long-term retriever; `none` for a window alone."""
        return shown(self.run.record.retriever)

    @property
    def is_reference(self) -> bool:
        """One of the fixed rows that say what is the least and the most that can be reached."""
        return self.run.record.is_reference

    @property
    def budget(self) -> int:
        """Tokens that a context could have."""
        return self.run.record.budget

    @property
    def settings(self) -> Mapping[str, str]:
        """The overrides that the run was composed with, and the target whose prices apply."""
        settings = self.run.record.settings
        return settings if self.target is None else {**settings, "target": self.target.name}

    @property
    def priced_at(self) -> str:
        """Name of the target whose prices apply."""
        own = self.run.record.target or {}
        return str(own.get("name")) if self.target is None else self.target.name

    @property
    def engines(self) -> str:
        """The storage systems outside the process that served the run: name, version and kind; empty without any."""
        engines = self.run.record.engines
        return "; ".join(dict.fromkeys(f"{each.name} {each.version}, {each.kind}" for each in engines))

    @property
    def store(self) -> str:
        """The store that the run was told to use, with its settings: `pgvector index=hnsw`; empty where none was."""
        words = []
        for key, value in self.settings.items():
            if _is_of_store(key):
                option = key.partition(".")[2]
                # A class that was put in the option's place goes by its own name.
                words.append(value.rpartition(".")[2] if option in ("", "_target_") else f"{option}={value}")
        return " ".join(words)

    def on(self, axis: str) -> str:
        """Where the row stands on one of the `axes`."""
        if axis in ("store", "engine"):
            return self.store if axis == "store" else self.engines
        return f"{self.budget:,}" if axis == "budget" else self.settings.get(axis, "")

    @property
    def name(self) -> str:
        """Strategy and retriever in words."""
        return self.run.record.name


def unscored(run: Run) -> Row:
    """A run as a row without scores, for tables that need its names alone."""
    none = np.array([], np.int64)
    return Row(run, Scores({}, {}, (), (), (), (), none, none.astype(np.bool_), False, False))


def axes(rows: Sequence[Row]) -> list[str]:
    """What else than strategy and retriever tells the rows apart: `budget` and overrides that differ between them.

    Where storage systems served some of them, what they were stands beside it: the last one is then `engine`.
    """
    compared = [row for row in rows if not row.is_reference] or list(rows)
    found = ["budget"] if len({row.budget for row in compared}) > 1 else []
    given = [row.settings for row in compared]
    unshown = root.without_column()
    for key in dict.fromkeys(key for settings in given for key in settings):
        if key not in unshown and len({settings.get(key) for settings in given}) > 1:
            found.append(key)
    stores = [key for key in found if _is_of_store(key)]
    if len({key.partition(".")[0] for key in stores}) > 1:
        # No run has more than one of them: columns that are mostly empty say less than one.
        found[found.index(stores[0])] = "store"
        found = [key for key in found if key not in stores]
    return [*found, "engine"] if any(row.engines for row in rows) else found


def _is_of_store(key: str) -> bool:
    return key.partition(".")[0] in root.stores()


def ordered(rows: Sequence[Row], by: Measure = MAIN) -> list[Row]:
    """Strategies first, best first by a measure, then the references; rows without a value last."""

    def key(row: Row) -> tuple[bool, bool, float, str, int]:
        score = row.scores.overall.get(by)
        value = None if score is None else score.value
        sign = -1 if by.better == "higher" else 1
        return (row.is_reference, value is None, sign * (value or 0.0), row.name, row.budget)

    return sorted(rows, key=key)
