"""Generators by name."""

from collections.abc import Mapping

from hypothesis import strategies as st

from tools.fuzz.inputs import Input
from tools.fuzz.kinds import dialogues, measures, overrides, plugins, records, rules, targets, words

KINDS: Mapping[str, st.SearchStrategy[Input]] = {
    "dialogues": dialogues.damaged_dialogues(),
    "same-dialogues": dialogues.same_dialogues(),
    "overrides": overrides.odd_overrides(),
    "same-overrides": overrides.same_overrides(),
    "words": words.odd_words(),
    "rules": rules.odd_rules(),
    "same-rules": rules.same_rules(),
    "measures": measures.odd_measures(),
    "same-measures": measures.same_measures(),
    "targets": targets.odd_targets(),
    "plugins": plugins.misbehaving(),
    "records": records.damaged_records(),
    "baselines": records.damaged_baselines(),
}
# How many of a hundred inputs are of a kind: what is read from files of others comes most often.
SHARES: Mapping[str, int] = {
    "dialogues": 30, "same-dialogues": 10, "overrides": 8, "same-overrides": 3, "words": 8, "rules": 8, "same-rules": 3,
    "measures": 8, "same-measures": 3, "targets": 4, "plugins": 5, "records": 7, "baselines": 3,
}  # fmt: skip
