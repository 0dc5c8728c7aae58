"""Plug-ins that misbehave in each of their methods: see `tools.fuzz.misbehaving`."""

from hypothesis import strategies as st

from tools.fuzz import odd
from tools.fuzz.inputs import Input
from tools.fuzz.kinds.overrides import FILES
from tools.fuzz.misbehaving import ACTS, METHODS
from tools.fuzz.prepared import RUN

_ROLES = {"strategy": "Memory", "retriever": "Retriever", "benchmark": "Source", "writing": "Writing"}


@st.composite
def misbehaving(draw: odd.Draw) -> Input:
    """A run with one plug-in that does something odd in one method."""
    role = draw(st.sampled_from(("strategy", "strategy", "retriever", "retriever", "benchmark", "writing")))
    where = draw(st.sampled_from(METHODS[role]))
    act = draw(st.sampled_from(sorted(ACTS)))
    option = [f"{role}._target_=tools.fuzz.misbehaving.{_ROLES[role]}", f"+{role}.where={where}", f"+{role}.act={act}"]
    base = {
        "strategy": ["strategy=none", "retriever=none"],
        "retriever": ["strategy=none", "retriever=none"],
        "benchmark": [
            "benchmark=locomo",
            "~benchmark.path",
            "~benchmark.gold",
            "~benchmark.evidence",
            "~benchmark.audit_path",
        ],
        "writing": ["strategy=none", "retriever=bm25", "~writing.document"],
    }[role]
    words = ["run", "progress=off", "results=results", "budget=60"]
    words += base if role == "benchmark" else [*RUN[1:3], *base]
    more = draw(
        st.sampled_from(
            ((), (), ("isolation=shared",), ("forget=1",), ("mode=replay", "targets=[gpt-4o]"), ("increments=1",))
        )
    )
    return Input("plugins", (*words, *option, *more), FILES)
