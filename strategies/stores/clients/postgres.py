"""What the stores at PostgreSQL share: a connection that comes back, what answers there, and what memeval made."""

import copy
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from memeval.kit.engines import Engine, Kind, made
from memeval.kit.errors import ConfigError, StorageError
from memeval.strategies.stores.clients.remote import PREFIX, address, client, persistently

EXAMPLE = "postgresql://user:password@host:5432/database"
# With what is appended for an index it fits PostgreSQL's 63 bytes.
_NAME = re.compile(r"[a-z_][a-z0-9_]{0,54}")
# A connection that broke, a server that starts or stops, too many clients, a transaction that lost to another.
_PASSING = re.compile(r"08...|57P0[1235]|53300|40001|40P01")
_CANCELLED = "57014"
_REFUSED = re.compile(r"FATAL")
_STARTING = re.compile(r"starting up|shutting down|recovery mode|too many clients|not yet accepting", re.IGNORECASE)
_T = TypeVar("_T")
Settings = Mapping[str, str | int | float | bool | None]


class Postgres:
    """One connection, opened again when it was lost; each piece of work is one transaction.

    Nothing is prepared at the server, so that it plans every query for the values at hand, and poolers are fine.
    """

    def __init__(
        self,
        system: str,
        option: str,
        url: str | None,
        timeout: float,
        retries: int,
        settings: Mapping[str, str | int] | None = None,
        greet: Callable[[Any], None] | None = None,
    ) -> None:
        """Connect.

        Args:
            system: as the user names it: `pgvector`, `postgres`.
            option: the config group, e.g. `vector_store`.
            url: of the config; None: the environment's.
            timeout: seconds that connecting and each statement may take.
            retries: how often again after a lost connection.
            settings: set in each new connection.
            greet: is given each new connection.

        Raises:
            ConfigError: no address, or times and numbers that make no sense.
            ModelError: the client is not installed.
            StorageError: nobody answers, or refuses.
        """
        if not timeout > 0:
            raise ConfigError(f"{option}.timeout={timeout} must be more than 0 seconds, e.g. {option}.timeout=60")
        if retries < 0:
            raise ConfigError(f"{option}.retries={retries} must be 0 or more, e.g. {option}.retries=3")
        self._psycopg = client("psycopg", f"{option}={system}", system)
        self.url = address(system, option, url, EXAMPLE)
        self.system = system
        self._timeout = timeout
        self._retries = retries
        self._settings = dict(settings or {})
        self._greet = greet
        self._connection: Any = None
        self._closed = False
        self.run(lambda cursor: cursor.execute("SELECT 1"))

    @contextmanager
    def again(self) -> Iterator["Postgres"]:
        """A second connection to the same address, closed in the end."""
        other = copy.copy(self)
        other._connection, other._closed = None, False
        try:
            yield other
        finally:
            other.close()

    def run(self, work: Callable[[Any], _T], once: bool = False) -> _T:
        """Do the work with a cursor in one transaction; all of it again when the connection was lost.

        Args:
            work: is given the cursor.
            once: doing it twice would do harm: after a loss the server is asked whether the transaction was committed.

        Raises:
            StorageError: the server does not answer or refuses.
        """
        tried: list[tuple[str, _T]] = []
        if self._closed:
            raise StorageError(f"the store at {self.system} is closed")

        def attempt() -> _T:
            if self._connection is None or self._connection.closed:
                self._connection = self._connect()
            try:
                if tried and self._was_committed(tried[-1][0]):
                    return tried[-1][1]
                with self._connection.transaction(), self._connection.cursor(binary=True) as cursor:
                    answer = work(cursor)
                    if once:
                        number = cursor.execute("SELECT pg_current_xact_id()::text").fetchone()[0]
                        tried.append((number, answer))
                return answer
            except self._psycopg.OperationalError:
                # Whether it is still good nobody knows; a new one costs milliseconds.
                self._drop()
                raise

        return persistently(attempt, self._passes, self.system, self.url, self._retries)

    @property
    def error(self) -> type[Exception]:
        """The class of all errors that the server or the connection gives."""
        found: type[Exception] = self._psycopg.Error
        return found

    def own_fault(self, error: Any) -> str | None:
        """Why the server refuses a statement; None if the statement is not to blame."""
        if error.sqlstate is None or _PASSING.fullmatch(error.sqlstate):
            return None
        if error.sqlstate == _CANCELLED:
            return "it took too long"
        return str(error).strip().splitlines()[0]

    def literal(self, value: str | int | float | None, cursor: Any) -> str:
        """The value as it is written in SQL."""
        text: str = self._psycopg.sql.Literal(value).as_string(cursor)
        return text

    def _was_committed(self, transaction: str) -> bool:
        row = self._connection.execute("SELECT pg_xact_status(%s::text::xid8)", (transaction,)).fetchone()
        if row[0] == "in progress":
            raise self._psycopg.OperationalError("the server has not noticed yet that the connection was lost")
        return bool(row[0] == "committed")

    def _connect(self) -> Any:
        connection = self._psycopg.connect(
            self.url,
            autocommit=True,
            connect_timeout=max(1, round(self._timeout)),
            prepare_threshold=None,
            fallback_application_name="memeval",
        )
        try:
            settings = {"statement_timeout": round(self._timeout * 1_000), **self._settings}
            for name, value in settings.items():
                connection.execute("SELECT set_config(%s, %s, false)", (name, str(value)))
            if self._greet is not None:
                self._greet(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _passes(self, error: Exception) -> bool:
        if not isinstance(error, self._psycopg.OperationalError):
            return False
        if error.sqlstate is not None:
            return _PASSING.fullmatch(error.sqlstate) is not None
        # While connecting there is no code: what the server itself says will be said again.
        return _REFUSED.search(str(error)) is None or _STARTING.search(str(error)) is not None

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def close(self) -> None:
        """Close the connection; later calls do nothing."""
        self._closed = True
        self._drop()


def check_name(option: str, what: str, name: str) -> str:
    """A name of a table or schema that needs no quotes.

    Raises:
        ConfigError: it would, or is too long.
    """
    if not _NAME.fullmatch(name):
        raise ConfigError(
            f"{option}.{what}={name!r} cannot be used: give at most 55 small letters, digits and _, no digit first, "
            f"e.g. {option}.{what}={PREFIX}${{unique}}"
        )
    return name


def lock(cursor: Any, name: str) -> None:
    """Wait until no other transaction holds the lock of that name; it ends with the transaction."""
    cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (name,))


def identity(cursor: Any, system: str, settings: Settings) -> Engine:
    """Which program answers."""
    cursor.execute("SELECT version(), current_setting('server_version')")
    told, version = cursor.fetchone()
    # Others that speak its protocol say their own name there, or add to the version.
    real = told.startswith("PostgreSQL ") and re.fullmatch(r"PostgreSQL [\d.]+(beta\d|rc\d)? .*", told) is not None
    kind: Kind = "real" if real else "emulator"
    name = "PostgreSQL" if real else " ".join(told.split()[:3])
    return Engine(system, kind, name, version.split()[0], settings)


@contextmanager
def visiting(system: str, option: str, url: str | None, timeout: float) -> Iterator[Postgres]:
    """A connection for a look around, closed in the end."""
    base = Postgres(system, option, url, timeout, retries=0)
    try:
        yield base
    finally:
        base.close()


def tables(base: Postgres, mark: str) -> list[str]:
    """Names of the tables that carry the prefix and, as their comment, the mark."""

    def work(cursor: Any) -> list[str]:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace "
            "AND starts_with(relname, %s) AND obj_description(oid, 'pg_class') = %s ORDER BY relname",
            (PREFIX, mark),
        )
        return [name for (name,) in cursor.fetchall()]

    return base.run(work)


def make_table(base: Postgres, table: str, sql: str, keep: bool) -> None:
    """Run the statements that make the table unless it is there; then the run has to drop it, unless it is kept."""

    def work(cursor: Any) -> None:
        # Two writers at once: CREATE TABLE IF NOT EXISTS fails for one of them.
        lock(cursor, table)
        if cursor.execute("SELECT to_regclass(%s)", (f'"{table}"',)).fetchone()[0] is None:
            if not keep:
                removed_later(base, table)
            for statement in filter(str.strip, sql.split(";")):
                cursor.execute(statement)

    base.run(work)


def size(base: Postgres, *name: str) -> float:
    """Bytes of a table with its indexes, by (schema and) table; 0 if there is none."""
    sql = "SELECT coalesce(pg_total_relation_size(to_regclass(%s)), 0)"
    place = ".".join(f'"{part}"' for part in name)
    return float(base.run(lambda cursor: cursor.execute(sql, (place,)).fetchone())[0])


def removed_later(base: Postgres, table: str) -> None:
    """Note that the run has to drop this table at its end."""

    def remove() -> None:
        with base.again() as other:
            drop_tables(other, [table])

    made(f"table {table} at {base.system}", remove)


def drop_tables(base: Postgres, names: Sequence[str]) -> None:
    """Drop; what is gone already is fine."""
    for name in names:
        base.run(lambda cursor, name=name: cursor.execute(f'DROP TABLE IF EXISTS "{name}"'))  # type: ignore[misc]
