"""Every graph store keeps the protocol; the check notices who does not; both stores are the same store."""

import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memeval.kit.errors import ConfigError, ContractError, ModelError
from memeval.kit.stores import GraphEdge, GraphNode, GraphStore
from memeval.strategies.stores.graph.ladybug import LadybugGraph
from memeval.strategies.stores.graph.memory import MemoryGraph
from memeval.testing.graph import check_graph_store


def small() -> LadybugGraph:
    pytest.importorskip("ladybug", reason="pip install 'memeval[ladybug]'")
    return LadybugGraph(memory_mb=128)


def test_memory() -> None:
    check_graph_store(MemoryGraph)


def test_ladybug_in_memory() -> None:
    check_graph_store(small)


def test_ladybug_in_a_file(tmp_path: Path) -> None:
    pytest.importorskip("ladybug", reason="pip install 'memeval[ladybug]'")
    serial = count()
    last = ""

    def fresh() -> LadybugGraph:
        nonlocal last
        last = str(tmp_path / f"{next(serial)}.lbug")
        return LadybugGraph(last, memory_mb=128)

    check_graph_store(fresh, lambda: LadybugGraph(last, memory_mb=128))


class Deaf(MemoryGraph):
    """Ignores the scope when asked for distances."""

    def upsert(self, scope: str, nodes: Sequence[GraphNode], edges: Sequence[GraphEdge]) -> None:
        super().upsert(scope, nodes, edges)
        super().upsert("all", nodes, edges)

    def expand(self, scope: str, ids: Sequence[str], hops: int) -> Mapping[str, int]:
        return super().expand("all", ids, hops)


class OneWay(MemoryGraph):
    def neighbours(self, scope: str, ids: Sequence[str], limit: int | None = None) -> Mapping[str, Sequence[GraphEdge]]:
        found = super().neighbours(scope, ids, limit)
        return {name: [edge for edge in edges if edge.head == name] for name, edges in found.items()}


class Oldest(MemoryGraph):
    def neighbours(self, scope: str, ids: Sequence[str], limit: int | None = None) -> Mapping[str, Sequence[GraphEdge]]:
        return {name: edges[:limit] for name, edges in super().neighbours(scope, ids).items()}


class Leaving(MemoryGraph):
    """Keeps the sources of what is forgotten in the edges that others share."""

    def forget(self, scope: str, turn_ids: Sequence[str]) -> Sequence[str]:
        before = super().neighbours(scope, ["ann"])
        touched = super().forget(scope, turn_ids)
        if self.count(scope):
            super().upsert(scope, [], before.get("ann", ()))
        return touched


class Halfway(MemoryGraph):
    def upsert(self, scope: str, nodes: Sequence[GraphNode], edges: Sequence[GraphEdge]) -> None:
        try:
            super().upsert(scope, nodes, edges)
        except ContractError:
            super().upsert(scope, nodes, [])
            raise


class Dull(MemoryGraph):
    """Loses the times."""

    def upsert(self, scope: str, nodes: Sequence[GraphNode], edges: Sequence[GraphEdge]) -> None:
        super().upsert(scope, nodes, [replace(edge, valid_to=None) for edge in edges])


class Farther(MemoryGraph):
    def expand(self, scope: str, ids: Sequence[str], hops: int) -> Mapping[str, int]:
        found = super().expand(scope, ids, hops + 1)
        return {name: min(distance, hops) for name, distance in found.items()}


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        (Deaf, "scopes do not see|shortest"),
        (OneWay, "both directions"),
        (Oldest, "written last"),
        (Leaving, "forget removes"),
        (Halfway, "nothing of the call"),
        (Dull, "as written"),
        (Farther, "shortest"),
    ],
)
def test_the_check_names_the_broken_rule(broken: type[MemoryGraph], says: str) -> None:
    with pytest.raises(ContractError, match=says):
        check_graph_store(broken)


def test_a_store_that_loses_its_file_is_noticed() -> None:
    with pytest.raises(ContractError, match="after reopening"):
        check_graph_store(MemoryGraph, MemoryGraph)


NAMES = ["a", "b", "c", "d"]
TURNS = st.lists(st.sampled_from(["t1", "t2", "t3"]), max_size=2, unique=True).map(tuple)
NODES = st.builds(GraphNode, st.sampled_from(NAMES), st.sampled_from(["x", "y"]), st.sampled_from(["", "z"]), TURNS)
EDGES = st.builds(
    GraphEdge,
    st.sampled_from(NAMES),
    st.sampled_from(NAMES),
    st.sampled_from(["k", "l"]),
    weight=st.sampled_from([0.5, 2.0]),
    sources=TURNS,
    valid_to=st.sampled_from([None, datetime(2024, 3, 1, 10, 30, 15, 250)]),
).filter(lambda edge: edge.head != edge.tail)
WRITE = st.tuples(st.lists(NODES, max_size=3), st.lists(EDGES, max_size=4))
STEPS = st.lists(
    st.one_of(
        WRITE, TURNS.map(lambda turns: ("forget", turns)), st.sampled_from(NAMES).map(lambda name: ("remove", (name,)))
    ),
    max_size=8,
)


@given(STEPS)
@settings(max_examples=60, deadline=None)
def test_both_stores_are_the_same_store(steps: Sequence[tuple[object, object]]) -> None:
    stores: tuple[GraphStore, GraphStore] = (MemoryGraph(), shared())
    scope = f"s{next(SERIAL)}"
    for step in steps:
        seen = [outcome(store, scope, step) for store in stores]
        assert seen[0] == seen[1]


SERIAL = count()
_OPEN: list[LadybugGraph] = []


def shared() -> LadybugGraph:
    """One database for all examples, which are told apart by scope: opening one takes longer than an example."""
    if not _OPEN:
        _OPEN.append(small())
    return _OPEN[0]


def outcome(store: GraphStore, scope: str, step: tuple[object, object]) -> object:
    what, given = step
    touched: object = None
    try:
        if what == "forget":
            touched = list(store.forget(scope, given))  # type: ignore[arg-type]
        elif what == "remove":
            store.remove(scope, given)  # type: ignore[arg-type]
        else:
            store.upsert(scope, what, given)  # type: ignore[arg-type]
    except ContractError:
        touched = "refused"
    return (
        touched,
        list(store.nodes(scope, NAMES)),
        {name: list(edges) for name, edges in store.neighbours(scope, NAMES, 3).items()},
        dict(store.degrees(scope, NAMES)),
        dict(store.expand(scope, ["a"], 2)),
        [store.count(scope), store.count(scope, "x")],
    )


def test_a_place_that_is_none_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("ladybug", reason="pip install 'memeval[ladybug]'")
    (tmp_path / "text.lbug").write_text("this is no database, but a longer text about databases " * 200)
    for path in (tmp_path / "text.lbug", tmp_path / "no" / "folder.lbug"):
        with pytest.raises(ConfigError, match="graph_store.path"):
            LadybugGraph(str(path), memory_mb=128)
    for make, says in ((lambda: LadybugGraph(memory_mb=1), "memory_mb"), (lambda: LadybugGraph(threads=0), "threads")):
        with pytest.raises(ConfigError, match=says):
            refused(make)


def refused(make: Callable[[], LadybugGraph]) -> None:
    make().close()


def test_a_file_in_use_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("ladybug", reason="pip install 'memeval[ladybug]'")
    path = str(tmp_path / "g.lbug")
    store = LadybugGraph(path, memory_mb=128)
    store.upsert("u", [GraphNode("a", "x")], [])
    code = f"from memeval.strategies.stores.graph.ladybug import LadybugGraph\nLadybugGraph({path!r}, 128)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "ConfigError: graph_store.path" in done.stderr
    store.close()
    again = LadybugGraph(path, memory_mb=128)
    assert again.count("u") == 1
    again.close()


def test_a_missing_package_says_what_to_type(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ladybug", None)
    with pytest.raises(ModelError, match=r"pip install 'memeval\[ladybug\]'"):
        LadybugGraph()
