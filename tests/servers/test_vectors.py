"""Vector stores at servers: numpy's rankings, what an index loses, and who is connected to."""

from typing import Any

import numpy as np
import pytest
from support import network

from memeval.kit import engines
from memeval.kit.document import Document
from memeval.kit.errors import ContractError, StorageError
from memeval.kit.types import Vectors
from memeval.servers.base import Server
from memeval.strategies.embedders.wordllama import Wordllama
from memeval.strategies.long_term.vector import Vector
from memeval.strategies.stores.vector.numpy import NumpyStore
from memeval.strategies.writing.turns import Turns

from . import alike, contract, roles
from .roles import Place

pytestmark = roles.those("redis-vectors", "redis-vectors-q8", "chroma", "qdrant", "weaviate", "pinecone")
# Approximate settings, and at least so much of numpy's ten best, in 20 tenants of 100 vectors and one of 1,000.
NEAR: dict[str, tuple[dict[str, Any], float]] = {
    "redis-vectors": ({"index": "hnsw"}, 0.95),
    "redis-vectors-q8": ({"index": "hnsw", "quantization": "q8"}, 0.9),
    "chroma": ({}, 0.95),
    "qdrant": ({"index": "hnsw"}, 0.9),
    "weaviate": ({"index": "hnsw"}, 0.9),
    "pinecone": ({}, 0.9),
}


def test_the_same_answers_as_over_numpy(place: Place, store: Any) -> None:
    """The same passages of LoCoMo in the same order, equal scores included, before and after forgetting."""
    if not place.case.exact:
        pytest.skip(f"{place.name} has no exact search")
    alike.same_found(lambda kept: Vector(Turns(Document()), Wordllama(), kept), NumpyStore(), store, least=80, every=1)


def unit(rows: Any) -> Vectors:
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)


def test_what_an_index_loses(place: Place) -> None:
    """Recall against exact search, among tenants whose vectors lie as near; the record has the settings."""
    near, least = NEAR[place.name]
    draw = np.random.default_rng(3)
    centres = draw.normal(size=(20, 48))
    rows = unit(centres[draw.integers(20, size=3_000)] + 0.7 * draw.normal(size=(3_000, 48)))
    truth = NumpyStore()
    shares = []
    with engines.visit() as visit:
        store = place.open(contract.fresh(), **near)
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
    assert np.mean(shares) >= least, np.mean(shares)
    settings = visit.engines[0].settings
    assert near.items() <= settings.items()
    assert place.system == "pinecone" or {"m", "ef_construction", "ef_search"} <= settings.keys()


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
        place.leftovers()
        place.engine()
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
    with pytest.raises(StorageError, match=f"{place.system} at .* refuses"):
        store.upsert("u", ["b"], wrong, [{}])
    if place.system != "redis":
        with pytest.raises(StorageError, match=f"{place.system} at .* refuses"):
            store.search("u", wrong[0], 3)
