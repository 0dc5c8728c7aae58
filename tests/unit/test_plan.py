"""What a run is, wherever its models stand, and what cannot be run together."""

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from support.dialogues import Memory
from support.plans import plan, window

from memeval.harness.compose import Composer, composer
from memeval.harness.plan import Plan
from memeval.kit.errors import ConfigError
from memeval.provenance import closure

LLM = ("llm=litellm", "llm.model=openai/tiny", "llm.api_base=http://127.0.0.1:9/v1")
EMBEDDER = ("embedder=api", "embedder.model=openai/small", "embedder.api_base=http://127.0.0.1:9/v1")
JUDGE = ("llm@judge_llm=litellm", "judge_llm.model=openai/other")
# Where a model can stand, and the group that it is given by.
PLACES = {
    "strategy": ("llm", ("strategy=model_summary", *LLM)),
    "writing": ("llm", ("strategy=none", "retriever=bm25", "writing=model_facts", *LLM)),
    "retriever": ("llm", ("strategy=none", "retriever=text2sql", *LLM)),
    "reader": ("llm", ("reader=llm", *LLM)),
    "judge without a model of its own": ("llm", ("reader=llm", "judge=llm", *LLM)),
    "judge": ("judge_llm", ("reader=llm", "judge=llm", "llm=scripted", *JUDGE)),
    "embedder": ("embedder", ("strategy=none", "retriever=vector", *EMBEDDER)),
    "embedder of a part": ("embedder", ("strategy=none", "retriever=hybrid", *EMBEDDER)),
}
HOW = {"cache": "off", "retries": "0", "timeout": "7.5", "concurrency": "2"}
READER: Mapping[str, Any] = {"_target_": "memeval.answers.reader.Reader", "model": {"_target_": "x.Y"}}
JUDGING: Mapping[str, Any] = {"_target_": "memeval.answers.judge.Judge", "model": {"_target_": "x.Y"}}


@pytest.fixture(scope="module")
def hydra() -> Iterator[Composer]:
    with composer() as opened:
        yield opened


@pytest.mark.parametrize("place", PLACES)
def test_how_a_model_is_asked_is_no_part_of_the_identity(hydra: Composer, place: str) -> None:
    group, words = PLACES[place]

    def made(*more: str) -> tuple[Plan, Mapping[str, Any]]:
        cell = hydra.cell([*words, *more])
        return cell.plan(Memory()), cell.config[group]

    known, options = made()
    # Embedders keep vectors or do not: true or false.
    how = {name: "false" if isinstance(options[name], bool) else HOW[name] for name in HOW if name in options}
    assert {"cache", "retries", "timeout"} <= set(how)
    changed, others = made(*(f"{group}.{name}={value}" for name, value in how.items()))
    assert all(others[name] != options[name] for name in how), "the options were changed"
    assert changed.identity == known.identity and changed.run_id == known.run_id
    assert made(f"{group}.model=openai/another")[0].run_id != known.run_id


@pytest.mark.parametrize("models", [{"reader": READER}, {"reader": READER, "judge": JUDGING}, {"judge": JUDGING}])
def test_a_replay_has_nothing_to_answer_or_judge(models: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=r"replay.*reader=none judge=none.*mode=questions"):
        plan(Memory(), window(), mode="replay", **models)


def test_a_judge_needs_answers() -> None:
    with pytest.raises(ConfigError, match="reader=llm"):
        plan(Memory(), window(), judge=JUDGING)


def hashed(memory: Mapping[str, Any], **models: Any) -> str:
    closure._content.cache_clear()
    return closure.code_hash({"memory": memory, "reader": None, "judge": None, **models})


def test_code_that_models_go_through_counts_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    llm = {"_target_": "memeval.llm.scripted.Scripted"}
    answered = {**READER, "model": {"_target_": "memeval.llm.litellm_model.LiteLLM"}}
    summary = {**window("model_summary.ModelSummary"), "llm": llm}
    silent = {**window(), "llm": {"_target_": None}}
    plain = hashed(window())
    assert hashed(silent) == plain
    for changed, counts in (
        ("structured.py", (True, True)),
        ("litellm_model.py", (False, True)),
        ("reader.py", (False, True)),
        ("prices.py", (False, True)),
        ("pinecone.py", (False, False)),
    ):
        before = hashed(summary), hashed(window(), reader=answered)
        with monkeypatch.context() as patched:
            edited(patched, changed)
            assert hashed(window()) == hashed(silent) == plain, changed
            now = hashed(summary), hashed(window(), reader=answered)
            assert tuple(a != b for a, b in zip(before, now, strict=True)) == counts, changed
    for changed in ("session.py", "runner.py", "prompt.py", "sliding_window.py", "executors.py", "outcomes.py"):
        with monkeypatch.context() as patched:
            edited(patched, changed)
            assert hashed(window()) != plain, changed
    closure._content.cache_clear()


def edited(patched: pytest.MonkeyPatch, name: str) -> None:
    """Files of a name read as if somebody had worked on them."""
    read = Path.read_bytes
    patched.setattr(Path, "read_bytes", lambda path: read(path) + (b"# edited" if path.name == name else b""))


def test_imports_are_those_that_python_sees() -> None:
    """The quick reading of a source finds what its syntax tree has, in every file of memeval."""
    root = Path(closure.memeval.__file__).parent
    seen = 0
    for path in sorted(root.resolve().rglob("*.py")) + sorted((root / "strategies").resolve().rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        expected = {
            f"{node.module}.{alias.name}" if closure._path(f"{node.module}.{alias.name}") else str(node.module)
            for node in ast.walk(without_type_checking(ast.parse(text)))
            if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "memeval"
            for alias in node.names
        }
        found = set(closure.imports(text, "memeval.x"))
        assert expected <= found and {name for name in found if name not in expected} <= parents(expected), path
        seen += len(expected)
    assert seen > 500


def parents(names: set[str]) -> set[str]:
    return {name.rpartition(".")[0] for name in names} | {"memeval"}


def without_type_checking(tree: ast.Module) -> ast.Module:
    tree.body = [
        node for node in tree.body if not (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test))
    ]
    return tree


def test_a_module_of_ones_own_counts_with_what_lies_beside_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine_a.py").write_text("from mine_b import helper\nimport json, numpy\n\n\nclass Memory: ...\n")
    (tmp_path / "mine_b.py").write_text("def helper(): ...\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert closure.closure("mine_a") == {"mine_a", "mine_b"}
