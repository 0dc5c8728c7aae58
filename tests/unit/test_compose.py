"""From overrides to plans: what composes, what is refused and with which words."""

from collections.abc import Iterator

import pytest
from support.dialogues import Memory

from memeval.harness.compose import Composer, composer
from memeval.kit.errors import ConfigError


@pytest.fixture(scope="module")
def hydra() -> Iterator[Composer]:
    with composer() as opened:
        yield opened


def test_a_sweep_is_every_combination_and_gets_its_references_once(hydra: Composer):
    cells = hydra.cells(["strategy=truncation,sliding_window", "retriever=none,bm25", "budget=500,2000"], multirun=True)
    points = [(cell.names["strategy"], cell.names["retriever"], cell.config["budget"]) for cell in cells]
    assert points[:8] == [
        (strategy, retriever, budget)
        for strategy in ("truncation", "sliding_window")
        for retriever in ("none", "bm25")
        for budget in (500, 2000)
    ]
    references = ("none", "full", "oracle", "random")
    assert points[8:] == [(name, "none", budget) for budget in (500, 2000) for name in references]


def test_one_cell_has_no_references_and_an_experiment_brings_its_sweep(hydra: Composer):
    assert len(hydra.cells(["strategy=truncation"], multirun=False)) == 1
    swept = hydra.cells(["experiment=demo"], multirun=False)
    names = {(cell.names["strategy"], cell.names["retriever"]) for cell in swept}
    assert {("summary", "none"), ("sliding_window", "bm25"), ("sliding_window", "vector"), ("oracle", "none")} <= names
    narrowed = hydra.cells(["experiment=demo", "strategy=truncation", "references=[]"], multirun=False)
    assert {cell.names["strategy"] for cell in narrowed} == {"truncation"}


@pytest.mark.parametrize("word", ["experiment=facotrial", "+experiment=facotrial", "experiment=[demo,facotrial]"])
def test_an_experiment_that_does_not_exist_is_refused(word: str, hydra: Composer):
    with pytest.raises(ConfigError, match="unknown experiment 'facotrial', did you mean factorial"):
        hydra.cells([word], multirun=False)


def test_one_run_gets_the_references_that_it_names(hydra: Composer):
    for word, names in (("references=[full]", ["truncation", "full"]), ("references=[]", ["truncation"])):
        cells = hydra.cells(["strategy=truncation", word], multirun=False)
        assert [cell.names["strategy"] for cell in cells] == names


def test_full_reads_the_whole_window_whatever_the_budget(hydra: Composer):
    ids = {hydra.cell(["strategy=full", f"budget={budget}"]).plan(Memory()).run_id for budget in (500, 2000)}
    plan = hydra.cell(["strategy=full", "budget=500"]).plan(Memory())
    assert plan.budget == plan.window == 128_000
    assert len(ids) == 1, "a grid over budgets must not run full history twice"


def test_options_that_a_cell_does_not_use_do_not_change_its_id(hydra: Composer):
    def run_id(*overrides: str) -> str:
        return hydra.cell(["strategy=truncation", *overrides]).plan(Memory()).run_id

    assert run_id() == run_id("embedder=wordllama", "writing=rounds", "workers=2")
    assert run_id() != run_id("strategy.turns=7")
    assert run_id("retriever=bm25") == run_id("retriever=bm25", "embedder=wordllama")
    assert run_id("retriever=bm25") != run_id("retriever=bm25", "writing=rounds")


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["strategy=slidng_window"], "unknown strategy 'slidng_window', did you mean sliding_window"),
        (["strategy.turnz=3", "strategy=truncation"], "did you mean strategy.turns"),
        (["bugdet=3"], "did you mean budget"),
        (["budget=lots"], "budget=lots is not valid"),
        (["strategy=none,full"], "add -m"),
        (["strategy"], "overrides read key=value"),
        (["+nothing=1"], "nothing reads nothing"),
        (["benchmark=locom"], "did you mean locomo"),
    ],
)
def test_what_is_mistyped_is_named_with_what_to_type(hydra: Composer, overrides: list[str], message: str):
    with pytest.raises(ConfigError, match=message):
        hydra.cells(overrides, multirun=False)


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["budget=0"], "budget=0"),
        (["budget=128001"], "larger than the context window"),
        (["strategy=oracle", "retriever=bm25"], "is a reference and is not combined"),
        (["isolation=alone"], "isolation='alone'"),
    ],
)
def test_what_cannot_run_together_is_refused(hydra: Composer, overrides: list[str], message: str):
    with pytest.raises(ConfigError, match=message):
        hydra.cell(overrides).plan(Memory())
