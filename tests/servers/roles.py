"""Every store at a server, in one table: which class, how it is named, and what answers for it here."""

import importlib
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from memeval.kit import engines
from memeval.servers.base import Server
from memeval.testing.graph import check_graph_store
from memeval.testing.kv import check_kv_store
from memeval.testing.sql import check_sql_store
from memeval.testing.vectors import check_vector_store

from . import contract

WRONG = ("", "1st", "a b", "a`b", "memeval;drop", "ü", "x" * 101)
HANDLES: dict[str, contract.Handle] = {
    "vector": contract.VECTORS, "kv": contract.KEYS, "graph": contract.GRAPH, "sql": contract.SQL,
}  # fmt: skip
CHECKS: dict[str, Callable[..., None]] = {
    "kv": check_kv_store, "graph": check_graph_store, "sql": check_sql_store, "vector": check_vector_store,
}  # fmt: skip


@dataclass(frozen=True)
class Case:
    """A store, and the server that is started for it.

    Attributes:
        path: module and class, below `memeval.strategies.stores`.
        argument: the one that gives what it makes a name.
        server: of `memeval.servers`, or a stand-in.
        client: modules without which it must say what to install.
        engine: name of what answers, if it is the server started here.
        kind: what that is.
        durable: what was written is there after that server was stopped in order and started again.
        fixed: settings that it is always opened with.
        exact: of a vector store: it misses none of the nearest.
        reopens: the contract is asked to open the store a second time, too.
        wrong: names that it must refuse.
    """

    path: str
    argument: str
    server: str
    client: tuple[str, ...]
    engine: str
    kind: engines.Kind = "real"
    durable: bool = True
    fixed: dict[str, Any] = field(default_factory=dict)
    exact: bool = True
    reopens: bool = True
    wrong: tuple[str, ...] = WRONG

    @property
    def role(self) -> str:
        return self.path.partition(".")[0]


def _stand_in(path: str, argument: str, name: str, client: str, **more: Any) -> Case:
    return Case(path, argument, name, (client,), "stand-in", "stand-in", **{"durable": False, **more})


_PG = ("psycopg",)
_UNQUOTED = (*WRONG, "Memeval", "x" * 56)
# The contract of an SQL store has it that of two turns with a word the shorter is better, as BM25 has it.
_SQL = {"normalization": 1}
_HNSW = {"index": "hnsw", "iterative_scan": "strict_order", "ef_search": 200}
CASES = {
    "pgvector": Case("vector.pgvector.PgVectorStore", "table", "postgres", _PG, "PostgreSQL", wrong=_UNQUOTED),
    "pgvector-hnsw": Case(
        "vector.pgvector.PgVectorStore", "table", "postgres", _PG, "PostgreSQL", fixed=_HNSW, exact=False,
        reopens=False, wrong=_UNQUOTED,
    ),
    # FalkorDB's server is a Redis 8, with vector sets.
    "redis-vectors": Case("vector.redis.RedisVectors", "prefix", "falkordb", ("redis",), "Redis"),
    "redis-vectors-q8": Case(
        "vector.redis.RedisVectors", "prefix", "falkordb", ("redis",), "Redis",
        fixed={"index": "hnsw", "quantization": "q8"}, exact=False,
    ),
    "chroma": Case(
        "vector.chroma.ChromaStore", "collection", "chroma", ("chromadb",), "Chroma", fixed={"mode": "server"},
        exact=False,
    ),
    "qdrant": _stand_in("vector.qdrant_server.QdrantServerStore", "collection", "qdrant", "qdrant_client"),
    # Its client repeats by itself.
    "weaviate": _stand_in("vector.weaviate.WeaviateStore", "collection", "weaviate", "weaviate", fixed={"retries": 0}),
    # It repeats until a write is to be seen.
    "pinecone": _stand_in(
        "vector.pinecone.PineconeStore", "index", "pinecone", "pinecone", fixed={"retries": 4}, exact=False
    ),
    "postgres-kv": Case("kv.postgres.PostgresKV", "table", "postgres", _PG, "PostgreSQL", wrong=_UNQUOTED),
    "redis-kv": Case("kv.redis.RedisKV", "prefix", "redis", ("redis",), "Redis"),
    "dynamodb": Case("kv.dynamodb.DynamoKV", "table", "dynamodb", ("boto3.session",), "DynamoDB Local", "emulator"),
    "mongodb": Case("kv.mongodb.MongoKV", "collection", "secantusdb", ("pymongo",), "SecantusDB", "emulator"),
    "falkordb": Case(
        "graph.falkordb.FalkorGraph", "graph", "falkordb", ("redis", "falkordb", "falkordb.helpers"), "FalkorDB"
    ),
    "neo4j": Case("graph.neo4j.Neo4jGraph", "label", "arcadedb", ("neo4j",), "ArcadeDB", "emulator"),
    "memgraph": Case("graph.memgraph.MemgraphGraph", "label", "arcadedb", ("neo4j",), "ArcadeDB", "emulator"),
    "postgres-sql": Case(
        "sql.postgres.PostgresSQL", "schema", "postgres", _PG, "PostgreSQL", fixed=_SQL, wrong=_UNQUOTED
    ),
    "supabase": _stand_in(
        "sql.supabase.SupabaseSQL", "collection", "supabase", "supabase", durable=True, fixed=_SQL, wrong=("", "\0")
    ),
}  # fmt: skip


@dataclass
class Place:
    """A store whose server answers."""

    name: str
    case: Case
    server: Any
    store: Any

    @property
    def system(self) -> str:
        return str(self.store.server.system)

    @property
    def variable(self) -> str:
        return f"MEMEVAL_{self.system.upper()}_URL"

    @property
    def ours(self) -> bool:
        return isinstance(self.server, Server)

    def open(self, name: str, keep: bool = False, **more: Any) -> Any:
        given = {"keep": keep, "retries": 1, "timeout": 120.0, **self.case.fixed, **more}
        return self.store(**{self.case.argument: name, **given})

    @contextmanager
    def connected(self, timeout: float = 120.0) -> Iterator[Any]:
        with closing(self.store.server(url=None, timeout=timeout, retries=0)) as base:
            yield base

    def engine(self, timeout: float = 120.0) -> engines.Engine:
        with self.connected(timeout) as base:
            found: engines.Engine = base.engine()
            return found

    def leftovers(self) -> Sequence[str]:
        with self.connected() as base:
            return list(base.leftovers())

    def remove(self, names: Sequence[str]) -> None:
        with self.connected() as base:
            for name in names:
                base.remove(name)

    def site(self) -> contract.Site:
        # Somebody else's server may be the product or not.
        kind = self.case.kind if self.ours else self.engine().kind
        durable = self.case.durable or not self.ours
        handle = HANDLES[self.case.role]
        return contract.Site(self.system, handle, self.open, self.leftovers, self.remove, kind, durable)


def those(*names: str) -> pytest.MarkDecorator:
    """The `place` of a test: each of these cases, or of all cases of these roles."""
    chosen = [name for name, case in CASES.items() if name in names or case.role in names]
    group = pytest.mark.xdist_group
    params = [pytest.param(name, marks=group(f"servers-{CASES[name].server}"), id=name) for name in chosen]
    return pytest.mark.parametrize("place", params, indirect=True)


def reached(name: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Place:
    """Start the server of a case, or take the environment's, and put its address into the environment."""
    case = CASES[name]
    module, _, kind = case.path.rpartition(".")
    store = getattr(importlib.import_module(f"memeval.strategies.stores.{module}"), kind)
    place = Place(name, case, None, store)
    # A Redis of one's own goes before FalkorDB's.
    own = place.system == "redis" and bool(os.environ.get(place.variable))
    place.server = request.getfixturevalue(f"{'redis' if own else case.server}_server")
    for variable, url in place.server.addresses.items():
        monkeypatch.setenv(variable, url)
    if place.variable not in place.server.addresses:
        monkeypatch.setenv(place.variable, place.server.url)
    if place.ours and place.system == "pinecone":
        monkeypatch.setenv("MEMEVAL_PINECONE_API_KEY", "a-key")
    return place
