"""Key-value store in SQLite."""

import json
import sqlite3
from collections.abc import Mapping, Sequence

from memeval.kit import engines
from memeval.kit.stores import Entry
from memeval.kit.text import stamp, time_of
from memeval.strategies.stores.clients import sqlite
from memeval.strategies.stores.kv.base import KVBase

# `at` is the age that values are ordered by: their time, or that of the newest value before them.
_SCHEMA = """
CREATE TABLE IF NOT EXISTS kv (
    serial INTEGER PRIMARY KEY AUTOINCREMENT,
    scope TEXT NOT NULL, key TEXT NOT NULL, slot TEXT NOT NULL, value TEXT NOT NULL,
    time TEXT, at TEXT NOT NULL, sources TEXT NOT NULL, current INTEGER NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS kv_current ON kv (scope, key, slot) WHERE current = 1;
CREATE INDEX IF NOT EXISTS kv_newest ON kv (scope, key, current, at, serial);
"""
_COLUMNS = "key, slot, value, time, sources, current"
_HELD = "SELECT serial, value, time, at, sources FROM kv WHERE scope = ? AND key = ? AND slot = ? AND current = 1"
_NEWEST = "SELECT at FROM kv WHERE scope = ? AND key = ? AND current = 1 ORDER BY at DESC, serial DESC LIMIT 1"
_UNITE = "UPDATE kv SET time = ?, at = ?, sources = ? WHERE serial = ?"
_RETIRE = "UPDATE kv SET current = 0 WHERE serial = ?"
_INSERT = "INSERT INTO kv (scope, key, slot, value, time, at, sources, current) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
_GET = f"SELECT {_COLUMNS} FROM kv WHERE scope = ? AND key = ? AND current = 1 ORDER BY at DESC, serial DESC LIMIT ?"
_HISTORY = f"SELECT {_COLUMNS} FROM kv WHERE scope = ? AND key = ? ORDER BY at DESC, serial DESC"
_DELETE = "DELETE FROM kv WHERE scope = ? AND key = ?"
_KEYS = "SELECT key FROM kv WHERE scope = ? GROUP BY key ORDER BY MIN(serial)"
_COUNT = "SELECT COUNT(*) FROM kv WHERE scope = ?"


class SqliteKV(KVBase):
    """One table; several processes may write to the same file, each call being one transaction."""

    def __init__(self, path: str | None = None, timeout: float = 30.0) -> None:
        """Open or create.

        Args:
            path: the file; None keeps the table in memory.
            timeout: seconds to wait for another writer.

        Raises:
            ConfigError: a file that cannot be opened or is no SQLite database.
        """
        self._db = sqlite.opened("kv_store", path, timeout, _SCHEMA)
        engines.served_by(engines.Engine("sqlite", "real", "SQLite", sqlite3.sqlite_version))

    def _put(self, scope: str, entries: Sequence[Entry]) -> None:
        with sqlite.transaction(self._db):
            for entry in entries:
                self._put_one(scope, entry)

    def _put_one(self, scope: str, entry: Entry) -> None:
        db = self._db
        time = stamp(entry.time)
        if time is not None:
            at = time
        else:
            newest = db.execute(_NEWEST, (scope, entry.key)).fetchone()
            at = newest[0] if newest else ""
        current = 1
        held = db.execute(_HELD, (scope, entry.key, entry.slot)).fetchone()
        if held is not None:
            serial, value, then, held_at, sources = held
            if value == entry.value:
                united = json.dumps(list(dict.fromkeys([*json.loads(sources), *entry.sources])))
                latest = max((each for each in (then, time) if each is not None), default=None)
                db.execute(_UNITE, (latest, max(held_at, at), united, serial))
                return
            if at < held_at:
                current = 0
            else:
                db.execute(_RETIRE, (serial,))
        db.execute(_INSERT, (scope, entry.key, entry.slot, entry.value, time, at, json.dumps(entry.sources), current))

    def get(self, scope: str, key: str, limit: int | None = None) -> Sequence[Entry]:
        """The current values of a key, newest first."""
        return [_entry(row) for row in self._db.execute(_GET, (scope, key, -1 if limit is None else limit))]

    def history(self, scope: str, key: str) -> Sequence[Entry]:
        """All values that a key ever had, newest first."""
        return [_entry(row) for row in self._db.execute(_HISTORY, (scope, key))]

    def delete(self, scope: str, keys: Sequence[str]) -> None:
        """Remove keys with their history."""
        if keys:
            with sqlite.transaction(self._db):
                self._db.executemany(_DELETE, [(scope, key) for key in keys])

    def keys(self, scope: str) -> Sequence[str]:
        """The keys of a scope, in order of first writing."""
        return [key for (key,) in self._db.execute(_KEYS, (scope,))]

    def count(self, scope: str) -> int:
        """How many values the scope holds, history included."""
        count: int = self._db.execute(_COUNT, (scope,)).fetchone()[0]
        return count

    def stats(self) -> Mapping[str, float]:
        """Bytes of the database, all scopes together."""
        return {"index_bytes": sqlite.size(self._db)}

    def close(self) -> None:
        """Close the connection."""
        self._db.close()


def _entry(row: tuple[str, str, str, str | None, str, int]) -> Entry:
    key, slot, value, time, sources, current = row
    return Entry(key, slot, value, time_of(time), tuple(json.loads(sources)), bool(current))
