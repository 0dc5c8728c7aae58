"""Words of `memeval run` that make no sense end in a sentence that names the option, before anything runs."""

from collections.abc import Iterator

import pytest

from memeval.harness.compose import Composer, composer
from memeval.kit.errors import ConfigError


@pytest.fixture(scope="module")
def hydra() -> Iterator[Composer]:
    with composer() as opened:
        yield opened


# What Hydra or the code behind it used to answer with a traceback.
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["judge=true"], "judge=true is no name of an option: choose judge= one of llm, none"),
        (["llm=null"], "llm=null is no name"),
        (["llm@judge_llm=1"], "llm@judge_llm=1 is no name"),
        (["retriever=1"], "retriever=1 is no name"),
        (["strategy=[truncation,none]"],
        "a run has one strategy: type strategy=truncation, or -m strategy=truncation,none"),
        (["strategy={a:1}"], "is no name of an option: choose strategy="),
        (["~strategy"], "strategy is removed, and every run needs it"),
        (["~budget"], "budget is removed, and every run needs it"),
        (["~results"], "results is removed"),
        (["document=1"], "document=1 names nothing"),
        (["tokenizer=null"], "tokenizer=null names nothing"),
        (["memory=null", "retriever=bm25"], "memory=null names nothing"),
        (["references=[[1]]"], r"strategy=\[1\] is a list, and a run has one strategy"),
        (["sweep=[1]"], "sweep: 1 is no block of axes"),
        (["sweep=[{strategy:{a:1}}]"], "is no value of strategy"),
        (["target.window=abc"], "target.window='abc' is no number of tokens"),
        (["target.window=true"], "target.window=True is no number of tokens"),
        (["target.price=1"], "target.price=1 is no price"),
        (["target.price.tiers=[1]"], r"target.price.tiers=\[1\] is no list of tiers"),
        (["target.cache=1"], "target.cache=1 is no cache"),
        (["target.name=[1]"], r"target.name=\[1\] is no name"),
        (["retriever=bm25", "retriever.k1=nan"], "retriever.k1=nan is no finite number"),
        (["retriever=bm25", "retriever.b=-inf"], "retriever.b=-inf is no finite number"),
        (["+parts.bm25.k1=nan"], "parts.bm25.k1=nan is no finite number"),
        (["scope=x"], "memeval sets it itself"),
        (["results="], "results= is empty"),
        (["workers=0"], "workers=0 is out of range"),
        (["depth=-1"], "depth=-1 is out of range"),
        ([f"benchmark.path={'[' * 60}{']' * 60}", "benchmark=jsonl"], "nested more than 40 deep"),
    ],
    ids=lambda value: " ".join(value)[:60] if isinstance(value, list) else "",
)  # fmt: skip
def test_words_without_sense_are_named(hydra: Composer, words: list[str], said: str):
    with pytest.raises(ConfigError, match=said):
        hydra.cells(words, multirun=False)


@pytest.mark.parametrize("word", ["budget=interval(0,1)", "strategy=interval(0,1)", "retriever.k1=interval(0,1)"])
def test_an_interval_lists_no_values(hydra: Composer, word: str):
    with pytest.raises(ConfigError, match="lists no values: write them, e.g. -m"):
        hydra.cells([word], multirun=True)
