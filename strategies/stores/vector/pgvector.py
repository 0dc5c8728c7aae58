"""Vectors in PostgreSQL with the extension pgvector: exact search, or its HNSW and IVFFlat indexes."""

import hashlib
import json
import sys
import uuid
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np

from memeval.kit import engines
from memeval.kit.errors import ConfigError, ContractError, StorageError
from memeval.kit.stores import Match
from memeval.kit.text import storable
from memeval.kit.types import Vectors
from memeval.strategies.stores.clients import postgres
from memeval.strategies.stores.clients.remote import client
from memeval.strategies.stores.vector.ranking import check_query, check_write, fetch_near_best, rank

_SYSTEM = "pgvector"
_OPTION = "vector_store"
_MARK = "memeval vector_store=pgvector"
# Rows sent at once; more gains nothing.
_BATCH = 500
# `facts` holds what of a payload can be filtered by, with an index's types; `payload` all of it as it was given.
_TABLE = """
CREATE TABLE "{table}" (
    key uuid PRIMARY KEY, place bigint GENERATED ALWAYS AS IDENTITY, scope text NOT NULL, id text NOT NULL,
    vector vector({dimension}) NOT NULL, payload json NOT NULL, facts jsonb NOT NULL
)
"""
_UPSERT = """
INSERT INTO "{table}" (key, scope, id, vector, payload, facts) VALUES (%s, %s, %s, %s, %s, %s)
ON CONFLICT (key) DO UPDATE SET vector = EXCLUDED.vector, payload = EXCLUDED.payload, facts = EXCLUDED.facts
"""
# Of vectors of unit length the inner product is the cosine; the operator gives its negative.
_SEARCH = """
SELECT id, place, vector, payload::text, -(vector <#> %s) FROM "{table}" WHERE scope = %s {where}
ORDER BY vector <#> %s LIMIT %s
"""


class PgVectorStore:
    """One table, scopes told apart by a column, as applications with many users have it.

    With an index the planner is free to choose between it and the tenants' btree: what it chooses depends on how many
    rows a tenant has. An approximate index finds the nearest of all tenants first and drops the others' rows then.
    """

    def __init__(
        self,
        url: str | None = None,
        table: str = "memeval_vectors",
        index: Literal["exact", "hnsw", "ivfflat"] = "exact",
        tenant_index: bool = True,
        m: int = 16,
        ef_construction: int = 64,
        ef_search: int = 40,
        lists: int = 100,
        probes: int = 1,
        iterative_scan: Literal["off", "strict_order", "relaxed_order"] = "off",
        max_scan_tuples: int = 20_000,
        max_probes: int = 32_768,
        keep: bool = False,
        timeout: float = 60.0,
        retries: int = 3,
    ) -> None:
        """Connect; the table is made at the first write.

        Args:
            url: of the server, without a password; None: MEMEVAL_PGVECTOR_URL.
            table: one that is there already is gone on with.
            index: `exact` compares with every row of the scope.
            tenant_index: a btree on the scope.
            m: HNSW: neighbours of a node.
            ef_construction: HNSW: candidates looked at while building, at least 2 m.
            ef_search: HNSW: candidates looked at in a search, 1 to 1,000.
            lists: IVFFlat: into how many lists the vectors are put.
            probes: IVFFlat: how many lists a search reads.
            iterative_scan: whether a search goes on until the filter has let enough rows through (pgvector 0.8 or
                newer); IVFFlat knows no strict_order.
            max_scan_tuples: HNSW: after so many rows going on ends.
            max_probes: IVFFlat: after so many lists going on ends.
            keep: do not remove the table at the end of the run.
            timeout: seconds for connecting and for each statement.
            retries: how often again after a lost connection.

        Raises:
            ConfigError: settings that the extension does not take.
            ModelError: the client is not installed.
            StorageError: the server does not answer, refuses, or has no pgvector.
        """
        self._table = postgres.check_name(_OPTION, "table", table)
        ranges = {"m": (m, 2, 100), "ef_construction": (ef_construction, max(4, 2 * m), 1_000)}
        ranges |= {"ef_search": (ef_search, 1, 1_000), "lists": (lists, 1, 32_768), "probes": (probes, 1, 32_768)}
        ranges |= {"max_scan_tuples": (max_scan_tuples, 1, 2**31 - 1), "max_probes": (max_probes, 1, 32_768)}
        for name, (value, least, most) in ranges.items():
            if not least <= value <= most:
                raise ConfigError(f"{_OPTION}.{name}={value} is not taken by pgvector: give {least} to {most}")
        if index == "ivfflat" and iterative_scan == "strict_order":
            raise ConfigError(
                f"{_OPTION}.iterative_scan=strict_order is not known to ivfflat: choose off or relaxed_order"
            )
        self._index = index
        self._tenant_index = tenant_index
        self._keep = keep
        settings: dict[str, str | int] = {}
        if index == "hnsw":
            settings = {"hnsw.ef_search": ef_search}
            self._building = f"USING hnsw (vector vector_ip_ops) WITH (m = {m}, ef_construction = {ef_construction})"
        elif index == "ivfflat":
            settings = {"ivfflat.probes": probes}
            self._building = f"USING ivfflat (vector vector_ip_ops) WITH (lists = {lists})"
        if index != "exact" and iterative_scan != "off":
            settings[f"{index}.iterative_scan"] = iterative_scan
            limit = "max_scan_tuples" if index == "hnsw" else "max_probes"
            settings[f"{index}.{limit}"] = max_scan_tuples if index == "hnsw" else max_probes
        self._dimension: int | None = None
        # Rows when the planner and IVFFlat's lists were last brought up to date, and rows written since.
        self._settled = 0
        self._written = 0
        self._rebuilds = 0
        self._type = client("pgvector", f"{_OPTION}={_SYSTEM}", _SYSTEM)
        adapter = client("pgvector.psycopg", f"{_OPTION}={_SYSTEM}", _SYSTEM)
        self._json = client("psycopg.types.json", f"{_OPTION}={_SYSTEM}", _SYSTEM)

        def greet(connection: Any) -> None:
            _make_sure(connection)
            adapter.register_vector(connection)

        self._base = postgres.Postgres(_SYSTEM, _OPTION, url, timeout, retries, settings, greet)
        try:
            told: dict[str, str | int | float | bool | None] = {"index": index, "tenant_index": tenant_index}
            if index == "hnsw":
                told |= {"m": m, "ef_construction": ef_construction}
            elif index == "ivfflat":
                told["lists"] = lists
            told |= {name.partition(".")[2]: value for name, value in settings.items()}
            found = self._base.run(lambda cursor: _engine(cursor, told))
            release = str(found.settings["pgvector"])
            if "iterative_scan" in told and _release(release) < (0, 8):
                raise ConfigError(f"{_OPTION}.iterative_scan={iterative_scan} needs pgvector 0.8, this is {release}")
            engines.served_by(found)
            self._base.run(self._reopen)
        except BaseException:
            self._base.close()
            raise

    def _reopen(self, cursor: Any) -> None:
        """The dimension, if the table is there."""
        cursor.execute(
            "SELECT atttypmod FROM pg_attribute WHERE attrelid = to_regclass(%s) AND attname = 'vector'",
            (f'"{self._table}"',),
        )
        row = cursor.fetchone()
        if row is not None:
            self._dimension = row[0]
            cursor.execute(f'SELECT count(*) FROM "{self._table}"')
            self._settled = cursor.fetchone()[0]

    def _create(self, dimension: int) -> None:
        table = self._table
        statements = [_TABLE.format(table=table, dimension=dimension), f"COMMENT ON TABLE \"{table}\" IS '{_MARK}'"]
        if self._tenant_index:
            statements.append(f'CREATE INDEX "{table}_scope" ON "{table}" (scope)')
        if self._index == "hnsw":
            statements.append(f'CREATE INDEX "{table}_ann" ON "{table}" {self._building}')
        postgres.make_table(self._base, table, ";".join(statements), self._keep)
        # Another writer may have made it with a dimension of its own.
        self._base.run(self._reopen)

    def upsert(self, scope: str, ids: Sequence[str], vectors: Vectors, payloads: Sequence[Mapping[str, Any]]) -> None:
        """Add or replace, all or none; a replaced vector keeps its place among equal scores."""
        if not len(ids) and not len(vectors):
            return
        names, vectors, contents = check_write(scope, ids, vectors, payloads, self._dimension)
        if self._dimension is None:
            self._create(vectors.shape[1])
            check_write(scope, names, vectors, contents, self._dimension)
        rows = [
            (_key(scope, name), scope, name, vector, _text(content), self._json.Jsonb(_facts(content)))
            for name, vector, content in zip(names, vectors, contents, strict=True)
        ]
        statement = _UPSERT.format(table=self._table)

        def work(cursor: Any) -> None:
            for start in range(0, len(rows), _BATCH):
                cursor.executemany(statement, rows[start : start + _BATCH])

        self._base.run(work)
        self._written += len(rows)

    def search(self, scope: str, vector: Vectors, k: int, where: Mapping[str, Any] | None = None) -> Sequence[Match]:
        """The k most similar; an index is asked for k, neither more nor less."""
        vector = check_query(vector, where, self._dimension)
        if self._dimension is None:
            self._base.run(self._reopen)
            vector = check_query(vector, where, self._dimension)
        if self._dimension is None or k < 1:
            return []
        # Not while writing: of tenants that come after it the planner would know nothing, and lists be made of a part.
        self._settle()
        statement = _SEARCH.format(table=self._table, where="AND facts @> %s" if where else "")
        wanted = [self._json.Jsonb(_wanted(where))] if where else []
        rows: dict[str, Any] = {}

        def fetch(n: int) -> Sequence[tuple[str, float]]:
            found = self._base.run(
                lambda cursor: cursor.execute(statement, (vector, scope, *wanted, vector, n)).fetchall()
            )
            rows.update((row[0], row) for row in found)
            return [(row[0], row[4]) for row in found]

        # A limit above the table's size costs nothing, counting it would.
        names = fetch_near_best(fetch, k, sys.maxsize >> 1) if self._index == "exact" else [x for x, _ in fetch(k)]
        if not names:
            return []
        matrix = np.array([rows[name][2].to_numpy() for name in names], dtype=np.float32)
        best = rank(names, matrix, vector, [rows[name][1] for name in names], k)
        return [Match(name, score, json.loads(rows[name][3])) for name, score in best]

    def _settle(self) -> None:
        """Bring the planner's statistics, and IVFFlat's lists, up to date once the table has doubled."""
        if self._written <= self._settled:
            return

        def work(cursor: Any) -> int:
            postgres.lock(cursor, self._table)
            if self._index == "ivfflat":
                # Its centres are those of the vectors that are there when it is built.
                cursor.execute(f'DROP INDEX IF EXISTS "{self._table}_ann"')
                cursor.execute("SET LOCAL client_min_messages = error")
                cursor.execute(f'CREATE INDEX "{self._table}_ann" ON "{self._table}" {self._building}')
            cursor.execute(f'ANALYZE "{self._table}"')
            cursor.execute(f'SELECT count(*) FROM "{self._table}"')
            count: int = cursor.fetchone()[0]
            return count

        self._settled, self._written = self._base.run(work), 0
        self._rebuilds += self._index == "ivfflat"

    def delete(self, scope: str, ids: Sequence[str]) -> None:
        """Remove."""
        keys = [_key(scope, name) for name in dict.fromkeys(ids)]
        if self._dimension is None:
            self._base.run(self._reopen)
        if keys and self._dimension is not None:
            self._base.run(lambda cursor: cursor.execute(f'DELETE FROM "{self._table}" WHERE key = ANY(%s)', (keys,)))

    def count(self, scope: str) -> int:
        """Vectors of the scope."""
        if self._dimension is None:
            self._base.run(self._reopen)
        if self._dimension is None:
            return 0
        statement = f'SELECT count(*) FROM "{self._table}" WHERE scope = %s'
        row = self._base.run(lambda cursor: cursor.execute(statement, (scope,)).fetchone())
        return int(row[0])

    def stats(self) -> Mapping[str, float]:
        """Bytes of the table with its indexes, all scopes together; how often an index was built anew."""
        return {"index_bytes": postgres.size(self._base, self._table), "rebuilds": self._rebuilds}

    def close(self) -> None:
        """Close the connection."""
        self._base.close()


def _make_sure(connection: Any) -> None:
    """The extension is there; making it needs rights, which whoever has it already may lack."""
    if connection.execute("SELECT 1 FROM pg_extension WHERE extname = 'vector'").fetchone():
        return
    if not connection.execute("SELECT 1 FROM pg_available_extensions WHERE name = 'vector'").fetchone():
        raise StorageError(
            "pgvector: this PostgreSQL has no extension called vector: install pgvector there, or choose another "
            "server or vector store"
        )
    with connection.transaction(), connection.cursor() as cursor:
        postgres.lock(cursor, "memeval extension vector")
        cursor.execute("CREATE EXTENSION IF NOT EXISTS vector")


def _engine(cursor: Any, settings: postgres.Settings) -> engines.Engine:
    row = cursor.execute("SELECT extversion FROM pg_extension WHERE extname = 'vector'").fetchone()
    return postgres.identity(cursor, _SYSTEM, {"pgvector": row[0] if row else None, **settings})


def _release(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".")[:2] if part.isdigit())


def _key(scope: str, name: str) -> uuid.UUID:
    # One short key for two texts that may be longer than a btree takes.
    digest = hashlib.blake2b(f"{len(scope)}:{scope}{name}".encode(errors="surrogatepass"), digest_size=16).digest()
    return uuid.UUID(bytes=digest)


def _text(payload: Mapping[str, Any]) -> str:
    text = json.dumps(payload, ensure_ascii=False)
    # An unpaired surrogate can only be written as an escape.
    return text if storable(text) else json.dumps(payload)


def _facts(payload: Mapping[str, Any]) -> dict[str, str | int]:
    """What can be filtered by: in jsonb a float would equal an int, and a NUL is refused."""
    return {
        name: value
        for name, value in payload.items()
        if isinstance(value, str | int) and storable(name) and (isinstance(value, int) or storable(value))
    }


def _wanted(where: Mapping[str, Any]) -> dict[str, str | int]:
    for name, value in where.items():
        if isinstance(value, str) and not storable(value):
            raise ContractError(f"where={{{name!r}: {value!r:.80}}} holds what PostgreSQL takes for no text")
    return dict(where)


def engine(url: str | None, timeout: float = 10.0) -> engines.Engine:
    """Which program answers at the address."""
    with postgres.visiting(_SYSTEM, _OPTION, url, timeout) as base:
        return base.run(lambda cursor: _engine(cursor, {}))


def leftovers(url: str | None, timeout: float = 10.0) -> list[str]:
    """Tables that memeval has made there."""
    with postgres.visiting(_SYSTEM, _OPTION, url, timeout) as base:
        return postgres.tables(base, _MARK)


def remove(url: str | None, names: Sequence[str], timeout: float = 60.0) -> None:
    """Drop these tables; what is gone already is fine."""
    with postgres.visiting(_SYSTEM, _OPTION, url, timeout) as base:
        postgres.drop_tables(base, names)
