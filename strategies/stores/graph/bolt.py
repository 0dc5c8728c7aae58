"""Graph stores in databases that Neo4j's driver talks to."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from memeval.strategies.stores.clients.bolt import Bolt
from memeval.strategies.stores.clients.remote import checked_name
from memeval.strategies.stores.clients.server import StoreAtServer
from memeval.strategies.stores.graph.cypher import CypherGraph, Statement, keys_of


class BoltGraph(StoreAtServer, CypherGraph):
    """A label of its own for the nodes of this store, with a constraint and indexes."""

    server: ClassVar[type[Bolt]]
    _base: Bolt

    def __init__(
        self,
        url: str | None = None,
        label: str = "memeval_graph",
        keep: bool = False,
        timeout: float = 60.0,
        retries: int = 3,
    ) -> None:
        """Connect, and define the label unless that has been done.

        Args:
            url: of the server, without a password, `bolt+s://` for TLS (and `neo4j+s://` at Neo4j), with a database as
                its path if it is not the default one; None: MEMEVAL_NEO4J_URL or MEMEVAL_MEMGRAPH_URL.
            label: of the store's nodes; what is there already is gone on with.
            keep: do not remove the nodes at the end of the run.
            timeout: seconds for connecting and for each transaction.
            retries: how often again after a lost connection.

        Raises:
            ConfigError: no address, or settings that make no sense.
            ModelError: the client is not installed.
            StorageError: the server does not answer or refuses.
        """
        checked_name("graph_store", "label", label)
        self._base = self.server(url, timeout, retries)
        with self._base.opening():
            self._dialect = self._base.dialect()
            super().__init__(label, self._dialect.degree)
            if label not in self._dialect.labels(self._base):
                if not keep:
                    self._base.made("nodes", label)
                for text in self._dialect.definitions:
                    self._base.alone(text.replace("%", label))

    def expand(self, scope: str, ids: Sequence[str], hops: int) -> Mapping[str, int]:
        """The nodes at most `hops` edges away, in one query where the database has one for it."""
        if self._dialect.distances is None or hops < 1 or not ids:
            return super().expand(scope, ids, hops)
        found = super().expand(scope, ids, 0)
        keys = keys_of(scope, ids)
        far = self._ask(self._dialect.distances.replace("#", str(hops)), keys=keys)
        return {**{name: distance for name, distance in far if name not in found}, **found}

    def _read(self, query: str, parameters: Mapping[str, Any]) -> list[Sequence[Any]]:
        return list(self._base.alone(query, parameters))

    def _write(self, statements: Sequence[Statement]) -> None:
        self._base.transact(statements)

    def stats(self) -> Mapping[str, float]:
        """Edges, all scopes together."""
        return {"edges": float(self._ask("MATCH (:@)-[e:MEMEVAL]->(:@) RETURN count(e)")[0][0])}
