"""What a model says of a fact's importance reaches whoever ranks or evicts by it, through every retriever."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from memeval.kit.document import Document
from memeval.kit.protocols import Retriever, Writing
from memeval.kit.tokens import get_tokenizer
from memeval.kit.types import Query, Turn
from memeval.llm.scripted import Scripted
from memeval.strategies.embedders.wordllama import Wordllama
from memeval.strategies.extraction.model import ModelExtractor
from memeval.strategies.long_term.bm25 import BM25
from memeval.strategies.long_term.capacity import Capacity
from memeval.strategies.long_term.decay import Decay
from memeval.strategies.long_term.graph import Graph
from memeval.strategies.long_term.hybrid import Hybrid
from memeval.strategies.long_term.importance import importance
from memeval.strategies.long_term.kv import KV
from memeval.strategies.long_term.vector import Vector
from memeval.strategies.stores.graph.memory import MemoryGraph
from memeval.strategies.stores.kv.memory import MemoryKV
from memeval.strategies.stores.vector.numpy import NumpyStore
from memeval.strategies.writing.facts import Facts
from memeval.strategies.writing.turns import Turns

DOCUMENT = Document()
MAY = datetime(2024, 5, 1)
QUERY = Query("What does Ann play?")
TURNS = [
    Turn(f"t{number}", "s", "Ann", "user", f"I play the {what} badly.", MAY)
    for number, what in enumerate(("piano", "violin"))
]


def extractor(*ratings: int) -> ModelExtractor:
    facts = [
        {
            "entity": "Ann", "attribute": "play", "value": what, "statement": f"plays the {what}", "single": False,
            "importance": rating, "turns": [number], "date": None,
        }
        for number, what, rating in zip((1, 2), ("piano", "violin"), ratings, strict=True)
    ]  # fmt: skip
    model = Scripted(rules=[{"match": ".", "reply": {"facts": facts}}])
    return ModelExtractor(model, DOCUMENT, get_tokenizer("o200k_base"), "Find facts.")


def writing(*ratings: int) -> Writing:
    return Facts(extractor(*ratings), DOCUMENT)


def bm25(*ratings: int) -> Retriever:
    return BM25(writing(*ratings))


RETRIEVERS: dict[str, Callable[..., Retriever]] = {
    "bm25": bm25,
    "vector": lambda *ratings: Vector(writing(*ratings), Wordllama(), NumpyStore()),
    "graph": lambda *ratings: Graph(writing(*ratings), MemoryGraph()),
    "kv of facts": lambda *ratings: KV(MemoryKV(), extractor(*ratings), DOCUMENT, show="fact"),
    "kv of turns": lambda *ratings: KV(MemoryKV(), extractor(*ratings), DOCUMENT, show="turn"),
    "hybrid": lambda *ratings: Hybrid([bm25(*ratings), Graph(writing(*ratings), MemoryGraph())]),
    "capacity": lambda *ratings: Capacity(bm25(*ratings)),
    "decay": lambda *ratings: Decay(bm25(*ratings)),
    # Its turns are rated by what the other part makes of them.
    "turns beside facts": lambda *ratings: Hybrid([BM25(Turns(DOCUMENT)), bm25(*ratings)], above=None),
}


def ranked(retriever: Retriever, **weights: Any) -> list[str]:
    decay = Decay(retriever, **{"relevance": 0.0, "recency": 0.0, **weights})
    decay.write(TURNS)
    return [hit.sources[0] for hit in decay.search(QUERY, 4)]


def test_by_its_words_a_turn_is_worth_no_more_than_the_other() -> None:
    assert importance(TURNS[0].text) == importance(TURNS[1].text)


@pytest.mark.parametrize("name", RETRIEVERS)
def test_ratings_of_1_and_5_rank_otherwise_than_5_and_1(name: str) -> None:
    first, second = ranked(RETRIEVERS[name](1, 5)), ranked(RETRIEVERS[name](5, 1))
    assert set(first) == set(second) == {"t0", "t1"}
    assert first[0] == first[len(first) // 2 - 1] == "t1", first
    assert second[0] == second[len(second) // 2 - 1] == "t0", second


@pytest.mark.parametrize("name", RETRIEVERS)
@pytest.mark.parametrize("ratings", [(1, 5), (5, 1)])
def test_the_least_important_turn_is_the_one_that_was_rated_so(name: str, ratings: tuple[int, int]) -> None:
    memory = Capacity(RETRIEVERS[name](*ratings), turns=1, eviction="least_important")
    memory.write(TURNS)
    left = {source for hit in memory.search(QUERY, 4) for source in hit.sources}
    assert left == {f"t{ratings.index(5)}"}


def test_two_facts_of_one_turn_keep_their_own_ratings() -> None:
    facts = [
        {
            "entity": "Ann", "attribute": "play", "value": what, "statement": f"plays the {what}", "single": False,
            "importance": rating, "turns": [1], "date": None,
        }
        for what, rating in (("piano", 2), ("violin", 4))
    ]  # fmt: skip
    model = Scripted(rules=[{"match": ".", "reply": {"facts": facts}}])
    found = ModelExtractor(model, DOCUMENT, get_tokenizer("o200k_base"), "Find facts.")
    memory = BM25(Facts(found, DOCUMENT))
    decay = Decay(memory, mode="product", relevance=0, recency=0)
    decay.write(TURNS[:1])
    hits = decay.search(QUERY, 4)
    assert [(hit.text.split()[3], hit.importance) for hit in hits] == [("violin", 4), ("piano", 2)]
    assert [hit.score for hit in hits] == pytest.approx([0.8, 0.4])
    assert memory.rating("t0") == 4
    memory.forget(["t0"])
    assert memory.rating("t0") is None


def test_what_nothing_rated_is_rated_by_its_words() -> None:
    vital = Turn("v", "s", "Ann", "user", "My sister Caroline plays no more, she died.", MAY)
    memory = Decay(BM25(Turns(DOCUMENT)), mode="product", relevance=0, recency=0)
    memory.write([TURNS[0], vital])
    assert [(hit.sources, hit.importance) for hit in memory.search(Query("plays"), 4)] == [
        (("v",), None),
        (("t0",), None),
    ]
    assert memory.rating("v") is None
