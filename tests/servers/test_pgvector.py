"""pgvector on a real PostgreSQL: the contract of a vector store, exact and with both indexes, and what is its own."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from memeval import serving
from memeval.strategies.stores.numpy import NumpyStore
from memeval.testing.vectors import check_vector_store

from . import contract
from .conftest import Reached

pytestmark = pytest.mark.xdist_group("servers-postgres")

SETTINGS: dict[str, dict[str, Any]] = {
    "exact": {},
    "exact-bare": {"tenant_index": False},
    "hnsw": {"index": "hnsw", "iterative_scan": "strict_order", "ef_search": 200},
    "ivfflat": {"index": "ivfflat", "lists": 5, "iterative_scan": "relaxed_order"},
}
Opening = Callable[..., Any]


@pytest.fixture
def opening(postgres_server: Reached, monkeypatch: pytest.MonkeyPatch) -> Opening:
    from memeval.strategies.stores.pgvector import PgVectorStore

    for variable, url in postgres_server.addresses.items():
        monkeypatch.setenv(variable, url)
    return lambda table, keep=False, **more: PgVectorStore(
        table=table, keep=keep, **{"retries": 1, "timeout": 120.0, **more}
    )


@pytest.fixture
def table(opening: Opening) -> Iterator[str]:
    from memeval.strategies.stores import pgvector

    name = contract.fresh()
    yield name
    pgvector.remove(None, [name])


def site(opening: Opening, **more: Any) -> contract.Site:
    from memeval.strategies.stores import pgvector

    return contract.Site(
        "pgvector",
        contract.VECTORS,
        lambda name, keep: opening(name, keep, **more),
        lambda: pgvector.leftovers(None),
        lambda names: pgvector.remove(None, names),
    )


@pytest.mark.parametrize("kind", SETTINGS)
def test_contract(kind: str, opening: Opening) -> None:
    last = ""

    def factory() -> Any:
        nonlocal last
        last = contract.fresh()
        return opening(last, **SETTINGS[kind])

    exact = kind.startswith("exact")
    with serving.visit() as visit:
        check_vector_store(factory, exact=exact, reopen=(lambda: opening(last, **SETTINGS[kind])) if exact else None)
    (engine,) = visit.engines
    assert engine.kind == "real" and engine.name == "PostgreSQL"
    assert engine.settings["index"] == kind.split("-")[0]


@pytest.mark.parametrize("rule", contract.RULES, ids=contract.name)
@pytest.mark.parametrize("kind", ["exact", "hnsw"])
def test_at_the_server(kind: str, rule: Callable[..., None], opening: Opening, postgres_server: Reached) -> None:
    rule(site(opening, **SETTINGS[kind]), postgres_server)


def recall(store: Any, k: int = 10) -> float:
    """Mean share of numpy's k best that the store finds, 50 tenants of 60 vectors, half of them clustered."""
    draw = np.random.default_rng(3)
    centres = draw.normal(size=(20, 64))
    vectors = np.concatenate([draw.normal(size=(1_500, 64)), centres[draw.integers(20, size=1_500)]])
    vectors = vectors[draw.permutation(3_000)] + 0.3 * draw.normal(size=(3_000, 64))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    truth = NumpyStore()
    for number in range(50):
        rows = vectors[number * 60 : number * 60 + 60]
        ids = [f"p{each}" for each in range(60)]
        for each in (store, truth):
            each.upsert(f"user {number}", ids, rows, [{}] * 60)
    shares = []
    for number in range(50):
        for query in vectors[number * 61 % 3_000 :: 997][:3]:
            wanted = {match.id for match in truth.search(f"user {number}", query, k)}
            found = {match.id for match in store.search(f"user {number}", query, k)}
            shares.append(len(wanted & found) / k)
    return float(np.mean(shares))


def test_a_filter_costs_an_index_its_recall_and_settings_bring_it_back(opening: Opening) -> None:
    """Default HNSW looks at 40 neighbours of all tenants and drops those of others; going on finds what is missing."""
    got = {}
    for name, more in {
        "exact": {},
        "default": {"index": "hnsw", "tenant_index": False},
        "iterative": {"index": "hnsw", "tenant_index": False, "iterative_scan": "strict_order"},
        "relaxed": {"index": "hnsw", "tenant_index": False, "iterative_scan": "relaxed_order", "ef_search": 200},
        "btree": {"index": "hnsw"},
        "ivfflat": {"index": "ivfflat", "lists": 50, "tenant_index": False},
        "ivfflat probes": {"index": "ivfflat", "lists": 50, "probes": 50, "tenant_index": False},
        "ivfflat iterative": {
            "index": "ivfflat", "lists": 50, "iterative_scan": "relaxed_order", "tenant_index": False
        },
    }.items():  # fmt: skip
        with serving.visit():
            store = opening(contract.fresh(), **more)
            try:
                got[name] = recall(store)
            finally:
                store.close()
    print(got)
    assert got["exact"] == 1.0
    assert got["default"] < 0.5
