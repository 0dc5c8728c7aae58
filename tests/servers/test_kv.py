"""Key-value stores at servers: the same answers as memory gives, lost answers, writers at once."""

from collections.abc import Sequence
from typing import Any

import pytest

from memeval.kit import engines
from memeval.kit.errors import StorageError
from memeval.kit.stores import Entry
from memeval.testing.kv import check_kv_store

from . import alike, contract, roles
from .roles import Place

pytestmark = roles.those("redis-kv", "dynamodb", "mongodb")


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
    if place.system == "redis":
        import redis

        original, failure = store._upsert, redis.ConnectionError("lost")

        def upsert(*arguments: Any) -> Any:
            return answer(original(*arguments))

        monkeypatch.setattr(store, "_upsert", upsert)
    elif place.system == "dynamodb":
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
        if place.system != "mongodb":
            pytest.skip("always the same way")
        monkeypatch.setattr(place.store.server, "transactions", lambda base: False)
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


def test_contract_without_transactions(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """A MongoDB that is no replica set."""
    if place.system != "mongodb":
        pytest.skip("always the same way")
    monkeypatch.setattr(place.store.server, "transactions", lambda base: False)
    with engines.visit():
        check_kv_store(lambda: place.open(contract.fresh()))


def test_a_large_value_is_taken_or_named(place: Place, store: Any) -> None:
    """DynamoDB takes 400 KB; nothing of the call is written then."""
    entries: Sequence[Entry] = [Entry("small", "", "v", None, ()), Entry("large", "", "ü" * 210_000, None, ())]
    if place.system == "dynamodb":
        with pytest.raises(StorageError, match="400 KB"):
            store.upsert("u", entries)
        assert store.count("u") == 0
    else:
        store.upsert("u", entries)
        assert list(store.get("u", "large"))[0].value == entries[1].value
