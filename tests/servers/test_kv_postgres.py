"""Key-value store on a real PostgreSQL."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from memeval.kit import engines
from memeval.kit.stores import Entry

from . import contract, roles
from .roles import Place

pytestmark = roles.those("postgres-kv")


@pytest.mark.parametrize("committed", [True, False])
def test_a_fact_is_written_once_though_the_answer_was_lost(
    committed: bool, place: Place, monkeypatch: pytest.MonkeyPatch
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
        store = place.open(contract.fresh())
        monkeypatch.setattr(psycopg.Connection, "transaction", breaking)
        store.upsert("u", [Entry("home", "", "Rome", None, ("t1",)), Entry("home", "", "Oslo", None, ("t2",))])
        monkeypatch.setattr(psycopg.Connection, "transaction", transaction)
        history = [(entry.value, entry.sources) for entry in store.history("u", "home")]
        assert history == [("Oslo", ("t2",)), ("Rome", ("t1",))]
        assert [entry.value for entry in store.get("u", "home")] == ["Oslo"]
        store.close()
    assert lost
