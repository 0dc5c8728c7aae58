"""SecantusDB, which speaks MongoDB's wire protocol: for tests where no MongoDB can be had."""

import importlib
import sys
from collections.abc import Sequence
from pathlib import Path

from memeval.servers.base import Server, package


class SecantusServer(Server):
    """No MongoDB: its times say nothing about MongoDB, and it lacks full-text and vector search.

    It is installed for the tests only (`pip install secantusdb`), and runs as a process of its own.
    """

    name = "secantusdb"
    systems = ("mongodb",)

    @property
    def url(self) -> str:
        """Its database is the one that the store names."""
        return f"mongodb://127.0.0.1:{self.port}/"

    def command(self) -> Sequence[str | Path]:
        """The server in this Python, with its data in our folder."""
        package("secantus", "servers")
        start = "import sys; from secantus.cli import main; sys.exit(main())"
        options = ["--host", "127.0.0.1", "--port", str(self.port), "--storage-path", str(self.folder / "data")]
        return [sys.executable, "-c", start, *options]

    def ready(self) -> None:
        """Answer a ping."""
        pymongo = importlib.import_module("pymongo")
        with pymongo.MongoClient(self.url, serverSelectionTimeoutMS=2_000) as client:
            client.admin.command("ping")
