"""ArcadeDB, which answers Neo4j's protocol Bolt and speaks Cypher, from the package arcadedb-embedded."""

import importlib
import secrets
import sys
from collections.abc import Sequence
from pathlib import Path

from memeval.kit.errors import ModelError
from memeval.servers.base import Server, free_port, package

_DATABASE = "memeval"


class ArcadeServer(Server):
    """Neither Neo4j nor Memgraph: for tests where these cannot be had."""

    name = "arcadedb"
    systems = ("neo4j", "memgraph")

    def __init__(self) -> None:
        """Nothing is started yet."""
        super().__init__()
        # Not in its command line, which everyone on the machine can read.
        self._password = secrets.token_hex(16)
        self._web = free_port()

    @property
    def url(self) -> str:
        """With the password, and the database as its path."""
        return f"bolt://root:{self._password}@127.0.0.1:{self.port}/{_DATABASE}"

    def command(self) -> Sequence[str | Path]:
        """The server in the package's own Java."""
        folder = package("arcadedb_embedded")
        java = folder / "jre" / "bin" / ("java.exe" if sys.platform == "win32" else "java")
        if not java.is_file():
            raise ModelError("the Java of ArcadeDB is missing: pip install --force-reinstall arcadedb-embedded")
        settings = {
            "server.rootPath": self.folder,
            "server.databaseDirectory": self.folder / "databases",
            "server.rootPasswordPath": self._secret(),
            "server.httpIncomingHost": "127.0.0.1",
            "server.httpIncomingPort": self._web,
            "server.defaultDatabases": f"{_DATABASE}[root]",
            "server.plugins": "Bolt:com.arcadedb.bolt.BoltProtocolPlugin",
            "bolt.host": "127.0.0.1",
            "bolt.port": self.port,
        }
        options = [f"-Darcadedb.{name}={value}" for name, value in settings.items()]
        return [java, "-Xmx512m", "-cp", f"{folder}/jars/*", *options, "com.arcadedb.server.ArcadeDBServer"]

    def _secret(self) -> Path:
        path = self.folder / "password"
        if not path.is_file():
            path.touch(mode=0o600)
            path.write_text(self._password)
        return path

    def ready(self) -> None:
        """Answer a query of the database, which is made after the port is open."""
        neo4j = importlib.import_module("neo4j")
        address = f"bolt://127.0.0.1:{self.port}"
        with neo4j.GraphDatabase.driver(address, auth=("root", self._password), connection_timeout=5) as driver:
            # A transaction by itself, which the driver does not repeat.
            with driver.session(database=_DATABASE) as session:
                session.run("MATCH (n) RETURN count(n)").consume()
