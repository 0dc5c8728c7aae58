"""Graph stores at servers: the contract of the role, that of servers, and the same answers as memory gives."""

import importlib
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from support import network

from memeval.kit import engines
from memeval.kit.errors import ConfigError, ModelError, StorageError
from memeval.kit.stores import GraphEdge, GraphNode
from memeval.servers.base import Server, free_port
from memeval.testing.graph import check_graph_store

from . import alike, contract
from .conftest import Reached


@dataclass(frozen=True)
class Case:
    system: str
    server: str
    kind: str
    argument: str
    engine: str


CASES = {
    "falkordb": Case("falkordb", "falkordb", "FalkorGraph", "graph", "FalkorDB"),
    "neo4j": Case("neo4j", "arcadedb", "Neo4jGraph", "label", "ArcadeDB"),
    "memgraph": Case("memgraph", "arcadedb", "MemgraphGraph", "label", "ArcadeDB"),
}


@dataclass
class Place:
    """A system that answers, and its store's module."""

    case: Case
    server: Reached
    module: Any

    def open(self, name: str, keep: bool = False, **more: Any) -> Any:
        arguments = {self.case.argument: name, "keep": keep, "retries": 1, "timeout": 120.0, **more}
        return getattr(self.module, self.case.kind)(**arguments)

    def site(self) -> contract.Site:
        # Somebody else's server may be the product or not.
        kind: engines.Kind = "emulator" if self.case.engine == "ArcadeDB" else "real"
        if not isinstance(self.server, Server):
            kind = self.module.engine(None).kind
        return contract.Site(
            self.case.system,
            contract.GRAPH,
            self.open,
            lambda: self.module.leftovers(None),
            lambda names: self.module.remove(None, names),
            kind,
        )


@pytest.fixture(params=[pytest.param(name, marks=pytest.mark.xdist_group(f"servers-{CASES[name].server}"))
                        for name in CASES])  # fmt: skip
def place(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Place:
    case = CASES[request.param]
    server = request.getfixturevalue(f"{case.server}_server")
    for variable, url in server.addresses.items():
        monkeypatch.setenv(variable, url)
    return Place(case, server, importlib.import_module(f"memeval.strategies.stores.graph.{case.system}"))


@pytest.fixture
def store(place: Place) -> Iterator[Any]:
    name = contract.fresh()
    made = place.open(name)
    yield made
    made.close()
    place.module.remove(None, [name])


def test_contract(place: Place) -> None:
    last = ""

    def factory() -> Any:
        nonlocal last
        last = contract.fresh()
        return place.open(last)

    with engines.visit() as visit:
        check_graph_store(factory, lambda: place.open(last))
    (engine,) = visit.engines
    if isinstance(place.server, Server):
        assert engine.name == place.case.engine
    assert engine == place.module.engine(None)


@pytest.mark.parametrize("rule", contract.RULES, ids=contract.name)
def test_at_the_server(rule: Callable[..., None], place: Place) -> None:
    rule(place.site(), place.server)


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
    if place.case.system == "falkordb":
        pytest.skip("FalkorDB runs the statements of a call without others in between, but undoes none")
    store.upsert("u", [GraphNode("a", "x")], [])
    with pytest.raises(StorageError, match=place.case.system):
        store._write([("MATCH (n:`" + store._label + "`) DETACH DELETE n", {}), ("THIS IS NO CYPHER", {})])
    assert store.count("u") == 1


def test_what_makes_no_sense_is_refused(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("", "1st", "a b", "a`b", "x" * 101):
        with pytest.raises(ConfigError, match=f"graph_store.{place.case.argument}"):
            place.open(name)
    with pytest.raises(ConfigError, match="graph_store.timeout"):
        place.open("memeval_x", timeout=0.0)
    with pytest.raises(ConfigError, match="graph_store.retries"):
        place.open("memeval_x", retries=-1)
    with pytest.raises(ConfigError, match="holds a password"):
        place.open("memeval_x", url="bolt://user:secret@host")
    variable = f"MEMEVAL_{place.case.system.upper()}_URL"
    monkeypatch.setenv(variable, "nonsense://127.0.0.1")
    with pytest.raises((ConfigError, StorageError), match=place.case.system):
        place.open("memeval_x", retries=0)
    monkeypatch.delenv(variable)
    with pytest.raises(ConfigError, match=f"{variable}="):
        place.open("memeval_x")


def test_nobody_there_is_said(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    scheme = place.server.url.partition(":")[0]
    monkeypatch.setenv(f"MEMEVAL_{place.case.system.upper()}_URL", f"{scheme}://me:secret@127.0.0.1:{free_port()}")
    with pytest.raises(StorageError, match=f"{place.case.system} at {scheme}://127.0.0.1:") as caught:
        place.open("memeval_x", retries=0, timeout=2.0)
    assert "secret" not in str(caught.value)


def test_a_wrong_password_is_said_at_once(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    if place.case.server != "arcadedb" or not isinstance(place.server, Server):
        pytest.skip("the server takes everyone")
    wrong = f"bolt://root:wrong-secret@127.0.0.1:{place.server.port}/memeval"
    monkeypatch.setenv(f"MEMEVAL_{place.case.system.upper()}_URL", wrong)
    with pytest.raises(StorageError, match=f"{place.case.system} at bolt://127.0.0.1.*refuses") as caught:
        place.open("memeval_x")
    assert "wrong-secret" not in str(caught.value)


def test_only_the_address_is_asked(place: Place) -> None:
    with network.only(place.server.url) as refused:
        with engines.visit(), contract.opened(place.site(), contract.fresh()) as store:
            store.upsert("u", [GraphNode("a", "x"), GraphNode("b", "x")], [GraphEdge("a", "b", "p", sources=("t",))])
            assert store.expand("u", ["a"], 1) == {"a": 0, "b": 1}
            assert list(store.forget("u", ["t"])) == []
            assert store.count("u") == 0
    assert refused == []


def test_a_missing_client_says_what_to_type(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("neo4j", "falkordb", "falkordb.helpers"):
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ModelError, match=rf"pip install 'memeval\[{place.case.system}\]'"):
        place.open("memeval_x")


def test_indexes_are_made_and_go(place: Place) -> None:
    if place.case.server != "arcadedb":
        pytest.skip("they go with the graph")
    from memeval.strategies.stores.clients.bolt import visiting

    def defined() -> list[Any]:
        with visiting(place.case.system, None, 120.0) as base:
            rows = base.alone("SHOW INDEXES YIELD labelsOrTypes, properties RETURN labelsOrTypes, properties")
            return sorted(row[1][0] for row in rows if row[0] == [name])

    name = contract.fresh()
    with engines.visit():
        place.open(name).close()
        assert defined() == ["key", "scope"]
    assert defined() == []
