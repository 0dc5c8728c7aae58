"""Redis, from the system's package redis-server."""

import importlib
from collections.abc import Sequence
from pathlib import Path

from memeval.servers.base import Server, program


class RedisServer(Server):
    """Writes every command to a log on disk, so that what was answered outlives a kill."""

    name = "redis"
    systems: tuple[str, ...] = ("redis",)
    persistence: tuple[str, ...] = ("--save", "", "--appendonly", "yes", "--appendfsync", "everysec")

    @property
    def url(self) -> str:
        """Its first database."""
        return f"redis://127.0.0.1:{self.port}/0"

    def command(self) -> Sequence[str | Path]:
        """The server with its append-only file."""
        return [program("redis-server", "type apt-get install redis-server, or brew install redis"), *self.options()]

    def options(self) -> Sequence[str | Path]:
        """Loopback only."""
        return ["--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder), *self.persistence]

    def ready(self) -> None:
        """Answer a PING, which waits until the log has been read."""
        redis = importlib.import_module("redis")
        with redis.Redis.from_url(self.url, socket_timeout=5) as client:
            client.ping()
