"""Two stores are the same store: after any steps, and in what retrievers find over them."""

import os
from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import count, groupby
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from memeval.benchmarks.locomo import Locomo
from memeval.kit.document import Document
from memeval.kit.errors import ContractError
from memeval.kit.stores import Entry, GraphEdge, GraphNode, GraphStore, KeyValueStore
from memeval.kit.types import Dialogue
from memeval.strategies.extraction.rules import RuleExtractor
from memeval.strategies.long_term.graph import Graph
from memeval.strategies.long_term.kv import KV
from memeval.strategies.stores.graph.memory import MemoryGraph
from memeval.strategies.stores.kv.memory import MemoryKV
from memeval.strategies.writing.turns import Turns

EXAMPLES = settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
DAYS = st.one_of(st.none(), st.integers(1, 4).map(lambda day: datetime(2024, 3, day)))
ENTRIES = st.builds(
    Entry,
    st.sampled_from(["ann/home", "ann/taste"]),
    st.sampled_from(["", "figs"]),
    st.sampled_from(["a", "b", "c"]),
    DAYS,
    st.lists(st.sampled_from(["t1", "t2", "t3"]), max_size=2).map(tuple),
)
# A string is a key to delete.
KEY_STEPS = st.lists(
    st.one_of(st.lists(ENTRIES, min_size=1, max_size=6), st.sampled_from(["ann/home", "ann/taste"])), max_size=8
)

NAMES = ("a", "b", "c", "d")
SOURCES = st.lists(st.sampled_from(["t1", "t2", "t3"]), max_size=2).map(tuple)
NODES = st.builds(GraphNode, st.sampled_from(NAMES), st.sampled_from("xy"), st.sampled_from(["one", "two"]), SOURCES)
EDGES = st.builds(
    GraphEdge,
    st.sampled_from(NAMES),
    st.sampled_from(NAMES),
    st.sampled_from("pq"),
    st.sampled_from(["", "Oslo"]),
    st.sampled_from([0.5, 1e-05, 3.0]),
    SOURCES,
    DAYS,
    DAYS,
).filter(lambda edge: edge.head != edge.tail)
GRAPH_STEPS = st.lists(
    st.one_of(
        st.tuples(st.lists(NODES, max_size=4), st.lists(EDGES, max_size=5)),
        SOURCES.map(lambda turns: ("forget", turns)),
        st.sampled_from(NAMES).map(lambda name: ("remove", (name,))),
    ),
    max_size=7,
)


def same_keys(store: KeyValueStore) -> None:
    serial = count()

    @given(KEY_STEPS)
    @EXAMPLES
    def holds(steps: Sequence[Any]) -> None:
        scope = f"s{next(serial)}"
        stores = (MemoryKV(), store)
        for step in steps:
            seen = []
            for each in stores:
                if isinstance(step, str):
                    each.delete(scope, [step])
                else:
                    each.upsert(scope, step)
                keys = list(each.keys(scope))
                seen.append(
                    (
                        keys,
                        [(list(each.get(scope, key)), list(each.history(scope, key))) for key in keys],
                        [list(each.get(scope, key, 1)) for key in keys],
                        each.count(scope),
                    )
                )
            assert seen[0] == seen[1]

    holds()


def same_graph(store: GraphStore) -> None:
    serial = count()

    def outcome(each: GraphStore, scope: str, step: tuple[Any, Any]) -> object:
        what, given_ = step
        touched: object = None
        try:
            if what == "forget":
                touched = list(each.forget(scope, given_))
            elif what == "remove":
                each.remove(scope, given_)
            else:
                each.upsert(scope, what, given_)
        except ContractError:
            touched = "refused"
        return (
            touched,
            list(each.nodes(scope, NAMES)),
            {name: list(edges) for name, edges in each.neighbours(scope, NAMES, 3).items()},
            dict(each.degrees(scope, NAMES)),
            dict(each.expand(scope, ["a"], 2)),
            [each.count(scope), each.count(scope, "x")],
        )

    @given(GRAPH_STEPS)
    @EXAMPLES
    def holds(steps: Sequence[tuple[Any, Any]]) -> None:
        scope = f"s{next(serial)}"
        memory = MemoryGraph()
        for step in steps:
            assert outcome(memory, scope, step) == outcome(store, scope, step)

    holds()


# Of a dialogue: so many turns say all that a store has to hold here, and each further one is a round trip.
_TURNS = 150


def dialogue() -> Dialogue:
    """The shortest of LoCoMo's."""
    folder = os.environ.get("MEMEVAL_DATA")
    if not folder or not Path(folder).is_dir():
        pytest.skip("set MEMEVAL_DATA to the folder with the real data to compare rankings on LoCoMo")
    return min(Locomo(), key=lambda each: len(each.turns))


def same_keys_found(store: KeyValueStore) -> None:
    """Key-value memory over the store and over memory gives the same answers, before and after forgetting."""
    same_found(lambda kept: KV(kept, RuleExtractor(), Document()), MemoryKV(), store, every=2, least=20)


def same_passages_found(store: GraphStore) -> None:
    same_found(lambda kept: Graph(Turns(Document()), kept, RuleExtractor()), MemoryGraph(), store, every=6, least=20)


def same_found(make: Callable[[Any], Any], expected: Any, store: Any, every: int, least: int) -> None:
    talk = dialogue()
    memories = [make(expected), make(store)]
    for memory in memories:
        for _, turns in groupby(talk.turns[:_TURNS], key=lambda turn: turn.session):
            memory.write(list(turns))
    found = 0
    names = [turn.id for turn in talk.turns[:_TURNS]]
    for lost in ((), names[10:60:7]):
        for memory in memories:
            memory.forget(lost)
        for question in talk.questions[:: 2 * every if lost else every]:
            query = question.query
            wanted, got = (memory.search(query, 10) for memory in memories)
            assert list(wanted) == list(got), query.text
            found += bool(wanted)
    assert found > least, "there is little to compare"
