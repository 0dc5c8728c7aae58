"""Vector stores at servers: the contract of the role and that of servers, numpy's rankings, and who is connected to."""

import importlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from support import network

from memeval.kit import engines
from memeval.kit.document import Document
from memeval.kit.errors import ConfigError, ContractError, ModelError, StorageError
from memeval.kit.types import Vectors
from memeval.servers.base import Server
from memeval.strategies.embedders.wordllama import Wordllama
from memeval.strategies.long_term.vector import Vector
from memeval.strategies.stores.vector.numpy import NumpyStore
from memeval.strategies.writing.turns import Turns
from memeval.testing import check_vector_store

from . import alike, contract
from .conftest import Reached


@dataclass(frozen=True)
class Case:
    """A system, the server that answers for it, and its settings: exact ones, and approximate ones with their bound.

    `recall`: at least so much of numpy's ten best, in 20 tenants of 100 vectors and one of 1,000.
    """

    system: str
    server: str
    kind: str
    argument: str
    client: str
    standin: bool = True
    durable: bool = False
    exact: dict[str, Any] | None = field(default_factory=dict)
    near: dict[str, Any] | None = None
    recall: float = 0.9
    fixed: dict[str, Any] = field(default_factory=dict)


CASES = {
    # FalkorDB's server is a Redis 8, with vector sets.
    "redis": Case(
        "redis", "falkordb", "RedisVectors", "prefix", "redis", False, True, near={"index": "hnsw"}, recall=0.95
    ),
    "redis-q8": Case(
        "redis", "falkordb", "RedisVectors", "prefix", "redis", False, True, None,
        {"index": "hnsw", "quantization": "q8"}, 0.9,
    ),
    "chroma": Case(
        "chroma", "chroma", "ChromaStore", "collection", "chromadb", False, True, None, {}, 0.95,
        {"mode": "server"},
    ),
    "qdrant": Case("qdrant", "qdrant", "QdrantServerStore", "collection", "qdrant_client", near={"index": "hnsw"}),
    "weaviate": Case("weaviate", "weaviate", "WeaviateStore", "collection", "weaviate", near={"index": "hnsw"}),
    "pinecone": Case("pinecone", "pinecone", "PineconeStore", "index", "pinecone", exact=None, near={}),
}  # fmt: skip
MODULES = {"qdrant": "qdrant_server"}


@dataclass
class Place:
    """A system that answers, and its store's module."""

    case: Case
    server: Reached
    module: Any

    def open(self, name: str, keep: bool = False, **more: Any) -> Any:
        settings = self.case.near if self.case.exact is None else self.case.exact
        # Weaviate's client repeats by itself; Pinecone's store repeats until a write is to be seen.
        retries = {"weaviate": 0, "pinecone": 4}.get(self.case.system, 1)
        given = {"keep": keep, "retries": retries, "timeout": 120.0, **self.case.fixed, **(settings or {}), **more}
        return getattr(self.module, self.case.kind)(**{self.case.argument: name, **given})

    def site(self) -> contract.Site:
        stands_in = self.case.standin and isinstance(self.server, Server)
        return contract.Site(
            self.case.system,
            contract.VECTORS,
            self.open,
            lambda: self.module.leftovers(None),
            lambda names: self.module.remove(None, names),
            "stand-in" if stands_in else "real",
            self.case.durable or not stands_in,
        )


@pytest.fixture(params=[pytest.param(name, marks=pytest.mark.xdist_group(f"servers-{CASES[name].server}"))
                        for name in CASES])  # fmt: skip
def place(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Place:
    case = CASES[request.param]
    # A Redis of one's own goes before FalkorDB's.
    own = bool(os.environ.get(f"MEMEVAL_{case.system.upper()}_URL")) and case.system == "redis"
    server = request.getfixturevalue(f"{'redis' if own else case.server}_server")
    monkeypatch.setenv(f"MEMEVAL_{case.system.upper()}_URL", server.url)
    if isinstance(server, Server) and case.system == "pinecone":
        monkeypatch.setenv("MEMEVAL_PINECONE_API_KEY", "a-key")
    module = MODULES.get(case.system, case.system)
    return Place(case, server, importlib.import_module(f"memeval.strategies.stores.vector.{module}"))


@pytest.fixture
def store(place: Place) -> Iterator[Any]:
    name = contract.fresh()
    made = place.open(name)
    yield made
    made.close()
    place.module.remove(None, place.site().holds(name))


def test_contract(place: Place) -> None:
    last = ""

    def factory() -> Any:
        nonlocal last
        last = contract.fresh()
        return place.open(last)

    with engines.visit() as visit:
        check_vector_store(factory, exact=place.case.exact is not None, reopen=lambda: place.open(last))
    (engine,) = visit.engines
    told = place.module.engine(None)
    assert (engine.kind, engine.name, engine.version) == (told.kind, told.name, told.version)
    if isinstance(place.server, Server):
        assert ("stand-in" in engine.name) == place.case.standin


@pytest.mark.parametrize("rule", contract.RULES, ids=contract.name)
def test_at_the_server(rule: Callable[..., None], place: Place) -> None:
    rule(place.site(), place.server)


def test_the_same_answers_as_over_numpy(place: Place, store: Any) -> None:
    """The same passages of LoCoMo in the same order, equal scores included, before and after forgetting."""
    if place.case.exact is None:
        pytest.skip(f"{place.case.system} has no exact search")
    alike.same_found(lambda kept: Vector(Turns(Document()), Wordllama(), kept), NumpyStore(), store, least=80, every=1)


def unit(rows: Any) -> Vectors:
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)


def test_what_an_index_loses(place: Place) -> None:
    """Recall against exact search, among tenants whose vectors lie as near; the record has the settings."""
    if place.case.near is None:
        pytest.skip(f"{place.case.system} is tested exact only")
    draw = np.random.default_rng(3)
    centres = draw.normal(size=(20, 48))
    rows = unit(centres[draw.integers(20, size=3_000)] + 0.7 * draw.normal(size=(3_000, 48)))
    truth = NumpyStore()
    shares = []
    with engines.visit() as visit:
        store = place.open(contract.fresh(), **place.case.near)
        try:
            sizes = [100] * 20 + [1_000]
            for number, size in enumerate(sizes):
                names = [f"p{each}" for each in range(size)]
                for each in (store, truth):
                    each.upsert(
                        f"user {number}", names, rows[100 * number :][:size], [{"odd": i % 2} for i in range(size)]
                    )
            for number in [*range(20), *[20] * 20]:
                for where in (None, {"odd": 1}):
                    query = unit(rows[draw.integers(3_000)][None] + 0.1 * draw.normal(size=(1, 48)))[0]
                    wanted = {match.id for match in truth.search(f"user {number}", query, 10, where)}
                    found = {match.id for match in store.search(f"user {number}", query, 10, where)}
                    shares.append(len(wanted & found) / len(wanted))
        finally:
            store.close()
    assert np.mean(shares) >= place.case.recall, np.mean(shares)
    settings = visit.engines[0].settings
    assert place.case.near.items() <= settings.items()
    assert place.case.system == "pinecone" or {"m", "ef_construction", "ef_search"} <= settings.keys()


def test_nobody_else_is_connected_to(place: Place) -> None:
    """Neither by the client, whatever it is written in, nor by a server of ours."""
    name = contract.fresh()
    with network.only(place.server.url) as refused:
        with engines.visit(), contract.opened(place.site(), name) as store:
            contract.VECTORS.write(store, "u", {"a": "one", "b": "two"})
            assert set(contract.VECTORS.read(store, "u")) == {"a", "b"}
            store.delete("u", ["a"])
            assert not network.peers()
            if isinstance(place.server, Server):
                assert place.server._process is not None
                assert not network.peers(place.server._process.pid)
        place.module.leftovers(None)
        place.module.engine(None)
    assert refused == []


def test_a_wrong_dimension_is_refused_by_the_server_too(place: Place, store: Any) -> None:
    """A second writer that has not seen the collection: the store asks, and if it did not, the server would refuse."""
    store.upsert("u", ["a"], contract.vector("a")[None], [{}])
    wrong = unit(np.ones((1, 7)))
    with pytest.raises(ContractError, match="16"):
        store.upsert("v", ["b"], wrong, [{}])
    with pytest.raises(ContractError, match="16"):
        store.search("u", wrong[0], 3)
    store._dimension = 7
    with pytest.raises(StorageError, match=f"{place.case.system} at .* refuses"):
        store.upsert("u", ["b"], wrong, [{}])
    if place.case.system != "redis":
        with pytest.raises(StorageError, match=f"{place.case.system} at .* refuses"):
            store.search("u", wrong[0], 3)


def test_settings_out_of_range(place: Place) -> None:
    wrong: list[dict[str, Any]] = [{"timeout": 0.0}, {"retries": -1}]
    if place.case.system != "pinecone":
        wrong += [{"m": 1}, {"ef_search": 0}, {"ef_construction": 0}]
    for more in wrong:
        with pytest.raises(ConfigError, match=r"vector_store\."):
            place.open(contract.fresh(), **more)
    for name in ("memeval;drop", "x" * 200, "", "ü"):
        with pytest.raises(ConfigError, match=rf"vector_store\.{place.case.argument}="):
            place.open(name)


def test_who_does_not_answer_is_named(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    variable = f"MEMEVAL_{place.case.system.upper()}_URL"
    scheme = place.server.url.partition("://")[0]
    monkeypatch.setenv(variable, f"{scheme}://127.0.0.1:9")
    with pytest.raises(StorageError, match=rf"{place.case.system} at {scheme}://127.0.0.1:9 does not answer"):
        place.open(contract.fresh(), retries=1, timeout=5.0)
    with pytest.raises(StorageError, match=place.case.system):
        place.module.engine(None, timeout=5.0)
    monkeypatch.delenv(variable)
    if place.case.system != "pinecone":
        with pytest.raises(ConfigError, match=variable):
            place.open(contract.fresh())
    with pytest.raises(ConfigError, match="password"):
        place.open(contract.fresh(), url=f"{scheme}://ann:hush@127.0.0.1:9")


def test_a_missing_client_says_how_to_get_it(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(importlib.import_module("sys").modules, place.case.client, None)
    with pytest.raises(ModelError, match="pip install 'memeval"):
        place.open(contract.fresh())
