"""Vector stores whose engine runs in this process: Qdrant Edge and Chroma, and what they connect to: nothing."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support import network

from memeval.kit import engines
from memeval.kit.document import Document
from memeval.kit.errors import ConfigError, ContractError, StorageError
from memeval.kit.types import Vectors
from memeval.strategies.embedders.wordllama import Wordllama
from memeval.strategies.long_term.vector import Vector
from memeval.strategies.stores.vector.chroma import ChromaStore
from memeval.strategies.stores.vector.numpy import NumpyStore
from memeval.strategies.stores.vector.qdrant_edge import QdrantEdgeStore
from memeval.strategies.stores.vector.sqlite import SqliteVectors
from memeval.strategies.writing.turns import Turns
from memeval.testing import check_vector_store

from . import alike, contract

pytestmark = pytest.mark.xdist_group("servers-chroma")


def edge(path: str | None, **more: Any) -> QdrantEdgeStore:
    return QdrantEdgeStore(path=path, **more)


def chroma(path: str | None, **more: Any) -> ChromaStore:
    return ChromaStore(path=path, collection="memeval_test", **more)


def sqlite(path: str | None) -> SqliteVectors:
    return SqliteVectors(None if path is None else f"{path}.db")


OPEN: dict[str, Callable[..., Any]] = {"qdrant_edge": edge, "chroma": chroma, "sqlite": sqlite}
EXACT = ("qdrant_edge", "sqlite")
# A graph is built at once, and used.
GRAPH = {"index": "hnsw", "full_scan_threshold": 10, "indexing_threshold": 10}


@pytest.mark.parametrize("kept", [True, False], ids=["folder", "memory"])
@pytest.mark.parametrize("name", ["qdrant_edge", "chroma"])
def test_contract(name: str, kept: bool, tmp_path: Path) -> None:
    folders: list[str] = []

    def fresh() -> Any:
        folders.append(str(tmp_path / str(len(folders))))
        return OPEN[name](folders[-1] if kept else None)

    with engines.visit() as visit:
        reopen = (lambda: OPEN[name](folders[-1])) if kept else None
        check_vector_store(fresh, exact=name in EXACT, reopen=reopen)
    (engine,) = visit.engines
    assert (engine.system, engine.kind) == (name, "real") and engine.version[0].isdigit()


@pytest.mark.parametrize("name", EXACT)
def test_the_same_answers_as_over_numpy(name: str) -> None:
    store = OPEN[name](None)
    alike.same_found(lambda kept: Vector(Turns(Document()), Wordllama(), kept), NumpyStore(), store, least=80, every=1)
    store.close()


def unit(rows: Any) -> Vectors:
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)


# Least and most of numpy's ten best that are found; the second must be missed at times, or no graph was asked.
@pytest.mark.parametrize(
    ("name", "settings", "least", "most"),
    [
        ("chroma", {}, 0.95, 1.0),
        # Vectors below its thresholds Qdrant compares one by one.
        ("qdrant_edge", {"index": "hnsw"}, 1.0, 1.0),
        # A graph that a filter on the tenant, and another one, cut into pieces.
        ("qdrant_edge", GRAPH, 0.5, 0.97),
        ("qdrant_edge", {**GRAPH, "full_scan_threshold": 1_000}, 0.99, 1.0),
    ],
)
def test_what_an_index_loses(name: str, settings: dict[str, Any], least: float, most: float) -> None:
    """Three tenants of 1,000 vectors that lie among each other; half of the queries with a filter."""
    draw = np.random.default_rng(4)
    centres = draw.normal(size=(20, 48))
    rows = unit(centres[draw.integers(20, size=3_000)] + 0.7 * draw.normal(size=(3_000, 48)))
    truth = NumpyStore()
    with engines.visit() as visit:
        store = OPEN[name](None, **settings)
    names = [f"p{each}" for each in range(1_000)]
    for number in range(3):
        for each in (store, truth):
            each.upsert(f"u{number}", names, rows[number::3], [{"odd": i % 2} for i in range(1_000)])
    shares = []
    for number in range(60):
        query = unit(rows[draw.integers(3_000)][None] + 0.1 * draw.normal(size=(1, 48)))[0]
        where = {"odd": 1} if number % 2 else None
        wanted = {match.id for match in truth.search(f"u{number % 3}", query, 10, where)}
        found = {match.id for match in store.search(f"u{number % 3}", query, 10, where)}
        shares.append(len(wanted & found) / 10)
    if "indexing_threshold" in settings:
        assert store.stats()["indexed"] == 3_000, "no graph was built"
    store.close()
    assert least <= np.mean(shares) <= most
    assert settings.items() <= visit.engines[0].settings.items()


@pytest.mark.parametrize("name", OPEN)
def test_nobody_is_connected_to(name: str, tmp_path: Path) -> None:
    with network.only() as refused:
        with contract.opened(contract.Site(name, contract.VECTORS, lambda *_: OPEN[name](str(tmp_path / "a")),
                                           list, print), "x") as store:  # fmt: skip
            contract.VECTORS.write(store, "u", {"a": "one", "b": "two"})
            assert set(contract.VECTORS.read(store, "u")) == {"a", "b"}
            assert not network.peers()
    assert refused == []


def test_telemetry_is_off(tmp_path: Path) -> None:
    store = chroma(None)
    assert store._client.get_settings().anonymized_telemetry is False
    store.close()


@pytest.mark.parametrize("name", OPEN)
def test_long_texts_and_any_letters(name: str) -> None:
    texts = {f"{number} {text[:20]}": text for number, text in enumerate([*contract.UNICODE, contract.LONG])}
    store = OPEN[name](None)
    contract.VECTORS.write(store, "ü/1", texts)
    assert contract.VECTORS.read(store, "ü/1") == texts
    store.close()
    with pytest.raises(StorageError, match="closed"):
        store.count("ü/1")


def test_a_folder_that_another_has_open(tmp_path: Path) -> None:
    store = edge(str(tmp_path / "q"))
    store.upsert("u", ["a"], unit(np.eye(3)[:1]), [{}])
    with pytest.raises(ConfigError, match="vector_store.path"):
        edge(str(tmp_path / "q"))
    store.delete("u", ["a"])
    store.close()
    store = edge(str(tmp_path / "q"))
    with pytest.raises(ContractError, match="3"):
        store.upsert("u", ["a"], unit(np.ones((1, 2))), [{}])
    store.close()
    (tmp_path / "text").write_text("no folder")
    for name in ("qdrant_edge", "chroma"):
        with pytest.raises((ConfigError, StorageError), match="text"):
            OPEN[name](str(tmp_path / "text")).upsert("u", ["a"], unit(np.eye(3)[:1]), [{}])


def test_the_guard_guards() -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as here, socket.create_server(("127.0.0.1", 0)) as there:
        allowed = f"http://127.0.0.1:{here.getsockname()[1]}"
        with network.only(allowed) as refused:
            socket.create_connection(here.getsockname()).close()
            for wrong in (
                lambda: socket.create_connection(there.getsockname()),
                lambda: socket.getaddrinfo("a.org", 1),
            ):
                with pytest.raises(OSError, match="guard"):
                    wrong()
        assert len(refused) == 2
        assert network.places("http://h:1?grpc_port=2") == {("h", 1), ("h", 2)}
        socket.create_connection(there.getsockname()).close()
