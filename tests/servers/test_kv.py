"""Key-value stores at servers: the contract of the role, that of servers, and the same answers as memory gives."""

import importlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from support import network

from memeval.kit import engines
from memeval.kit.errors import ConfigError, ModelError, StorageError
from memeval.kit.stores import Entry
from memeval.servers.base import Server
from memeval.testing.kv import check_kv_store

from . import alike, contract
from .conftest import Reached


@dataclass(frozen=True)
class Case:
    system: str
    server: str
    kind: str
    argument: str
    engine: str


CASES = {
    "redis": Case("redis", "redis", "RedisKV", "prefix", "Redis"),
    "dynamodb": Case("dynamodb", "dynamodb", "DynamoKV", "table", "DynamoDB Local"),
    "mongodb": Case("mongodb", "secantusdb", "MongoKV", "collection", "SecantusDB"),
}
EMULATED = ("DynamoDB Local", "SecantusDB")


@dataclass
class Place:
    """A system that answers, and its store's module."""

    case: Case
    server: Reached
    module: Any

    def open(self, name: str, keep: bool = False, **more: Any) -> Any:
        arguments = {self.case.argument: name, "keep": keep, "retries": 1, "timeout": 120.0, **more}
        return getattr(self.module, self.case.kind)(**arguments)

    def site(self) -> contract.Site:
        # Somebody else's server may be the product or not.
        kind: engines.Kind = "emulator" if self.case.engine in EMULATED else "real"
        if not isinstance(self.server, Server):
            kind = self.module.engine(None).kind
        return contract.Site(
            self.case.system,
            contract.KEYS,
            self.open,
            lambda: self.module.leftovers(None),
            lambda names: self.module.remove(None, names),
            kind,
        )


@pytest.fixture(params=[pytest.param(name, marks=pytest.mark.xdist_group(f"servers-{CASES[name].server}"))
                        for name in CASES])  # fmt: skip
def place(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Place:
    case = CASES[request.param]
    server = request.getfixturevalue(f"{case.server}_server")
    for variable, url in server.addresses.items():
        monkeypatch.setenv(variable, url)
    return Place(case, server, importlib.import_module(f"memeval.strategies.stores.kv.{case.system}"))


@pytest.fixture
def store(place: Place) -> Iterator[Any]:
    name = contract.fresh()
    made = place.open(name)
    yield made
    made.close()
    place.module.remove(None, [name])


def test_contract(place: Place) -> None:
    last = ""

    def factory() -> Any:
        nonlocal last
        last = contract.fresh()
        return place.open(last)

    with engines.visit() as visit:
        check_kv_store(factory, lambda: place.open(last))
    (engine,) = visit.engines
    if isinstance(place.server, Server):
        assert engine.name == place.case.engine
    assert engine == place.module.engine(None)


@pytest.mark.parametrize("rule", contract.RULES, ids=contract.name)
def test_at_the_server(rule: Callable[..., None], place: Place) -> None:
    rule(place.site(), place.server)


def test_the_same_store_as_memory(store: Any) -> None:
    alike.same_keys(store)


def test_the_same_answers_as_over_memory(store: Any) -> None:
    alike.same_keys_found(store)


def test_a_call_whose_answer_was_lost_is_not_done_twice(place: Place, store: Any, monkeypatch: Any) -> None:
    """A value that another has superseded would come back as history; the server must know the call again."""
    lost = losing(place, store, monkeypatch)
    day = contract.START
    store.upsert("u", [Entry("k", "", "old", day, ("t1",)), Entry("k", "", "new", day.replace(day=2), ("t2",))])
    assert lost == [True], "no answer was lost"
    assert [entry.value for entry in store.history("u", "k")] == ["new", "old"]
    assert store.count("u") == 2


def losing(place: Place, store: Any, monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """The first write is done, and then its answer is lost."""
    lost = list[bool]()
    base = store._base
    if place.case.system == "redis":
        import redis

        original, failure = store._upsert, redis.ConnectionError("lost")

        def upsert(*arguments: Any) -> Any:
            return answer(original(*arguments))

        monkeypatch.setattr(store, "_upsert", upsert)
    elif place.case.system == "dynamodb":
        from botocore.exceptions import ConnectionClosedError

        original, failure = base.once, ConnectionClosedError(endpoint_url="http://lost")

        def once(operation: str, **arguments: Any) -> Any:
            done = original(operation, **arguments)
            return answer(done) if operation == "transact_write_items" else done

        monkeypatch.setattr(base, "once", once)
    else:
        from pymongo.errors import AutoReconnect

        original, failure = store._write, AutoReconnect("lost")

        def write(*arguments: Any) -> Any:
            return answer(original(*arguments))

        monkeypatch.setattr(store, "_write", write)

    def answer(done: Any) -> Any:
        if not lost:
            lost.append(True)
            raise failure
        return done

    return lost


@pytest.mark.parametrize("transactions", [True, False])
def test_writers_of_one_key_lose_nothing(place: Place, transactions: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each unites its sources with what another has written a moment before; MongoDB on its own, too."""
    if not transactions:
        if place.case.system != "mongodb":
            pytest.skip("always the same way")
        monkeypatch.setattr(place.module._Mongo, "transactions", lambda base: False)
    from concurrent.futures import ThreadPoolExecutor

    with contract.kept(place.site()) as name:
        place.open(name).close()

        def write(writer: int) -> None:
            mine = place.open(name)
            try:
                for number in range(8):
                    same = Entry("ann/shared", "", "same", None, (f"{writer}-{number}",))
                    mine.upsert("u", [same, Entry("ann/taste", f"{writer}-{number}", "v", None, ())])
            finally:
                mine.close()

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(write, range(4)))
        with contract.opened(place.site(), name) as store:
            assert len(store.get("u", "ann/shared")[0].sources) == 32, "a writer overwrote another's sources"
            assert len(store.get("u", "ann/taste")) == 32
            assert store.count("u") == 33
            assert list(store.keys("u")) == ["ann/shared", "ann/taste"]


def test_what_makes_no_sense_is_refused(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    option = place.case.argument
    for name in ("", "1st", "a b", "a`b", "x" * 101):
        with pytest.raises(ConfigError, match=f"kv_store.{option}"):
            place.open(name)
    with pytest.raises(ConfigError, match="kv_store.timeout"):
        place.open("memeval_x", timeout=0.0)
    with pytest.raises(ConfigError, match="kv_store.retries"):
        place.open("memeval_x", retries=-1)
    with pytest.raises(ConfigError, match="holds a password"):
        place.open("memeval_x", url="redis://user:secret@host")
    variable = f"MEMEVAL_{place.case.system.upper()}_URL"
    monkeypatch.delenv(variable)
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(ConfigError, match=f"{variable}="):
        place.open("memeval_x")


def test_nobody_there_is_said(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    from memeval.servers.base import free_port

    scheme = place.server.url.partition(":")[0]
    monkeypatch.setenv(f"MEMEVAL_{place.case.system.upper()}_URL", f"{scheme}://127.0.0.1:{free_port()}")
    with pytest.raises(StorageError, match=f"{place.case.system} at {scheme}://127.0.0.1:"):
        place.open("memeval_x", retries=0, timeout=2.0)


def test_only_the_address_is_asked(place: Place) -> None:
    with network.only(place.server.url) as refused:
        with engines.visit(), contract.opened(place.site(), contract.fresh()) as store:
            contract.KEYS.write(store, "u", {"a": "text"})
            assert contract.KEYS.read(store, "u") == {"a": "text"}
            contract.KEYS.forget(store, "u", ["a"])
    assert refused == []


def test_contract_without_transactions(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """A MongoDB that is no replica set."""
    if place.case.system != "mongodb":
        pytest.skip("always the same way")
    monkeypatch.setattr(place.module._Mongo, "transactions", lambda base: False)
    with engines.visit():
        check_kv_store(lambda: place.open(contract.fresh()))


def test_a_missing_client_says_what_to_type(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    for module in ("redis", "boto3.session", "pymongo"):
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ModelError, match=rf"pip install 'memeval\[{place.case.system}\]'"):
        place.open("memeval_x")


def test_a_large_value_is_taken_or_named(place: Place, store: Any) -> None:
    """DynamoDB takes 400 KB; nothing of the call is written then."""
    entries: Sequence[Entry] = [Entry("small", "", "v", None, ()), Entry("large", "", "ü" * 210_000, None, ())]
    if place.case.system == "dynamodb":
        with pytest.raises(StorageError, match="400 KB"):
            store.upsert("u", entries)
        assert store.count("u") == 0
    else:
        store.upsert("u", entries)
        assert list(store.get("u", "large"))[0].value == entries[1].value
