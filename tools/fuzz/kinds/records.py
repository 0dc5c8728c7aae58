"""Stored runs and baselines whose files were damaged."""

import json
from typing import Any

from hypothesis import strategies as st

from tools.fuzz import odd
from tools.fuzz.inputs import Input
from tools.fuzz.prepared import named, stored

_COMMANDS = (
    ("show",), ("show", "truncation-60"), ("show", "sliding_window+bm25", "q1"), ("show", "sliding_window+bm25"),
    ("score", "*"), ("score", "sliding_window*", "measures=[Recall@5,ContextTokens]"), ("score", "*60*",
    "preset=memini"),
    ("compare", "*60*"), ("compare", "results/runs/jsonl", "across=budget"), ("cost", "*60*"), ("cost", "*"), ("replay",
    "*"),
    ("report", "*60*", "out=report"), ("plot",), ("plot", "*60*", "kinds=[trade-off]"),
    ("gate", "--baseline", "baseline", "--results", "results/runs"),
    ("gate", "--baseline", "new", "--results", "results/runs", "--update", "truncation-60"),
    ("run", "benchmark=jsonl", "benchmark.path=dialogues.jsonl", "progress=off", "results=results/runs",
    "strategy=truncation", "budget=60"),
)  # fmt: skip


@st.composite
def _damaged(draw: odd.Draw, name: str) -> bytes:
    """A stored file: some bytes, or some nodes of one of its lines."""
    content = stored()[name]
    which = draw(st.integers(0, 4))
    if which == 0:
        return draw(odd.broken(content))
    if name.endswith(".jsonl"):
        lines = content.splitlines()
        index = draw(st.integers(0, len(lines) - 1))
        if which == 1:
            del lines[index]
        else:
            lines[index] = odd.dumped(draw(odd.damaged(json.loads(lines[index]), 2)))
        return b"".join(line + b"\n" for line in lines)
    tree: Any = draw(odd.damaged(json.loads(content), 2))
    return odd.dumped(tree)


@st.composite
def damaged_records(draw: odd.Draw) -> Input:
    """A damaged run.json, or damaged outcomes, among runs that are whole."""
    name = draw(
        st.sampled_from(
            [
                *named("results/runs/*/*/run.json"),
                *named("results/runs/*/*/run.json"),
                *named("results/runs/*/*/outcomes.jsonl"),
            ]
        )
    )
    files = {**stored(), name: draw(_damaged(name))}
    if draw(st.integers(0, 19)) == 0:
        del files[name]
    return Input("records", draw(st.sampled_from(_COMMANDS)), files)


@st.composite
def damaged_baselines(draw: odd.Draw) -> Input:
    """A damaged file of a baseline."""
    name = draw(st.sampled_from(named("baseline/*/*")))
    files = {**stored(), name: draw(_damaged(name))}
    if draw(st.integers(0, 19)) == 0:
        del files[name]
    more = draw(st.sampled_from(((), ("--format", "json"), ("--format", "junit"), ("--format", "markdown"),
    ("--ratchet",),
                                 ("--rules", "rules.yaml"), ("--only", "trunc*"))))  # fmt: skip
    return Input("baselines", ("gate", "--baseline", "baseline", "--results", "results/runs", *more), files)
