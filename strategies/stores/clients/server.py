"""The base of every connection to a server: opened and closed, asked again after a loss, noted, and cleared up.

A store holds one, and its class names the class of it as `server`, for `memeval stores`.
"""

import copy
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import ModuleType
from typing import Any, ClassVar, Self, TypeVar

from memeval.kit import engines
from memeval.kit.engines import Engine, Settings
from memeval.kit.errors import ConfigError, StorageError
from memeval.strategies.stores.clients.remote import address, client, persistently

_T = TypeVar("_T")


class AtServer(ABC):
    """One connection to a storage system; a subclass says how the system does each thing.

    Attributes:
        choice: the option that a user types, e.g. `vector_store=qdrant_server`.
        system: the system's name in messages and variables: qdrant, for MEMEVAL_QDRANT_URL.
        module: what is imported of the system's client.
        extra: the extra of memeval that installs the client; empty: it is called as the system.
        example: an address, for messages.
        library: the imported module.
        url: the address.
        client: what `_connect` has given.
    """

    choice: ClassVar[str]
    system: ClassVar[str]
    module: ClassVar[str]
    extra: ClassVar[str] = ""
    example: ClassVar[str]

    def __init__(self, url: str | None = None, timeout: float = 60.0, retries: int = 3) -> None:
        """Connect.

        Args:
            url: of the config; None: the environment's.
            timeout: seconds that connecting and each request may take.
            retries: how often again after a failure that may pass.

        Raises:
            ConfigError: no address, or one that is none; limits that make no sense.
            ModelError: the client is not installed.
            StorageError: the server does not answer or refuses.
        """
        option = self.choice.partition("=")[0]
        if not timeout > 0:
            raise ConfigError(f"{option}.timeout={timeout} must be more than 0 seconds, e.g. {option}.timeout=60")
        if retries < 0:
            raise ConfigError(f"{option}.retries={retries} must be 0 or more, e.g. {option}.retries=3")
        self.library = self.part(self.module)
        self.url = self._address(option, url)
        self.timeout = timeout
        self._retries = retries
        self._closed = False
        self.client: Any = self.ask(self._connect)

    def _address(self, option: str, url: str | None) -> str:
        return address(self.system, option, url, self.example)

    def part(self, module: str) -> ModuleType:
        """A module of the system's client.

        Raises:
            ModelError: it is not installed.
        """
        return client(module, self.choice, self.extra or self.system)

    def wrong_address(self, error: Exception) -> ConfigError:
        """The error to raise if the client finds no address in the address."""
        return ConfigError(f"the address of {self.system} is none ({error}): give e.g. {self.example}")

    @abstractmethod
    def _connect(self) -> Any:
        """A client of the system that repeats nothing by itself."""

    @abstractmethod
    def _passes(self, error: Exception) -> bool:
        """Whether a failure may pass by itself: a lost connection, a server that starts, a limit of rate."""

    @abstractmethod
    def engine(self, settings: Settings | None = None) -> Engine:
        """Which program answers, with the settings of the store that asks."""

    @abstractmethod
    def leftovers(self) -> Sequence[str]:
        """The names of all that memeval has made there, sorted."""

    @abstractmethod
    def remove(self, name: str) -> None:
        """Remove what `leftovers` names; what is gone already is fine."""

    def _disconnect(self) -> None:
        self.client.close()

    def ask(self, call: Callable[[], _T]) -> _T:
        """Call, and again after failures that may pass; what is called does no harm if it is done twice.

        Raises:
            StorageError: the server does not answer or refuses, or the store is closed.
        """
        if self._closed:
            raise StorageError(f"the store at {self.system} is closed")
        return persistently(call, self._passes, self.system, self.url, self._retries)

    @contextmanager
    def opening(self, settings: Settings | None = None) -> Iterator[Engine]:
        """Note which program answers, and close the connection if the block fails."""
        try:
            found = self.engine(settings)
            engines.served_by(found)
            yield found
        except BaseException:
            self.close()
            raise

    @contextmanager
    def again(self) -> Iterator[Self]:
        """A second connection to the same address, closed in the end; the first may be closed by then."""
        other = copy.copy(self)
        other._closed = False
        other.client = other.ask(other._connect)
        try:
            yield other
        finally:
            other.close()

    def made(self, kind: str, name: str) -> None:
        """Note that the run has to remove this at its end, e.g. of the kind `table`."""

        def remove() -> None:
            with self.again() as other:
                other.remove(name)

        engines.made(f"{kind} {name} at {self.system}", remove)

    def close(self) -> None:
        """Close the connection; later calls do nothing."""
        if not self._closed:
            self._closed = True
            self._disconnect()


class StoreAtServer:
    """A store over one connection, which is closed with it.

    Attributes:
        server: the class of the connection.
    """

    server: ClassVar[type[AtServer]]
    _base: AtServer

    def close(self) -> None:
        """Close the connection; later calls do nothing."""
        self._base.close()
