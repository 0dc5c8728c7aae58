"""The connection to PostgreSQL: transactions, tables, and what memeval has made there."""

import re
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, TypeVar

from memeval.kit.engines import Engine, Settings
from memeval.kit.errors import ConfigError
from memeval.strategies.stores.clients.remote import PREFIX
from memeval.strategies.stores.clients.server import AtServer

# With what is appended for an index it fits PostgreSQL's 63 bytes.
_NAME = re.compile(r"[a-z_][a-z0-9_]{0,54}")
# A connection that broke, a server that starts or stops, too many clients, a transaction that lost to another.
_PASSING = re.compile(r"08...|57P0[1235]|53300|40001|40P01")
_CANCELLED = "57014"
_REFUSED = re.compile(r"FATAL")
_STARTING = re.compile(r"starting up|shutting down|recovery mode|too many clients|not yet accepting", re.IGNORECASE)
_T = TypeVar("_T")


class Postgres(AtServer):
    """One connection, opened again when it was lost; each piece of work is one transaction.

    Nothing is prepared at the server, so that it plans every query for the values at hand, and poolers are fine.

    Attributes:
        mark: the comment on what the stores of a kind have made, by which it is found again.
    """

    module = "psycopg"
    example = "postgresql://user:password@host:5432/database"
    mark: ClassVar[str]

    def __init__(
        self,
        url: str | None = None,
        timeout: float = 60.0,
        retries: int = 3,
        settings: Mapping[str, str | int] | None = None,
        greet: Callable[[Any], None] | None = None,
    ) -> None:
        """Connect; see `AtServer`.

        Args:
            url: of the config; None: the environment's.
            timeout: seconds that connecting and each statement may take.
            retries: how often again after a lost connection.
            settings: set in each new connection.
            greet: is given each new connection.
        """
        self._settings = dict(settings or {})
        self._greet = greet
        super().__init__(url, timeout, retries)

    def run(self, work: Callable[[Any], _T], once: bool = False) -> _T:
        """Do the work with a cursor in one transaction; all of it again when the connection was lost.

        Args:
            work: is given the cursor.
            once: doing it twice would do harm: after a loss the server is asked whether the transaction was committed.

        Raises:
            StorageError: the server does not answer or refuses.
        """
        tried: list[tuple[str, _T]] = []

        def attempt() -> _T:
            if self.client is None or self.client.closed:
                self.client = self._connect()
            try:
                if tried and self._was_committed(tried[-1][0]):
                    return tried[-1][1]
                with self.client.transaction(), self.client.cursor(binary=True) as cursor:
                    answer = work(cursor)
                    if once:
                        number = cursor.execute("SELECT pg_current_xact_id()::text").fetchone()[0]
                        tried.append((number, answer))
                return answer
            except self.library.OperationalError:
                # Whether it is still good nobody knows; a new one costs milliseconds.
                self._disconnect()
                raise

        return self.ask(attempt)

    @property
    def error(self) -> type[Exception]:
        """The class of all errors that the server or the connection gives."""
        found: type[Exception] = self.library.Error
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
        text: str = self.library.sql.Literal(value).as_string(cursor)
        return text

    def _was_committed(self, transaction: str) -> bool:
        row = self.client.execute("SELECT pg_xact_status(%s::text::xid8)", (transaction,)).fetchone()
        if row[0] == "in progress":
            raise self.library.OperationalError("the server has not noticed yet that the connection was lost")
        return bool(row[0] == "committed")

    def _connect(self) -> Any:
        connection = self.library.connect(
            self.url,
            autocommit=True,
            connect_timeout=max(1, round(self.timeout)),
            prepare_threshold=None,
            fallback_application_name="memeval",
        )
        try:
            settings = {"statement_timeout": round(self.timeout * 1_000), **self._settings}
            for name, value in settings.items():
                connection.execute("SELECT set_config(%s, %s, false)", (name, str(value)))
            if self._greet is not None:
                self._greet(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _passes(self, error: Exception) -> bool:
        if not isinstance(error, self.library.OperationalError):
            return False
        if error.sqlstate is not None:
            return _PASSING.fullmatch(error.sqlstate) is not None
        # While connecting there is no code: what the server itself says will be said again.
        return _REFUSED.search(str(error)) is None or _STARTING.search(str(error)) is not None

    def _disconnect(self) -> None:
        if self.client is not None:
            self.client.close()
            self.client = None

    def engine(self, settings: Settings | None = None) -> Engine:
        """Which program answers."""
        told, version = self.run(
            lambda cursor: cursor.execute("SELECT version(), current_setting('server_version')").fetchone()
        )
        # Others that speak its protocol say their own name there, or add to the version.
        real = told.startswith("PostgreSQL ") and re.fullmatch(r"PostgreSQL [\d.]+(beta\d|rc\d)? .*", told) is not None
        name = "PostgreSQL" if real else " ".join(told.split()[:3])
        return Engine(self.system, "real" if real else "emulator", name, version.split()[0], settings or {})

    def leftovers(self) -> list[str]:
        """Names of the tables that carry the prefix and, as their comment, the mark."""

        def work(cursor: Any) -> list[str]:
            cursor.execute(
                "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace "
                "AND starts_with(relname, %s) AND obj_description(oid, 'pg_class') = %s ORDER BY relname",
                (PREFIX, self.mark),
            )
            return [name for (name,) in cursor.fetchall()]

        return self.run(work)

    def remove(self, name: str) -> None:
        """Drop the table; one that is gone is fine."""
        self.run(lambda cursor: cursor.execute(f'DROP TABLE IF EXISTS "{name}"'))

    def make_table(self, table: str, sql: str, keep: bool) -> None:
        """Run the statements that make the table unless it is there; then the run has to drop it, unless it is kept."""

        def work(cursor: Any) -> None:
            # Two writers at once: CREATE TABLE IF NOT EXISTS fails for one of them.
            lock(cursor, table)
            if cursor.execute("SELECT to_regclass(%s)", (f'"{table}"',)).fetchone()[0] is None:
                if not keep:
                    self.made("table", table)
                for statement in filter(str.strip, sql.split(";")):
                    cursor.execute(statement)
                cursor.execute(f"COMMENT ON TABLE \"{table}\" IS '{self.mark}'")

        self.run(work)

    def size(self, *name: str) -> float:
        """Bytes of a table with its indexes, by (schema and) table; 0 if there is none."""
        sql = "SELECT coalesce(pg_total_relation_size(to_regclass(%s)), 0)"
        place = ".".join(f'"{part}"' for part in name)
        return float(self.run(lambda cursor: cursor.execute(sql, (place,)).fetchone())[0])


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
