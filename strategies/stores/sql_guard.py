"""A SELECT that someone else has written, run so that it can neither change, nor see too much, nor run for ever."""

import re
import secrets
import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing, suppress

from memeval.errors import ContractError
from memeval.storage import SqlRows

_START = re.compile(r"(?:\s|--[^\n]*(?:\n|\Z)|/\*.*?\*/)*(?:select|with)\b", re.IGNORECASE | re.DOTALL)
# No clock (current_timestamp, 'now'), no files, nothing that makes long texts out of short ones.
_FUNCTIONS = frozenset(
    "abs avg coalesce count dense_rank first_value glob group_concat ifnull iif instr lag last_value lead length like "
    "lower ltrim max min nullif rank replace round row_number rtrim sign substr substring sum total trim typeof "
    "upper".split()
)
# What a query sees: {guard} is a view of the scope's rows under a name that nobody can guess.
_VIEWS = {
    "turns": "SELECT id, session, session_number, speaker, role, text, caption, time, substr(time, 1, 10) AS day "
    "FROM {guard}",
    "sessions": "SELECT session_number AS number, session AS id, min(time) AS started, max(time) AS ended, "
    "count(*) AS turns FROM {guard} GROUP BY session_number, session",
    "speakers": "SELECT speaker AS name, role, count(*) AS turns FROM {guard} GROUP BY speaker, role",
}
# Subqueries, no joins: a joined table of which no column is read would have to be allowed to everyone.
_GUARD = """
CREATE TEMP VIEW {guard} AS
SELECT t.number AS number, t.id AS id, (SELECT s.id FROM main.sessions AS s WHERE s.number = t.session) AS session,
    (SELECT s.ordinal FROM main.sessions AS s WHERE s.number = t.session) AS session_number,
    (SELECT p.name FROM main.speakers AS p WHERE p.number = t.speaker) AS speaker, t.role AS role, t.text AS text,
    t.caption AS caption, t.time AS time
FROM main.turns AS t WHERE t.scope = {scope}
"""
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


def run_select(
    uri: str, scope: int, sql: str, parameters: Sequence[str | int | float | None], rows: int, seconds: float
) -> SqlRows:
    """Answer one SELECT over the views `turns`, `sessions` and `speakers` of one scope.

    The connection is its own and read-only. SQLite asks before it compiles each access: only reading is allowed, only
    these views, and of the tables behind them only what the guarding view reads. Since a query may give any name to a
    part of itself, the guarding view has a random one.

    Args:
        uri: of the database file.
        scope: number of the scope.
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
    with closing(sqlite3.connect(f"{uri}&mode=ro", uri=True, timeout=seconds)) as base:
        guard = f"guard_{secrets.token_hex(16)}"
        base.execute("PRAGMA temp_store = MEMORY")
        base.execute(_GUARD.format(guard=guard, scope=int(scope)))
        for name, view in _VIEWS.items():
            base.execute(f"CREATE TEMP VIEW {name} AS {view.format(guard=guard)}")
        base.execute("PRAGMA query_only = ON")
        for limit, value in _LIMITS:
            base.setlimit(limit, value)
        base.set_authorizer(_Authorizer(guard))
        deadline = time.monotonic() + seconds
        base.set_progress_handler(lambda: time.monotonic() > deadline, _STEPS)
        try:
            cursor = base.execute(sql, parameters)
            found = cursor.fetchmany(rows + 1)
            columns = tuple(column[0] for column in cursor.description or ())
        except (sqlite3.Error, sqlite3.Warning, UnicodeError) as error:
            reason = "it took too long" if "interrupted" in str(error) else str(error).replace(guard, "turns")
            raise ContractError(f"the query was refused ({reason}): {sql!r:.200}") from None
        finally:
            # Otherwise closing asks for leave, too.
            with suppress(sqlite3.Error):
                base.set_authorizer(None)
        return SqlRows(columns, tuple(found[:rows]), len(found) > rows)


class _Authorizer:
    """Answers SQLite's question for each access that a query would make; what it does not know it denies."""

    def __init__(self, guard: str) -> None:
        self._guard = guard

    def __call__(
        self, action: int, first: str | None, second: str | None, database: str | None, within: str | None
    ) -> int:
        if action == sqlite3.SQLITE_SELECT:
            return sqlite3.SQLITE_OK
        if action == sqlite3.SQLITE_FUNCTION:
            return sqlite3.SQLITE_OK if str(second).lower() in _FUNCTIONS else sqlite3.SQLITE_DENY
        if action == sqlite3.SQLITE_READ:
            # Of a view without any of its columns SQLite asks without naming the database.
            counted = second == "" and database is None and (first in _VIEWS or first == self._guard)
            seen = database == "temp" and first in _VIEWS
            guarded = database == "temp" and first == self._guard and within in _VIEWS
            behind = database == "main" and within == self._guard
            return sqlite3.SQLITE_OK if counted or seen or guarded or behind else sqlite3.SQLITE_DENY
        return sqlite3.SQLITE_DENY
