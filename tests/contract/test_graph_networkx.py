"""networkx keeps the protocol, is the same store as memory, and can be looked at with networkx."""

import sys
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memeval.kit.errors import ContractError, ModelError
from memeval.kit.stores import GraphEdge, GraphNode, GraphStore
from memeval.strategies.stores.graph.memory import MemoryGraph
from memeval.strategies.stores.graph.networkx import NetworkxGraph
from memeval.testing.graph import check_graph_store

networkx = pytest.importorskip("networkx", reason="pip install 'memeval[networkx]'")

NAMES = ("a", "b", "c", "d")
SOURCES = st.lists(st.sampled_from(["t1", "t2", "t3"]), max_size=2).map(tuple)
NODES = st.builds(GraphNode, st.sampled_from(NAMES), st.sampled_from("xy"), st.just("text"), SOURCES)
EDGES = st.builds(
    GraphEdge, st.sampled_from(NAMES), st.sampled_from(NAMES), st.sampled_from("pq"), st.just(""), st.just(0.5), SOURCES
).filter(lambda edge: edge.head != edge.tail)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.lists(NODES, max_size=4), st.lists(EDGES, max_size=5)),
        SOURCES.map(lambda turns: ("forget", turns)),
        st.sampled_from(NAMES).map(lambda name: ("remove", (name,))),
    ),
    max_size=8,
)


def test_contract() -> None:
    check_graph_store(NetworkxGraph)


@given(STEPS)
@settings(max_examples=150, deadline=None)
def test_the_same_store_as_memory(steps: Sequence[tuple[Any, Any]]) -> None:
    stores = (MemoryGraph(), NetworkxGraph())
    for step in steps:
        assert outcome(stores[0], step) == outcome(stores[1], step)


def outcome(store: GraphStore, step: tuple[Any, Any]) -> object:
    what, given_ = step
    touched: object = None
    try:
        if what == "forget":
            touched = list(store.forget("u", given_))
        elif what == "remove":
            store.remove("u", given_)
        else:
            store.upsert("u", what, given_)
    except ContractError:
        touched = "refused"
    return (
        touched,
        list(store.nodes("u", NAMES)),
        {name: list(edges) for name, edges in store.neighbours("u", NAMES, 3).items()},
        dict(store.degrees("u", NAMES)),
        dict(store.expand("u", ["a", "b"], 2)),
        [store.count("u"), store.count("u", "x")],
    )


def test_the_graph_is_there_to_look_at() -> None:
    store = NetworkxGraph()
    store.upsert(
        "u", [GraphNode(name, "x") for name in "abc"], [GraphEdge("a", "b", "p"), GraphEdge("b", "c", "p", weight=2.0)]
    )
    graph = store.graph("u")
    assert networkx.shortest_path(graph, "a", "c") == ["a", "b", "c"]
    assert graph.edges["b", "c", "p"]["edge"].weight == 2.0
    assert len(store.graph("nobody")) == 0
    assert store.stats() == {"edges": 2}


def test_a_missing_package_says_what_to_type(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "networkx", None)
    with pytest.raises(ModelError, match=r"pip install 'memeval\[networkx\]'"):
        NetworkxGraph()
