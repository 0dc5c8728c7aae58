"""A content-addressed cache on disk: blobs under the hash of what they were made from, with what making them cost.

One SQLite file per maker. Several processes may use it at once. A cache that cannot be used is said once and gone
without: it never stops a run and never changes a result.
"""

import hashlib
import os
import sqlite3
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import platformdirs

FOLDER_VARIABLE = "MEMEVAL_CACHE"
# SQLite takes at most 999 parameters in older builds.
_MOST_KEYS = 900


@dataclass(frozen=True, slots=True)
class Entry:
    """A cached blob and the seconds that it took when it was made."""

    blob: bytes
    seconds: float


def folder() -> Path:
    """Where caches lie: the folder named by MEMEVAL_CACHE, or the user's cache folder."""
    named = os.environ.get(FOLDER_VARIABLE)
    return Path(named) if named else Path(platformdirs.user_cache_dir("memeval"))


def key(*parts: str) -> bytes:
    """The key of a text, or of several: 16 bytes of BLAKE2b, with the borders between parts kept."""
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        digest.update(len(data).to_bytes(8, "little") + data)
    return digest.digest()


class Cache:
    """The cache of one maker, in a file named after its fingerprint."""

    def __init__(self, kind: str, fingerprint: str) -> None:
        """Name the file; nothing is opened yet.

        Args:
            kind: folder of the cache, e.g. `vectors`.
            fingerprint: everything that changes a blob but the key's own parts.
        """
        self._path = folder() / kind / f"{hashlib.sha256(fingerprint.encode()).hexdigest()[:24]}.sqlite"
        self._base: sqlite3.Connection | None = None
        self._usable = True

    def get(self, keys: Sequence[bytes]) -> Mapping[bytes, Entry]:
        """Entries of those keys that are there."""
        found: dict[bytes, Entry] = {}
        for start in range(0, len(keys), _MOST_KEYS):
            chunk = keys[start : start + _MOST_KEYS]
            marks = ",".join("?" * len(chunk))
            rows = self._do(f"SELECT key, blob, seconds FROM entries WHERE key IN ({marks})", [chunk])
            found.update((name, Entry(blob, seconds)) for name, blob, seconds in rows)
        return found

    def put(self, entries: Iterable[tuple[bytes, Entry]]) -> None:
        """Store in one transaction; an entry that is there already stays."""
        self._do(
            "INSERT OR IGNORE INTO entries VALUES (?, ?, ?)",
            [(name, entry.blob, entry.seconds) for name, entry in entries],
            many=True,
        )

    def _do(
        self, statement: str, arguments: Sequence[Sequence[object]], many: bool = False
    ) -> list[tuple[bytes, bytes, float]]:
        if not self._usable or not arguments:
            return []
        try:
            base = self._open()
            with base:
                if many:
                    base.executemany(statement, arguments)
                    return []
                return base.execute(statement, arguments[0]).fetchall()
        except (sqlite3.Error, OSError) as error:
            self._give_up(error)
            return []

    def _open(self) -> sqlite3.Connection:
        if self._base is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            try:
                self._base = self._connect()
            except sqlite3.DatabaseError as error:
                if isinstance(error, sqlite3.OperationalError):
                    raise
                # Not a database, or a damaged one: what is lost can be made again.
                aside = self._path.with_suffix(".damaged")
                self._path.replace(aside)
                warnings.warn(
                    f"the cache {self._path} was damaged and is now {aside.name}; a new one is begun", stacklevel=2
                )
                self._base = self._connect()
        return self._base

    def _connect(self) -> sqlite3.Connection:
        base = sqlite3.connect(self._path, timeout=60)
        try:
            base.execute("PRAGMA journal_mode = WAL")
            # A cache may lose its last entries with the machine; it must not be slow.
            base.execute("PRAGMA synchronous = OFF")
            base.execute(
                "CREATE TABLE IF NOT EXISTS entries(key BLOB PRIMARY KEY, blob BLOB NOT NULL, seconds REAL NOT NULL)"
            )
        except sqlite3.Error:
            base.close()
            raise
        return base

    def _give_up(self, error: Exception) -> None:
        self._usable = False
        self.close()
        warnings.warn(
            f"the cache {self._path} cannot be used ({error}); going on without it. Name another "
            f"folder with {FOLDER_VARIABLE}=FOLDER",
            stacklevel=2,
        )

    def close(self) -> None:
        """Close the file; the next use opens it again."""
        if self._base is not None:
            self._base.close()
            self._base = None
