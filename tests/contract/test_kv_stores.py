"""Every key-value store keeps the protocol; the check notices who does not; SQLite survives a second writer."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memeval.kit.errors import ConfigError, ContractError
from memeval.kit.stores import Entry
from memeval.strategies.stores.kv.memory import MemoryKV
from memeval.strategies.stores.kv.sqlite import SqliteKV
from memeval.testing.kv import check_kv_store


def test_memory() -> None:
    check_kv_store(MemoryKV)


def test_sqlite_in_memory() -> None:
    check_kv_store(SqliteKV)


def test_sqlite_in_a_file(tmp_path: Path) -> None:
    serial = count()
    last = ""

    def fresh() -> SqliteKV:
        nonlocal last
        last = str(tmp_path / f"{next(serial)}.sqlite")
        return SqliteKV(last)

    check_kv_store(fresh, lambda: SqliteKV(last))


class Deaf(MemoryKV):
    """Ignores the scope."""

    def upsert(self, scope: str, entries: Sequence[Entry]) -> None:
        super().upsert("all", entries)

    def get(self, scope: str, key: str, limit: int | None = None) -> Sequence[Entry]:
        return super().get("all", key, limit)

    def history(self, scope: str, key: str) -> Sequence[Entry]:
        return super().history("all", key)

    def delete(self, scope: str, keys: Sequence[str]) -> None:
        super().delete("all", keys)

    def keys(self, scope: str) -> Sequence[str]:
        return super().keys("all")

    def count(self, scope: str) -> int:
        return super().count("all")


class Forgetful(MemoryKV):
    def history(self, scope: str, key: str) -> Sequence[Entry]:
        return self.get(scope, key)


class Trusting(MemoryKV):
    """Takes the value written last for the newest."""

    def upsert(self, scope: str, entries: Sequence[Entry]) -> None:
        super().upsert(scope, [replace(entry, time=datetime(2024, 1, 1)) for entry in entries])


class Unlimited(MemoryKV):
    def get(self, scope: str, key: str, limit: int | None = None) -> Sequence[Entry]:
        return super().get(scope, key)


class Sloppy(MemoryKV):
    def get(self, scope: str, key: str, limit: int | None = None) -> Sequence[Entry]:
        return super().get(scope, key, limit) or super().get(scope, key.lower().strip(), limit)


class Halfway(MemoryKV):
    """Writes the entries before a bad one."""

    def upsert(self, scope: str, entries: Sequence[Entry]) -> None:
        for entry in entries:
            super().upsert(scope, [entry])


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        (Deaf, "scopes do not see"),
        (Forgetful, "history keeps"),
        (Trusting, "newest value of a slot"),
        (Unlimited, "newest `limit`"),
        (Sloppy, "keys are exact"),
        (Halfway, "nothing of the call"),
    ],
)
def test_the_check_names_the_broken_rule(broken: type[MemoryKV], says: str) -> None:
    with pytest.raises(ContractError, match=says):
        check_kv_store(broken)


def test_a_store_that_loses_its_file_is_noticed() -> None:
    with pytest.raises(ContractError, match="after reopening"):
        check_kv_store(MemoryKV, MemoryKV)


ENTRIES = st.builds(
    Entry,
    st.sampled_from(["ann/home", "ann/taste"]),
    st.sampled_from(["", "figs"]),
    st.sampled_from(["a", "b", "c"]),
    st.one_of(st.none(), st.integers(1, 4).map(lambda day: datetime(2024, 3, day))),
    st.tuples(st.sampled_from(["t1", "t2", "t3"])),
)


@given(st.lists(st.one_of(ENTRIES, st.sampled_from(["ann/home", "ann/taste"])), max_size=25))
@settings(max_examples=150, deadline=None)
def test_both_stores_are_the_same_store(steps: Sequence[Entry | str]) -> None:
    """Whatever is written and deleted (a string is a key to delete), in any order of times."""
    stores = (MemoryKV(), SqliteKV())
    for step in steps:
        for store in stores:
            if isinstance(step, str):
                store.delete("u", [step])
            else:
                store.upsert("u", [step])
        seen = [
            (
                [(key, list(store.get("u", key)), list(store.history("u", key))) for key in store.keys("u")],
                store.count("u"),
            )
            for store in stores
        ]
        assert seen[0] == seen[1]
        for _, current, history in seen[0][0]:
            assert len({entry.slot for entry in current}) == len(current)
            assert [entry for entry in history if entry.current] == current
    stores[1].close()


def test_two_connections_write_to_one_file(tmp_path: Path) -> None:
    path = str(tmp_path / "kv.sqlite")
    SqliteKV(path).close()

    def write(writer: int) -> None:
        store = SqliteKV(path)
        try:
            for number in range(100):
                store.upsert(
                    "u",
                    [
                        Entry("ann/shared", "", "same", None, (f"{writer}-{number}",)),
                        Entry("ann/taste", f"{writer}-{number}", "v", None, ()),
                    ],
                )
        finally:
            store.close()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(write, range(2)))
    store = SqliteKV(path)
    assert len(store.get("u", "ann/shared")[0].sources) == 200, "a writer overwrote the other's sources"
    assert len(store.get("u", "ann/taste")) == 200
    assert store.stats()["index_bytes"] > 0
    store.close()


def test_a_file_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text.sqlite").write_text("this is no database, but a longer text about databases " * 50)
    for path in (tmp_path / "text.sqlite", tmp_path / "no" / "folder.sqlite"):
        with pytest.raises(ConfigError, match="kv_store.path"):
            SqliteKV(str(path))
    with pytest.raises(ConfigError, match="kv_store.timeout"):
        SqliteKV(timeout=-1.0)
