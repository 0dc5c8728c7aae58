"""Graph store in FalkorDB, a graph database in a Redis server."""

from collections.abc import Mapping, Sequence
from typing import Any

from memeval.kit import engines
from memeval.kit.errors import StorageError
from memeval.strategies.stores.clients.redis import Redis, visiting
from memeval.strategies.stores.clients.remote import PREFIX, client
from memeval.strategies.stores.clients.settings import check_settings
from memeval.strategies.stores.graph.cypher import CypherGraph, Statement

_SYSTEM, _OPTION = "falkordb", "graph_store"
_INDEXES = ("CREATE INDEX FOR (n:Node) ON (n.key)", "CREATE INDEX FOR (n:Node) ON (n.scope)")


class FalkorGraph(CypherGraph):
    """A graph of its own at the server; a call that writes is sent at once, with nobody else's command in between."""

    def __init__(
        self,
        url: str | None = None,
        graph: str = "memeval_graph",
        keep: bool = False,
        timeout: float = 60.0,
        retries: int = 3,
    ) -> None:
        """Connect, and make the graph unless it is there.

        Args:
            url: of the server, without a password, `rediss://` for TLS; None: MEMEVAL_FALKORDB_URL.
            graph: one that is there already is gone on with.
            keep: do not remove the graph at the end of the run.
            timeout: seconds for connecting and for each call.
            retries: how often again after a lost connection.

        Raises:
            ConfigError: no address, or settings that make no sense.
            ModelError: the client is not installed.
            StorageError: the server does not answer, refuses, or has no FalkorDB.
        """
        super().__init__("Node", "indegree(n) + outdegree(n)")
        check_settings(_OPTION, "graph", graph, timeout, retries)
        self._literal = client("falkordb.helpers", f"{_OPTION}={_SYSTEM}", _SYSTEM).stringify_param_value
        self._base = Redis(_SYSTEM, _OPTION, url, timeout, retries)
        self._name = graph
        # The client reads the answers; it takes our connection.
        self._graph = client("falkordb", f"{_OPTION}={_SYSTEM}", _SYSTEM).Graph(self._base.client, graph)
        try:
            engines.served_by(_engine(self._base))
            if graph not in _graphs(self._base):
                if not keep:
                    engines.made(f"graph {graph} at {_SYSTEM}", self._drop)
                for text in _INDEXES:
                    self._index(text)
        except BaseException:
            self._base.close()
            raise

    def _index(self, text: str) -> None:
        def work() -> None:
            try:
                self._base.client.execute_command("GRAPH.QUERY", self._name, text)
            except Exception as error:
                if "already indexed" not in str(error):
                    raise

        self._base.run(work)

    def _drop(self) -> None:
        with self._base.again() as base:
            _delete(base, self._name)

    def _read(self, query: str, parameters: Mapping[str, Any]) -> list[Sequence[Any]]:
        rows: list[Sequence[Any]] = self._base.run(lambda: self._graph.ro_query(query, dict(parameters)).result_set)
        return rows

    def _write(self, statements: Sequence[Statement]) -> None:
        commands = []
        for text, parameters in statements:
            header = " ".join(f"{name}={self._literal(value)}" for name, value in parameters.items())
            commands.append(("GRAPH.QUERY", self._name, f"CYPHER {header} {text}", "--compact"))
        self._base.many(commands, atomic=True)

    def stats(self) -> Mapping[str, float]:
        """Edges, and bytes of memory of the graph with its indexes, all scopes together."""
        rows = self._read("MATCH ()-[e:MEMEVAL]->() RETURN count(e)", {})
        told = self._base.run(lambda: self._base.client.execute_command("GRAPH.MEMORY", "USAGE", self._name))
        sizes = dict(zip(told[::2], told[1::2], strict=True))
        return {"edges": float(rows[0][0]), "index_bytes": float(sizes["total_graph_sz_mb"]) * 2**20}

    def close(self) -> None:
        """Close the connection."""
        self._base.close()


def _engine(base: Redis) -> engines.Engine:
    modules = base.run(lambda: base.client.execute_command("MODULE", "LIST"))
    for module in modules:
        told = dict(zip(module[::2], module[1::2], strict=True))
        if told["name"] == "graph":
            major, rest = divmod(int(told["ver"]), 10_000)
            return engines.Engine(_SYSTEM, "real", "FalkorDB", f"{major}.{rest // 100}.{rest % 100}")
    raise StorageError(f"{_SYSTEM}: this Redis has no module called graph: start it with FalkorDB, or choose another")


def _graphs(base: Redis) -> list[str]:
    found: list[str] = base.run(lambda: base.client.execute_command("GRAPH.LIST"))
    return found


def _delete(base: Redis, name: str) -> None:
    if name in _graphs(base):
        base.run(lambda: base.client.execute_command("GRAPH.DELETE", name))


def engine(url: str | None, timeout: float = 10.0) -> engines.Engine:
    """Which program answers at the address."""
    with visiting(_SYSTEM, _OPTION, url, timeout) as base:
        return _engine(base)


def leftovers(url: str | None, timeout: float = 10.0) -> list[str]:
    """Graphs that carry memeval's prefix."""
    with visiting(_SYSTEM, _OPTION, url, timeout) as base:
        return sorted(name for name in _graphs(base) if name.startswith(PREFIX))


def remove(url: str | None, names: Sequence[str], timeout: float = 60.0) -> None:
    """Delete these graphs; what is gone already is fine."""
    with visiting(_SYSTEM, _OPTION, url, timeout) as base:
        for name in names:
            _delete(base, name)
