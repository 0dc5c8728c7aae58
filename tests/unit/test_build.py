import pytest
from support.plans import DOCUMENT, window

from memeval.kit.document import Document
from memeval.kit.errors import ConfigError
from memeval.options.build import build


def test_a_node_is_built_with_its_children():
    strategy = build(window("truncation.Truncation", turns=3), "strategy")
    assert type(strategy).__name__ == "Truncation"
    assert build(DOCUMENT) == Document()


@pytest.mark.parametrize(
    ("node", "message"),
    [
        ({}, "has no _target_"),
        ({"_target_": "memeval.nowhere.Thing"}, "cannot be imported"),
        ({"_target_": "memeval.kit.document.Nothing"}, "cannot be imported"),
        (window("truncation.Truncation", trns=3), "takes no option 'trns'"),
        (window("truncation.Truncation", turns="many"), "strategy.turns='many' is not valid.*e.g. strategy.turns=20"),
        (window("truncation.Truncation", turns=0.5), "strategy.turns=0.5"),
        (window("truncation.Truncation", turns=0), "strategy.turns=0"),
        (window("sliding_window.SlidingWindow", tokens=0), "strategy.tokens=0"),
        ({"_target_": "memeval.strategies.short_term.truncation.Truncation"}, "lacks document, tokenizer"),
        ({**DOCUMENT, "before": "{who}: "}, "may use {speaker}"),
    ],
)
def test_what_does_not_fit_the_constructor_is_refused(node: dict[str, object], message: str):
    with pytest.raises(ConfigError, match=message):
        build(node, "strategy")


def test_options_of_the_composite_are_named_as_they_are_typed():
    node = {
        "_target_": "memeval.strategies.memory.Memory",
        "window": window("truncation.Truncation", turns="many"),
        "retriever": {"_target_": "memeval.strategies.long_term.bm25.BM25", "writing": None},
    }
    with pytest.raises(ConfigError, match=r"^strategy\.turns="):
        build(node, "memory")
    node["window"] = window()
    node["retriever"] = {"_target_": "memeval.strategies.long_term.bm25.BM25", "writing": None, "b": "x"}
    with pytest.raises(ConfigError, match=r"^retriever\.b="):
        build(node, "memory")


def test_shared_stores_are_built_once_and_others_each_time():
    node = {
        "_target_": "memeval.strategies.long_term.vector.Vector",
        "writing": {"_target_": "memeval.strategies.writing.turns.Turns", "document": DOCUMENT},
        "embedder": {"_target_": "memeval.strategies.embedders.wordllama.Wordllama"},
        "store": {"_target_": "memeval.strategies.stores.vector.numpy.NumpyStore"},
    }
    shared: dict[str, object] = {}
    one, two = (build(node, "retriever", shared) for _ in range(2))
    assert one._store is two._store and len(shared) == 1
    assert one._writing is not two._writing
    assert build(node, "retriever")._store is not build(node, "retriever")._store
