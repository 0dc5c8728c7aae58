"""Real engines of storage systems as child processes, for tests and for users without a server (extra `servers`)."""

import importlib

from memeval.kit.errors import ConfigError, ModelError
from memeval.servers.base import Server

# Where each engine's class is.
SERVERS = {
    "postgres": "memeval.servers.postgres:PostgresServer",
    "redis": "memeval.servers.redis:RedisServer",
    "falkordb": "memeval.servers.falkordb:FalkorServer",
    "arcadedb": "memeval.servers.arcadedb:ArcadeServer",
    "dynamodb": "memeval.servers.dynamodb:DynamoServer",
    "secantusdb": "memeval.servers.secantusdb:SecantusServer",
    "chroma": "memeval.servers.chroma:ChromaServer",
}


def server(name: str) -> Server:
    """The engine of that name, not started yet.

    Raises:
        ConfigError: there is none of that name.
        ModelError: what it needs is not installed.
    """
    if name not in SERVERS:
        raise ConfigError(f"no server is called {name!r}: choose of {', '.join(SERVERS)}")
    module, _, kind = SERVERS[name].partition(":")
    made = getattr(importlib.import_module(module), kind)()
    if not isinstance(made, Server):
        raise ModelError(f"{SERVERS[name]} is no server")
    return made
