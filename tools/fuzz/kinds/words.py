"""Words of all other commands, typed where runs of several kinds are stored."""

from hypothesis import strategies as st

from tools.fuzz import odd
from tools.fuzz.inputs import Input
from tools.fuzz.kinds.overrides import _VALUES
from tools.fuzz.prepared import stored

_RUNS = ("*", "truncation-60", "sliding_window+bm25", "results/runs/jsonl", "results", "none*", "nobody", "[", "**", "",
    ".", "..",
         "results/*/*", "full*", "truncation*", "rules.yaml", "dialogues.jsonl")  # fmt: skip
_KEYS = {
    "score": ("measures", "preset", "results"),
    "compare": ("reference", "measures", "by", "across", "results", "format", "out", "level", "resamples", "seed"),
    "cost": ("target", "questions", "llm", "embedder", "results"),
    "replay": ("target", "results", "plot"),
    "show": ("results",),
    "report": ("out", "results", "measures", "across"),
    "plot": ("kinds", "out", "results"),
}
_USUAL = {
    "measures": ("[EvidenceRecall]", "[Recall@5, MRR@3]", "[]", "[nobody]", "ContextTokens", "EvidenceRecall,MRR@10"),
    "preset": ("memini", "nobody", ""),
    "results": ("results", "nobody", "", "dialogues.jsonl", ".."),
    "format": ("table", "markdown", "csv", "parquet", "latex", "nobody"),
    "out": ("o.md", "o.csv", "o.tex", "o.parquet", "o", "results", "dialogues.jsonl", "dialogues.jsonl/x", "o/p.md",
    "o.xyz"),
    "level": ("0.9", "0.999", "1", "0", "95"),
    "resamples": ("10", "0", "1", "1e9"),
    "target": ("gpt-4o", "gpt-4o,claude-sonnet-4", "nobody", ",", "gpt-4"),
    "questions": ("1", "10,100", "0", "1e3", "-1"),
    "by": ("category", "nobody"),
    "across": ("budget", "budget,tokenizer", "nobody", ","),
    "kinds": ("[budget]", "[nobody]", "[]", "budget,age"),
    "plot": ("on", "off", "maybe"),
    "reference": ("truncation-60", "*", "nobody"),
}  # fmt: skip
_FLAGS = ("--results", "--baseline", "--rules", "--only", "--format", "--out", "--update", "--ratchet", "-m",
    "--nobody",
          "--help", "--yes", "--timeout", "--", "-", "--results=results", "--cfg", "-h")  # fmt: skip
_OTHERS = (
    ("list",), ("list", "strategy"), ("list", "measures"), ("list", "plots"), ("list", "nobody"), ("list", "commands"),
    ("data", "list"), ("data", "show", "jsonl"), ("data", "validate", "dialogues.jsonl"), ("data", "show"), ("data",),
    ("new", "strategy", "mine", "into=pack"), ("new", "measure", "mine", "into=pack"), ("new", "nobody", "x"),
    ("new", "retriever", "9x"), ("new", "store", "a-b", "into=.."), ("judge-check", "llm@judge_llm=scripted"),
    ("judge-check",), ("reproduce", "nobody"), ("reproduce",), ("stores", "list", "x"), ("--version",), (), ("nobody",),
    ("gate",), ("gate", "--baseline", "baseline"), ("gate", "--baseline", "nobody"), ("demo", "budget=a"), ("demo",
    "x"),
)  # fmt: skip
_odd = st.one_of(st.sampled_from(_VALUES), odd.texts).filter(lambda word: not word.startswith(("/", "~", "$")))


@st.composite
def _option(draw: odd.Draw, command: str) -> str:
    if draw(st.integers(0, 9)) == 0:
        return f"{draw(st.sampled_from(('nobody', '', 'Measures', 'results ')))}={draw(_odd)}"
    key = draw(st.sampled_from(_KEYS[command]))
    usual = st.sampled_from(_USUAL.get(key, ("gpt-4o", "1")))
    return f"{key}={draw(st.one_of(usual, usual, _odd))}"


@st.composite
def odd_words(draw: odd.Draw) -> Input:
    """A command with runs, options and flags."""
    if draw(st.integers(0, 2)) == 0:
        given = [*draw(st.sampled_from(_OTHERS)), *draw(st.lists(_odd, max_size=2))]
    else:
        command = draw(st.sampled_from(sorted(_KEYS)))
        runs = draw(st.lists(st.sampled_from(_RUNS), max_size=2))
        given = [command, *runs, *draw(st.lists(_option(command), max_size=3))]
        if command == "report" and draw(st.booleans()):
            given.append("out=report")
    if draw(st.integers(0, 3)) == 0:
        given.insert(draw(st.integers(min(1, len(given)), len(given))), draw(st.sampled_from(_FLAGS)))
    # A word of a command line holds no NUL, and ours hold no halves of surrogate pairs.
    given = [word.replace("\0", "") for word in given]
    if given[:2] in (["stores", "clean"], ["stores", "serve"], ["data", "fetch"]):
        given = ["list"]
    return Input("words", tuple(given), stored())
