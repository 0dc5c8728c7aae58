"""What is said to graph databases that cannot run here, held against their documentation as text."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from memeval.kit.engines import Engine, Settings
from memeval.strategies.stores.clients.bolt import Bolt, Dialect, identity
from memeval.strategies.stores.graph.bolt import BoltGraph
from memeval.strategies.stores.graph.memgraph import MEMGRAPH
from memeval.strategies.stores.graph.neo4j import NEO4J


class Listening(Bolt):
    """Stands where the connection is: notes what is asked, and answers from a list."""

    choice, system = "graph_store=memgraph", "memgraph"
    # No driver is needed.
    module = "math"
    spoken: Dialect
    answers: Mapping[str, list[list[Any]]]

    def _connect(self) -> None:
        self.asked: list[tuple[str, Mapping[str, Any]]] = []

    def engine(self, settings: Settings | None = None) -> Engine:
        return Engine(self.system, "emulator", "a list", "1")

    def dialect(self) -> Dialect:
        return self.spoken

    def alone(self, text: str, parameters: Mapping[str, Any] | None = None) -> list[list[Any]]:
        self.asked.append((text, parameters or {}))
        return next((rows for part, rows in self.answers.items() if part in text), [])


def opened(dialect: Dialect, answers: Mapping[str, list[list[Any]]]) -> tuple[BoltGraph, Listening]:
    kind = type("Told", (Listening,), {"spoken": dialect, "answers": answers})
    store = type("Store", (BoltGraph,), {"server": kind})("bolt://nowhere", "memeval_x", keep=True)
    assert isinstance(store, BoltGraph) and isinstance(store._base, Listening)
    return store, store._base


def texts(base: Listening) -> Sequence[str]:
    return [text for text, _ in base.asked]


def test_memgraph_gets_its_own_definitions_once() -> None:
    _, base = opened(MEMGRAPH, {"SHOW CONSTRAINT INFO": [["exists", "memeval_x", "key"], ["unique", "y", ["key"]]]})
    assert texts(base) == [
        "SHOW CONSTRAINT INFO",
        "CREATE INDEX ON :`memeval_x`(key)",
        "CREATE INDEX ON :`memeval_x`(scope)",
        "CREATE CONSTRAINT ON (n:`memeval_x`) ASSERT n.key IS UNIQUE",
    ]
    _, again = opened(MEMGRAPH, {"SHOW CONSTRAINT INFO": [["unique", "memeval_x", ["key"], ""]]})
    assert texts(again) == ["SHOW CONSTRAINT INFO"]
    drops = [text.replace("CREATE", "DROP").replace("%", "memeval_x") for text in MEMGRAPH.definitions]
    assert sorted(text.replace("%", "memeval_x") for text in MEMGRAPH.withdrawals) == sorted(drops)


def test_neo4j_gets_its_own_definitions_once() -> None:
    _, base = opened(NEO4J, {"SHOW CONSTRAINTS": [["memeval_y_key", ["memeval_y"]], ["other", ["memeval_x"]]]})
    assert texts(base)[1:] == [
        "CREATE CONSTRAINT `memeval_x_key` IF NOT EXISTS FOR (n:`memeval_x`) REQUIRE n.key IS UNIQUE",
        "CREATE INDEX `memeval_x_scope` IF NOT EXISTS FOR (n:`memeval_x`) ON (n.scope)",
    ]
    _, again = opened(NEO4J, {"SHOW CONSTRAINTS": [["memeval_x_key", ["memeval_x"]]]})
    assert len(again.asked) == 1


def test_memgraph_is_asked_for_distances_by_its_own_search() -> None:
    store, base = opened(MEMGRAPH, {"*BFS": [["b", 1], ["a", 2], ["c", 3]], "RETURN n.id": [["a"]]})
    found = store.expand("u", ["a", "nobody"], 3)
    assert found == {"a": 0, "b": 1, "c": 3}
    text, parameters = base.asked[-1]
    assert text == (
        "UNWIND $keys AS key MATCH (a:`memeval_x` {key: key})-[path:MEMEVAL *BFS 1..3]-(b:`memeval_x`) "
        "RETURN b.id, min(size(path))"
    )
    assert len(parameters["keys"]) == 2
    before = len(base.asked)
    assert store.expand("u", ["a"], 0) == {"a": 0}
    assert not any("*BFS" in text for text in texts(base)[before:])


def test_memgraph_counts_edges_by_its_own_function() -> None:
    store, base = opened(MEMGRAPH, {"degree(n)": [["a", 7]]})
    assert store.degrees("u", ["a"]) == {"a": 7}
    assert not re.search(r"COUNT \{", texts(base)[-1])


@pytest.mark.parametrize(
    ("agent", "expected"),
    [
        ("Neo4j/5.26.0", ("real", "Neo4j", "5.26.0")),
        ("Neo4j/2025.10.1", ("real", "Neo4j", "2025.10.1")),
        ("Neo4j/5.26.0 compatible (ArcadeDB 26.10.2)", ("emulator", "ArcadeDB", "26.10.2")),
        ("Neo4j/v5.11.0 compatible graph database server - Memgraph", ("emulator", None, "5.11.0")),
        ("Something else", ("emulator", "Something else", "0")),
    ],
)
def test_who_answers_is_told_by_its_own_name(agent: str, expected: tuple[str, str | None, str]) -> None:
    kind, name, version = identity(agent)
    assert (kind, version) == (expected[0], expected[2])
    assert name == (expected[1] or agent)
