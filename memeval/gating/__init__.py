"""The gate: runs against their baselines under rules, for continuous integration. How to use it: docs/gate.md."""

from memeval.gating.check import Check, Fall, Verdict, Verdicts, judge
from memeval.gating.rules import Allowance, Rule, default_rules, load_rules
from memeval.gating.session import Gate, open_gate, stored
from memeval.gating.update import Updated

__all__ = [
    "Allowance",
    "Check",
    "Fall",
    "Gate",
    "Rule",
    "Updated",
    "Verdict",
    "Verdicts",
    "default_rules",
    "judge",
    "load_rules",
    "open_gate",
    "stored",
]
