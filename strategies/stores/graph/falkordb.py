"""Graph store in FalkorDB, a graph database in a Redis server."""

from collections.abc import Mapping, Sequence
from typing import Any

from memeval.kit.engines import Engine, Settings
from memeval.kit.errors import StorageError
from memeval.strategies.stores.clients.redis import Redis
from memeval.strategies.stores.clients.remote import PREFIX, checked_name
from memeval.strategies.stores.clients.server import StoreAtServer
from memeval.strategies.stores.graph.cypher import CypherGraph, Statement

_INDEXES = ("CREATE INDEX FOR (n:Node) ON (n.key)", "CREATE INDEX FOR (n:Node) ON (n.scope)")


class _Server(Redis):
    choice, system = "graph_store=falkordb", "falkordb"

    def engine(self, settings: Settings | None = None) -> Engine:
        modules = self.ask(lambda: self.client.execute_command("MODULE", "LIST"))
        for module in modules:
            told = dict(zip(module[::2], module[1::2], strict=True))
            if told["name"] == "graph":
                major, rest = divmod(int(told["ver"]), 10_000)
                return Engine(self.system, "real", "FalkorDB", f"{major}.{rest // 100}.{rest % 100}")
        raise StorageError(
            f"{self.system}: this Redis has no module called graph: start it with FalkorDB, or choose another"
        )

    def graphs(self) -> list[str]:
        found: list[str] = self.ask(lambda: self.client.execute_command("GRAPH.LIST"))
        return found

    def leftovers(self) -> list[str]:
        return sorted(name for name in self.graphs() if name.startswith(PREFIX))

    def remove(self, name: str) -> None:
        if name in self.graphs():
            self.ask(lambda: self.client.execute_command("GRAPH.DELETE", name))


class FalkorGraph(StoreAtServer, CypherGraph):
    """A graph of its own at the server; a call that writes is sent at once, with nobody else's command in between."""

    server = _Server
    _base: _Server

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
        self._name = checked_name("graph_store", "graph", graph)
        self._base = _Server(url, timeout, retries)
        with self._base.opening():
            self._literal = self._base.part("falkordb.helpers").stringify_param_value
            # The client reads the answers; it takes our connection.
            self._graph = self._base.part("falkordb").Graph(self._base.client, graph)
            if graph not in self._base.graphs():
                if not keep:
                    self._base.made("graph", graph)
                for text in _INDEXES:
                    self._index(text)

    def _index(self, text: str) -> None:
        def work() -> None:
            try:
                self._base.client.execute_command("GRAPH.QUERY", self._name, text)
            except Exception as error:
                if "already indexed" not in str(error):
                    raise

        self._base.ask(work)

    def _read(self, query: str, parameters: Mapping[str, Any]) -> list[Sequence[Any]]:
        rows: list[Sequence[Any]] = self._base.ask(lambda: self._graph.ro_query(query, dict(parameters)).result_set)
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
        told = self._base.ask(lambda: self._base.client.execute_command("GRAPH.MEMORY", "USAGE", self._name))
        sizes = dict(zip(told[::2], told[1::2], strict=True))
        return {"edges": float(rows[0][0]), "index_bytes": float(sizes["total_graph_sz_mb"]) * 2**20}
