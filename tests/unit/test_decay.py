"""The generative agents' score by hand; what rates a text; whose clock is read."""

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memeval.harness.compose import composer
from memeval.kit.document import Document
from memeval.kit.errors import ConfigError
from memeval.kit.protocols import Forgets
from memeval.kit.types import Hit, Query, Turn
from memeval.strategies.long_term.bm25 import BM25
from memeval.strategies.long_term.decay import Decay
from memeval.strategies.long_term.importance import importance
from memeval.strategies.writing.turns import Turns

START = datetime(2023, 5, 1)
VITAL, TRIVIAL = "My sister Caroline died.", "ok then"


def turn(name: str, day: float | None, text: str = TRIVIAL) -> Turn:
    return Turn(name, "s", "Ann", "user", text, None if day is None else START + timedelta(days=day))


class Fixed:
    """Gives the ranking that it was made with."""

    def __init__(self, *ranking: tuple[str, float | None]) -> None:
        self.ranking = [Hit(name, tuple(name.split("+")), score) for name, score in ranking]
        self.asked: list[int] = []

    def write(self, turns: Sequence[Turn]) -> None:
        pass

    def search(self, query: Query, k: int) -> Sequence[Hit]:
        self.asked.append(k)
        return self.ranking[:k]


def decayed(inner: Fixed, turns: Sequence[Turn], **options: Any) -> Decay:
    decay = Decay(inner, **options)
    decay.write(turns)
    return decay


def texts(hits: Sequence[Hit]) -> list[str]:
    return [hit.text for hit in hits]


def scores(hits: Sequence[Hit]) -> list[float]:
    return [hit.score if hit.score is not None else math.nan for hit in hits]


def test_the_sum_by_hand() -> None:
    turns = [turn("a", 0, VITAL), turn("b", 5), turn("c", 10)]
    decay = decayed(Fixed(("a", 8.0), ("b", 6.0), ("c", 4.0)), turns, half_life=5)
    hits = decay.search(Query("?", START + timedelta(days=10)), 5)
    # Recency 1/4, 1/2, 1; scaled 0, 1/3, 1. Importance 5, 1, 1; scaled 1, 0, 0. Relevance scaled 1, 1/2, 0.
    assert texts(hits) == ["a", "c", "b"]
    assert scores(hits) == pytest.approx([2, 1, 5 / 6])
    hits = decayed(
        Fixed(("a", 8.0), ("b", 6.0), ("c", 4.0)), turns, half_life=5, relevance=0.5, recency=3, importance=0
    ).search(Query("?"), 5)
    assert texts(hits) == ["c", "b", "a"]
    assert scores(hits) == pytest.approx([3, 1.25, 0.5])


def test_the_product_by_hand() -> None:
    turns = [turn("a", 0, VITAL), turn("b", 5), turn("c", 10)]
    decay = decayed(
        Fixed(("a", 8.0), ("b", 6.0), ("c", -4.0)), turns, half_life=5, mode="product", recency=2, importance=1
    )
    hits = decay.search(Query("?", START + timedelta(days=10)), 5)
    assert texts(hits) == ["a", "b", "c"]
    assert scores(hits) == pytest.approx([1 / 16, 0.75 / 4 / 5, 0], abs=1e-9)


def test_the_half_life_of_the_paper_is_its_hourly_factor() -> None:
    assert math.isclose(0.5 ** (1 / 24 / 5.76), 0.995, abs_tol=1e-5)


def test_the_dialogues_clock_is_the_only_one() -> None:
    inner = Fixed(("old", 1.0), ("new", 1.0))
    turns = [turn("old", 0), turn("new", 4)]
    for time in (START + timedelta(days=4), START + timedelta(days=400), START - timedelta(days=400), None):
        hits = decayed(inner, turns, half_life=4).search(Query("?", time), 5)
        assert sorted(texts(hits)) == ["new", "old"]
        # Long before both, nothing is younger than now.
        assert texts(hits)[0] == ("old" if time is not None and time < START else "new")
    undated = decayed(inner, [turn("old", None), turn("new", None)]).search(Query("?"), 5)
    assert texts(undated) == ["old", "new"], "without any time the other retriever's order stands"
    later = decayed(inner, [turn("new", 3), turn("x", 9), turn("old", None)]).search(Query("?"), 5)
    assert texts(later) == ["old", "new"], "a turn without a time is as old as the one before it"


def test_a_passage_is_as_young_as_its_last_turn_and_as_important_as_its_most_important() -> None:
    turns = [turn("a", 0), turn("b", 9), turn("c", 5, VITAL)]
    found = decayed(Fixed(("c", 1.0), ("a+b", 1.0)), turns, importance=0).search(Query("?"), 5)
    assert texts(found) == ["a+b", "c"]
    found = decayed(Fixed(("b", 1.0), ("a+c", 1.0)), turns, recency=0).search(Query("?"), 5)
    assert texts(found) == ["a+c", "b"]


def test_reading_makes_young_but_only_for_other_queries() -> None:
    turns = [turn("a", 0), turn("b", 3)]
    decay = decayed(Fixed(("a", 1.0), ("b", 0.9)), turns, half_life=3, relevance=2, importance=0, recency=1, reads=1)
    first = Query("first", START + timedelta(days=6))
    before = decay.search(first, 5)
    assert texts(before) == ["a", "b"]
    assert decay.search(first, 5) == before, "a query does not see its own reading"
    assert scores(before) == pytest.approx([2, 1])
    second = decay.search(Query("second", START + timedelta(days=9)), 5)
    assert scores(second) == pytest.approx([3, 0]), "a was read later than b was said"
    assert scores(decayed(Fixed(("a", 1.0), ("b", 0.9)), turns).search(first, 0)) == []


def test_positions_stand_in_for_scores() -> None:
    turns = [turn("a", 0), turn("b", 0), turn("c", 0)]
    hits = decayed(Fixed(("b", None), ("a", None), ("c", None)), turns, importance=0).search(Query("?"), 5)
    assert texts(hits) == ["b", "a", "c"]
    assert scores(hits) == pytest.approx([2, 1.5, 1])


@given(
    st.lists(st.tuples(st.floats(-3, 9), st.integers(0, 60)), max_size=30),
    st.integers(1, 8),
    st.sampled_from(["sum", "product"]),
)
@settings(max_examples=200, deadline=None)
def test_a_longer_ranking_begins_with_the_shorter(memories: list[tuple[float, int]], depth: int, mode: Any) -> None:
    ranking = sorted(((f"t{place}", score) for place, (score, _) in enumerate(memories)), key=lambda pair: -pair[1])
    turns = [turn(f"t{place}", day) for place, (_, day) in enumerate(memories)]
    decay = decayed(Fixed(*ranking), turns, depth=depth, mode=mode)
    everything = decay.search(Query("?"), 100)
    assert sorted(texts(everything)) == sorted(name for name, _ in ranking)
    given = scores(everything)
    assert all(better > worse for better, worse in zip(given, given[1:], strict=False))
    for k in range(32):
        assert decay.search(Query("?"), k) == everything[:k]


@pytest.mark.parametrize(
    ("text", "rating"),
    [
        ("", 1),
        ("Bye, see you!", 1),
        ("What are you doing over the long weekend, then?", 1),
        ("the weather is nice and warm over here", 1),
        ("I am going out to look at the sea", 2),
        ("I am going out to look at the sea with Tom", 3),
        ("the funeral was nice in its way", 3),
        ("My mother is in hospital", 4),
        ("My mother came to Oslo on the 3rd of May", 5),
        ("Did my mother call?", 4),
    ],
)
def test_importance(text: str, rating: int) -> None:
    assert importance(text) == rating


def test_what_is_forgotten_is_forgotten_in_the_other_retriever() -> None:
    decay = Decay(BM25(Turns(Document())))
    decay.write([turn("a", 0, "a lighthouse keeper"), turn("b", 1, "a lighthouse and a boat"), turn("c", 2, "no")])
    decay.forget(["b"])
    assert [hit.sources for hit in decay.search(Query("lighthouse"), 5)] == [("a",)]
    assert decay.stats()["items"] == 2
    decay.close()
    assert isinstance(decay, Forgets)
    with pytest.raises(ConfigError, match="Fixed cannot forget"):
        Decay(Fixed()).forget(["a"])


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"half_life": 0.0}, "half_life=.* more than 0, e.g. half_life=5.76"),
        ({"half_life": math.nan}, "half_life=.* more than 0, e.g. half_life=5.76"),
        ({"recency": -1.0}, "recency=-1.0 .* e.g. recency=1.0"),
        ({"relevance": 0.0, "recency": 0.0, "importance": 0.0}, "all weights are 0"),
        ({"reads": -1}, "reads=-1 is out of range"),
        ({"depth": 0}, "depth=0 .* e.g. depth=200"),
    ],
)
def test_what_ranks_nothing_is_refused(options: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        Decay(Fixed(), **options)


def test_wrappers_are_composed_by_name_and_into_each_other() -> None:
    with composer() as hydra:
        found = hydra.cell(
            [
                "retriever=decay",
                "retriever.inner=capacity",
                "+parts.capacity.inner=hybrid",
                "+parts.capacity.turns=9",
                "+parts.hybrid.parts=[bm25,kv]",
                "+parts.bm25.k1=2.0",
            ]
        ).config["retriever"]
        assert found["inner"]["turns"] == 9
        assert found["inner"]["inner"]["parts"][0]["k1"] == 2.0
        assert found["inner"]["inner"]["parts"][1]["scope"] == "<scope>/kv"
        for wrong, says in (("null", "names no retriever"), ("bm52", "did you mean bm25"), ("decay", "inner=bm25")):
            with pytest.raises(ConfigError, match=says):
                hydra.cell(["retriever=decay", f"retriever.inner={wrong}", "+parts.decay.inner=null"])
