"""Graph store in Neo4j."""

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

_SYSTEM = "neo4j"


class Neo4jGraph(BoltGraph):
    """Nodes under one label, edges of the type MEMEVAL, with a constraint and an index; Neo4j 5 or newer."""

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
            url: of the server, without a password, `bolt+s://` or `neo4j+s://` for TLS, with a database as its path if
                it is not the default one; None: MEMEVAL_NEO4J_URL.
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
            engines.served_by(_engine(base))
            super().__init__(base, label, keep, NEO4J)
        except BaseException:
            base.close()
            raise


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


def _engine(base: Bolt) -> engines.Engine:
    kind, name, version = identity(base.agent())
    return engines.Engine(_SYSTEM, kind, name, version)


def engine(url: str | None, timeout: float = 10.0) -> engines.Engine:
    """Which program answers at the address."""
    with visiting(_SYSTEM, url, timeout) as base:
        return _engine(base)


def leftovers(url: str | None, timeout: float = 10.0) -> list[str]:
    """Labels with memeval's constraint and prefix."""
    with visiting(_SYSTEM, url, timeout) as base:
        return of_prefix(NEO4J.labels(base))


def remove(url: str | None, names: Sequence[str], timeout: float = 60.0) -> None:
    """Remove the nodes of these labels; what is gone already is fine."""
    with visiting(_SYSTEM, url, timeout) as base:
        for name in names:
            clear(base, name, NEO4J)
