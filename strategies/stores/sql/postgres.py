"""SQL store in PostgreSQL: turns, sessions and speakers in tables of a schema, with an index over the turns' words."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from memeval.kit.errors import ConfigError
from memeval.kit.stores import SqlExtent, SqlFilters, SqlRows
from memeval.kit.text import storable, time_of
from memeval.kit.types import Hit, Turn
from memeval.strategies.stores.clients import postgres
from memeval.strategies.stores.clients.remote import PREFIX
from memeval.strategies.stores.clients.server import StoreAtServer
from memeval.strategies.stores.sql.base import SqlBase, check_normalization, periods, second
from memeval.strategies.stores.sql.guard_postgres import run_select

_OPTION = "sql_store"
# A tsvector holds at most 1 MB.
_INDEXED = 500_000
_SCHEMA = """
CREATE SCHEMA "{schema}";
COMMENT ON SCHEMA "{schema}" IS '{mark}';
CREATE TABLE "{schema}".scopes (number integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL UNIQUE);
CREATE TABLE "{schema}".sessions (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, scope integer NOT NULL, id text NOT NULL,
    ordinal integer NOT NULL, UNIQUE (scope, id)
);
CREATE TABLE "{schema}".speakers (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, scope integer NOT NULL, name text NOT NULL,
    UNIQUE (scope, name)
);
CREATE TABLE "{schema}".turns (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, scope integer NOT NULL, id text NOT NULL,
    session bigint NOT NULL, speaker bigint NOT NULL, role text NOT NULL, text text NOT NULL, caption text,
    time text COLLATE "C", document text NOT NULL, words tsvector NOT NULL, UNIQUE (scope, id)
);
CREATE INDEX turns_by_time ON "{schema}".turns (scope, time);
CREATE INDEX turns_by_session ON "{schema}".turns (session);
CREATE INDEX turns_by_speaker ON "{schema}".turns (speaker);
CREATE INDEX turns_by_words ON "{schema}".turns USING gin (words);
"""
_PUT = """
INSERT INTO "{schema}".turns (scope, id, session, speaker, role, text, caption, time, document, words)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, to_tsvector(%s::regconfig, %s))
ON CONFLICT (scope, id) DO UPDATE SET session = EXCLUDED.session, speaker = EXCLUDED.speaker, role = EXCLUDED.role,
    text = EXCLUDED.text, caption = EXCLUDED.caption, time = EXCLUDED.time, document = EXCLUDED.document,
    words = EXCLUDED.words
"""
_LEFT = """
DELETE FROM "{schema}".{table} AS old WHERE scope = %s
AND NOT EXISTS (SELECT FROM "{schema}".turns WHERE turns.{column} = old.number)
"""
# Computed once for each row: the score is compared and returned.
_FOUND = """
SELECT id, document, score FROM (
    SELECT turns.number, turns.id, turns.document, ({score})::float8 AS score FROM {source}
    WHERE turns.scope = %s {where}
) AS found WHERE score > 0 ORDER BY score DESC, number LIMIT %s
"""


class _Server(postgres.Postgres):
    choice, system = "sql_store=postgres", "postgres"
    mark = "memeval sql_store=postgres"

    def leftovers(self) -> list[str]:
        sql = "SELECT nspname FROM pg_namespace WHERE starts_with(nspname, %s) "
        sql += "AND obj_description(oid, 'pg_namespace') = %s ORDER BY nspname"
        rows = self.run(lambda cursor: cursor.execute(sql, (PREFIX, self.mark)).fetchall())
        return [name for (name,) in rows]

    def remove(self, name: str) -> None:
        self.run(lambda cursor: cursor.execute(f'DROP SCHEMA IF EXISTS "{name}" CASCADE'))


class PostgresSQL(StoreAtServer, SqlBase):
    """One schema; each call is one transaction, and writers of the same scope wait for each other.

    Scores are PostgreSQL's `ts_rank` or `ts_rank_cd`, which know how often a word stands in a turn but not how rare it
    is in all turns: expect a worse ranking than BM25's.
    """

    server = _Server
    _base: _Server

    def __init__(
        self,
        url: str | None = None,
        schema: str = "memeval_turns",
        language: str = "english",
        rank: Literal["ts_rank", "ts_rank_cd"] = "ts_rank",
        normalization: int = 0,
        max_rows: int = 100,
        max_seconds: float = 2.0,
        keep: bool = False,
        timeout: float = 60.0,
        retries: int = 3,
    ) -> None:
        """Connect, and make the schema if it is not there.

        Args:
            url: of the server, without a password; None: MEMEVAL_POSTGRES_URL.
            schema: one that is there already is gone on with.
            language: text search configuration: stop words and stemming; `simple` has neither.
            rank: `ts_rank_cd` counts how close words stand, too.
            normalization: PostgreSQL's bit mask, 0 to 63: 0 does not look at how long texts are (its default), 1
                divides by 1 + the logarithm of their length, 2 by the length.
            max_rows: of `select`: how many rows are returned.
            max_seconds: of `select`: how long it may take.
            keep: do not remove the schema at the end of the run.
            timeout: seconds for connecting and for each statement.
            retries: how often again after a lost connection.

        Raises:
            ConfigError: no address, or settings that make no sense.
            ModelError: the client is not installed.
            StorageError: the server does not answer, or refuses.
        """
        self._schema = postgres.check_name(_OPTION, "schema", schema)
        super().__init__(max_rows, max_seconds)
        check_normalization(normalization)
        if not re.fullmatch(r"[a-z_]+", language):
            raise ConfigError(f"{_OPTION}.language={language!r} is no name of a language, e.g. english or simple")
        self._language = language
        self._relevance = f"{rank}(turns.words, asked.query, {normalization})"
        self._scopes: dict[str, int] = {}
        self._base = _Server(url, timeout, retries)
        with self._base.opening({"language": language, "rank": rank, "normalization": normalization}):
            self._base.run(lambda cursor: self._open(cursor, keep))

    def _open(self, cursor: Any, keep: bool) -> None:
        languages = cursor.execute("SELECT cfgname FROM pg_ts_config").fetchall()
        if (self._language,) not in languages:
            known = ", ".join(sorted(name for (name,) in languages))
            raise ConfigError(f"{_OPTION}.language={self._language} is not known to the server: choose of {known}")
        postgres.lock(cursor, self._schema)
        if cursor.execute("SELECT to_regnamespace(%s)", (f'"{self._schema}"',)).fetchone()[0] is None:
            if not keep:
                self._base.made("schema", self._schema)
            for statement in filter(str.strip, _SCHEMA.format(schema=self._schema, mark=_Server.mark).split(";")):
                cursor.execute(statement)

    def _scope(self, cursor: Any, name: str) -> int | None:
        if name not in self._scopes:
            sql = f'SELECT number FROM "{self._schema}".scopes WHERE name = %s'
            row = cursor.execute(sql, (name,)).fetchone() if storable(name) else None
            if row is None:
                return None
            self._scopes[name] = row[0]
        return self._scopes[name]

    def _put(self, scope: str, turns: Sequence[Turn], texts: Sequence[str]) -> None:
        # What a lost transaction has learned about scopes may not be true.
        self._scopes.pop(scope, None)
        self._base.run(lambda cursor: self._put_turns(cursor, scope, turns, texts))

    def _put_turns(self, cursor: Any, scope: str, turns: Sequence[Turn], texts: Sequence[str]) -> None:
        postgres.lock(cursor, f"{self._schema} {scope}")
        row = cursor.execute(f'SELECT number FROM "{self._schema}".scopes WHERE name = %s', (scope,)).fetchone()
        if row is None:
            sql = f'INSERT INTO "{self._schema}".scopes (name) VALUES (%s) RETURNING number'
            row = cursor.execute(sql, (scope,)).fetchone()
        number: int = row[0]
        sessions = self._numbered(cursor, "sessions", "id", number, [turn.session for turn in turns])
        speakers = self._numbered(cursor, "speakers", "name", number, [turn.speaker for turn in turns])
        rows = [
            (number, turn.id, sessions[turn.session], speakers[turn.speaker], turn.role, turn.text, turn.caption)
            + (second(turn.time), text, self._language, text[:_INDEXED])
            for turn, text in zip(turns, texts, strict=True)
        ]
        cursor.executemany(_PUT.format(schema=self._schema), rows)

    def _numbered(self, cursor: Any, table: str, column: str, scope: int, names: Sequence[str]) -> dict[str, int]:
        """Numbers of sessions or speakers; those that are new are added in order."""
        place = f'"{self._schema}".{table}'
        wanted = list(dict.fromkeys(names))
        sql = f"SELECT {column}, number FROM {place} WHERE scope = %s AND {column} = ANY(%s)"
        known: dict[str, int] = dict(cursor.execute(sql, (scope, wanted)).fetchall())
        for name in wanted:
            if name not in known:
                if table == "sessions":
                    sql = f"INSERT INTO {place} (scope, id, ordinal) SELECT %s, %s, coalesce(max(ordinal), 0) + 1 "
                    sql += f"FROM {place} WHERE scope = %s RETURNING number"
                    given: tuple[Any, ...] = (scope, name, scope)
                else:
                    sql = f"INSERT INTO {place} (scope, name) VALUES (%s, %s) RETURNING number"
                    given = (scope, name)
                known[name] = cursor.execute(sql, given).fetchone()[0]
        return known

    def search(
        self, scope: str, words: Sequence[str], k: int, filters: SqlFilters, boost: float | None
    ) -> Sequence[Hit]:
        """The at most `k` best turns; see `SqlStore`. Stop words of the language find nothing."""
        if k < 1:
            return []

        def work(cursor: Any) -> Any:
            number = self._scope(cursor, scope)
            conditions = self._conditions(number, filters) if number is not None else []
            asked = [word for word in words if storable(word)]
            if number is None or not (asked or conditions):
                return []
            values = [value for _, each in conditions for value in each]
            held = " + ".join(f"coalesce({sql}, false)::int" for sql, _ in conditions)
            where = "".join(f" AND ({sql})" for sql, _ in conditions) if boost is None else ""
            source, score = f'"{self._schema}".turns', f"1.0 * ({held})"
            given: list[Any] = [] if asked and (boost is None or not conditions) else list(values)
            if asked:
                terms = " || ".join(["phraseto_tsquery(%s::regconfig, %s)"] * len(asked))
                source += f" CROSS JOIN (SELECT {terms} AS query) AS asked"
                score = self._relevance
                if boost is not None and conditions:
                    score, given = f"{score} * (1 + %s * ({held}))", [boost, *values]
                given += [part for word in asked for part in (self._language, word)]
                where = f"AND turns.words @@ asked.query {where}"
            sql = _FOUND.format(score=score, source=source, where=where)
            return cursor.execute(sql, (*given, number, *(values if boost is None else ()), k)).fetchall()

        return [Hit(document, (name,), score) for name, document, score in self._base.run(work)]

    def _conditions(self, scope: int, filters: SqlFilters) -> list[tuple[str, list[Any]]]:
        """Each filter as SQL with its values."""
        found: list[tuple[str, list[Any]]] = []
        if filters.speakers:
            names = [name for name in filters.speakers if storable(name)]
            inner = f'SELECT number FROM "{self._schema}".speakers WHERE scope = %s AND name = ANY(%s)'
            found.append((f"turns.speaker IN ({inner})", [scope, names]))
        if filters.periods:
            # Texts that sort before and after every date.
            ends = periods(filters)
            ranges = " OR ".join(["(turns.time >= %s AND turns.time < %s)"] * len(ends))
            found.append((f"({ranges})", [each for pair in ends for each in pair]))
        if filters.sessions:
            inner = f'SELECT number FROM "{self._schema}".sessions WHERE scope = %s AND ordinal = ANY(%s)'
            found.append((f"turns.session IN ({inner})", [scope, list(filters.sessions)]))
        return found

    def select(self, scope: str, sql: str, parameters: Sequence[str | int | float | None] = ()) -> SqlRows:
        """Answer one SELECT over the views turns, sessions and speakers of the scope; see `sql_guard_postgres`."""
        number = self._base.run(lambda cursor: self._scope(cursor, scope))
        return run_select(
            self._base, self._schema, -1 if number is None else number, sql, parameters, self._max_rows, self._seconds
        )

    def extent(self, scope: str) -> SqlExtent:
        """What the scope spans."""

        def work(cursor: Any) -> SqlExtent:
            number = self._scope(cursor, scope)
            place = f'"{self._schema}".'
            names = cursor.execute(f"SELECT name FROM {place}speakers WHERE scope = %s ORDER BY number", (number,))
            speakers = tuple(name for (name,) in names.fetchall())
            (last,) = cursor.execute(f"SELECT max(ordinal) FROM {place}sessions WHERE scope = %s", (number,)).fetchone()
            (latest,) = cursor.execute(f"SELECT max(time) FROM {place}turns WHERE scope = %s", (number,)).fetchone()
            return SqlExtent(speakers, last or 0, time_of(latest))

        return self._base.run(work)

    def _forget(self, scope: str, turn_ids: Sequence[str]) -> None:
        def work(cursor: Any) -> None:
            postgres.lock(cursor, f"{self._schema} {scope}")
            number = self._scope(cursor, scope)
            if number is not None:
                cursor.execute(
                    f'DELETE FROM "{self._schema}".turns WHERE scope = %s AND id = ANY(%s)', (number, list(turn_ids))
                )
                for table, column in (("sessions", "session"), ("speakers", "speaker")):
                    cursor.execute(_LEFT.format(schema=self._schema, table=table, column=column), (number,))

        self._base.run(work)

    def count(self, scope: str) -> int:
        """How many turns the scope holds."""
        sql = f'SELECT count(*) FROM "{self._schema}".turns WHERE scope = %s'
        return int(self._base.run(lambda each: each.execute(sql, (self._scope(each, scope),)).fetchone())[0])

    def stats(self) -> Mapping[str, float]:
        """Bytes of the tables with their indexes, all scopes together."""
        tables = ("scopes", "sessions", "speakers", "turns")
        return {"index_bytes": sum(self._base.size(self._schema, each) for each in tables), "rebuilds": 0}
