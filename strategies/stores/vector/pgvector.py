"""Vectors in PostgreSQL with the extension pgvector: exact search, or its HNSW and IVFFlat indexes."""

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, TypeVar

from memeval.kit.engines import Engine, Settings
from memeval.kit.errors import ConfigError, StorageError
from memeval.kit.types import Vectors
from memeval.strategies.stores.clients import postgres
from memeval.strategies.stores.clients.remote import client
from memeval.strategies.stores.vector.base import Row, VectorBase, key

_OPTION = "vector_store"
_T = TypeVar("_T")
# Rows sent at once; more gains nothing.
_BATCH = 500
# `facts` holds what of a payload can be filtered by, see `fact`; `payload` all of it as it was given.
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


class _Server(postgres.Postgres):
    choice, system = "vector_store=pgvector", "pgvector"
    mark = "memeval vector_store=pgvector"

    def engine(self, settings: Settings | None = None) -> Engine:
        sql = "SELECT extversion FROM pg_extension WHERE extname = 'vector'"
        row = self.run(lambda cursor: cursor.execute(sql).fetchone())
        return super().engine({"pgvector": row[0] if row else None, **(settings or {})})


class PgVectorStore(VectorBase):
    """One table, scopes told apart by a column, as applications with many users have it.

    With an index the planner is free to choose between it and the tenants' btree: what it chooses depends on how many
    rows a tenant has. An approximate index finds the nearest of all tenants first and drops the others' rows then.
    """

    server = _Server
    _base: _Server
    # A call is one transaction, and a limit above the table's size costs nothing.
    batch_rows = batch_bytes = most = sys.maxsize >> 1

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
        # Rows when the planner and IVFFlat's lists were last brought up to date, and rows written since.
        self._settled = 0
        self._since = 0
        self._rebuilds = 0
        base = _Server(url, timeout, retries, settings, _greet)
        super().__init__(base.system, index == "exact", base)
        noted: dict[str, str | int | float | bool | None] = {"index": index, "tenant_index": tenant_index}
        if index == "hnsw":
            noted |= {"m": m, "ef_construction": ef_construction}
        elif index == "ivfflat":
            noted["lists"] = lists
        noted |= {name.partition(".")[2]: value for name, value in settings.items()}
        with base.opening(noted) as found:
            release = str(found.settings["pgvector"])
            if "iterative_scan" in noted and _release(release) < (0, 8):
                raise ConfigError(f"{_OPTION}.iterative_scan={iterative_scan} needs pgvector 0.8, this is {release}")
            self._json = base.part("psycopg.types.json").Jsonb
            self._known()

    def _ask(self, call: Callable[[], _T]) -> _T:
        # The connection asks again by itself: each piece of work is a transaction.
        return call()

    def _find(self) -> int | None:
        def work(cursor: Any) -> int | None:
            cursor.execute(
                "SELECT atttypmod FROM pg_attribute WHERE attrelid = to_regclass(%s) AND attname = 'vector'",
                (f'"{self._table}"',),
            )
            row = cursor.fetchone()
            if row is None:
                return None
            self._settled = cursor.execute(f'SELECT count(*) FROM "{self._table}"').fetchone()[0]
            return int(row[0])

        return self._base.run(work)

    def _create(self, dimension: int) -> None:
        table = self._table
        statements = [_TABLE.format(table=table, dimension=dimension)]
        if self._tenant_index:
            statements.append(f'CREATE INDEX "{table}_scope" ON "{table}" (scope)')
        if self._index == "hnsw":
            statements.append(f'CREATE INDEX "{table}_ann" ON "{table}" {self._building}')
        self._base.make_table(table, ";".join(statements), self._keep)

    def _place(self, scope: str, names: Sequence[str]) -> Mapping[str, int]:
        # The table numbers its rows itself.
        return dict.fromkeys(names, 0)

    def _written(self, scope: str) -> Mapping[str, int]:
        return {}

    def _write(self, scope: str, rows: Sequence[Row]) -> None:
        statement = _UPSERT.format(table=self._table)
        values = [
            (key(scope, row.id), scope, row.id, row.vector, row.payload, self._json(list(row.facts))) for row in rows
        ]

        def work(cursor: Any) -> None:
            for start in range(0, len(values), _BATCH):
                cursor.executemany(statement, values[start : start + _BATCH])

        self._base.run(work)
        self._since += len(rows)

    def _near(self, scope: str, vector: Vectors, n: int, facts: Sequence[str]) -> Sequence[tuple[Row, float]]:
        # Not while writing: of tenants that come after it the planner would know nothing, and lists be made of a part.
        self._settle()
        statement = _SEARCH.format(table=self._table, where="AND facts @> %s" if facts else "")
        given = (vector, scope, *([self._json(list(facts))] if facts else []), vector, n)
        found = self._base.run(lambda cursor: cursor.execute(statement, given).fetchall())
        return [(Row(name, place, row.to_numpy(), payload), score) for name, place, row, payload, score in found]

    def _settle(self) -> None:
        """Bring the planner's statistics, and IVFFlat's lists, up to date once the table has doubled."""
        if self._since <= self._settled:
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

        self._settled, self._since = self._base.run(work), 0
        self._rebuilds += self._index == "ivfflat"

    def _remove(self, scope: str, names: Sequence[str]) -> None:
        keys = [key(scope, name) for name in names]
        statement = f'DELETE FROM "{self._table}" WHERE key = ANY(%s::uuid[])'
        self._base.run(lambda cursor: cursor.execute(statement, (keys,)))

    def _size(self, scope: str) -> int:
        statement = f'SELECT count(*) FROM "{self._table}" WHERE scope = %s'
        return int(self._base.run(lambda cursor: cursor.execute(statement, (scope,)).fetchone())[0])

    def stats(self) -> Mapping[str, float]:
        """Bytes of the table with its indexes, all scopes together; how often an index was built anew."""
        return {"index_bytes": self._base.size(self._table), "rebuilds": self._rebuilds}


def _greet(connection: Any) -> None:
    _make_sure(connection)
    client("pgvector.psycopg", _Server.choice, _Server.system).register_vector(connection)


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


def _release(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".")[:2] if part.isdigit())
