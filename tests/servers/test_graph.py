"""Graph stores at servers: the same answers as memory gives, lost answers, definitions."""

from typing import Any

import pytest

from memeval.kit import engines
from memeval.kit.errors import StorageError
from memeval.kit.stores import GraphEdge, GraphNode
from memeval.servers.base import Server

from . import alike, contract, roles
from .roles import Place

pytestmark = roles.those("graph")


def test_the_same_store_as_memory(store: Any) -> None:
    alike.same_graph(store)


def test_the_same_answers_as_over_memory(store: Any) -> None:
    alike.same_passages_found(store)


def test_forgetting_again_after_a_lost_answer_says_the_same(store: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The nodes that lost an edge are asked for after the write, which may have been done twice by then."""
    nodes = [
        GraphNode("p1", "passage", "", ("t1",)),
        GraphNode("p2", "passage", "", ("t2",)),
        GraphNode("c", "concept"),
    ]
    store.upsert("u", nodes, [GraphEdge("p1", "c", "x", sources=("t1",)), GraphEdge("p2", "c", "x", sources=("t2",))])
    write = store._write

    def twice(statements: Any) -> None:
        write(statements)
        write(statements)

    monkeypatch.setattr(store, "_write", twice)
    assert list(store.forget("u", ["t1"])) == ["c"]
    assert store.count("u") == 2


def test_a_write_that_fails_half_way_leaves_nothing(place: Place, store: Any) -> None:
    """A statement that the database refuses undoes those before it; FalkorDB, which undoes none, is not asked this."""
    if place.system == "falkordb":
        pytest.skip("FalkorDB runs the statements of a call without others in between, but undoes none")
    store.upsert("u", [GraphNode("a", "x")], [])
    with pytest.raises(StorageError, match=place.system):
        store._write([("MATCH (n:`" + store._label + "`) DETACH DELETE n", {}), ("THIS IS NO CYPHER", {})])
    assert store.count("u") == 1


def test_a_wrong_password_is_said_at_once(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    if place.case.server != "arcadedb" or not isinstance(place.server, Server):
        pytest.skip("the server takes everyone")
    wrong = f"bolt://root:wrong-secret@127.0.0.1:{place.server.port}/memeval"
    monkeypatch.setenv(f"MEMEVAL_{place.system.upper()}_URL", wrong)
    with pytest.raises(StorageError, match=f"{place.system} at bolt://127.0.0.1.*refuses") as caught:
        place.open("memeval_x")
    assert "wrong-secret" not in str(caught.value)


def test_indexes_are_made_and_go(place: Place) -> None:
    if place.case.server != "arcadedb":
        pytest.skip("they go with the graph")

    def defined() -> list[Any]:
        with place.connected() as base:
            rows = base.alone("SHOW INDEXES YIELD labelsOrTypes, properties RETURN labelsOrTypes, properties")
            return sorted(row[1][0] for row in rows if row[0] == [name])

    name = contract.fresh()
    with engines.visit():
        place.open(name).close()
        assert defined() == ["key", "scope"]
    assert defined() == []
