"""A content-addressed cache on disk: blobs under the hash of what they were made from, with what making them cost.

One SQLite file per maker. Several processes and threads may use it at once. A cache that cannot be used is said once
and gone without: it never stops a run and never changes a result.
"""

import hashlib
import os
import re
import sqlite3
import threading
import time
import warnings
import weakref
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import platformdirs

FOLDER_VARIABLE = "MEMEVAL_CACHE"
# Seconds to wait for another process; a batch is written in a fraction of one.
_PATIENCE = 60.0
# SQLite takes at most 999 parameters in older builds.
_MOST_KEYS = 900
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_SCHEMA = "CREATE TABLE IF NOT EXISTS entries(key BLOB PRIMARY KEY, blob BLOB NOT NULL, seconds REAL NOT NULL)"
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Entry:
    """A cached blob and the seconds that it took when it was made."""

    blob: bytes
    seconds: float


def folder() -> Path:
    """Where caches lie: the folder named by MEMEVAL_CACHE, or the user's cache folder."""
    named = os.environ.get(FOLDER_VARIABLE)
    return Path(named).expanduser() if named else Path(platformdirs.user_cache_dir("memeval"))


def key(*parts: str) -> bytes:
    """The key of a text, or of several: 16 bytes of BLAKE2b, with the borders between parts kept."""
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        digest.update(len(data).to_bytes(8, "little") + data)
    return digest.digest()


class Cache:
    """The cache of one maker, in a file named after its fingerprint. Its size is not bounded: remove it as you like."""

    def __init__(self, kind: str, fingerprint: str) -> None:
        """Name the file; nothing is opened yet.

        Args:
            kind: folder of the cache, e.g. `vectors`.
            fingerprint: everything that changes a blob but the key's own parts.
        """
        name = re.sub(r"[^a-z0-9]+", "-", fingerprint.lower()).strip("-")[:40]
        self.path = folder() / kind / f"{name}-{hashlib.sha256(fingerprint.encode()).hexdigest()[:16]}.sqlite"
        self._base: sqlite3.Connection | None = None
        self._process = 0
        self._file = 0
        self._readable = True
        self._writable = True
        self._lock = threading.Lock()

    def get(self, keys: Sequence[bytes]) -> Mapping[bytes, Entry]:
        """Entries of those keys that are there."""
        found: dict[bytes, Entry] = {}
        if not keys or not self._readable:
            return found

        def select(base: sqlite3.Connection) -> None:
            for start in range(0, len(keys), _MOST_KEYS):
                chunk = keys[start : start + _MOST_KEYS]
                marks = ",".join("?" * len(chunk))
                for name, blob, seconds in base.execute(
                    f"SELECT key, blob, seconds FROM entries WHERE key IN ({marks})", chunk
                ):
                    found[name] = Entry(blob, seconds)

        try:
            self._use(select)
        except (sqlite3.Error, OSError) as error:
            self._readable = self._writable = False
            self._warn(f"cannot be used ({error}); going on without it")
        return found

    def put(self, entries: Iterable[tuple[bytes, Entry]]) -> None:
        """Store in one transaction; an entry that is there already stays, so that all processes agree on it."""
        rows = [(name, entry.blob, entry.seconds) for name, entry in entries]
        if not rows or not self._writable:
            return

        def insert(base: sqlite3.Connection) -> None:
            with base:
                base.executemany("INSERT OR IGNORE INTO entries VALUES (?, ?, ?)", rows)

        try:
            self._use(insert)
        except (sqlite3.Error, OSError) as error:
            self._writable = False
            self._warn(f"cannot be written to ({error}); what is new is not kept")

    def close(self) -> None:
        """Close the file; the next use opens it again."""
        with self._lock:
            self._drop()

    def _use(self, work: Callable[[sqlite3.Connection], _T]) -> _T:
        with self._lock:
            try:
                return work(self._open())
            except sqlite3.DatabaseError as error:
                if _code(error) not in _DAMAGED:
                    raise
                self._put_aside(error)
                return work(self._open())

    def _open(self) -> sqlite3.Connection:
        if self._base is not None and self._process == os.getpid():
            return self._base
        # A connection must not be used, nor closed, on the other side of a fork.
        self._process = os.getpid()
        self.path.parent.mkdir(parents=True, exist_ok=True)
        # SQLite makes files beside its own, so that the folder must be writable too.
        writable = os.access(self.path.parent, os.W_OK) and (not self.path.exists() or os.access(self.path, os.W_OK))
        if writable:
            self._base = sqlite3.connect(self.path, timeout=_PATIENCE, check_same_thread=False)
        else:
            # Without the right to write, SQLite opens a file in WAL mode only if told that nobody else writes.
            address = f"{self.path.absolute().as_uri()}?mode=ro&immutable=1"
            self._base = sqlite3.connect(address, uri=True, check_same_thread=False)
        weakref.finalize(self, _close, self._base, self._process)
        self._file = self._number()
        if writable:
            _patiently(self._base, "PRAGMA journal_mode = WAL")
            self._base.execute("PRAGMA synchronous = NORMAL")
            _patiently(self._base, _SCHEMA)
        return self._base

    def _put_aside(self, error: Exception) -> None:
        """Move a damaged file away: what is lost can be made again."""
        self._drop()
        if self._number() != self._file:
            # Another process has done it, and begun a new file.
            return
        aside = self.path.with_suffix(".damaged")
        # The log first: it must not be applied to the new file.
        for suffix in ("-wal", "-shm", ""):
            part = self.path.with_name(self.path.name + suffix)
            try:
                part.replace(aside.with_name(aside.name + suffix))
            except FileNotFoundError:
                continue
        self._warn(f"was damaged ({error}) and is now {aside.name}; a new one is begun")

    def _number(self) -> int:
        """What tells the file from another of the same name; 0 if there is none."""
        try:
            return self.path.stat().st_ino
        except OSError:
            return 0

    def _drop(self) -> None:
        if self._base is not None and self._process == os.getpid():
            self._base.close()
        self._base = None

    def _warn(self, what: str) -> None:
        warnings.warn(f"the cache {self.path} {what}. Name another folder with {FOLDER_VARIABLE}=FOLDER", stacklevel=4)


def _close(base: sqlite3.Connection, process: int) -> None:
    if process == os.getpid():
        base.close()


def _code(error: sqlite3.Error) -> int | None:
    """SQLite's primary result code."""
    # Errors that Python's module raises by itself have none.
    code = getattr(error, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF


def _patiently(base: sqlite3.Connection, statement: str) -> None:
    """Execute, waiting where SQLite's own timeout does not: while several processes make the same new file."""
    end = time.monotonic() + _PATIENCE
    while True:
        try:
            base.execute(statement)
            return
        except sqlite3.OperationalError as error:
            if _code(error) not in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED) or time.monotonic() > end:
                raise
            time.sleep(0.02)
