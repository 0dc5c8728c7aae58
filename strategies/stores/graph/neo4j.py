"""Graph store in Neo4j."""

from memeval.kit.engines import Engine, Settings
from memeval.strategies.stores.clients.bolt import Bolt, Dialect, identity
from memeval.strategies.stores.graph.bolt import BoltGraph


def _labels(base: Bolt) -> list[str]:
    rows = base.alone("SHOW CONSTRAINTS YIELD name, labelsOrTypes RETURN name, labelsOrTypes")
    return [labels[0] for name, labels in rows if labels and name == f"{labels[0]}_key"]


NEO4J = Dialect(
    definitions=(
        "CREATE CONSTRAINT `%_key` IF NOT EXISTS FOR (n:`%`) REQUIRE n.key IS UNIQUE",
        "CREATE INDEX `%_scope` IF NOT EXISTS FOR (n:`%`) ON (n.scope)",
    ),
    withdrawals=("DROP CONSTRAINT `%_key` IF EXISTS", "DROP INDEX `%_scope` IF EXISTS"),
    labels=_labels,
    degree="COUNT { (n)-[:MEMEVAL]-() }",
)


class _Server(Bolt):
    choice, system = "graph_store=neo4j", "neo4j"

    def engine(self, settings: Settings | None = None) -> Engine:
        return Engine(self.system, *identity(self.agent()))

    def dialect(self) -> Dialect:
        return NEO4J


class Neo4jGraph(BoltGraph):
    """Nodes under one label, edges of the type MEMEVAL, with a constraint and an index; Neo4j 5 or newer."""

    server = _Server
