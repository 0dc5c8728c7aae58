"""Graph store in Memgraph, by Neo4j's driver."""

from collections.abc import Sequence

from memeval.kit import engines
from memeval.strategies.stores.clients.bolt import (
    Bolt,
    BoltGraph,
    Dialect,
    clear,
    identity,
    of_prefix,
    opened,
    visiting,
)
from memeval.strategies.stores.graph.neo4j import NEO4J

_SYSTEM = "memgraph"


class MemgraphGraph(BoltGraph):
    """Nodes under one label, edges of the type MEMEVAL; distances by Memgraph's own breadth-first search."""

    def __init__(
        self,
        url: str | None = None,
        label: str = "memeval_graph",
        keep: bool = False,
        timeout: float = 60.0,
        retries: int = 3,
    ) -> None:
        """Connect.

        Args:
            url: of the server, without a password, `bolt+s://` for TLS; None: MEMEVAL_MEMGRAPH_URL.
            label: of the store's nodes; what is there already is gone on with.
            keep: do not remove the nodes at the end of the run.
            timeout: seconds for connecting and for each transaction.
            retries: how often again after a lost connection.

        Raises:
            ConfigError: no address, or settings that make no sense.
            ModelError: the client is not installed.
            StorageError: the server does not answer or refuses.
        """
        base = opened(_SYSTEM, label, url, timeout, retries)
        try:
            found = _engine(base)
            engines.served_by(found)
            super().__init__(base, label, keep, _dialect(found))
        except BaseException:
            base.close()
            raise


def _labels(base: Bolt) -> list[str]:
    # Kind, label, properties, and in newer versions more.
    return [row[1] for row in base.alone("SHOW CONSTRAINT INFO") if row[0] == "unique" and row[2] in ("key", ["key"])]


MEMGRAPH = Dialect(
    definitions=(
        # A constraint brings no index here.
        "CREATE INDEX ON :`%`(key)",
        "CREATE INDEX ON :`%`(scope)",
        "CREATE CONSTRAINT ON (n:`%`) ASSERT n.key IS UNIQUE",
    ),
    withdrawals=(
        "DROP CONSTRAINT ON (n:`%`) ASSERT n.key IS UNIQUE",
        "DROP INDEX ON :`%`(scope)",
        "DROP INDEX ON :`%`(key)",
    ),
    labels=_labels,
    degree="degree(n)",
    distances="UNWIND $keys AS key MATCH (a:@ {key: key})-[path:MEMEVAL *BFS 1..#]-(b:@) RETURN b.id, min(size(path))",
)


def _dialect(found: engines.Engine) -> Dialect:
    """What else answers Neo4j's driver is spoken to as Neo4j is."""
    return MEMGRAPH if found.name == "Memgraph" else NEO4J


def _engine(base: Bolt) -> engines.Engine:
    agent = base.agent()
    if "Memgraph" in agent:
        # It names the Neo4j that it is compatible with, and its own version only when asked.
        return engines.Engine(_SYSTEM, "real", "Memgraph", str(base.alone("SHOW VERSION")[0][0]))
    kind, name, version = identity(agent)
    return engines.Engine(_SYSTEM, "emulator" if kind == "real" else kind, name, version)


def engine(url: str | None, timeout: float = 10.0) -> engines.Engine:
    """Which program answers at the address."""
    with visiting(_SYSTEM, url, timeout) as base:
        return _engine(base)


def leftovers(url: str | None, timeout: float = 10.0) -> list[str]:
    """Labels with memeval's constraint and prefix."""
    with visiting(_SYSTEM, url, timeout) as base:
        return of_prefix(_dialect(_engine(base)).labels(base))


def remove(url: str | None, names: Sequence[str], timeout: float = 60.0) -> None:
    """Remove the nodes of these labels; what is gone already is fine."""
    with visiting(_SYSTEM, url, timeout) as base:
        dialect = _dialect(_engine(base))
        for name in names:
            clear(base, name, dialect)
