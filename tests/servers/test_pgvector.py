"""pgvector on a real PostgreSQL: the contract of a vector store, exact and with both indexes, and what is its own."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from memeval.kit import engines
from memeval.kit.errors import ConfigError, StorageError
from memeval.strategies.stores.vector.numpy import NumpyStore
from memeval.testing.vectors import check_vector_store

from . import contract, roles
from .conftest import Reached
from .roles import Place

pytestmark = roles.those("pgvector")

SETTINGS: dict[str, dict[str, Any]] = {
    "exact-bare": {"tenant_index": False},
    "ivfflat": {"index": "ivfflat", "lists": 5, "iterative_scan": "relaxed_order"},
}
Opening = Callable[..., Any]


@pytest.fixture
def opening(place: Place) -> Opening:
    return place.open


@pytest.fixture
def table(place: Place) -> Iterator[str]:
    name = contract.fresh()
    yield name
    place.remove([name])


@pytest.mark.parametrize("kind", SETTINGS)
def test_contract(kind: str, opening: Opening) -> None:
    last = ""

    def factory() -> Any:
        nonlocal last
        last = contract.fresh()
        return opening(last, **SETTINGS[kind])

    exact = kind.startswith("exact")
    with engines.visit() as visit:
        check_vector_store(factory, exact=exact, reopen=(lambda: opening(last, **SETTINGS[kind])) if exact else None)
    (engine,) = visit.engines
    assert engine.kind == "real" and engine.name == "PostgreSQL"
    assert engine.settings["index"] == kind.split("-")[0]


# As large as LoCoMo: of smaller tables the planner reads every row, whatever index there is.
TENANTS, EACH, D = 10, 500, 384


def crowd() -> tuple[np.ndarray, np.ndarray]:
    """Vectors of ten tenants who all speak of the same things, and queries: neighbours belong to others."""
    draw = np.random.default_rng(3)
    subjects = draw.normal(size=(40, D))
    vectors = subjects[draw.integers(40, size=TENANTS * EACH)] + 1.2 * draw.normal(size=(TENANTS * EACH, D))
    queries = subjects[draw.integers(40, size=TENANTS * 5)] + 1.2 * draw.normal(size=(TENANTS * 5, D))
    both = np.concatenate([vectors, queries])
    both = (both / np.linalg.norm(both, axis=1, keepdims=True)).astype(np.float32)
    return both[: TENANTS * EACH], both[TENANTS * EACH :]


def fill(store: Any) -> None:
    vectors, _ = crowd()
    for number in range(TENANTS):
        rows = vectors[number * EACH : (number + 1) * EACH]
        store.upsert(f"user {number}", [f"p{each}" for each in range(EACH)], rows, [{}] * EACH)


def answers(store: Any, k: int) -> list[set[str]]:
    _, queries = crowd()
    return [
        {match.id for match in store.search(f"user {number // 5}", query, k)} for number, query in enumerate(queries)
    ]


def recall(store: Any, truth: list[set[str]], k: int) -> float:
    found = answers(store, k)
    return float(np.mean([len(got & wanted) / k for got, wanted in zip(found, truth, strict=True)]))


def test_a_filter_costs_an_index_its_recall_and_settings_bring_it_back(
    opening: Opening, postgres_server: Reached
) -> None:
    """With defaults HNSW looks at 40 neighbours of all tenants and drops the others'; going on finds what is missing.

    One table is filled and indexed, and opened with several settings of the search.
    """
    import psycopg

    k = 10
    exact = NumpyStore()
    fill(exact)
    truth = answers(exact, k)
    got: dict[str, float] = {}
    served: list[engines.Engine] = []

    def measure(table: str, name: str, **more: Any) -> None:
        store = opening(table, **more)
        try:
            if not store.count("user 0"):
                fill(store)
            got[name] = recall(store, truth, k)
        finally:
            store.close()

    bare: dict[str, Any] = {"index": "hnsw", "tenant_index": False}
    with engines.visit() as visit:
        table = contract.fresh()
        measure(table, "default", **bare)
        measure(table, "strict", **bare, iterative_scan="strict_order")
        measure(table, "relaxed", **bare, iterative_scan="relaxed_order", ef_search=100)
        with psycopg.connect(postgres_server.url) as connection:
            connection.execute(f"CREATE INDEX ON {table} (scope)")
        measure(table, "btree", index="hnsw")
        table = contract.fresh()
        lists: dict[str, Any] = {"index": "ivfflat", "lists": 50, "tenant_index": False}
        measure(table, "ivfflat", **lists)
        measure(table, "all lists", **lists, probes=50)
        served += visit.engines
    assert got["default"] < 0.7, got
    assert got["strict"] > got["default"] + 0.2, got
    assert got["relaxed"] > 0.95, got
    # With a btree on the tenant the planner leaves the index alone.
    assert got["btree"] == 1.0, got
    assert got["ivfflat"] < got["all lists"] == 1.0, got
    # The record says what was measured.
    wanted = {"index": "hnsw", "tenant_index": False, "m": 16, "ef_construction": 64, "ef_search": 100}
    wanted |= {"iterative_scan": "relaxed_order", "max_scan_tuples": 20_000}
    assert any(engine.settings == {"pgvector": engine.settings["pgvector"], **wanted} for engine in served), served


def test_settings_that_pgvector_does_not_take(opening: Opening) -> None:
    wrong = [
        {"m": 1},
        {"m": 50, "ef_construction": 64},
        {"ef_search": 0},
        {"ef_search": 1_001},
        {"lists": 0},
        {"probes": 0},
        {"index": "ivfflat", "iterative_scan": "strict_order"},
        {"timeout": 0.0},
        {"retries": -1},
    ]
    for more in wrong:
        with pytest.raises(ConfigError, match=r"vector_store\."):
            opening(contract.fresh(), **more)
    for table in ("memeval;drop", "Memeval", "x" * 56, ""):
        with pytest.raises(ConfigError, match=r"vector_store\.table="):
            opening(table)


def test_a_password_is_neither_taken_from_the_config_nor_told(
    opening: Opening, postgres_server: Reached, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = postgres_server.url
    with pytest.raises(ConfigError, match="MEMEVAL_PGVECTOR_URL"):
        opening(contract.fresh(), url="postgresql://ann:hush@127.0.0.1:1/x")
    wrong = url.replace("://", "://nobody_").replace("nobody_postgres", "nobody")
    monkeypatch.setenv("MEMEVAL_PGVECTOR_URL", wrong)
    with pytest.raises(StorageError, match="pgvector at postgresql://.+ refuses") as caught:
        opening(contract.fresh(), retries=5)
    assert wrong not in str(caught.value) and wrong.split(":")[2].split("@")[0] not in str(caught.value)


def test_exact_search_ranks_as_numpy_does_with_equal_vectors(opening: Opening, table: str) -> None:
    draw = np.random.default_rng(11)
    vectors = draw.normal(size=(400, 48))
    vectors = vectors[draw.integers(60, size=400)]
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    ours, truth = opening(table), NumpyStore()
    for store in (ours, truth):
        for number in range(4):
            rows = vectors[number::4]
            store.upsert(f"u{number % 2}", [f"p{number}-{each}" for each in range(100)], rows, [{"n": number}] * 100)
    for query in vectors[:12]:
        for k in (1, 7, 50, 500):
            for where in (None, {"n": 1}):
                assert ours.search("u1", query, k, where) == truth.search("u1", query, k, where)
    ours.close()
