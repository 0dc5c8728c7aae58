"""A server as a child process on loopback: started, asked until it answers, stopped, killed and started again."""

import atexit
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from memeval.kit.errors import ModelError, StorageError
from memeval.kit.scratch import Scratch
from memeval.servers import warden

# Generous: a busy machine is no broken server.
_PATIENCE = 120.0
_PAUSE = 0.05
_TAIL = 2_000


class Server(ABC):
    """One engine with its data in a temporary folder of its own, which goes when it is stopped for good.

    A context manager. `kill` and `restart` keep address and data, as when a machine fails and comes back. An engine is
    a class of its own with `name`, `systems`, `command` and `ready`, and where needed `prepare` and `url`.
    """

    # How it is called in the registry, and the storage systems that it serves: the names in MEMEVAL_<SYSTEM>_URL.
    name: str
    systems: tuple[str, ...]
    # What ends it in order, and when its data will not be needed again.
    farewell = signal.SIGTERM
    dismissal = signal.SIGTERM

    def __init__(self) -> None:
        """Nothing is started yet."""
        self.port = free_port()
        self._scratch: Scratch | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._warden: subprocess.Popen[bytes] | None = None

    @abstractmethod
    def command(self) -> Sequence[str | Path]:
        """What to run, with `self.port` on 127.0.0.1 and the data in `self.folder`.

        Raises:
            ModelError: a program or package is missing; the message says how to install it.
        """

    @abstractmethod
    def ready(self) -> None:
        """Ask a query that needs the engine to be up; any exception says that it is not yet."""

    @property
    @abstractmethod
    def url(self) -> str:
        """The address as the stores take it."""

    def prepare(self) -> None:  # noqa: B027  most need nothing
        """Make what the engine needs in its folder before its first start."""

    def environment(self) -> Mapping[str, str]:
        """Further environment of the process."""
        return {}

    def account(self) -> int | None:
        """The user that the process runs as, for one that must not be root; None: ours."""
        return None

    @property
    def system(self) -> str:
        """The first of the systems that it serves."""
        return self.systems[0]

    @property
    def addresses(self) -> Mapping[str, str]:
        """The environment variables by which stores find it."""
        return {f"MEMEVAL_{each.upper().replace('-', '_')}_URL": self.url for each in self.systems}

    @property
    def folder(self) -> Path:
        """Its data; made at the first use."""
        if self._scratch is None:
            self._scratch = Scratch(self.name)
            if self.account() is not None:
                self._scratch.open_to_all()
        return self._scratch.path

    @property
    def running(self) -> bool:
        """Whether the process lives."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start and wait until a query is answered; a server that runs is left as it is.

        Raises:
            ModelError: what it needs is not installed.
            StorageError: it ended or does not answer; with the end of its log.
        """
        if self.running:
            return
        first = self._scratch is None
        try:
            if first:
                self.prepare()
            self._spawn()
            self._wait()
        except BaseException:
            if first:
                self.stop()
            else:
                self._end(signal.SIGKILL)
            raise

    def _spawn(self) -> None:
        # Before the server, so that there is no moment at which a kill of this process leaves it running.
        self._warden = keeper = subprocess.Popen(
            [sys.executable, "-I", "-S", str(Path(__file__).with_name("warden.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            start_new_session=True,
        )
        with (self.folder / "server.log").open("ab") as log:
            # A group of its own: Ctrl-C at the terminal is for us, who then stop it in order.
            self._process = subprocess.Popen(
                [str(part) for part in self.command()],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.folder,
                env={**os.environ, **self.environment()},
                start_new_session=True,
                user=self.account(),
                group=self.account(),
                extra_groups=None if self.account() is None else [],
            )
        _tell(keeper, f"{self._process.pid}\n")
        atexit.register(self.stop)

    def _wait(self) -> None:
        deadline = time.monotonic() + _PATIENCE
        while True:
            if not self.running:
                raise StorageError(f"{self.name} ended while it started: {self.log().strip()}")
            try:
                return self.ready()
            except Exception as error:
                if time.monotonic() > deadline:
                    raise StorageError(
                        f"{self.name} does not answer after {_PATIENCE:.0f} s ({error}): {self.log()}"
                    ) from error
            time.sleep(_PAUSE)

    def log(self) -> str:
        """The end of what it has written."""
        path = self.folder / "server.log"
        return path.read_text(encoding="utf-8", errors="replace")[-_TAIL:] if path.is_file() else "(no log)"

    def kill(self) -> None:
        """End it at once, as a crash does; the data stay."""
        self._end(signal.SIGKILL)

    def restart(self) -> None:
        """Stop it in order if it runs, and start it with the same data at the same address."""
        self._end(self.farewell)
        self.start()

    def stop(self) -> None:
        """Stop it and remove its data; more than once is fine."""
        atexit.unregister(self.stop)
        self._end(self.dismissal)
        if self._scratch is not None:
            # After the process: one that still writes would keep the folder.
            self._scratch.remove()
            self._scratch = None

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is not None:
            self._end_process(process, how)
        if self._warden is not None:
            _tell(self._warden, "done\n")
            if self._warden.stdin is not None:
                self._warden.stdin.close()
            self._warden.wait()
            self._warden = None

    def _end_process(self, process: subprocess.Popen[bytes], how: signal.Signals) -> None:
        if process.poll() is None and how != signal.SIGKILL:
            process.send_signal(how)
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                how = signal.SIGKILL
        if how == signal.SIGKILL or process.poll() is None:
            warden.kill(process.pid)
        process.wait()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _tell(keeper: subprocess.Popen[bytes], line: str) -> None:
    # Somebody may have killed it: then nobody watches, and the server is stopped all the same.
    with suppress(OSError):
        if keeper.stdin is not None:
            keeper.stdin.write(line.encode())
            keeper.stdin.flush()


def free_port() -> int:
    """A port on 127.0.0.1 that nothing listens at now."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def package(module: str, extra: str = "servers") -> Path:
    """The folder of an installed package, which is not imported.

    Raises:
        ModelError: it is not installed.
    """
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None:
        raise ModelError(f"this server needs the package {module}: pip install 'memeval[{extra}]'")
    return Path(spec.origin).parent


def program(name: str, hint: str) -> str:
    """The path of a program of the system.

    Args:
        name: e.g. `redis-server`.
        hint: how it is installed, e.g. `apt-get install redis-server`.

    Raises:
        ModelError: it is not installed.
    """
    found = shutil.which(name)
    if found is None:
        raise ModelError(f"{name} is not installed: {hint}")
    return found
