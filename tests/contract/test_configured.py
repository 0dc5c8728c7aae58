"""Every option that has a YAML is held to the contract of its group, or says in its own words why it cannot be here."""

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from support.dialogues import Memory

from memeval.kit.errors import ConfigError, ContractError
from memeval.options import root
from memeval.testing.configured import CONTRACTS, Configured, configured

ROOT = Path(__file__).resolve().parents[2]
CONFIGS = ROOT / "configs"
FIXTURES = ROOT / "tests" / "fixtures"
# Groups of lists of overrides: they hold no object.
LISTS = {"experiment", "reproduction"}
# What an option needs to be made here.
NEEDS: Mapping[str, Sequence[str]] = {
    f"benchmark={name}": (f"benchmark.path='{FIXTURES / file}'",)
    for name, file in (("jsonl", "dialogues.jsonl"), ("locomo", "locomo.json"), ("longmemeval", "longmemeval.json"))
}
# Rules that an option does not promise to keep, each with what it says in the docs.
SETTINGS: Mapping[str, Mapping[str, Any]] = {
    # Ranks by age and importance, too.
    "retriever=decay": {"finds": False},
    # Reads exact keys, and a sentence names none.
    "retriever=kv": {"finds": False},
    # Their indexes search approximately.
    "vector_store=chroma": {"exact": False},
    "vector_store=chroma_server": {"exact": False},
    "vector_store=pinecone": {"exact": False},
}
# What memeval brings itself: a default that could not be made must not pass for one that lacks something.
HERE = {
    "benchmark=demo", *NEEDS, "embedder=minilm", "embedder=wordllama", "executor=auto", "executor=processes",
    "executor=serial", "graph_store=memory", "judge=llm", "kv_store=memory", "kv_store=sqlite", "llm=scripted",
    "reader=llm", "retriever=bm25", "retriever=capacity", "retriever=decay", "retriever=graph", "retriever=hybrid",
    "retriever=kv", "retriever=sql", "retriever=text2sql", "retriever=vector", "sql_store=sqlite", "strategy=full",
    "strategy=model_summary", "strategy=none", "strategy=sliding_window", "strategy=summary", "strategy=truncation",
    "vector_store=faiss", "vector_store=numpy", "vector_store=qdrant", "vector_store=sqlite", "writing=facts",
    "writing=model_facts", "writing=rounds", "writing=sessions", "writing=turns", "writing=windows",
}  # fmt: skip
# A reason says what to set, to install, to fetch or to name; `none` holds no object.
REASON = re.compile(
    r"(set|export) [A-Z_]+=|pip install |memeval data fetch |stands for nothing|needs an address|[A-Z]+_API_KEY|"
    r"memeval stores"
)


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keys of the developer's are not used, and no cache of theirs."""
    for name in [name for name in os.environ if name.endswith("_API_KEY")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("MEMEVAL_CACHE", str(tmp_path))


@pytest.mark.parametrize("option", configured(), ids=str)
def test_an_option_keeps_its_contract(option: Configured) -> None:
    settings = SETTINGS.get(str(option), {"limit": 2} if option.group == "benchmark" else {})
    why = option.check(*NEEDS.get(str(option), ()), **settings)
    assert why is None or str(option) not in HERE, why
    if why is not None:
        assert REASON.search(why), f"{option} is not checked, and the reason does not say what it lacks: {why}"
        pytest.skip(why)


def test_no_yaml_is_left_out() -> None:
    files = {(path.parent.name, path.stem) for path in CONFIGS.glob("*/*.yaml") if path.parent.name not in LISTS}
    assert files == {(option.group, option.name) for option in configured()}
    groups = {option.group or option.name for option in root.OPTIONS if option.group}
    assert groups - LISTS == set(CONTRACTS)


def test_exceptions_name_options_that_exist() -> None:
    assert {*NEEDS, *SETTINGS, *HERE} <= set(map(str, configured()))


class Short(Memory):
    """Promises more dialogues than it has."""

    def __len__(self) -> int:
        return 99


def test_a_broken_option_is_found() -> None:
    with pytest.raises(ContractError, match="len"):
        Configured("benchmark", "demo").check("~benchmark", f"+benchmark._target_={__name__}.Short")


def test_an_option_that_cannot_be_made_gives_its_own_words() -> None:
    assert "needs a file: add benchmark.path=FILE" in str(Configured("benchmark", "jsonl").check())
    assert Configured("judge", "none").check() == "judge=none stands for nothing"


def test_unknown_groups_and_options_are_named() -> None:
    with pytest.raises(ContractError, match="no contract for the group 'retreiver': choose among benchmark"):
        Configured("retreiver", "bm25").check()
    with pytest.raises(ConfigError, match="did you mean bm25"):
        Configured("retriever", "bm52").check()
