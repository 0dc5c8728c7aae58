"""Dialogues of every format: damaged, and written in other ways."""

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from tools.fuzz import odd
from tools.fuzz.inputs import Input
from tools.fuzz.prepared import DIALOGUES, MEASURES, dialogues, lines, locomo, longmemeval

# Few, so that each is composed once.
MEMORIES = (
    ("strategy=sliding_window", "retriever=bm25"),
    ("strategy=truncation",),
    ("strategy=summary",),
    ("strategy=none", "retriever=bm25", "writing=facts"),
    ("strategy=none", "retriever=bm25", "writing=rounds", "retriever.engine=fts5"),
    ("strategy=none", "retriever=kv"),
    ("strategy=none", "retriever=graph"),
    ("strategy=none", "retriever=sql", "writing=windows"),
    ("strategy=none", "retriever=decay"),
    ("strategy=oracle",),
    ("strategy=sliding_window", "retriever=bm25", "isolation=shared"),
)
_WHOLE: dict[str, tuple[str, Callable[[], Any]]] = {
    "locomo": ("locomo.json", locomo),
    "longmemeval": ("longmemeval.json", longmemeval),
}
_BREAKS = st.sampled_from((b"\n", b"\n\n", b"\r\n", b"\n \n"))


def words(benchmark: str, file: str, memory: tuple[str, ...]) -> tuple[str, ...]:
    """The command that runs a memory over a file."""
    common = ("progress=off", "results=results", "budget=40", MEASURES)
    return ("run", f"benchmark={benchmark}", f"benchmark.path={file}", *memory, *common)


@st.composite
def damaged_dialogues(draw: odd.Draw) -> Input:
    """A file with some nodes, or some bytes, that nobody expects."""
    benchmark = draw(st.sampled_from(("jsonl", "jsonl", "locomo", "longmemeval")))
    if benchmark == "jsonl":
        file, parts = DIALOGUES, dialogues()
        if draw(st.booleans()):
            parts[0] = draw(odd.damaged(parts[0]))
        else:
            parts = draw(odd.damaged(parts))
        listed = isinstance(parts, list) and draw(st.integers(0, 5)) > 0
        content = draw(_BREAKS).join(map(odd.dumped, parts)) + b"\n" if listed else odd.dumped(parts)
    else:
        file, valid = _WHOLE[benchmark]
        content = odd.dumped(draw(odd.damaged(valid())))
    if draw(st.integers(0, 4)) == 0:
        content = draw(odd.broken(content))
    command = words(benchmark, file, draw(st.sampled_from(MEMORIES)))
    other = draw(st.integers(0, 9))
    if other == 0 and benchmark == "jsonl":
        command = ("data", "validate", file)
    return Input("dialogues", command, {file: content})


@st.composite
def same_dialogues(draw: odd.Draw) -> Input:
    """The same dialogues in another spelling: order of keys, blanks, blank lines, escapes, a byte order mark, CRLF."""
    benchmark = draw(st.sampled_from(("jsonl", "jsonl", "locomo", "longmemeval")))
    mark = draw(st.sampled_from((b"", b"", b"\xef\xbb\xbf")))
    if benchmark == "jsonl":
        file, parts = DIALOGUES, dialogues()
        written = [draw(odd.rewritten(part)).encode() for part in parts]
        layout = draw(st.sampled_from(("lines", "lines", "array", "indented")))
        end = draw(_BREAKS)
        if layout == "lines":
            content = (
                draw(st.sampled_from((b"", b"\n", b"\r\n"))) + end.join(written) + draw(st.sampled_from((b"", end)))
            )
        elif layout == "array":
            content = b"[" + (b"," + end).join(written) + b"]" + end
        else:
            import json

            content = end.join(json.dumps(part, indent=2, ensure_ascii=False).encode() for part in parts)
        plain = lines(parts)
    else:
        file, valid = _WHOLE[benchmark]
        content, plain = draw(odd.rewritten(valid())).encode(), odd.dumped(valid())
    command = words(benchmark, file, draw(st.sampled_from(MEMORIES)))
    return Input("same-dialogues", command, {file: mark + content}, Input("same-dialogues", command, {file: plain}))
