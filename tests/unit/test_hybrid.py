"""Fusion by hand-made rankings, and retrievers named in a config."""

import math
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memeval.harness.compose import Composer, composer
from memeval.kit.errors import ConfigError
from memeval.kit.types import Hit, Query, Turn
from memeval.options.build import build
from memeval.strategies.long_term.hybrid import Hybrid

ASK = Query("anything")


class Fixed:
    """Gives the ranking that it was made with."""

    def __init__(self, *ranking: tuple[str, float | None], counters: dict[str, float] | None = None) -> None:
        self.ranking = [Hit(f"text of {name}", (name,), score) for name, score in ranking]
        self.asked: list[int] = []
        self.turns: list[str] = []
        self.gone: list[str] = []
        self.calls: list[str] = []
        self.counters = counters or {}

    def write(self, turns: Sequence[Turn]) -> None:
        self.turns += [turn.id for turn in turns]

    def search(self, query: Query, k: int) -> Sequence[Hit]:
        self.asked.append(k)
        return [hit for hit in self.ranking if hit.sources[0] not in self.gone][:k]

    def prepare(self) -> None:
        self.calls.append("prepare")

    def flush(self) -> None:
        self.calls.append("flush")

    def forget(self, turn_ids: Sequence[str]) -> None:
        self.gone += turn_ids

    def stats(self) -> dict[str, float]:
        return self.counters

    def close(self) -> None:
        self.calls.append("close")


class Failing(Fixed):
    def close(self) -> None:
        super().close()
        raise OSError("the disk is gone")


class Mute:
    """Has no power beyond the protocol."""

    def write(self, turns: Sequence[Turn]) -> None:
        pass

    def search(self, query: Query, k: int) -> Sequence[Hit]:
        return []


def names(hits: Sequence[Hit]) -> str:
    return "".join(hit.sources[0] for hit in hits)


def scores(hits: Sequence[Hit]) -> list[float]:
    return [hit.score if hit.score is not None else math.nan for hit in hits]


def test_reciprocal_ranks_add_up() -> None:
    parts: list[Any] = [Fixed(("a", 9.0), ("b", 8.0), ("c", 1.0)), Fixed(("c", 0.9), ("a", 0.8), ("d", 0.7))]
    hybrid = Hybrid(parts, method="rrf", k=60)
    hits = hybrid.search(ASK, 10)
    assert names(hits) == "acbd"
    assert scores(hits) == pytest.approx([1 / 61 + 1 / 62, 1 / 63 + 1 / 61, 1 / 62, 1 / 63])
    assert names(Hybrid([Fixed(("a", 1.0)), Fixed(("b", 1.0))], method="rrf", weights=[1, 2]).search(ASK, 2)) == "ba"


def test_of_equal_scores_the_first_part_decides_and_the_score_says_so() -> None:
    first, second = Fixed(("x", 2.0), ("y", 1.0)), Fixed(("b", 2.0), ("a", 1.0))
    hits = Hybrid([first, second], method="rrf").search(ASK, 10)
    assert names(hits) == "xbya"
    assert len(set(scores(hits))) == 4
    assert scores(hits) == sorted(scores(hits), reverse=True)
    assert scores(hits) == pytest.approx([1 / 61, 1 / 61, 1 / 62, 1 / 62])


def test_only_what_has_a_score_takes_part() -> None:
    tail = Fixed(("a", 3.0), *((name, 0.0) for name in "zyxw"))
    other = Fixed(("b", 0.5), ("w", -0.2), ("v", None))
    hybrid = Hybrid([tail, other], method="rrf")
    assert names(hybrid.search(ASK, 10)) == "ab"
    assert hybrid.stats()["unscored"] == 1
    assert names(Hybrid([tail, other], method="rrf", above=None).search(ASK, 10)) == "wabzyx"
    assert names(Hybrid([Fixed(), Fixed()]).search(ASK, 10)) == ""


def test_weighted_scores_by_hand() -> None:
    left, right = Fixed(("a", 10.0), ("b", 6.0), ("c", 2.0)), Fixed(("c", 0.9), ("b", 0.5))
    hits = Hybrid([left, right], method="weighted").search(ASK, 10)
    # a: (1 + 0) / 2, b: (0.5 + 0) / 2, c: (0 + 1) / 2; a is first by the order of parts.
    assert names(hits) == "acb"
    assert scores(hits) == pytest.approx([0.5, 0.5, 0.25])
    hits = Hybrid([left, right], method="weighted", weights=[1, 3]).search(ASK, 10)
    assert names(hits) == "cab"
    assert scores(hits) == pytest.approx([0.75, 0.25, 0.125])
    hits = Hybrid([left, right], method="weighted", normalise="z_score").search(ASK, 10)
    z = math.sqrt(1.5)
    assert names(hits) == "acb"
    assert scores(hits) == pytest.approx([(z - 1) / 2, (1 - z) / 2, -0.5], abs=1e-9)
    # One hit, or equal ones: nothing to divide by.
    for normalise in ("min_max", "z_score"):
        alone = Hybrid([Fixed(("a", 4.0)), Fixed(("b", 1.0), ("a", 1.0))], method="weighted", normalise=normalise)
        assert names(alone.search(ASK, 5)) == "ab"


def test_a_part_with_a_single_hit_lifts_it_above_what_it_did_not_find() -> None:
    one, many = Fixed(("b", 3.0)), Fixed(("a", 9.0), ("b", 8.0), ("c", 1.0))
    for normalise in ("min_max", "z_score"):
        found = Hybrid([one, many], method="weighted", normalise=normalise).search(ASK, 3)
        assert names(found)[0] == ("b" if normalise == "min_max" else "a"), normalise
    assert scores(Hybrid([one, many], method="weighted").search(ASK, 3))[0] == pytest.approx((1 + 7 / 8) / 2)


def test_one_passage_is_one_hit_and_other_units_are_others() -> None:
    turn, session = Hit("one", ("t1",), 1.0), Hit("one\ntwo", ("t1", "t2"), 1.0)
    first, second = Fixed(), Fixed()
    first.ranking, second.ranking = [turn, turn], [session, Hit("one", ("t1",), 7.0, verbatim=False)]
    hits = Hybrid([first, second]).search(ASK, 10)
    assert [hit.sources for hit in hits] == [("t1",), ("t1", "t2")]
    assert hits[0].verbatim, "the part named first speaks for the hit"


RANKINGS = st.lists(
    st.lists(st.tuples(st.sampled_from("abcdefghijklmnop"), st.floats(0.1, 9)), max_size=12, unique_by=lambda p: p[0]),
    min_size=2,
    max_size=4,
)


@given(RANKINGS, st.integers(1, 5), st.sampled_from(["rrf", "weighted"]), st.sampled_from(["min_max", "z_score"]))
@settings(max_examples=300, deadline=None)
def test_a_longer_ranking_begins_with_the_shorter(
    rankings: list[list[tuple[str, float]]], depth: int, method: Any, normalise: Any
) -> None:
    parts = [Fixed(*sorted(ranking, key=lambda pair: -pair[1])) for ranking in rankings]
    hybrid = Hybrid(list(parts), method=method, normalise=normalise, depth=depth)
    everything = hybrid.search(ASK, 100)
    assert sorted(names(everything)) == sorted({name for ranking in rankings for name, _ in ranking})
    given = scores(everything)
    assert all(better > worse for better, worse in zip(given, given[1:], strict=False))
    for k in range(0, 17):
        assert list(hybrid.search(ASK, k)) == list(everything[:k])


def test_parts_are_asked_no_deeper_than_needed() -> None:
    part = Fixed(*((chr(97 + place), 9.0 - place / 4) for place in range(26)))
    other = Fixed()
    hybrid = Hybrid([part, other], depth=5)
    hybrid.search(ASK, 5)
    assert part.asked == [5] == other.asked
    assert len(hybrid.search(ASK, 100)) == 26
    assert part.asked[1:] == [5, 20, 80]


def test_powers_reach_every_part() -> None:
    first = Fixed(("a", 2.0), counters={"items": 3, "index_bytes": 10})
    second = Fixed(("a", 1.0), ("b", 1.0), counters={"items": 4, "rebuilds": 1})
    hybrid = Hybrid([first, second, Mute()])
    hybrid.prepare()
    hybrid.write([Turn("t1", "s", "Ann", "user", "Hello")])
    hybrid.flush()
    hybrid.close()
    for part in (first, second):
        assert part.calls == ["prepare", "flush", "close"]
        assert part.turns == ["t1"]
    assert dict(hybrid.stats()) == {
        "fixed.items": 3,
        "fixed.index_bytes": 10,
        "fixed2.items": 4,
        "fixed2.rebuilds": 1,
        "items": 7,
        "index_bytes": 10,
        "unscored": 0,
    }
    with pytest.raises(ConfigError, match="Mute cannot forget"):
        hybrid.forget(["a"])
    assert not first.gone, "nothing is forgotten by halves"
    whole = Hybrid([first, second])
    whole.forget(["a"])
    assert names(whole.search(ASK, 5)) == "b"


def test_all_parts_are_closed_when_one_fails() -> None:
    last = Fixed()
    with pytest.raises(OSError, match="disk"):
        Hybrid([Failing(), last]).close()
    assert last.calls == ["close"]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"parts": [Fixed()]}, r"retriever.parts=\[bm25,vector\]"),
        ({"parts": ["bm25", "vector"]}, "is a name"),
        ({"weights": [1.0]}, "one for each"),
        ({"weights": [0.0, 0.0]}, "rank nothing"),
        ({"weights": [1.0, math.nan]}, "0 or more"),
        ({"k": -1.0}, "k=-1.0 .* 0 or more, e.g. k=60"),
        ({"depth": 0}, "depth=0 .* 1 or more, e.g. depth=100"),
    ],
)
def test_what_cannot_be_fused_is_refused(options: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        Hybrid(**{"parts": [Fixed(), Fixed()], **options})


@pytest.fixture(scope="module")
def hydra() -> Iterator[Composer]:
    with composer() as opened:
        yield opened


def node(hydra: Composer, *overrides: str) -> Any:
    cell = hydra.cell(list(overrides))
    assert cell.config["memory"]["retriever"] == cell.config["retriever"]
    return cell.config["retriever"]


def test_names_become_the_configs_of_the_parts(hydra: Composer) -> None:
    found = node(hydra, "retriever=hybrid", "retriever.parts=[bm25,vector]", "+parts.bm25.k1=0.9", "embedder=wordllama")
    assert [part["_target_"].rpartition(".")[2] for part in found["parts"]] == ["BM25", "Vector"]
    assert found["parts"][0]["k1"] == 0.9
    assert found["parts"][1]["embedder"]["_target_"].endswith("Wordllama")
    assert [part["scope"] for part in found["parts"]] == ["<scope>/bm25", "<scope>/vector"]
    assert isinstance(build({**found, "parts": [found["parts"][0]] * 2}, "retriever"), Hybrid)


def test_a_part_has_its_own_unit_and_one_retriever_can_be_there_twice(hydra: Composer) -> None:
    found = node(
        hydra,
        "retriever=hybrid",
        "retriever.parts=[bm25,by_session]",
        "+parts.by_session.retriever=bm25",
        "+parts.by_session.writing=sessions",
        "+parts.bm25.writing.document=null",
        "writing=rounds",
    )
    units = [part["writing"]["_target_"].rpartition(".")[2] for part in found["parts"]]
    assert units == ["Rounds", "Sessions"]
    assert found["parts"][0]["writing"]["document"] is None
    assert found["parts"][1]["writing"]["document"] is not None


def test_parts_may_have_parts(hydra: Composer) -> None:
    found = node(
        hydra,
        "retriever=hybrid",
        "retriever.parts=[inner,bm25]",
        "+parts.inner.retriever=hybrid",
        "+parts.inner.parts=[kv,vector]",
        "+parts.kv.limit=7",
    )
    inner = found["parts"][0]
    assert inner["parts"][0]["limit"] == 7
    assert inner["parts"][1]["scope"] == "<scope>/inner/vector"


def test_parts_of_a_sweep_and_of_other_retrievers_are_left_alone(hydra: Composer) -> None:
    cells = hydra.cells(["retriever=bm25,hybrid", "+parts.bm25.k1=0.9"], multirun=True)
    assert [cell.names["retriever"] for cell in cells][:2] == ["bm25", "hybrid"]
    assert cells[0].config["retriever"]["k1"] is None, "settings of a part are of the part alone"
    assert len(cells) == 2 + len(cells[0].config["references"])


@pytest.mark.parametrize(
    ("overrides", "says"),
    [
        (["retriever.parts=[bm25,vectr]"], "did you mean vector"),
        (["retriever.parts=[bm25,none]"], "choose one of bm25"),
        (["retriever.parts=[bm25,bm25]"], "names a part twice"),
        (["retriever.parts=bm25"], r"retriever.parts=\[bm25,vector\]"),
        (["+parts.bm52.k1=1"], "did you mean bm25"),
        (["+parts.bm25=1"], r"\+parts.bm25.k1"),
        (["+parts.bm25.writing=sesions"], "did you mean sessions"),
        (["retriever.parts=[hybrid,bm25]", "+parts.hybrid.parts=[hybrid,bm25]"], "part of itself: hybrid > hybrid"),
    ],
)
def test_what_names_no_part_is_refused(hydra: Composer, overrides: list[str], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        hydra.cell(["retriever=hybrid", *overrides])
