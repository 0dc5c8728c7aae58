"""What the graph stores behind Neo4j's driver share: one connection that comes back, transactions, and clearing up."""

import copy
import random
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit, urlunsplit

from memeval.kit import engines
from memeval.kit.errors import ConfigError, StorageError
from memeval.strategies.stores.clients.remote import PREFIX, address, client, persistently
from memeval.strategies.stores.clients.settings import check_settings
from memeval.strategies.stores.graph.cypher import CypherGraph, Statement, keys_of

_OPTION = "graph_store"
_EXAMPLE = "bolt://user:password@host:7687"
_AGENT = re.compile(r"Neo4j/v?(?P<version>[\d.]+)(?P<others>.*)")
_EMULATOR = re.compile(r"(?P<name>[A-Z][A-Za-z]+)[ /]v?(?P<version>\d[\w.]*)")
_RACE = re.compile(r"TransientError\.Transaction|^Memgraph\.TransientError")
_TAKEN = re.compile(r"^ConstraintError|unique constraint violation", re.IGNORECASE)
# Of several writers of one scope each round lets one through.
_ROUNDS = 200
# Nodes removed in one transaction.
_BATCH = 5_000
_T = TypeVar("_T")


class Bolt:
    """The driver, with repetitions that are ours alone."""

    def __init__(self, system: str, url: str | None, timeout: float, retries: int) -> None:
        """Nothing is asked yet.

        Args:
            system: as the user names it: `neo4j`, `memgraph`.
            url: of the config; None: the environment's. User, password and, as path, the database may be in it.
            timeout: seconds that connecting and each transaction may take.
            retries: how often again after a lost connection.

        Raises:
            ConfigError: no address, or one that is none.
            ModelError: the client is not installed.
        """
        self._neo4j = client("neo4j", f"{_OPTION}={system}", system)
        self._errors = client("neo4j.exceptions", f"{_OPTION}={system}", system)
        self.url = address(system, _OPTION, url, _EXAMPLE)
        self.system = system
        self._timeout = timeout
        self._retries = retries
        self._closed = False
        self._driver = self._connect()

    def _connect(self) -> Any:
        parts = urlsplit(self.url)
        place = urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], "", parts.query, ""))
        auth = None if parts.username is None else (unquote(parts.username), unquote(parts.password or ""))
        try:
            return self._neo4j.GraphDatabase.driver(
                place,
                auth=auth,
                user_agent="memeval",
                connection_timeout=self._timeout,
                connection_acquisition_timeout=self._timeout,
                max_transaction_retry_time=0,
                telemetry_disabled=True,
                # A new database knows none of our properties yet, and says so at every query.
                warn_notification_severity="OFF",
            )
        except (ValueError, self._errors.ConfigurationError) as error:
            raise ConfigError(f"the address of {self.system} is none ({error}): give e.g. {_EXAMPLE}") from None

    def transact(self, statements: Sequence[Statement]) -> list[list[Any]]:
        """The rows of the last of these, done in one transaction."""

        def once() -> list[list[Any]]:
            with self._session() as session, session.begin_transaction(timeout=self._timeout) as transaction:
                rows: list[list[Any]] = []
                for text, parameters in statements:
                    rows = transaction.run(text, parameters).values()
                transaction.commit()
                return rows

        def work() -> list[list[Any]]:
            for _ in range(_ROUNDS):
                try:
                    return once()
                except self._errors.Neo4jError as error:
                    if not self._lost(error):
                        raise
                # Not all writers again at the same moment.
                time.sleep(random.uniform(0.0, 0.05))
            return once()

        return self.run(work)

    def _lost(self, error: Any) -> bool:
        """Whether the transaction has lost to another: that costs no repetition, since the server is well."""
        if _RACE.search(error.code or ""):
            return True
        # Nodes are merged by their key: if it is taken, another has made it a moment ago, and it is found next time.
        return _TAKEN.search(f"{type(error).__name__} {error}") is not None

    def alone(self, text: str, parameters: Mapping[str, Any] | None = None) -> list[list[Any]]:
        """The rows of a query that is a transaction by itself, as definitions have to be."""

        def work() -> list[list[Any]]:
            with self._session() as session:
                query = self._neo4j.Query(text, timeout=self._timeout)
                rows: list[list[Any]] = session.run(query, parameters or {}).values()
                return rows

        return self.run(work)

    def _session(self) -> Any:
        if self._closed:
            raise StorageError(f"the store at {self.system} is closed")
        database = unquote(urlsplit(self.url).path.strip("/"))
        return self._driver.session(database=database or None)

    def agent(self) -> str:
        """How the server calls itself."""
        return str(self.run(lambda: self._driver.get_server_info().agent))

    def run(self, work: Callable[[], _T]) -> _T:
        """Do the work, and again after failures that may pass.

        Raises:
            StorageError: the server does not answer or refuses.
        """
        return persistently(work, self._passes, self.system, self.url, self._retries)

    def _passes(self, error: Exception) -> bool:
        kinds = self._errors.Neo4jError | self._errors.DriverError
        return isinstance(error, OSError) or (isinstance(error, kinds) and error.is_retryable())

    @contextmanager
    def again(self) -> Iterator["Bolt"]:
        """A second connection to the same address, closed in the end."""
        other = copy.copy(self)
        other._closed, other._driver = False, self._connect()
        try:
            yield other
        finally:
            other.close()

    def close(self) -> None:
        """Close the connections; later calls do nothing."""
        if not self._closed:
            self._closed = True
            self._driver.close()


@dataclass(frozen=True, slots=True)
class Dialect:
    """In what databases behind this driver differ.

    Attributes:
        definitions: queries that make a label's constraint and indexes; % stands for the label.
        withdrawals: queries that drop them; twice is fine.
        labels: lists the labels that have been defined like this.
        degree: the expression for the number of edges of `n`.
        distances: the query for the nodes within # edges of the nodes `$keys` and their distances, where @ stands for
            the label; None: hop by hop.
    """

    definitions: tuple[str, ...]
    withdrawals: tuple[str, ...]
    labels: Callable[[Bolt], list[str]]
    degree: str
    distances: str | None = None


class BoltGraph(CypherGraph):
    """A label of its own for the nodes of this store, with a constraint and indexes."""

    def __init__(self, base: Bolt, label: str, keep: bool, dialect: Dialect) -> None:
        """Define the label unless that has been done.

        Args:
            base: open, closed with this store.
            label: of the store's nodes.
            keep: do not remove them at the end of the run.
            dialect: of the database.
        """
        super().__init__(label, dialect.degree)
        self._base = base
        self._dialect = dialect
        if label not in dialect.labels(base):
            if not keep:
                engines.made(f"nodes {label} at {base.system}", self._drop)
            for text in dialect.definitions:
                base.alone(text.replace("%", label))

    def _drop(self) -> None:
        with self._base.again() as base:
            clear(base, self._label, self._dialect)

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

    def close(self) -> None:
        """Close the connections."""
        self._base.close()


def opened(system: str, label: str, url: str | None, timeout: float, retries: int) -> Bolt:
    """A connection for a store of that label.

    Raises:
        ConfigError: settings that make no sense, or no address.
    """
    check_settings(_OPTION, "label", label, timeout, retries)
    return Bolt(system, url, timeout, retries)


@contextmanager
def visiting(system: str, url: str | None, timeout: float) -> Iterator[Bolt]:
    """A connection for a look around, closed in the end."""
    base = Bolt(system, url, timeout, retries=0)
    try:
        yield base
    finally:
        base.close()


def clear(base: Bolt, label: str, dialect: Dialect) -> None:
    """Remove the nodes of a label with their edges, some at a time, and then what is defined on it."""
    text = f"MATCH (n:`{label}`) WITH n LIMIT {_BATCH} DETACH DELETE n RETURN count(n)"
    while any(row[0] for row in base.alone(text)):
        pass
    for text in dialect.withdrawals:
        base.alone(text.replace("%", label))


def of_prefix(labels: Sequence[str]) -> list[str]:
    """Those that carry memeval's prefix."""
    return sorted({label for label in labels if label.startswith(PREFIX)})


def identity(agent: str) -> tuple[engines.Kind, str, str]:
    """Kind, name and version of what answers under Neo4j's name; others add their own to what they say."""
    told = _AGENT.fullmatch(agent)
    if told is not None and not told["others"]:
        return "real", "Neo4j", told["version"]
    others = _EMULATOR.search(told["others"] if told else agent)
    if others is not None:
        return "emulator", others["name"], others["version"]
    return "emulator", agent, told["version"] if told else "0"
