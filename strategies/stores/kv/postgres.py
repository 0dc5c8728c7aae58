"""Key-value store in PostgreSQL."""

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from memeval.kit.stores import Entry
from memeval.kit.text import stamp, time_of
from memeval.strategies.stores.clients import postgres
from memeval.strategies.stores.clients.server import StoreAtServer
from memeval.strategies.stores.kv.base import KVBase

# Texts of any length do not fit a btree: it holds short digests of scope, of scope and key, and of these with the slot.
# `at` is the age that values are ordered by: their time, or that of the newest value before them.
_TABLE = """
CREATE TABLE "{table}" (
    serial bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant uuid NOT NULL, owner uuid NOT NULL, place uuid NOT NULL,
    scope text NOT NULL, key text NOT NULL, slot text NOT NULL, value text NOT NULL,
    time text, at text COLLATE "C" NOT NULL, sources text[] NOT NULL, current boolean NOT NULL
);
CREATE UNIQUE INDEX "{table}_place" ON "{table}" (place) WHERE current;
CREATE INDEX "{table}_owner" ON "{table}" (owner, current, at, serial);
CREATE INDEX "{table}_tenant" ON "{table}" (tenant, owner, serial);
"""
_HELD = 'SELECT place, serial, value, time, at, sources FROM "{table}" WHERE place = ANY(%s) AND current'
_NEWEST = 'SELECT owner, max(at) FROM "{table}" WHERE owner = ANY(%s) AND current GROUP BY owner'
_UPDATE = 'UPDATE "{table}" SET time = %s, at = %s, sources = %s, current = %s WHERE serial = %s'
_INSERT = """
INSERT INTO "{table}" (tenant, owner, place, scope, key, slot, value, time, at, sources, current)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
_READ = """
SELECT key, slot, value, time, sources, current FROM "{table}" WHERE owner = %s {which} ORDER BY at DESC, serial DESC
LIMIT %s
"""
_DELETE = 'DELETE FROM "{table}" WHERE owner = ANY(%s)'
_KEYS = 'SELECT min(key) FROM "{table}" WHERE tenant = %s GROUP BY owner ORDER BY min(serial)'
_COUNT = 'SELECT count(*) FROM "{table}" WHERE tenant = %s'


@dataclass(slots=True)
class _Row:
    """A value as it will stand in the table; without a serial it is not there yet."""

    entry: Entry
    owner: uuid.UUID
    place: uuid.UUID
    value: str
    time: str | None
    at: str
    sources: list[str]
    serial: int | None = None
    current: bool = True


class _Server(postgres.Postgres):
    choice, system = "kv_store=postgres", "postgres"
    mark = "memeval kv_store=postgres"


class PostgresKV(StoreAtServer, KVBase):
    """One table; each call is one transaction, and writers of the same scope wait for each other."""

    server = _Server
    _base: _Server

    def __init__(
        self,
        url: str | None = None,
        table: str = "memeval_values",
        keep: bool = False,
        timeout: float = 60.0,
        retries: int = 3,
    ) -> None:
        """Connect, and make the table if it is not there.

        Args:
            url: of the server, without a password; None: MEMEVAL_POSTGRES_URL.
            table: one that is there already is gone on with.
            keep: do not remove the table at the end of the run.
            timeout: seconds for connecting and for each statement.
            retries: how often again after a lost connection.

        Raises:
            ConfigError: no address, or settings that make no sense.
            ModelError: the client is not installed.
            StorageError: the server does not answer, or refuses.
        """
        self._table = postgres.check_name("kv_store", "table", table)
        self._base = _Server(url, timeout, retries)
        with self._base.opening():
            self._base.make_table(table, _TABLE.format(table=table), keep)

    def _put(self, scope: str, entries: Sequence[Entry]) -> None:
        keys = {entry.key: _digest(scope, entry.key) for entry in entries}
        places = [_digest(scope, entry.key, entry.slot) for entry in entries]

        def work(cursor: Any) -> None:
            postgres.lock(cursor, f"{self._table} {scope}")
            held = {row.place: row for row in self._held(cursor, places)}
            cursor.execute(_NEWEST.format(table=self._table), (list(keys.values()),))
            newest: dict[uuid.UUID, str] = dict(cursor.fetchall())
            rows = list(held.values())
            for entry, place in zip(entries, places, strict=True):
                row = _put(entry, keys[entry.key], place, held.get(place), newest)
                if row is not None:
                    rows.append(row)
                    if row.current:
                        held[place] = row
            known = [(row.time, row.at, row.sources, row.current, row.serial) for row in rows if row.serial is not None]
            tenant = _digest(scope)
            new = [
                (tenant, row.owner, row.place, scope, row.entry.key, row.entry.slot)
                + (row.value, row.time, row.at, row.sources, row.current)
                for row in rows
                if row.serial is None
            ]
            # The old ones first: only one row of a place may be current.
            if known:
                cursor.executemany(_UPDATE.format(table=self._table), known)
            if new:
                cursor.executemany(_INSERT.format(table=self._table), new)

        self._base.run(work, once=True)

    def _held(self, cursor: Any, places: Sequence[uuid.UUID]) -> list[_Row]:
        cursor.execute(_HELD.format(table=self._table), (list(places),))
        unread = Entry("", "", "", None, ())
        return [
            _Row(unread, place, place, value, time, at, sources, serial)
            for place, serial, value, time, at, sources in cursor.fetchall()
        ]

    def _read(self, which: str, scope: str, key: str, limit: int | None) -> list[Entry]:
        sql = _READ.format(table=self._table, which=which)
        given = (_digest(scope, key), limit)
        return [_entry(row) for row in self._base.run(lambda cursor: cursor.execute(sql, given).fetchall())]

    def get(self, scope: str, key: str, limit: int | None = None) -> Sequence[Entry]:
        """The current values of a key, newest first."""
        return self._read("AND current", scope, key, limit)

    def history(self, scope: str, key: str) -> Sequence[Entry]:
        """All values that a key ever had, newest first."""
        return self._read("", scope, key, None)

    def delete(self, scope: str, keys: Sequence[str]) -> None:
        """Remove keys with their history."""
        owners = [_digest(scope, key) for key in keys]
        if owners:
            self._base.run(lambda cursor: cursor.execute(_DELETE.format(table=self._table), (owners,)))

    def keys(self, scope: str) -> Sequence[str]:
        """The keys of a scope, in order of first writing."""
        sql = _KEYS.format(table=self._table)
        rows = self._base.run(lambda cursor: cursor.execute(sql, (_digest(scope),)).fetchall())
        return [key for (key,) in rows]

    def count(self, scope: str) -> int:
        """How many values the scope holds, history included."""
        sql = _COUNT.format(table=self._table)
        return int(self._base.run(lambda cursor: cursor.execute(sql, (_digest(scope),)).fetchone())[0])

    def stats(self) -> Mapping[str, float]:
        """Bytes of the table with its indexes, all scopes together."""
        return {"index_bytes": self._base.size(self._table)}


def _put(
    entry: Entry, owner: uuid.UUID, place: uuid.UUID, held: _Row | None, newest: dict[uuid.UUID, str]
) -> _Row | None:
    """The row that an entry adds, if it adds one; the held one is changed in place."""
    time = stamp(entry.time)
    at = newest.get(owner, "") if time is None else time
    if held is not None and held.value == entry.value:
        held.sources = list(dict.fromkeys([*held.sources, *entry.sources]))
        held.time = max((each for each in (held.time, time) if each is not None), default=None)
        held.at = max(held.at, at)
        newest[owner] = max(newest.get(owner, ""), held.at)
        return None
    row = _Row(entry, owner, place, entry.value, time, at, list(entry.sources))
    if held is not None and at < held.at:
        row.current = False
        return row
    if held is not None:
        held.current = False
    newest[owner] = max(newest.get(owner, ""), at)
    return row


def _digest(*parts: str) -> uuid.UUID:
    text = "".join(f"{len(part)}:{part}" for part in parts)
    return uuid.UUID(bytes=hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=16).digest())


def _entry(row: tuple[str, str, str, str | None, list[str], bool]) -> Entry:
    key, slot, value, time, sources, current = row
    return Entry(key, slot, value, time_of(time), tuple(sources), current)
