"""SQL store in SQLite: turns, sessions and speakers in tables, with an FTS5 index over the turns."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from memeval.kit.stores import SqlExtent, SqlFilters, SqlRows
from memeval.kit.text import time_of
from memeval.kit.types import Hit, Turn
from memeval.strategies.stores.clients import sqlite
from memeval.strategies.stores.sql.base import SqlBase, periods, second
from memeval.strategies.stores.sql.guard import ScopeCopy

# The index has the scope as a column, so that the postings of other scopes are passed over.
_SCHEMA = """
CREATE TABLE IF NOT EXISTS scopes (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS sessions (
    number INTEGER PRIMARY KEY, scope INTEGER NOT NULL, id TEXT NOT NULL, ordinal INTEGER NOT NULL, UNIQUE (scope, id)
);
CREATE TABLE IF NOT EXISTS speakers (
    number INTEGER PRIMARY KEY, scope INTEGER NOT NULL, name TEXT NOT NULL, UNIQUE (scope, name)
);
CREATE TABLE IF NOT EXISTS turns (
    number INTEGER PRIMARY KEY, scope INTEGER NOT NULL, id TEXT NOT NULL, session INTEGER NOT NULL,
    speaker INTEGER NOT NULL, role TEXT NOT NULL, text TEXT NOT NULL, caption TEXT, time TEXT, document TEXT NOT NULL,
    UNIQUE (scope, id)
);
CREATE INDEX IF NOT EXISTS turns_by_time ON turns (scope, time);
CREATE INDEX IF NOT EXISTS turns_by_session ON turns (session);
CREATE INDEX IF NOT EXISTS turns_by_speaker ON turns (speaker);
CREATE VIRTUAL TABLE IF NOT EXISTS search USING fts5 (
    scope, document, content='turns', content_rowid='number', tokenize='porter unicode61'
);
"""
_ROWS = """
SELECT turns.id, sessions.id, sessions.ordinal, speakers.name, turns.role, turns.text, turns.caption, turns.time
FROM turns JOIN sessions ON sessions.number = turns.session JOIN speakers ON speakers.number = turns.speaker
WHERE turns.scope = ? ORDER BY turns.number
"""
# How many scopes have a copy for SELECTs at a time.
_COPIES = 8
_COLUMNS = "scope, id, session, speaker, role, text, caption, time, document"
_KNOWN = "SELECT number FROM turns WHERE scope = ? AND id = ?"
_INSERT = f"INSERT INTO turns (number, {_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_INDEX = "INSERT INTO search (rowid, scope, document) VALUES (?, ?, ?)"
# An index over another table's content is told what it held.
_UNINDEX = """
INSERT INTO search (search, rowid, scope, document)
SELECT 'delete', number, scope, document FROM turns WHERE number = ?
"""
_REMOVE = "DELETE FROM turns WHERE number = ?"
_SESSION = """
INSERT INTO sessions (scope, id, ordinal)
SELECT :scope, :id, COALESCE(MAX(ordinal), 0) + 1 FROM sessions WHERE scope = :scope
"""
_LEFT = """
DELETE FROM {table} WHERE scope = ? AND NOT EXISTS (SELECT 1 FROM turns WHERE turns.{column} = {table}.number)
"""
_RANKED = """
SELECT turns.id, turns.document, {score} AS score FROM search JOIN turns ON turns.number = search.rowid
WHERE search MATCH ? AND turns.scope = ? {where} ORDER BY score DESC, turns.number LIMIT ?
"""
_LISTED = """
SELECT turns.id, turns.document, {score} AS score FROM turns
WHERE turns.scope = ? {where} AND score > 0 ORDER BY score DESC, turns.number LIMIT ?
"""
# The scope's column finds nothing by itself.
_RELEVANCE = "-bm25(search, 0.0, 1.0)"


class SqliteSQL(SqlBase):
    """Each write is a transaction; adding turns touches nothing but them.

    Scores are FTS5's `bm25()` (k1 1.2, b 0.75) with document frequencies and lengths of all scopes together.
    """

    def __init__(
        self, path: str | None = None, max_rows: int = 100, max_seconds: float = 2.0, timeout: float = 30.0
    ) -> None:
        """Open or create.

        Args:
            path: the file; None keeps the tables in memory.
            max_rows: of `select`: how many rows are returned.
            max_seconds: of `select`: how long it may take.
            timeout: seconds to wait for another writer.

        Raises:
            ConfigError: a file that cannot be opened or is no SQLite database.
        """
        super().__init__(max_rows, max_seconds)
        self._base = sqlite.opened("sql_store", path, timeout, _SCHEMA)
        self._scopes: dict[str, int] = {}
        # Copies of scopes for SELECTs of others, the one used last at the end, each with the state it was made of.
        self._copies: dict[int, tuple[tuple[int, int], ScopeCopy]] = {}

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        try:
            with sqlite.transaction(self._base):
                yield
        except BaseException:
            self._scopes.clear()
            raise

    def _scope(self, name: str) -> int | None:
        if name not in self._scopes:
            found = self._base.execute("SELECT number FROM scopes WHERE name = ?", (name,)).fetchone()
            if found is None:
                return None
            self._scopes[name] = found[0]
        return self._scopes[name]

    def _put(self, scope: str, turns: Sequence[Turn], texts: Sequence[str]) -> None:
        with self._transaction():
            number = self._scope(scope)
            if number is None:
                number = self._base.execute("INSERT INTO scopes (name) VALUES (?)", (scope,)).lastrowid or 0
            for turn, text in zip(turns, texts, strict=True):
                self._put_one(number, turn, text)

    def _put_one(self, scope: int, turn: Turn, text: str) -> None:
        base = self._base
        known = base.execute(_KNOWN, (scope, turn.id)).fetchone()
        if known is not None:
            self._remove(known[0])
        session = base.execute("SELECT number FROM sessions WHERE scope = ? AND id = ?", (scope, turn.session))
        speaker = base.execute("SELECT number FROM speakers WHERE scope = ? AND name = ?", (scope, turn.speaker))
        row = (
            known[0] if known is not None else None,
            scope,
            turn.id,
            (session.fetchone() or (base.execute(_SESSION, {"scope": scope, "id": turn.session}).lastrowid,))[0],
            (speaker.fetchone() or (self._speaker(scope, turn.speaker),))[0],
            turn.role,
            turn.text,
            turn.caption,
            second(turn.time),
            text,
        )
        number = base.execute(_INSERT, row).lastrowid
        base.execute(_INDEX, (number, scope, text))

    def _speaker(self, scope: int, name: str) -> int | None:
        return self._base.execute("INSERT INTO speakers (scope, name) VALUES (?, ?)", (scope, name)).lastrowid

    def _remove(self, number: int) -> None:
        self._base.execute(_UNINDEX, (number,))
        self._base.execute(_REMOVE, (number,))

    def search(
        self, scope: str, words: Sequence[str], k: int, filters: SqlFilters, boost: float | None
    ) -> Sequence[Hit]:
        """The at most `k` best turns; see `SqlStore`."""
        number = self._scope(scope)
        conditions = _conditions(number, filters) if number is not None else []
        if number is None or k < 1 or not (words or conditions):
            return []
        tests = [f"({sql})" for sql, _ in conditions]
        values = [value for _, each in conditions for value in each]
        where = "".join(f" AND {test}" for test in tests) if boost is None else ""
        if words:
            terms = " OR ".join('"' + word.replace('"', '""') + '"' for word in words)
            held = " + ".join(f"COALESCE({test}, 0)" for test in tests)
            score = f"{_RELEVANCE} * (1 + ? * ({held}))" if tests and boost is not None else _RELEVANCE
            match = (f'scope : "{number}" AND document : ({terms})', number)
            given = (*match, *values, k) if boost is None else (*((boost, *values) if tests else ()), *match, k)
            sql = _RANKED.format(score=score, where=where)
        else:
            held = " + ".join(f"COALESCE({test}, 0)" for test in tests)
            given = (*values, number, *(values if boost is None else ()), k)
            sql = _LISTED.format(score=f"1.0 * ({held})", where=where)
        rows = self._base.execute(sql, given)
        return [Hit(document, (name,), score) for name, document, score in rows]

    def select(self, scope: str, sql: str, parameters: Sequence[str | int | float | None] = ()) -> SqlRows:
        """Answer one SELECT over the tables turns, sessions and speakers of the scope; see `sql_guard`.

        It runs over a copy of the scope's rows, which is made anew after any write to the database.
        """
        return self._copy(self._scope(scope)).select(sql, parameters, self._max_rows, self._seconds)

    def _copy(self, scope: int | None) -> ScopeCopy:
        number = -1 if scope is None else scope
        # The first number counts the writes of other connections, the second those of this one.
        state = (self._base.execute("PRAGMA data_version").fetchone()[0], self._base.total_changes)
        made, copy = self._copies.pop(number, (None, None))
        if copy is None or made != state:
            if copy is not None:
                copy.close()
            copy = ScopeCopy(self._base.execute(_ROWS, (number,)))
            for oldest in list(self._copies)[: len(self._copies) - _COPIES + 1]:
                self._copies.pop(oldest)[1].close()
        self._copies[number] = (state, copy)
        return copy

    def extent(self, scope: str) -> SqlExtent:
        """What the scope spans."""
        number = self._scope(scope)
        names = self._base.execute("SELECT name FROM speakers WHERE scope = ? ORDER BY number", (number,)).fetchall()
        (last,) = self._base.execute("SELECT MAX(ordinal) FROM sessions WHERE scope = ?", (number,)).fetchone()
        (latest,) = self._base.execute("SELECT MAX(time) FROM turns WHERE scope = ?", (number,)).fetchone()
        return SqlExtent(tuple(name for (name,) in names), last or 0, time_of(latest))

    def _forget(self, scope: str, turn_ids: Sequence[str]) -> None:
        number = self._scope(scope)
        if number is None:
            return
        with self._transaction():
            for turn in turn_ids:
                known = self._base.execute(_KNOWN, (number, turn)).fetchone()
                if known is not None:
                    self._remove(known[0])
            for table, column in (("sessions", "session"), ("speakers", "speaker")):
                self._base.execute(_LEFT.format(table=table, column=column), (number,))

    def count(self, scope: str) -> int:
        """How many turns the scope holds."""
        found = self._base.execute("SELECT COUNT(*) FROM turns WHERE scope = ?", (self._scope(scope),))
        count: int = found.fetchone()[0]
        return count

    def stats(self) -> Mapping[str, float]:
        """Bytes of the database, all scopes together."""
        return {"index_bytes": sqlite.size(self._base), "rebuilds": 0}

    def close(self) -> None:
        """Close the connections."""
        for _, copy in self._copies.values():
            copy.close()
        self._copies.clear()
        self._base.close()


def _conditions(scope: int, filters: SqlFilters) -> list[tuple[str, list[str | int]]]:
    """Each filter as SQL with its values."""
    found: list[tuple[str, list[str | int]]] = []
    if filters.speakers:
        marks = ", ".join("?" * len(filters.speakers))
        inner = f"SELECT number FROM speakers WHERE scope = ? AND name IN ({marks})"
        found.append((f"turns.speaker IN ({inner})", [scope, *filters.speakers]))
    if filters.periods:
        ranges: list[str] = []
        ends: list[str | int] = []
        for span in periods(filters):
            ranges.append("(turns.time >= ? AND turns.time < ?)")
            ends += span
        found.append((" OR ".join(ranges), ends))
    if filters.sessions:
        marks = ", ".join("?" * len(filters.sessions))
        inner = f"SELECT number FROM sessions WHERE scope = ? AND ordinal IN ({marks})"
        found.append((f"turns.session IN ({inner})", [scope, *filters.sessions]))
    return found
