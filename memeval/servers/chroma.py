"""Chroma, from the package chromadb."""

import importlib
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from memeval.servers.base import Server, package


class ChromaServer(Server):
    """`chroma run`, with its data in the folder."""

    name = "chroma"
    systems = ("chroma",)

    @property
    def url(self) -> str:
        """Without TLS."""
        return f"http://127.0.0.1:{self.port}"

    def environment(self) -> Mapping[str, str]:
        """Says nothing to its makers."""
        return {"ANONYMIZED_TELEMETRY": "False"}

    def command(self) -> Sequence[str | Path]:
        """The program that comes with the package."""
        package("chromadb")
        # The package's script may lie where PATH does not lead.
        start = "import chromadb.cli.cli as cli; cli.app()"
        options = ["--path", self.folder / "data", "--host", "127.0.0.1", "--port", str(self.port)]
        return [sys.executable, "-c", start, "run", *options]

    def ready(self) -> None:
        """Answer a heartbeat and list its collections."""
        chroma = importlib.import_module("chromadb")
        settings = importlib.import_module("chromadb.config").Settings(anonymized_telemetry=False)
        client = chroma.HttpClient(host="127.0.0.1", port=self.port, settings=settings)
        try:
            client.list_collections()
        finally:
            client.close()
