"""The connection to Redis and to its modules."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from memeval.kit.engines import Engine, Settings
from memeval.strategies.stores.clients.server import AtServer

# What an error begins with that passes by itself: reading its data, another's long script, a replica taking over.
_PASSING = ("LOADING", "BUSY", "TRYAGAIN", "READONLY", "MASTERDOWN", "CLUSTERDOWN", "Redis is loading")
_OTHERS = ("valkey", "dragonfly", "keydb", "kvrocks", "garnet")
_T = TypeVar("_T")


class Redis(AtServer):
    """A client that gives up when it is told to, not when the library thinks."""

    system = "redis"
    module = "redis"
    example = "redis://:password@host:6379/0"

    def _connect(self) -> Any:
        once = self.part("redis.retry").Retry(self.part("redis.backoff").NoBackoff(), 0)
        try:
            return self.library.Redis.from_url(
                self.url,
                decode_responses=True,
                # What cannot have been written is asked for and not found.
                encoding_errors="surrogatepass",
                socket_timeout=self.timeout,
                socket_connect_timeout=self.timeout,
                retry=once,
                # What the modules' clients read.
                protocol=2,
            )
        except ValueError as error:
            raise self.wrong_address(error) from None

    def _passes(self, error: Exception) -> bool:
        kinds = self.library
        refused = kinds.AuthenticationError | kinds.exceptions.AuthorizationError
        lost = kinds.ConnectionError | kinds.TimeoutError | kinds.BusyLoadingError
        return (isinstance(error, lost) and not isinstance(error, refused)) or str(error).startswith(_PASSING)

    def many(self, commands: Sequence[Sequence[str]], atomic: bool = False) -> list[Any]:
        """The answers to all these commands, sent at once; `atomic`: no other client's command runs in between."""

        def work() -> list[Any]:
            with self.client.pipeline(transaction=atomic) as pipe:
                for command in commands:
                    pipe.execute_command(*command)
                answers: list[Any] = pipe.execute()
                return answers

        return self.ask(work)

    def engine(self, settings: Settings | None = None) -> Engine:
        """Which program answers; others that speak its protocol say so in INFO."""
        info: Mapping[str, Any] = self.ask(lambda: self.client.info("server"))
        for name in _OTHERS:
            if f"{name}_version" in info or name in str(info.get("server_name", "")).lower():
                version = str(info.get(f"{name}_version", info["redis_version"]))
                return Engine(self.system, "emulator", name.capitalize(), version, settings or {})
        return Engine(self.system, "real", "Redis", str(info["redis_version"]), settings or {})
