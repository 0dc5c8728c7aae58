"""SQLite for all stores that keep to a file: opening, transactions, size."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from memeval.kit.errors import ConfigError


def opened(option: str, path: str | None, timeout: float, schema: str) -> sqlite3.Connection:
    """A connection without transactions of its own, in which the tables are there.

    Several processes may use the same file. Of a run's threads one at a time has a store; which one may change.

    Args:
        option: the config group, e.g. `kv_store`.
        path: the file; None keeps all in memory.
        timeout: seconds to wait for another writer.
        schema: the statements that make what is not there yet.

    Raises:
        ConfigError: a file that cannot be opened or is no SQLite database.
    """
    if timeout < 0:
        raise ConfigError(f"{option}.timeout={timeout} must be 0 or more seconds, e.g. {option}.timeout=30")
    base: sqlite3.Connection | None = None
    try:
        base = sqlite3.connect(path or ":memory:", timeout=timeout, isolation_level=None, check_same_thread=False)
        if path is not None:
            base.execute("PRAGMA journal_mode = WAL")
        base.execute("PRAGMA synchronous = NORMAL")
        base.execute("PRAGMA foreign_keys = ON")
        base.executescript(schema)
    except sqlite3.Error as error:
        if base is not None:
            base.close()
        raise ConfigError(
            f"{option}.path={path} cannot be opened ({error}): give a file in a folder that exists, or "
            f"{option}.path=null to keep it in memory; SQLite must have FTS5 and be 3.36 or newer"
        ) from error
    return base


@contextmanager
def transaction(base: sqlite3.Connection) -> Iterator[None]:
    """Do all that the block does, or, after an error, nothing."""
    # IMMEDIATE, since a reader that becomes a writer fails at once when another has written in between.
    base.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        base.execute("ROLLBACK")
        raise
    base.execute("COMMIT")


def size(base: sqlite3.Connection) -> float:
    """Bytes of the database."""
    pages, each = (base.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size"))
    return float(pages * each)
