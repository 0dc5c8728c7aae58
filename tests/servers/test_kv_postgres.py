"""Key-value store on a real PostgreSQL."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from memeval.kit import engines
from memeval.kit.stores import Entry
from memeval.testing.kv import check_kv_store

from . import contract
from .conftest import Reached

pytestmark = pytest.mark.xdist_group("servers-postgres")
Opening = Callable[..., Any]


@pytest.fixture
def opening(postgres_server: Reached, monkeypatch: pytest.MonkeyPatch) -> Opening:
    from memeval.strategies.stores.kv.postgres import PostgresKV

    for variable, url in postgres_server.addresses.items():
        monkeypatch.setenv(variable, url)
    return lambda table, keep=False: PostgresKV(table=table, keep=keep, retries=1, timeout=120.0)


def test_contract(opening: Opening) -> None:
    last = ""

    def factory() -> Any:
        nonlocal last
        last = contract.fresh()
        return opening(last)

    with engines.visit():
        check_kv_store(factory, reopen=lambda: opening(last))


@pytest.mark.parametrize("rule", contract.RULES, ids=contract.name)
def test_at_the_server(rule: Callable[..., None], opening: Opening, postgres_server: Reached) -> None:
    from memeval.strategies.stores.kv import postgres as kv_postgres

    site = contract.Site(
        "postgres",
        contract.KEYS,
        lambda name, keep: opening(name, keep),
        lambda: kv_postgres.leftovers(None),
        lambda names: kv_postgres.remove(None, names),
    )
    rule(site, postgres_server)


@pytest.mark.parametrize("committed", [True, False])
def test_a_fact_is_written_once_though_the_answer_was_lost(
    committed: bool, opening: Opening, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection breaks as the transaction ends: after it was committed, or before.

    Written again, the first value would supersede the second once more.
    """
    import psycopg

    transaction = psycopg.Connection.transaction
    lost: list[bool] = []

    @contextmanager
    def breaking(self: Any, *arguments: Any, **more: Any) -> Iterator[Any]:
        first = not lost
        lost.append(True)
        with transaction(self, *arguments, **more) as inner:
            yield inner
            if first and not committed:
                self.pgconn.finish()
        if first:
            self.pgconn.finish()
            raise psycopg.OperationalError("server closed the connection unexpectedly")

    with engines.visit():
        store = opening(contract.fresh())
        monkeypatch.setattr(psycopg.Connection, "transaction", breaking)
        store.upsert("u", [Entry("home", "", "Rome", None, ("t1",)), Entry("home", "", "Oslo", None, ("t2",))])
        monkeypatch.setattr(psycopg.Connection, "transaction", transaction)
        history = [(entry.value, entry.sources) for entry in store.history("u", "home")]
        assert history == [("Oslo", ("t2",)), ("Rome", ("t1",))]
        assert [entry.value for entry in store.get("u", "home")] == ["Oslo"]
        store.close()
    assert lost
