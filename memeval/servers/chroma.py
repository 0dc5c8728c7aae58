"""Chroma, from the package chromadb."""

import sys
import urllib.request
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
        options = ["--path", str(self.folder / "data"), "--host", "127.0.0.1", "--port", str(self.port)]
        return [sys.executable, "-c", start, "run", *options]

    def ready(self) -> None:
        """List its collections."""
        path = "/api/v2/tenants/default_tenant/databases/default_database/collections"
        with urllib.request.urlopen(self.url + path, timeout=5) as answer:
            answer.read()
