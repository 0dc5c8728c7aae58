"""A SELECT that someone else has written, run so that it can neither change, nor see too much, nor run for ever."""

import re
import sqlite3
import time
import uuid
from collections.abc import Iterable, Sequence
from contextlib import closing, suppress

from memeval.kit.errors import ContractError
from memeval.kit.stores import SqlRows

Row = tuple[str, str, int, str, str, str, str | None, str | None]

_START = re.compile(r"(?:\s|--[^\n]*(?:\n|\Z)|/\*.*?\*/)*(?:select|with)\b", re.IGNORECASE | re.DOTALL)
# No clock (current_timestamp, 'now'), no files, nothing that makes long texts out of short ones.
_FUNCTIONS = frozenset(
    "abs avg coalesce count dense_rank first_value glob group_concat ifnull iif instr lag last_value lead length like "
    "lower ltrim max min nullif rank replace round row_number rtrim sign substr substring sum total trim typeof "
    "upper".split()
)
_TABLES = ("turns", "sessions", "speakers")
_SCHEMA = """
CREATE TABLE turns (
    id TEXT, session TEXT, session_number INTEGER, speaker TEXT, role TEXT, text TEXT, caption TEXT, time TEXT, day
);
CREATE TABLE sessions (number INTEGER, id TEXT, started, ended, turns);
CREATE TABLE speakers (name TEXT, role TEXT, turns);
"""
_TURN = "INSERT INTO turns VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, substr(?8, 1, 10))"
_SUMMARIES = (
    "INSERT INTO sessions SELECT session_number, session, min(time), max(time), count(*) FROM turns "
    "GROUP BY session_number, session",
    "INSERT INTO speakers SELECT speaker, role, count(*) FROM turns GROUP BY speaker, role",
)
_LIMITS = (
    (sqlite3.SQLITE_LIMIT_LENGTH, 1_000_000),
    (sqlite3.SQLITE_LIMIT_SQL_LENGTH, 20_000),
    (sqlite3.SQLITE_LIMIT_EXPR_DEPTH, 100),
    (sqlite3.SQLITE_LIMIT_COMPOUND_SELECT, 20),
    (sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 200),
    (sqlite3.SQLITE_LIMIT_ATTACHED, 0),
)
# After so many steps of SQLite's machine the clock is looked at: a few times a millisecond.
_STEPS = 1_000


class ScopeCopy:
    """A database in memory that holds the rows of one scope and nothing else.

    SELECTs of others run here and not where the turns of all scopes lie. SQLite does not show every access to its
    authorizer: of the right side of `NATURAL FULL JOIN` it shows none. So what a query must not see is not in its
    database. The connection that runs a query cannot write.
    """

    def __init__(self, rows: Iterable[Row]) -> None:
        """Fill the tables `turns`, `sessions` and `speakers`.

        Args:
            rows: the scope's turns in order of writing: id, session, number of the session, speaker, role, text,
                caption, time (`2023-05-08 13:56:00`).
        """
        # The memdb file system lets a second, read-only connection see what is in memory.
        uri = f"file:/memeval-{uuid.uuid4().hex}?vfs=memdb"
        # The tables live as long as this connection is open.
        self._owner = sqlite3.connect(uri, uri=True, isolation_level=None)
        self._owner.executescript(_SCHEMA)
        self._owner.execute("BEGIN")
        self._owner.executemany(_TURN, rows)
        for sql in _SUMMARIES:
            self._owner.execute(sql)
        self._owner.execute("COMMIT")
        self._base = sqlite3.connect(f"{uri}&mode=ro", uri=True)
        self._base.execute("PRAGMA temp_store = MEMORY")
        self._base.execute("PRAGMA query_only = ON")
        for limit, value in _LIMITS:
            self._base.setlimit(limit, value)
        self._base.set_authorizer(_authorize)

    def select(self, sql: str, parameters: Sequence[str | int | float | None], rows: int, seconds: float) -> SqlRows:
        """Answer one SELECT over the scope's tables.

        Args:
            sql: the query.
            parameters: for its question marks.
            rows: how many rows are returned.
            seconds: how long it may take.

        Raises:
            ContractError: the query is refused, wrong or too slow; the message says which.
        """
        if not _START.match(sql):
            raise ContractError(f"only one SELECT is allowed, not {sql!r:.200}")
        if "\0" in sql:
            raise ContractError("the query contains a NUL character")
        deadline = time.monotonic() + seconds
        self._base.set_progress_handler(lambda: time.monotonic() > deadline, _STEPS)
        try:
            with closing(self._base.cursor()) as cursor:
                cursor.execute(sql, parameters)
                found = cursor.fetchmany(rows + 1)
                columns = tuple(column[0] for column in cursor.description or ())
        except (sqlite3.Error, sqlite3.Warning, UnicodeError) as error:
            reason = "it took too long" if "interrupted" in str(error) else str(error)
            raise ContractError(f"the query was refused ({reason:.200}): {sql!r:.200}") from None
        return SqlRows(columns, tuple(found[:rows]), len(found) > rows)

    def close(self) -> None:
        """Give the memory back; closing twice is fine."""
        # Otherwise closing asks for leave, too.
        with suppress(sqlite3.Error):
            self._base.set_authorizer(None)
        self._base.close()
        self._owner.close()


def _authorize(action: int, first: str | None, second: str | None, database: str | None, within: str | None) -> int:
    """Answer SQLite's question for each access that a query would make; what is not known is denied.

    It keeps a query from the schema, from pragmas, files, clocks and endless recursion. It is not what keeps it from
    the rows of others: the database does not hold them.
    """
    if action == sqlite3.SQLITE_SELECT:
        return sqlite3.SQLITE_OK
    if action == sqlite3.SQLITE_FUNCTION:
        return sqlite3.SQLITE_OK if str(second).lower() in _FUNCTIONS else sqlite3.SQLITE_DENY
    if action == sqlite3.SQLITE_READ:
        # Of a part of the query without any of its columns SQLite asks without naming a database.
        part = second == "" and database is None
        return sqlite3.SQLITE_OK if part or (database == "main" and first in _TABLES) else sqlite3.SQLITE_DENY
    return sqlite3.SQLITE_DENY
