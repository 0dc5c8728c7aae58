"""Graph store in Memgraph, by Neo4j's driver."""

from memeval.kit.engines import Engine, Settings
from memeval.strategies.stores.clients.bolt import Bolt, Dialect, identity
from memeval.strategies.stores.graph.bolt import BoltGraph
from memeval.strategies.stores.graph.neo4j import NEO4J


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


class _Server(Bolt):
    choice, system = "graph_store=memgraph", "memgraph"

    def engine(self, settings: Settings | None = None) -> Engine:
        agent = self.agent()
        if "Memgraph" in agent:
            # It names the Neo4j that it is compatible with, and its own version only when asked.
            return Engine(self.system, "real", "Memgraph", str(self.alone("SHOW VERSION")[0][0]))
        _, name, version = identity(agent)
        return Engine(self.system, "emulator", name, version)

    def dialect(self) -> Dialect:
        # What else answers Neo4j's driver is spoken to as Neo4j is.
        return MEMGRAPH if "Memgraph" in self.agent() else NEO4J


class MemgraphGraph(BoltGraph):
    """Nodes under one label, edges of the type MEMEVAL; distances by Memgraph's own breadth-first search."""

    server = _Server
