"""All stores at servers: the contract of their role, that of servers, and what is said where something is missing."""

import sys
from collections.abc import Callable
from typing import Any

import pytest
from support import network

from memeval.kit import engines
from memeval.kit.errors import ConfigError, ModelError, StorageError
from memeval.servers.base import free_port

from . import contract, roles
from .roles import Place

pytestmark = roles.those("vector", "kv", "graph", "sql")


def test_contract(place: Place) -> None:
    last = ""

    def factory() -> Any:
        nonlocal last
        last = contract.fresh()
        return place.open(last)

    more = {"exact": place.case.exact} if place.case.role == "vector" else {}
    with engines.visit() as visit:
        roles.CHECKS[place.case.role](
            factory, reopen=(lambda: place.open(last)) if place.case.reopens else None, **more
        )
    (engine,) = visit.engines
    found = place.engine()
    assert (engine.system, engine.kind, engine.name, engine.version) == (
        place.system, found.kind, found.name, found.version,
    )  # fmt: skip
    if place.ours:
        assert place.case.engine in engine.name
        assert engine.kind == place.case.kind


@pytest.mark.parametrize("rule", contract.RULES, ids=contract.name)
def test_at_the_server(rule: Callable[..., None], place: Place) -> None:
    rule(place.site(), place.server)


def test_what_makes_no_sense_is_refused(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    option = f"{place.case.role}_store"
    for name in place.case.wrong:
        with pytest.raises(ConfigError, match=rf"{option}\.{place.case.argument}="):
            place.open(name)
    for more in ({"timeout": 0.0}, {"retries": -1}):
        with pytest.raises(ConfigError, match=rf"{option}\.{next(iter(more))}="):
            place.open(contract.fresh(), **more)
    with pytest.raises(ConfigError, match="holds a password"):
        place.open(contract.fresh(), url=f"{place.server.url.partition('://')[0]}://ann:hush@127.0.0.1:9")
    for name in (place.variable, "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    if place.system != "pinecone":
        with pytest.raises(ConfigError, match=f"{place.variable}="):
            place.open(contract.fresh())


def test_nobody_there_is_said(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    scheme = place.server.url.partition("://")[0]
    who = "" if scheme.startswith("http") else "me:hush@"
    monkeypatch.setenv(place.variable, f"{scheme}://{who}127.0.0.1:{free_port()}")
    with pytest.raises(StorageError, match=rf"{place.system} at {scheme}://127.0.0.1:\d+ does not answer") as caught:
        place.open(contract.fresh(), retries=0, timeout=2.0)
    assert "hush" not in str(caught.value)
    with pytest.raises(StorageError, match=place.system):
        place.engine(timeout=2.0)


def test_only_the_address_is_asked(place: Place) -> None:
    with network.only(place.server.url) as refused:
        with engines.visit(), contract.opened(place.site(), contract.fresh()) as store:
            handle = roles.HANDLES[place.case.role]
            handle.write(store, "u", {"a": "text", "b": "other"})
            assert handle.read(store, "u") == {"a": "text", "b": "other"}
            handle.forget(store, "u", ["a"])
        place.leftovers()
    assert refused == []


def test_a_missing_client_says_what_to_type(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in place.case.client:
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ModelError, match=rf"pip install 'memeval\[{place.system}"):
        place.open(contract.fresh())
