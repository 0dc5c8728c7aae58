"""Overrides of `memeval run`: odd ones, and the same ones in another order and spelling."""

from functools import cache
from typing import Any

from hypothesis import strategies as st

from tools.fuzz import odd
from tools.fuzz.inputs import Input
from tools.fuzz.prepared import DIALOGUES, RUN, dialogues, lines

FILES = {DIALOGUES: lines(dialogues())}
# Options that start no download, no server and no model.
OPTIONS = {
    "benchmark": ("demo", "jsonl", "locomo", "nobody"),
    "strategy": ("none", "full", "oracle", "random", "sliding_window", "summary", "truncation", "nobody", "null"),
    "retriever": ("none", "bm25", "decay", "graph", "kv", "sql", "hybrid", "capacity", "nobody", "null"),
    "writing": ("turns", "rounds", "sessions", "windows", "facts", "nobody"),
    "vector_store": ("numpy", "faiss", "sqlite", "nobody"),
    "kv_store": ("memory", "sqlite"),
    "graph_store": ("memory", "networkx"),
    "sql_store": ("sqlite",),
    "target": ("gpt-4o", "gpt-6-luna", "litellm", "gpt-4", "claude-sonnet-4", "nobody", "null"),
    "llm": ("none", "scripted", "nobody", "null", "true"),
    "judge_llm": ("none", "scripted", "null"),
    "llm@judge_llm": ("none", "scripted", "null"),
    "reader": ("none", "llm", "null", "1"),
    "judge": ("none", "llm", "null", "true"),
    "experiment": ("nobody", "null", "1", "factoriel"),
}
# Values of commands that are safe wherever they are written to: none is an absolute path, `~` or `$HOME`.
_VALUES = (
    "", "0", "1", "-1", "2", "60", "1.5", "0.5", "1e3", "1e400", "nan", "inf", "-inf", "true", "false", "null",
    "abc", "''",
    '""', "'1'", "a b", "'a b'", "[]", "[1]", "[1,2]", "[a]", "[null]", "[[1]]", "{}", "{a:1}", "{a:{b:[1]}}",
    "[{_target_:x}]",
    "1,2", "range(1,3)", "interval(0,1)", "choice(1,2)", "glob(*)", "sort(2,1)", "shuffle(1,2)", "int(1.5)", "float(x)",
    "str(1)", "bool(x)", "extend_list(1)", "tag(a,choice(1))", "${budget}", "${nothing}", "${budget", "$", "???",
    "\\", "'", '"',
    "(", "{", "[", "x=y", "=", "@", ":", "é", "日本", "\x1b[2J",
    "\n", "\u2028", "99999999999999999999", "0x10", "1_000",
    "[" * 40, "[" * 40 + "]" * 40, "x" * 3000, "memeval.kit.document.Document", "os.system", "nowhere.Nothing",
    "a.b.", ".",
    "memeval", "builtins.dict", "builtins.int", "None", "%Y", "{speaker", "{nobody}", "{0}",
)  # fmt: skip
_PREFIXES = ("", "", "", "", "", "+", "~", "++", "-", "--", "@")
# Not carried out: they run others' programs, or thousands of processes.
_NEVER = ("workers", "hydra")


@cache
def keys() -> tuple[str, ...]:
    """Keys of the composed config, nested ones with dots."""
    from memeval.harness.compose import composer

    with composer() as hydra:
        config = hydra.cell([*RUN[1:], "retriever=bm25"]).config

    def walk(node: Any, above: str) -> list[str]:
        if not isinstance(node, dict):
            return []
        return [name for key, value in node.items() for name in (f"{above}{key}", *walk(value, f"{above}{key}."))]

    return tuple(
        key for key in walk(config, "") if not key.startswith(_NEVER) and key not in ("results", "benchmark.path")
    )


@st.composite
def override(draw: odd.Draw) -> str:
    """One override: a group with an option, or a key with any value."""
    if draw(st.integers(0, 2)) == 0:
        group = draw(st.sampled_from(sorted(OPTIONS)))
        value = draw(st.sampled_from((*OPTIONS[group], *_VALUES[:12])))
        return f"{draw(st.sampled_from(_PREFIXES[:6]))}{group}={value}"
    key = draw(
        st.sampled_from(
            (*keys(), "nobody", "retriever.nobody", "parts.bm25.k1", "workers", "results", "benchmark.path")
        )
    )
    if key == "workers":
        return f"workers={draw(st.sampled_from(('0', '-1', 'a', '1.5', 'null', '', '[1]', 'true')))}"
    value = draw(st.one_of(st.sampled_from(_VALUES), st.sampled_from(_VALUES), st.integers(-3, 300).map(str)))
    return (
        f"{draw(st.sampled_from(_PREFIXES))}{key}{draw(st.sampled_from(('=',) * 12 + ('', '==', ' = ', ':')))}{value}"
    )


@st.composite
def odd_overrides(draw: odd.Draw) -> Input:
    """One to three odd overrides behind valid ones."""
    given = tuple(draw(st.lists(override(), min_size=1, max_size=3)))
    many = ("-m",) if draw(st.integers(0, 5)) == 0 else ()
    # Small, so that those that can be run are.
    command = (*RUN[:1], *many, *RUN[1:], "benchmark.path=dialogues.jsonl", "budget=60", *given)
    if draw(st.integers(0, 7)) == 0:
        command = (*command, "--cfg")
    return Input("overrides", command, FILES)


# Ways to write the same value.
_SAME = (
    ("budget", ("60", "'60'", "060", "6_0")[:2]),
    ("retrieved_share", ("0.5", "0.50", "5e-1", ".5", "'0.5'")),
    ("retriever.b", ("0.75", "0.750", "75e-2", "7.5e-1")),
    ("retriever.k1", ("1.5", "1.50", "15e-1")),
    ("retriever.engine", ("fts5", "'fts5'", '"fts5"')),
    ("limit", ("null", "null")),
    ("document.before", ("'{speaker}: '", '"{speaker}: "')),
    ("seed", ("0", "'0'")),
    ("depth", ("50", "'50'")),
    ("forget", ("0", "0.0", "0e0", "0.00")),
    ("overwrite", ("true", "True", "TRUE")),
)


@st.composite
def same_overrides(draw: odd.Draw) -> Input:
    """The same overrides in another order, with other spellings of their values."""
    chosen = draw(st.lists(st.sampled_from(_SAME), min_size=2, max_size=5, unique_by=lambda pair: pair[0]))
    first = [f"{key}={draw(st.sampled_from(values))}" for key, values in chosen]
    again = [f"{key}={draw(st.sampled_from(values))}" for key, values in chosen]
    common = [
        *RUN[1:],
        "strategy=sliding_window",
        "retriever=bm25",
        "measures=[EvidenceRecall,Recall@10,ContextTokens]",
    ]
    if not any(key == "budget" for key, _ in chosen):
        common.append("budget=60")
    one = ("run", *common, *first)
    other = ("run", *draw(st.permutations([*common, *again])))
    return Input("same-overrides", one, FILES, Input("same-overrides", other, FILES))
