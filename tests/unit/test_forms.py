"""Words that look right and are none: the error says the form that works, and that form works."""

import re
import sys
from importlib import metadata
from pathlib import Path

import pytest

from memeval.cli import main, stores
from memeval.harness.compose import composer
from memeval.kit.engines import Engine
from memeval.kit.errors import ConfigError, ModelError
from memeval.strategies.long_term.graphiti.falkor import Falkor

MINE = """
class Fine:
    def __init__(self, turns: int = 3) -> None: ...
    def write(self, turns): ...
    def read(self, query, budget): ...

class Needy(Fine):
    def __init__(self, path: str, document, tokenizer) -> None: ...

class Mute:
    def write(self, turns): ...

class Searching:
    def write(self, turns): ...
    def search(self, query, k): return []

class Waiting(Searching):
    async def search(self, query, k): return []
"""


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "my_module.py").write_text(MINE)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(sys.modules, "my_module", raising=False)


def refused(*words: str) -> str:
    with composer() as hydra, pytest.raises(ConfigError) as error:
        hydra.cells(words, multirun=False)
    return str(error.value)


@pytest.mark.parametrize(
    ("wrong", "form"),
    [
        ("llm=gpt-4o-mini", "llm=litellm llm.model=gpt-4o-mini"),
        ("judge_llm=gpt-4o", "llm@judge_llm=litellm judge_llm.model=gpt-4o"),
        ("judge_llm=litellm", "llm@judge_llm=litellm"),
        ("reader=gpt-4o", "reader=llm llm=litellm llm.model=gpt-4o"),
        ("judge=gpt-4o", "judge=llm llm@judge_llm=litellm judge_llm.model=gpt-4o"),
        ("embedder=text-embedding-3-small", "embedder=api embedder.model=text-embedding-3-small"),
        ("embedder=BAAI/bge-small", "embedder=sentence_transformers embedder.model=BAAI/bge-small"),
        ("tokenizer=cl100k_base", "tokenizer.name=cl100k_base"),
        ("benchmark=my.jsonl", "benchmark=jsonl benchmark.path=my.jsonl"),
        ("benchmark=data/all.json", "benchmark=jsonl benchmark.path=data/all.json"),
        ("retriever=my_module:Memory", "retriever=none retriever._target_=my_module.Memory"),
        ("strategy=my.module.Memory", "strategy=none strategy._target_=my.module.Memory"),
        ("parts.bm25.k1=0.9", "+parts.bm25.k1=0.9"),
        ("document=x", "document.before='{speaker} said: '"),
    ],
)
def test_the_form_that_works(wrong: str, form: str) -> None:
    said = refused(wrong)
    assert form in said and "\n" not in said
    with composer() as hydra:
        assert hydra.cells(form.split(" ") if "'" not in form else [form], multirun=False)


@pytest.mark.parametrize("wrong", ["judge=true", "llm=null", "retriever=1", "strategy=null"])
def test_what_is_no_name(wrong: str) -> None:
    said = refused(wrong)
    group, _, value = wrong.partition("=")
    assert f"choose {group}= one of " in said and f"={value}" in said and "model" not in said.partition("choose")[0]


@pytest.mark.parametrize("key", ["retriever.k1", "llm.model", "judge_llm.model"])
def test_options_of_a_group_in_which_nothing_is_chosen(key: str) -> None:
    said = refused(f"{key}=1")
    command = re.search(r"\((memeval list \w+)\)", said)
    assert command and "did you mean" not in said
    assert main(command[1].split()[1:]) == 0


@pytest.mark.usefixtures("mine")
def test_options_of_a_class_of_ones_own_begin_with_a_plus(capsys: pytest.CaptureFixture[str]) -> None:
    own = ["strategy=none", "strategy._target_=my_module.Fine"]
    assert "type +strategy.turns=3" in refused(*own, "strategy.turns=3")
    data = ["run", "benchmark=demo", "limit=1", "progress=off"]
    assert main([*data, "strategy=none", "strategy._target_=my_module.Needy"]) == 2
    said = capsys.readouterr().err
    added = re.search(r"e\.g\. (\+strategy\.path=\.\.\. \+.*)", said)
    assert added, said
    words = added[1].replace("...", "x").replace("'", "").split()
    assert words == ["+strategy.path=x", "+strategy.document=${document}", "+strategy.tokenizer=${tokenizer}"]
    with composer() as hydra:
        (cell,) = hydra.cells(["strategy=none", "strategy._target_=my_module.Needy", *words], multirun=False)
    assert cell.config["strategy"]["path"] == "x" and cell.config["strategy"]["tokenizer"]["name"] == "o200k_base"
    assert main([*data, *own, "+strategy.turns=many"]) == 2
    shown = re.search(r"e\.g\. (\S+)", capsys.readouterr().err)
    assert shown and shown[1] == "++strategy.turns=3"
    with composer() as hydra:
        assert hydra.cells([*own, "+strategy.turns=9", shown[1]], multirun=False)[0].config["strategy"]["turns"] == 3
    assert main([*data, "strategy._target_=my_module.Fine"]) == 2
    assert "starts from none: strategy=none strategy._target_=my_module.Fine" in capsys.readouterr().err


@pytest.mark.usefixtures("mine")
def test_a_class_without_the_methods_is_refused_before_anything_runs(capsys: pytest.CaptureFixture[str]) -> None:
    data = ["run", "benchmark=demo", "limit=1", "progress=off", "strategy=none"]
    assert main([*data, "strategy._target_=my_module.Mute"]) == 2
    assert "my_module.Mute has no method read: a strategy has the methods write and read" in capsys.readouterr().err
    assert main([*data, "retriever._target_=my_module.Mute"]) == 2
    assert "my_module.Mute has no method search: a retriever has" in capsys.readouterr().err
    assert not list(Path.cwd().rglob("run.json"))
    assert main([*data, "retriever._target_=my_module.Searching"]) == 0
    capsys.readouterr()
    assert main([*data, "retriever._target_=my_module.Waiting"]) == 1
    assert "search() returned a coroutine: write def search without async" in capsys.readouterr().err


def test_stores_says_how_a_client_is_installed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the extra in its brackets, which the table must not read as markup."""
    real = metadata.version

    def without(package: str) -> str:
        if package in ("pgvector", "graphiti-core"):
            raise metadata.PackageNotFoundError(package)
        return real(package)

    monkeypatch.setattr(metadata, "version", without)
    monkeypatch.setenv("COLUMNS", "140")
    assert main(["stores", "--timeout", "1"]) == 0
    said = capsys.readouterr().out
    for option, extra in (("vector_store=pgvector", "pgvector"), ("retriever=graphiti", "graphiti")):
        line = next(line for line in said.splitlines() if line.startswith(option))
        assert f"pip install 'memeval[{extra}]'" in line
    # An address is there, its server would answer: Graphiti is named as missing all the same.
    with pytest.raises(ModelError, match=r"retriever=graphiti needs its client: pip install 'memeval\[graphiti\]'"):
        Falkor(url="redis://127.0.0.1:1", timeout=1, retries=0).engine()


def test_a_store_that_raises_hides_no_other(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Broken:
        def __init__(self, *, url: str | None, timeout: float, retries: int) -> None: ...

        def engine(self) -> Engine:
            raise RuntimeError("no luck today")

        def leftovers(self) -> list[str]:
            return []

        def remove(self, name: str) -> None: ...

        def close(self) -> None: ...

    found = [stores.System("kv_store", "mine", Broken), *list(stores.systems())[:2]]
    monkeypatch.setattr(stores, "systems", lambda: iter(found))
    assert main(["stores", "--timeout", "1"]) == 0
    said = capsys.readouterr()
    assert "cannot be asked" in said.out and "vector_store=" in said.out
    assert "kv_store=mine: RuntimeError: no luck today" in said.err
