"""The graph memory: it walks over several hops, holds values to their time, and costs no scan."""

import math
import os
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from memeval.benchmarks.locomo import Locomo
from memeval.kit.document import Document
from memeval.kit.errors import ConfigError
from memeval.kit.protocols import Writing
from memeval.kit.stores import GraphEdge, GraphNode, GraphStore
from memeval.kit.tokens import get_tokenizer
from memeval.kit.types import Hit, Query, Turn
from memeval.strategies.extraction.rules import RuleExtractor
from memeval.strategies.long_term.graph import Graph
from memeval.strategies.long_term.graph.walk import Near, pagerank
from memeval.strategies.stores.graph.ladybug import LadybugGraph
from memeval.strategies.stores.graph.memory import MemoryGraph
from memeval.strategies.writing.facts import Facts
from memeval.strategies.writing.rounds import Rounds
from memeval.strategies.writing.sessions import Sessions
from memeval.strategies.writing.turns import Turns
from memeval.strategies.writing.windows import Windows
from memeval.testing.retrievers import check_retriever

START = datetime(2024, 3, 1, 9, 0)
WRITINGS: dict[str, Callable[[], Writing]] = {
    "turns": lambda: Turns(Document()),
    "rounds": lambda: Rounds(Document()),
    "sessions": lambda: Sessions(Document()),
    "windows": lambda: Windows(Document(), get_tokenizer("o200k_base"), tokens=60, overlap=20),
}


def ladybug(path: str | None = None) -> LadybugGraph:
    pytest.importorskip("ladybug", reason="pip install 'memeval[ladybug]'")
    return LadybugGraph(path, memory_mb=128)


STORES: dict[str, Callable[[], GraphStore]] = {"memory": MemoryGraph, "ladybug": ladybug}


def memory(store: GraphStore | None = None, writing: Writing | None = None, **options: Any) -> Graph:
    return Graph(writing or Turns(Document()), MemoryGraph() if store is None else store, RuleExtractor(), **options)


def turn(number: int, text: str, speaker: str = "Ann", session: str | None = None) -> Turn:
    return Turn(
        f"t{number}",
        session or f"s{number}",
        speaker,
        "user" if speaker == "Ann" else "assistant",
        text,
        START + timedelta(days=number),
    )


LIFE = (
    turn(1, "I live in Oslo, near the harbour."),
    turn(2, "My colleague Petra restores antique clocks."),
    turn(3, "The weather was dreadful."),
    turn(4, "Petra is married to Anselm."),
    turn(5, "Anselm keeps bees on the roof of the Vega cinema."),
    turn(6, "I moved to Bergen, so I live in Bergen now."),
    turn(7, "Soup again for dinner."),
)


def sources(hits: Sequence[Hit]) -> list[str]:
    return [hit.sources[0] for hit in hits]


@pytest.mark.parametrize("method", ["ppr", "hops"])
@pytest.mark.parametrize("writing", WRITINGS)
def test_contract(writing: str, method: str) -> None:
    check_retriever(lambda: memory(writing=WRITINGS[writing](), method=method))


@pytest.mark.parametrize("method", ["ppr", "hops"])
def test_contract_in_ladybug(method: str, tmp_path: Path) -> None:
    serial = count()
    check_retriever(lambda: memory(ladybug(str(tmp_path / f"{next(serial)}.lbug")), method=method))


def test_contract_of_derived_passages() -> None:
    check_retriever(lambda: memory(writing=Facts(RuleExtractor(), Document())), finds=False)


@pytest.mark.parametrize("store", STORES)
def test_a_chain_of_names_leads_to_what_shares_no_word_with_the_question(store: str) -> None:
    known = memory(STORES[store]())
    known.write(LIFE)
    hits = sources(known.search(Query("Who restores clocks, and what does the spouse keep?"), 5))
    assert hits[0] == "t2"
    assert set(hits[:3]) == {"t2", "t4", "t5"}
    assert "t3" not in sources(known.search(Query("clocks"), 50))
    direct = memory(STORES[store](), method="hops", hops=1)
    direct.write(LIFE)
    assert sources(direct.search(Query("clocks"), 50)) == ["t2"], "one hop is what mentions the word"
    far = memory(STORES[store](), method="hops", hops=5)
    far.write(LIFE)
    hits = sources(far.search(Query("clocks"), 50))
    assert hits.index("t2") < hits.index("t4") < hits.index("t5"), "each hop further leaves less"
    for graph in (known, direct, far):
        graph.close()


def test_nothing_known_nothing_found() -> None:
    known = memory()
    known.write(LIFE)
    for text in ("", "?!", "Zyzzyva qoph xylem", "Where does Quentin work?"):
        assert known.search(Query(text), 10) == []
    assert known.search(Query("Petra"), 0) == []
    assert len(known.search(Query("Petra"), 1)) == 1
    assert len(known.search(Query("Petra"), 1_000)) <= len(LIFE)


def states(store: GraphStore, relation: str) -> dict[str, datetime | None]:
    edges = store.neighbours("default", [relation]).get(relation, ())
    return {edge.label.split(",")[0]: edge.valid_to for edge in edges if edge.kind == "states"}


@pytest.mark.parametrize("kind", STORES)
def test_a_value_holds_until_another_is_stated(kind: str) -> None:
    store = STORES[kind]()
    known = memory(store)
    known.write(LIFE[:5])
    assert set(states(store, "r/ann/home").values()) == {None}
    assert sources(known.search(Query("Where do I live?"), 1)) == ["t1"]
    known.write(LIFE[5:])
    held = states(store, "r/ann/home")
    assert held.pop("Oslo") == LIFE[5].time
    assert held and set(held.values()) == {None}
    assert sources(known.search(Query("Where do I live?"), 1)) == ["t6"]
    # On an earlier day, the earlier value is the one that leads on from the relation.
    before = known.search(Query("Where do I live?", START + timedelta(days=3)), 1)
    assert sources(before) == ["t1"]
    known.forget(["t6"])
    assert set(states(store, "r/ann/home").values()) == {None}, "what was superseded by a forgotten turn holds again"
    assert sources(known.search(Query("Where do I live?"), 1)) == ["t1"]
    known.close()


def test_edges_of_another_day_are_left_out() -> None:
    known, all_days = memory(), memory(as_of=False)
    for graph in (known, all_days):
        graph.write(LIFE)
    early = Query("clocks", START + timedelta(days=2))
    assert sources(known.search(early, 50)) == ["t2"]
    assert len(all_days.search(early, 50)) > 1


def test_the_user_is_whom_i_means_also_after_reopening(tmp_path: Path) -> None:
    path = str(tmp_path / "g.lbug")
    known = memory(ladybug(path))
    known.write(LIFE)
    before = known.search(Query("Where do I live?"), 3)
    known.forget(["t4"])
    known.close()
    again = memory(ladybug(path))
    assert sources(again.search(Query("Where do I live?"), 1)) == sources(before[:1]) == ["t6"]
    assert "t4" not in sources(again.search(Query("Petra Anselm"), 50))
    again.write([turn(8, "Petra sold the clocks.")])
    assert "t8" in sources(again.search(Query("Petra"), 3))
    again.close()


@pytest.mark.parametrize("kind", STORES)
def test_tenants_share_a_store_and_see_only_their_own(kind: str) -> None:
    store = STORES[kind]()
    graphs = {f"u{number}": memory(store, scope=f"u{number}") for number in range(50)}
    for name, graph in graphs.items():
        graph.write([Turn(f"{name}/1", "s", "Ann", "user", f"My parrot is called Kiki {name}.", START)])
    graphs["u7"].forget(["u7/1"])
    for name, graph in graphs.items():
        assert sources(graph.search(Query("What is the parrot called?"), 500)) == (
            [] if name == "u7" else [f"{name}/1"]
        )
    store.close()


def test_a_passage_that_is_written_again_is_only_what_it_says_now() -> None:
    known = memory()
    known.write([turn(1, "The heron stands in the canal."), turn(2, "Quite so.")])
    known.write([turn(1, "The badger digs."), turn(2, "Quite so.")])
    assert known.search(Query("heron"), 5) == []
    assert known.search(Query("badger"), 5)[0].text.endswith("Ann: The badger digs.")
    assert known.stats()["items"] == 2


def test_what_no_database_takes_is_counted() -> None:
    known = memory()
    known.write([turn(1, "NUL \0 inside"), turn(2, "half a \ud83d pair"), turn(3, "x" * 10_000), turn(4, "")])
    assert known.stats()["refused"] == 2
    assert known.stats()["items"] == 1


@pytest.mark.parametrize(
    "options",
    [{"damping": 1.0}, {"follow": 1.5}, {"tolerance": 0.0}, {"fan_out": 0}, {"hops": 0}, {"hops": 9}, {"decay": -0.1}],
)
def test_options_out_of_range_are_named(options: Mapping[str, Any]) -> None:
    with pytest.raises(ConfigError, match=f"^{next(iter(options))}=.* is out of range"):
        memory(**options)


class Counting(MemoryGraph):
    """Notes how many nodes' edges were fetched."""

    fetched = 0

    def neighbours(self, scope: str, ids: Sequence[str], limit: int | None = None) -> Mapping[str, Sequence[GraphEdge]]:
        found = super().neighbours(scope, ids, limit)
        self.fetched += sum(len(edges) for edges in found.values())
        return found


def test_neither_reading_nor_writing_grows_with_the_graph() -> None:
    """Counted in edges, since seconds on a busy machine prove nothing."""
    costs = []
    for size in (1_000, 8_000):
        store = Counting()
        known = memory(store)
        known.write(
            [turn(n, f"Item{n % 400} lies beside thing{n % 333}, number {n}.", session="s") for n in range(size)]
        )
        store.fetched = 0
        known.search(Query("Where is item7 and what is beside it?"), 50)
        read, store.fetched = store.fetched, 0
        known.write([turn(size, "I live in Oslo beside item7.", session="s")])
        costs.append((read, store.fetched))
    assert 0 < costs[1][0] < 2 * costs[0][0] + 2_000
    assert costs[1][1] <= costs[0][1] + 10


def exact(near: Near, names: list[str], seeds: Mapping[str, float], damping: float) -> dict[str, float]:
    """Power iteration over the whole graph, from the definition."""
    total = sum(seeds.values())
    restart = {name: seeds.get(name, 0.0) / total for name in names}
    mass = dict(restart)
    for _ in range(300):
        shares = near.shares(names)
        moved = dict.fromkeys(names, 0.0)
        for name in names:
            for other, share in shares[name]:
                moved[other] += share * mass[name]
        mass = {name: (1 - damping) * restart[name] + damping * moved[name] for name in names}
    return mass


def test_forward_push_comes_near_the_exact_pagerank() -> None:
    store = MemoryGraph()
    known = memory(store)
    known.write(LIFE)
    near = Near(store, "default", len(LIFE), 1000, 0.3, None, True)
    names = list(store.expand("default", ["c/petra", "c/bergen", "c/soup", "c/weather"], 20))
    seeds = {"c/clock": 2.0, "c/ann": 0.5}
    expected = exact(near, names, seeds, 0.85)
    errors = []
    for tolerance in (1e-2, 1e-3, 1e-6):
        found = pagerank(near, seeds, 0.85, tolerance)
        assert math.fsum(found.values()) <= 1 + 1e-9
        assert all(found[name] <= expected[name] + 1e-9 for name in found), "what is kept is a part of the exact mass"
        errors.append(sum(expected[name] - found.get(name, 0.0) for name in names if name.startswith("p/")))
    assert errors[0] > errors[1] > errors[2]
    assert errors[2] < 1e-3


def test_a_hub_is_not_taken_for_a_rare_name() -> None:
    """Of a node with more edges than are walked, each walked edge gets its own part and no more."""
    store = MemoryGraph()
    names = [f"p/{number}" for number in range(20)]
    store.upsert("u", [GraphNode("c/hub", "concept"), *(GraphNode(name, "passage", name) for name in names)], [])
    store.upsert("u", [], [GraphEdge(name, "c/hub", "mentions") for name in names])
    shares = Near(store, "u", 20, 5, 0.3, None, True).shares(["c/hub"])["c/hub"]
    assert [name for name, _ in shares] == names[-5:]
    assert all(math.isclose(share, 1 / 20) for _, share in shares)


@pytest.mark.slow
def test_both_stores_rank_a_real_dialogue_alike() -> None:
    if not os.environ.get("MEMEVAL_DATA"):
        pytest.skip("set MEMEVAL_DATA to the folder with the real data to compare the stores on LoCoMo")
    dialogue = next(iter(Locomo()))
    graphs = [memory(), memory(ladybug())]
    for graph in graphs:
        graph.write(dialogue.turns)
    for question in dialogue.questions[:25]:
        first, second = (graph.search(question.query, 30) for graph in graphs)
        assert first
        assert first == second
    graphs[1].close()
