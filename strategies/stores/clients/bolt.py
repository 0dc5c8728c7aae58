"""The connection to graph databases behind Neo4j's driver: transactions, definitions of a label, and clearing up."""

import re
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

from memeval.kit.engines import Kind
from memeval.strategies.stores.clients.remote import PREFIX, in_rounds
from memeval.strategies.stores.clients.server import AtServer

_AGENT = re.compile(r"Neo4j/v?(?P<version>[\d.]+)(?P<others>.*)")
_EMULATOR = re.compile(r"(?P<name>[A-Z][A-Za-z]+)[ /]v?(?P<version>\d[\w.]*)")
_RACE = re.compile(r"TransientError\.Transaction|^Memgraph\.TransientError")
_TAKEN = re.compile(r"^ConstraintError|unique constraint violation", re.IGNORECASE)
# Nodes removed in one transaction.
_BATCH = 5_000


class Bolt(AtServer):
    """The driver, with repetitions that are ours alone. User, password and, as path, the database may be in the url."""

    module = "neo4j"
    example = "bolt://user:password@host:7687"

    def _connect(self) -> Any:
        parts = urlsplit(self.url)
        place = urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], "", parts.query, ""))
        auth = None if parts.username is None else (unquote(parts.username), unquote(parts.password or ""))
        try:
            return self.library.GraphDatabase.driver(
                place,
                auth=auth,
                user_agent="memeval",
                connection_timeout=self.timeout,
                connection_acquisition_timeout=self.timeout,
                max_transaction_retry_time=0,
                telemetry_disabled=True,
                # A new database knows none of our properties yet, and says so at every query.
                warn_notification_severity="OFF",
            )
        except (ValueError, self._errors.ConfigurationError) as error:
            raise self.wrong_address(error) from None

    @property
    def _errors(self) -> Any:
        return self.part("neo4j.exceptions")

    def transact(self, statements: Sequence[tuple[str, Mapping[str, Any]]]) -> list[list[Any]]:
        """The rows of the last of these, done in one transaction."""

        def once() -> list[list[Any]] | None:
            try:
                with self._session() as session, session.begin_transaction(timeout=self.timeout) as transaction:
                    rows: list[list[Any]] = []
                    for text, parameters in statements:
                        rows = transaction.run(text, parameters).values()
                    transaction.commit()
                    return rows
            except self._errors.Neo4jError as error:
                if not self._lost(error):
                    raise
                return None

        return self.ask(lambda: in_rounds(once, self.system))

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
                query = self.library.Query(text, timeout=self.timeout)
                rows: list[list[Any]] = session.run(query, parameters or {}).values()
                return rows

        return self.ask(work)

    def _session(self) -> Any:
        database = unquote(urlsplit(self.url).path.strip("/"))
        return self.client.session(database=database or None)

    def agent(self) -> str:
        """How the server calls itself."""
        return str(self.ask(lambda: self.client.get_server_info().agent))

    def _passes(self, error: Exception) -> bool:
        kinds = self._errors.Neo4jError | self._errors.DriverError
        return isinstance(error, OSError) or (isinstance(error, kinds) and error.is_retryable())

    @abstractmethod
    def dialect(self) -> "Dialect":
        """How the database that answers is spoken to."""

    def leftovers(self) -> list[str]:
        """Labels with memeval's constraint and prefix."""
        return sorted({label for label in self.dialect().labels(self) if label.startswith(PREFIX)})

    def remove(self, name: str) -> None:
        """Remove the nodes of a label with their edges, some at a time, and then what is defined on it."""
        text = f"MATCH (n:`{name}`) WITH n LIMIT {_BATCH} DETACH DELETE n RETURN count(n)"
        while any(row[0] for row in self.alone(text)):
            pass
        for text in self.dialect().withdrawals:
            self.alone(text.replace("%", name))


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


def identity(agent: str) -> tuple[Kind, str, str]:
    """Kind, name and version of what answers under Neo4j's name; others add their own to what they say."""
    told = _AGENT.fullmatch(agent)
    if told is not None and not told["others"]:
        return "real", "Neo4j", told["version"]
    others = _EMULATOR.search(told["others"] if told else agent)
    if others is not None:
        return "emulator", others["name"], others["version"]
    return "emulator", agent, told["version"] if told else "0"
