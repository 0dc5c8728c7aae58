"""What a run is, wherever its models stand, and what cannot be run together."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from support.dialogues import Memory
from support.plans import plan, window

from memeval import provenance
from memeval.compose import Composer, composer
from memeval.errors import ConfigError
from memeval.plan import Plan

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
READER: Mapping[str, Any] = {"_target_": "memeval.reading.Reader", "model": {"_target_": "x.Y"}}
JUDGING: Mapping[str, Any] = {"_target_": "memeval.judging.Judge", "model": {"_target_": "x.Y"}}


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
    provenance._own_code.cache_clear()
    return provenance.code_hash({"memory": memory, "reader": None, "judge": None, **models})


def test_code_that_models_go_through_counts_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    llm = {"_target_": "memeval.llm.scripted.Scripted"}
    answered = {**READER, "model": llm}
    summary = {**window("model_summary.ModelSummary"), "llm": llm}
    own = {**window(), "llm": {"_target_": "collections.OrderedDict"}}
    silent = {**window(), "llm": {"_target_": None}}
    with_model = [(summary, {}), (window(), {"reader": answered}), (own, {})]
    before = [hashed(memory, **models) for memory, models in with_model]
    plain = [hashed(window()), hashed(silent)]
    assert plain[0] == plain[1] and hashed(window()) not in before

    for changed in ("litellm_model.py", "structured.py", "reading.py", "judging.py"):
        with monkeypatch.context() as patched:
            edited(patched, changed)
            assert [hashed(window()), hashed(silent)] == plain, changed
            now = [hashed(memory, **models) for memory, models in with_model]
            assert all(a != b for a, b in zip(before, now, strict=True)), changed
    with monkeypatch.context() as patched:
        edited(patched, "runner.py")
        assert hashed(window()) != plain[0]
    provenance._own_code.cache_clear()


def edited(patched: pytest.MonkeyPatch, name: str) -> None:
    """Files of a name read as if somebody had worked on them."""
    read = Path.read_bytes
    patched.setattr(Path, "read_bytes", lambda path: read(path) + (b"# edited" if path.name == name else b""))
