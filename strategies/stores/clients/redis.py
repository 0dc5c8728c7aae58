"""What the stores at Redis and at its modules share: one connection that comes back, and what answers there."""

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from memeval.kit.engines import Engine, Kind
from memeval.kit.errors import StorageError
from memeval.strategies.stores.clients.remote import address, client, persistently

_EXAMPLE = "redis://:password@host:6379/0"
# What an error begins with that passes by itself: reading its data, another's long script, a replica taking over.
_PASSING = ("LOADING", "BUSY", "TRYAGAIN", "READONLY", "MASTERDOWN", "CLUSTERDOWN", "Redis is loading")
_T = TypeVar("_T")


class Redis:
    """A client that gives up when it is told to, not when the library thinks."""

    def __init__(self, system: str, option: str, url: str | None, timeout: float, retries: int) -> None:
        """Nothing is asked yet.

        Args:
            system: as the user names it: `redis`, `falkordb`.
            option: the config group, e.g. `kv_store`.
            url: of the config; None: the environment's.
            timeout: seconds that connecting and each command may take.
            retries: how often again after a lost connection.

        Raises:
            ConfigError: no address.
            ModelError: the client is not installed.
        """
        self._redis = client("redis", f"{option}={system}", system)
        self.url = address(system, option, url, _EXAMPLE)
        self.system = system
        self._option = option
        self._timeout = timeout
        self._retries = retries
        self._closed = False
        self.client = self._connect()

    def _connect(self) -> Any:
        name = f"{self._option}={self.system}"
        once = client("redis.retry", name, self.system).Retry(client("redis.backoff", name, self.system).NoBackoff(), 0)
        try:
            return self._redis.Redis.from_url(
                self.url,
                decode_responses=True,
                # What cannot have been written is asked for and not found.
                encoding_errors="surrogatepass",
                socket_timeout=self._timeout,
                socket_connect_timeout=self._timeout,
                retry=once,
                # What the modules' clients read.
                protocol=2,
            )
        except ValueError as error:
            raise StorageError(f"the address of {self.system} is none ({error}): give e.g. {_EXAMPLE}") from None

    def run(self, work: Callable[[], _T]) -> _T:
        """Do the work, and again when the connection was lost.

        Raises:
            StorageError: the server does not answer or refuses.
        """
        if self._closed:
            raise StorageError(f"the store at {self.system} is closed")
        return persistently(work, self._passes, self.system, self.url, self._retries)

    def many(self, commands: Sequence[Sequence[str]], atomic: bool = False) -> list[Any]:
        """The answers to all these commands, sent at once; `atomic`: no other client's command runs in between."""

        def work() -> list[Any]:
            with self.client.pipeline(transaction=atomic) as pipe:
                for command in commands:
                    pipe.execute_command(*command)
                answers: list[Any] = pipe.execute()
                return answers

        return self.run(work)

    def _passes(self, error: Exception) -> bool:
        refused = self._redis.AuthenticationError | self._redis.exceptions.AuthorizationError
        lost = self._redis.ConnectionError | self._redis.TimeoutError | self._redis.BusyLoadingError
        return (isinstance(error, lost) and not isinstance(error, refused)) or str(error).startswith(_PASSING)

    @contextmanager
    def again(self) -> Iterator["Redis"]:
        """A second connection to the same address, closed in the end."""
        other = copy.copy(self)
        other._closed, other.client = False, self._connect()
        try:
            yield other
        finally:
            other.close()

    def identity(self) -> tuple[Kind, str, str]:
        """Kind, name and version of the program that answers; others that speak its protocol say so in INFO."""
        info: Mapping[str, Any] = self.run(lambda: self.client.info("server"))
        for name in ("valkey", "dragonfly", "keydb", "kvrocks", "garnet"):
            if f"{name}_version" in info or name in str(info.get("server_name", "")).lower():
                return "emulator", name.capitalize(), str(info.get(f"{name}_version", info["redis_version"]))
        return "real", "Redis", str(info["redis_version"])

    def close(self) -> None:
        """Close the connection; later calls do nothing."""
        if not self._closed:
            self._closed = True
            self.client.close()


@contextmanager
def visiting(system: str, option: str, url: str | None, timeout: float) -> Iterator[Redis]:
    """A connection for a look around, closed in the end."""
    base = Redis(system, option, url, timeout, retries=0)
    try:
        yield base
    finally:
        base.close()


def engine_of(base: Redis, settings: Mapping[str, str | int | float | bool | None]) -> Engine:
    """Which program answers."""
    kind, name, version = base.identity()
    return Engine(base.system, kind, name, version, settings)
