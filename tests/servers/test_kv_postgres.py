"""Key-value store on a real PostgreSQL."""

from collections.abc import Callable
from typing import Any

import pytest

from memeval import serving
from memeval.testing.kv import check_kv_store

from . import contract
from .conftest import Reached

pytestmark = pytest.mark.xdist_group("servers-postgres")
Opening = Callable[..., Any]


@pytest.fixture
def opening(postgres_server: Reached, monkeypatch: pytest.MonkeyPatch) -> Opening:
    from memeval.strategies.stores.kv_postgres import PostgresKV

    for variable, url in postgres_server.addresses.items():
        monkeypatch.setenv(variable, url)
    return lambda table, keep=False: PostgresKV(table=table, keep=keep, retries=1, timeout=120.0)


def test_contract(opening: Opening) -> None:
    last = ""

    def factory() -> Any:
        nonlocal last
        last = contract.fresh()
        return opening(last)

    with serving.visit():
        check_kv_store(factory, reopen=lambda: opening(last))


@pytest.mark.parametrize("rule", contract.RULES, ids=contract.name)
def test_at_the_server(rule: Callable[..., None], opening: Opening, postgres_server: Reached) -> None:
    from memeval.strategies.stores import kv_postgres

    site = contract.Site(
        "postgres",
        contract.KEYS,
        lambda name, keep: opening(name, keep),
        lambda: kv_postgres.leftovers(None),
        lambda names: kv_postgres.remove(None, names),
    )
    rule(site, postgres_server)
