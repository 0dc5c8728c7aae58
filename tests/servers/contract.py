"""What every store at a server must do beside the contract of its role: be alone, last, be lost and found, clear up.

A rule takes a `Site` and the running server, and asserts. A test file runs them all:

    @pytest.mark.parametrize("rule", contract.RULES, ids=contract.name)
    def test_at_the_server(rule, postgres_server):
        rule(Site("pgvector", VECTORS, opening, leftovers, remove), postgres_server)
"""

import secrets
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

import numpy as np
import pytest

from memeval.kit import engines
from memeval.kit.errors import StorageError
from memeval.kit.stores import Entry, GraphEdge, GraphNode, GraphStore, KeyValueStore, SqlFilters, SqlStore, VectorStore
from memeval.kit.types import Turn, Vectors

DIMENSION = 16
START = datetime(2024, 3, 1, 9, 0)
UNICODE = ["Zoë's crème – „猫“", "e\u0301 é", "東京 🐈‍⬛", "a\nb\t\u2028c", "quote ' \" \\ % _ -- ; */ {} $1 :x ?"]
LONG = "word äöü 東京 " * 7_000


class Handle(Protocol):
    """How a role writes texts under names, and gives them back."""

    def write(self, store: Any, scope: str, texts: dict[str, str]) -> None: ...

    def read(self, store: Any, scope: str) -> dict[str, str]:
        """All that the scope holds, by name."""

    def forget(self, store: Any, scope: str, names: Sequence[str]) -> None: ...


@dataclass(frozen=True)
class Site:
    """A storage system under test.

    Attributes:
        system: as the user names it.
        handle: one of VECTORS, KEYS, GRAPH, SQL.
        opening: opens a store under a name, with keep.
        leftovers: names of what is there under memeval's prefix.
        remove: removes these.
        kind: what the engine must be noted as.
        durable: what was written is there after the server was stopped in order and started again.
    """

    system: str
    handle: Handle
    opening: Callable[[str, bool], Any]
    leftovers: Callable[[], Sequence[str]]
    remove: Callable[[Sequence[str]], None]
    kind: engines.Kind = "real"
    durable: bool = True

    def holds(self, name: str) -> list[str]:
        """What is there under the name; systems that know no underscore have dashes."""
        return [each for each in self.leftovers() if plain(name) in plain(each)]


def plain(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())


def fresh() -> str:
    return f"memeval_test_{secrets.token_hex(6)}"


def name(rule: Callable[..., object]) -> str:
    return rule.__name__


def vector(text: str) -> Vectors:
    """A unit vector of its own for each text."""
    seed = int.from_bytes(text.encode()[:64], "little") + len(text)
    drawn = np.random.default_rng(seed).normal(size=DIMENSION)
    return np.asarray(drawn / np.linalg.norm(drawn), dtype=np.float32)


class _Vectors:
    def write(self, store: VectorStore, scope: str, texts: dict[str, str]) -> None:
        vectors = np.array([vector(text) for text in texts.values()])
        day = {"day": "2024-03-01"}
        store.upsert(scope, list(texts), vectors, [{"text": text, **day} for text in texts.values()])

    def read(self, store: VectorStore, scope: str) -> dict[str, str]:
        count = store.count(scope)
        found = store.search(scope, vector("query"), count + 10, {"day": "2024-03-01"})
        assert len(found) == count
        assert not store.search(scope, vector("query"), 5, {"day": "2024-03-02"})
        return {match.id: match.payload["text"] for match in found}

    def forget(self, store: VectorStore, scope: str, names: Sequence[str]) -> None:
        store.delete(scope, names)


class _Keys:
    def write(self, store: KeyValueStore, scope: str, texts: dict[str, str]) -> None:
        store.upsert(scope, [Entry(key, "", text, START, (f"turn {key}",)) for key, text in texts.items()])

    def read(self, store: KeyValueStore, scope: str) -> dict[str, str]:
        found = {key: store.get(scope, key) for key in store.keys(scope)}
        assert all(len(entries) == 1 for entries in found.values())
        assert all(
            entries[0].time == START and entries[0].sources == (f"turn {key}",) for key, entries in found.items()
        )
        return {key: entries[0].value for key, entries in found.items()}

    def forget(self, store: KeyValueStore, scope: str, names: Sequence[str]) -> None:
        store.delete(scope, names)


class _Graph:
    """Passages, each tied to a concept of its own."""

    def __init__(self) -> None:
        self._names: set[str] = set()

    def write(self, store: GraphStore, scope: str, texts: dict[str, str]) -> None:
        nodes = [GraphNode(each, "passage", text, (f"turn {each}",)) for each, text in texts.items()]
        nodes += [GraphNode(f"concept {each}", "concept", each) for each in texts]
        edges = [
            GraphEdge(each, f"concept {each}", "mentions", text[:50], 0.5, (f"turn {each}",), START)
            for each, text in texts.items()
        ]
        store.upsert(scope, nodes, edges)
        self._names.update(texts)

    def read(self, store: GraphStore, scope: str) -> dict[str, str]:
        # The protocol lists no nodes: every name that any test has written is asked for.
        found = {node.id: node for node in store.nodes(scope, sorted(self._names))}
        assert store.count(scope, "passage") == len(found)
        assert all(node.sources == (f"turn {each}",) for each, node in found.items())
        edges = store.neighbours(scope, list(found))
        assert all([edge.tail for edge in edges[each]] == [f"concept {each}"] for each in found)
        return {each: node.text for each, node in found.items()}

    def forget(self, store: GraphStore, scope: str, names: Sequence[str]) -> None:
        store.forget(scope, [f"turn {each}" for each in names])


class _Sql:
    def write(self, store: SqlStore, scope: str, texts: dict[str, str]) -> None:
        turns = [Turn(each, "s1", "Ann", "user", text, START) for each, text in texts.items()]
        store.write(scope, turns, [f"kitten {text}" for text in texts.values()])

    def read(self, store: SqlStore, scope: str) -> dict[str, str]:
        periods = ((START, START + timedelta(seconds=1)),)
        found = store.search(scope, ["kitten"], 10_000, SqlFilters(periods=periods), None)
        later = ((START + timedelta(seconds=1), None),)
        assert not store.search(scope, ["kitten"], 10, SqlFilters(periods=later), None)
        assert store.count(scope) == len(found)
        return {hit.sources[0]: hit.text.removeprefix("kitten ") for hit in found}

    def forget(self, store: SqlStore, scope: str, names: Sequence[str]) -> None:
        store.forget(scope, names)


VECTORS, KEYS, GRAPH, SQL = _Vectors(), _Keys(), _Graph(), _Sql()


@contextmanager
def opened(site: Site, name: str, keep: bool = False) -> Iterator[Any]:
    store = site.opening(name, keep)
    try:
        yield store
    finally:
        store.close()
        store.close()


@contextmanager
def kept(site: Site) -> Iterator[str]:
    """A name whose content outlives stores that are closed, until the block ends."""
    name = fresh()
    try:
        yield name
    finally:
        site.remove(site.holds(name))
    assert not site.holds(name)


def an_engine_is_noted(site: Site, server: Any) -> None:
    with engines.visit() as visit, opened(site, fresh()):
        pass
    (engine,) = visit.engines
    assert (engine.system, engine.kind) == (site.system, site.kind)
    assert engine.name and engine.version and engine.version[0].isdigit()


def fifty_tenants_are_apart(site: Site, server: Any) -> None:
    scopes = [f"user {number}" for number in range(46)] + ["User 1", "ü", "u\u0308", "a' OR '1'='1"]
    with kept(site) as name, opened(site, name) as store:
        for number, scope in enumerate(scopes):
            site.handle.write(store, scope, {f"n{each}": f"{number} {each}" for each in range(4)})
        for number, scope in enumerate(scopes):
            found = site.handle.read(store, scope)
            assert found == {f"n{each}": f"{number} {each}" for each in range(4)}, scope
        site.handle.forget(store, scopes[7], ["n1", "n2"])
        assert set(site.handle.read(store, scopes[7])) == {"n0", "n3"}
        assert all(len(site.handle.read(store, scope)) == 4 for scope in scopes[:7] + scopes[8:])
        assert site.handle.read(store, "nobody") == {}


def any_text_comes_back(site: Site, server: Any) -> None:
    texts = {f"{number} {text[:20]}": text for number, text in enumerate([*UNICODE, LONG])}
    with kept(site) as name:
        with opened(site, name) as store:
            site.handle.write(store, "ü/1", texts)
            assert site.handle.read(store, "ü/1") == texts
        with opened(site, name) as store:
            assert site.handle.read(store, "ü/1") == texts


def writing_twice_is_writing_once(site: Site, server: Any) -> None:
    """What a repetition after a lost answer does."""
    with kept(site) as name, opened(site, name) as store:
        for _ in range(2):
            site.handle.write(store, "u", {"a": "first", "b": "second"})
        assert site.handle.read(store, "u") == {"a": "first", "b": "second"}


def a_large_write_is_cut_into_batches(site: Site, server: Any) -> None:
    texts = {f"n{number}": f"text {number}" for number in range(1_100)}
    with kept(site) as name, opened(site, name) as store:
        site.handle.write(store, "u", texts)
        assert site.handle.read(store, "u") == texts
        site.handle.forget(store, "u", list(texts)[:1_050])
        assert set(site.handle.read(store, "u")) == set(list(texts)[1_050:])


def writers_at_once_lose_nothing(site: Site, server: Any) -> None:
    """Four stores under one name, as the workers of a run have them: scopes of their own, and one that all share."""
    failures: list[Exception] = []
    start = threading.Barrier(4)

    def work(number: int, name: str) -> None:
        try:
            with opened(site, name) as store:
                start.wait(timeout=120)
                for each in range(6):
                    text = {f"w{number} {each}": f"text {number} {each}"}
                    site.handle.write(store, f"user {number}", text)
                    site.handle.write(store, "shared", text)
        except Exception as error:
            failures.append(error)
            start.abort()

    with kept(site) as name:
        with opened(site, name) as store:
            site.handle.write(store, "first", {"n": "text"})
        threads = [threading.Thread(target=work, args=(number, name)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=300)
        assert not failures, failures[0]
        with opened(site, name) as store:
            for number in range(4):
                wanted = {f"w{number} {each}": f"text {number} {each}" for each in range(6)}
                assert site.handle.read(store, f"user {number}") == wanted
            assert len(site.handle.read(store, "shared")) == 24


def a_lost_server_is_named_and_found_again(site: Site, server: Any) -> None:
    """Killed in the middle, the error names it; once it is back the same store goes on."""
    with kept(site) as name:
        with opened(site, name) as store:
            site.handle.write(store, "u", {"a": "before"})
            server.kill()
            try:
                with pytest.raises(StorageError) as caught:
                    site.handle.write(store, "u", {"b": "lost"})
                assert site.system in str(caught.value)
            finally:
                server.start()
            # What a run does: the same work once more, from the start.
            if site.durable:
                site.handle.write(store, "u", {"a": "before", "b": "after"})
                assert site.handle.read(store, "u") == {"a": "before", "b": "after"}


def what_was_written_outlives_the_server(site: Site, server: Any) -> None:
    if not site.durable:
        pytest.skip(f"{site.system} is set up here to keep nothing")
    with kept(site) as name:
        with opened(site, name) as store:
            site.handle.write(store, "u", {"a": "before", "b": "before"})
            site.handle.forget(store, "u", ["b"])
            server.restart()
            assert site.handle.read(store, "u") == {"a": "before"}
        server.restart()
        with opened(site, name) as store:
            assert site.handle.read(store, "u") == {"a": "before"}


def a_run_removes_what_it_made(site: Site, server: Any) -> None:
    """Also when it fails; and nothing else is touched."""
    with kept(site) as other:
        with opened(site, other) as store:
            site.handle.write(store, "u", {"a": "another's"})
        before = set(site.leftovers())
        mine = fresh()
        with engines.visit(), opened(site, mine) as store:
            site.handle.write(store, "u", {"a": "mine"})
            assert site.holds(mine), "leftovers do not show it"
        assert set(site.leftovers()) == before
        with pytest.raises(KeyError), engines.visit(), opened(site, mine) as store:
            site.handle.write(store, "u", {"a": "mine"})
            raise KeyError
        assert set(site.leftovers()) == before
        with engines.visit(), opened(site, mine) as store:
            site.handle.write(store, "u", {"a": "mine"})
            # Gone already: somebody has cleared up in between.
            store.close()
            site.remove(site.holds(mine))
        with opened(site, other) as store:
            assert site.handle.read(store, "u") == {"a": "another's"}


def what_is_to_be_kept_is_kept(site: Site, server: Any) -> None:
    with kept(site) as name:
        with engines.visit(), opened(site, name, True) as store:
            site.handle.write(store, "u", {"a": "kept"})
        with engines.visit(), opened(site, name, True) as store:
            assert site.handle.read(store, "u") == {"a": "kept"}
        assert site.holds(name)


RULES: list[Callable[[Site, Any], None]] = [
    an_engine_is_noted,
    fifty_tenants_are_apart,
    any_text_comes_back,
    writing_twice_is_writing_once,
    a_large_write_is_cut_into_batches,
    writers_at_once_lose_nothing,
    a_run_removes_what_it_made,
    what_is_to_be_kept_is_kept,
    a_lost_server_is_named_and_found_again,
    what_was_written_outlives_the_server,
]
