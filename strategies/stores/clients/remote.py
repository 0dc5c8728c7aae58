"""What all stores at servers share: their client and address, bounded retries, and errors that name the system.

Addresses come from the config or, with credentials, from the environment; they reach no record and no message.
"""

import importlib
import os
import random
import re
import time
from collections.abc import Callable
from types import ModuleType
from typing import TypeVar
from urllib.parse import urlsplit

from memeval.kit.errors import ConfigError, MemevalError, ModelError, StorageError
from memeval.kit.retrying import again, growing

# What names at servers start with, so that leftovers can be told from what is somebody else's.
PREFIX = "memeval_"
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{2,99}")
# Statuses of HTTP that pass by themselves.
BUSY = (429, 500, 502, 503, 504)
# Seconds of the longest pause between two attempts.
_LONGEST = 5.0
_ROUNDS = 200
_T = TypeVar("_T")


def client(module: str, option: str, extra: str) -> ModuleType:
    """Import a system's client.

    Args:
        module: the client's module, e.g. `psycopg`.
        option: what the user chose, e.g. `vector_store=pgvector`.
        extra: the extra of memeval that installs it, e.g. `pgvector`.

    Raises:
        ModelError: it is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise missing(option, extra) from error


def missing(option: str, extra: str) -> ModelError:
    """The error of an option whose client is not installed."""
    return ModelError(f"{option} needs its client: pip install 'memeval[{extra}]'")


def variable(system: str) -> str:
    """The environment variable of a system's address, e.g. MEMEVAL_PGVECTOR_URL."""
    return f"MEMEVAL_{system.upper().replace('-', '_')}_URL"


def address(system: str, option: str, url: str | None, example: str, default: str | None = None) -> str:
    """Where a system is reached: `url` of the config, or the environment variable, or the default.

    Raises:
        ConfigError: none of them, or a password in the config, from where it would reach the command line's history.
    """
    if url is not None:
        parts = urlsplit(url)
        if parts.password is not None:
            raise ConfigError(
                f"{option}.url holds a password: put the address into the environment instead, "
                f"{variable(system)}=..., and leave {option}.url out"
            )
        return url
    found = os.environ.get(variable(system)) or default
    if found is None:
        raise ConfigError(
            f"{option}={system} needs an address: set {variable(system)}={example}, or give {option}.url=..."
        )
    return found


def place(url: str) -> str:
    """Scheme, host and port of an address, without credentials, path and query: fit for a message."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{host}{port}" if host else parts.scheme or "its address"


def persistently(
    call: Callable[[], _T],
    passing: Callable[[Exception], bool],
    system: str,
    url: str,
    retries: int,
    pause: float = 0.2,
) -> _T:
    """Call, and again after failures that may pass, with growing pauses.

    Args:
        call: safe to be done twice.
        passing: whether a failure may pass by itself: a lost connection, a server that starts, a limit of rate.
        system: as the user names it.
        url: for the message; its credentials are left out.
        retries: how often after the first time; 0: never.
        pause: seconds before the first repetition; each further pause is twice as long, at most 5 s.

    Raises:
        StorageError: it failed for good; names system and address, never credentials.
    """

    def wait(error: Exception, done: int) -> float:
        if isinstance(error, MemevalError):
            raise error
        if not passing(error):
            raise StorageError(
                f"{system} at {place(url)} refuses ({_reason(error, url)}): check address, rights and version; "
                "memeval stores tells what is reachable"
            ) from None
        if done > retries:
            raise StorageError(
                f"{system} at {place(url)} does not answer ({_reason(error, url)}): start it or check its address, "
                "then run the same command again: finished dialogues are kept"
            ) from None
        return growing(done, pause, _LONGEST)

    return again(call, wait)


def in_rounds(work: Callable[[], _T | None], system: str) -> _T:
    """Work until no other writer comes in between, which None says; of several writers each round lets one through.

    Raises:
        StorageError: there was always another one.
    """
    for _ in range(_ROUNDS):
        done = work()
        if done is not None:
            return done
        # Not all writers again at the same moment.
        time.sleep(random.uniform(0.0, 0.05))
    raise StorageError(f"{system}: others write to the same place all the time: use fewer workers")


def checked_name(option: str, what: str, name: str) -> str:
    """A name that no system has to quote.

    Args:
        option: the config group, e.g. `kv_store`.
        what: which argument gives the name, e.g. `table`.
        name: its value.

    Raises:
        ConfigError: it cannot be used; says what to type.
    """
    if not _NAME.fullmatch(name):
        raise ConfigError(
            f"{option}.{what}={name!r} cannot be used: give 3 to 100 letters, digits, _ and -, a letter first, e.g. "
            f"{option}.{what}={PREFIX}${{unique}}"
        )
    return name


def _reason(error: Exception, url: str) -> str:
    """First line of what the client says, without the address as it was given."""
    text = next(iter(str(error).strip().splitlines()), "")
    parts = urlsplit(url)
    for secret in (url, parts.password, parts.username and f"{parts.username}:{parts.password}"):
        if secret:
            text = text.replace(secret, "...")
    return f"{type(error).__name__}: {text}"[:300]
