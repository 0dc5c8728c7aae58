"""Entries of a baseline made by hand, and what a rule says of two of them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from memeval.gating import Check, Rule, judge
from memeval.scoring.baseline import Entry, Measured, definition
from memeval.scoring.measures import ContextTokens, EvidenceRecall, Measure, parse
from support.rows import meta, read_back

RECALL, TOKENS = str(EvidenceRecall()), str(ContextTokens())


def entry(
    values: Mapping[str, Any], *, strategy: str = "mine", id: str = "mine-1", dialogues: int = 4, **identity: Any
) -> Entry:
    """A run of 4 dialogues with the given values by measure; a number stands for a measure of time."""
    n = max((len(each) for each in values.values() if not isinstance(each, float)), default=8)
    measures = {}
    for name, given_values in values.items():
        timed = isinstance(given_values, float)
        array = None if timed else np.asarray(given_values, dtype=np.float64)
        present = None if array is None else array[~np.isnan(array)]
        value = given_values if present is None else round(float(present.mean()), 6) if present.size else None
        measures[str(parse(name))] = Measured(value, definition(parse(name)), array)
    whole = {"benchmark": {"sha256": "a"}, "budget": 100, "limit": None, "tokenizer": {"name": "t"}, "document": {}}
    about = meta(strategy, "none", **{**whole, "memory": {}, **identity})
    names = {"benchmark": "own", "strategy": strategy, "retriever": "none"}
    about |= {"id": id, "names": names, "benchmark": {"name": "own", "licence": "none"}}
    about["overrides"] = [f"strategy={strategy}"]
    return Entry(
        folder=Path("base") / id,
        record=read_back(about),
        questions=tuple(f"q{i}" for i in range(n)),
        categories=tuple(("near", "far")[i % 2] for i in range(n)),
        dialogues=tuple(f"d{i}" for i in range(dialogues)),
        clusters=np.arange(n) * dialogues // n,
        measures=measures,
    )


ONES = [1.0] * 8


def verdict(before: Any, now: Any, rule: Rule, measure: Measure | None = None) -> Check:
    name = str(measure or rule.measure)
    (check,) = judge([entry({name: before})], [entry({name: now})], [rule]).checks
    return check
