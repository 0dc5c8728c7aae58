"""Rules of a gate."""

import json
from typing import Any

from hypothesis import strategies as st

from tools.fuzz import odd
from tools.fuzz.inputs import Input
from tools.fuzz.prepared import stored

_GATE = ("gate", "--baseline", "baseline", "--results", "results/runs", "--rules", "rules.yaml", "--format", "json")
_VALID: tuple[dict[str, Any], ...] = (
    {"measure": "EvidenceRecall", "max_drop": 0.01},
    {"measure": "EvidenceRecall", "max_drop": "5%", "by": "category", "confidence": 0.95, "runs": "*bm25*"},
    {"measure": "ContextTokens", "max_rise": 10},
    {"measure": "ReadSeconds(p=50)", "max_ratio": 1000},
    {"measure": "AnswerInContext", "max_drop": 0.5, "categories": ["single-hop"]},
)
_SPELLINGS = {
    0.01: ("0.01", "0.010", "1.0e-2", "1%"[:0] or "1.00e-2"),
    0.95: ("0.95", "0.950", "9.5e-1"),
    10: ("10", "10.0", "1.0e+1"),
    1000: ("1000", "1000.0", "1.0e+3"),
    0.5: ("0.5", "0.50", ".5", "5.0e-1"),
}
_YAML = ("", "rules:", "rules: []", "[]", "- ", "- 1", "rules: {a: 1}", "&a [*a]", "rules: &a [*a]",
    "!!python/object:os.system []",
         "rules: [{measure: EvidenceRecall, max_drop: 0.01, max_drop: 1}]", "{? [a] : 1}",
         "rules: [{measure: EvidenceRecall, max_drop: 2023-01-01}]",
         "a: b: c", "\t- x", "%YAML 9.9\n---\n[]", "--- []\n--- []", "rules: [{<<: {measure: EvidenceRecall}}]",
         "- {measure: *nobody}",
         "{a: " * 900, "- " * 900, "[" * 900)  # fmt: skip


@st.composite
def odd_rules(draw: odd.Draw) -> Input:
    """Damaged rules, broken YAML, and YAML that means something else."""
    which = draw(st.integers(0, 9))
    if which == 0:
        content = draw(st.sampled_from(_YAML)).encode()
    elif which == 1:
        content = draw(odd.broken(stored()["rules.yaml"]))
    else:
        tree = draw(odd.damaged({"rules": list(_VALID)}, 2))
        content = odd.dumped(tree)
    return Input("rules", _GATE, {**stored(), "rules.yaml": content})


@st.composite
def same_rules(draw: odd.Draw) -> Input:
    """The same rules in another order of keys, in JSON or YAML, with other spellings of numbers."""
    rules = [
        _VALID[index] for index in draw(st.lists(st.integers(0, 4), min_size=1, max_size=4, unique=True)) if index != 3
    ]
    if not rules:
        rules = [_VALID[0]]

    def number(value: Any) -> str:
        if isinstance(value, int | float):
            return str(draw(st.sampled_from(_SPELLINGS[value])))
        return json.dumps(value)

    mark = draw(st.sampled_from((b"", b"\xef\xbb\xbf")))
    lines = ["rules:"] if draw(st.booleans()) else []
    for rule in rules:
        pairs = [f"{key}: {number(value)}" for key, value in draw(st.permutations(list(rule.items())))]
        lines.append("- {" + ", ".join(pairs) + "}" if draw(st.booleans()) else "- " + "\n  ".join(pairs))
    end = draw(st.sampled_from(("\n", "\r\n")))
    content = mark + end.join("\n".join(lines).splitlines()).encode() + end.encode()
    plain = odd.dumped(list(rules))
    other = Input("same-rules", _GATE, {**stored(), "rules.yaml": plain})
    return Input("same-rules", _GATE, {**stored(), "rules.yaml": content}, other)
