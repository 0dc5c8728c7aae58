"""Real engines and stand-ins, one for all tests of a file: `make test-servers` runs them, a plain pytest skips them.

With addresses in the environment (MEMEVAL_PGVECTOR_URL=...) the tests run against these instead.
"""

import importlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from memeval.kit.errors import ModelError
from memeval.servers import SERVERS, server
from memeval.servers.base import Server

from . import contract
from .roles import Place, reached

# Servers of our own that answer as a product does, for what runs on no machine but its maker's.
STANDINS = {
    "supabase": "standins.supabase:SupabaseServer",
    "pinecone": "standins.pinecone:PineconeServer",
    "weaviate": "standins.weaviate:WeaviateServer",
    "qdrant": "standins.qdrant:QdrantServer",
}
HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if not os.environ.get("MEMEVAL_TEST_SERVERS"):
        reason = pytest.mark.skip(reason="make test-servers runs these (MEMEVAL_TEST_SERVERS=1)")
        for item in items:
            if item.path.is_relative_to(HERE):
                item.add_marker(reason)


@dataclass
class Elsewhere:
    """A server that somebody else runs: it is asked, never stopped."""

    name: str
    systems: tuple[str, ...]
    addresses: dict[str, str]

    @property
    def system(self) -> str:
        return self.systems[0]

    @property
    def url(self) -> str:
        return next(iter(self.addresses.values()))

    def kill(self) -> None:
        pytest.skip(f"the {self.name} in the environment is not ours to stop")

    restart = start = kill


Reached = Server | Elsewhere


def serve(name: str) -> Iterator[Reached]:
    """The engine or stand-in of that name, or the one that the environment names; skips where it cannot run."""
    if name in STANDINS:
        module, _, kind = STANDINS[name].partition(":")
        made = getattr(importlib.import_module(module), kind)()
        assert isinstance(made, Server)
    else:
        made = server(name)
    variables = [f"MEMEVAL_{system.upper()}_URL" for system in made.systems]
    given = {variable: os.environ[variable] for variable in variables if os.environ.get(variable)}
    if given:
        systems = tuple(system for system in made.systems if f"MEMEVAL_{system.upper()}_URL" in given)
        yield Elsewhere(name, systems, given)
        return
    try:
        made.start()
    except ModelError as error:
        pytest.skip(f"{name}: {error}")
    try:
        yield made
    finally:
        made.stop()


def _fixture(name: str):  # type: ignore[no-untyped-def]
    @pytest.fixture(scope="session", name=f"{name}_server")
    def started() -> Iterator[Reached]:
        yield from serve(name)

    return started


@pytest.fixture
def place(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Place:
    """A store of the table whose server answers; see `roles.those`."""
    return reached(request.param, request, monkeypatch)


@pytest.fixture
def store(place: Place) -> Iterator[Any]:
    """One that is opened under a name of its own, and cleared up."""
    name = contract.fresh()
    made = place.open(name)
    yield made
    made.close()
    place.remove(place.site().holds(name))


# postgres_server, redis_server, ...: started at the first use, once for each worker.
for _name in (*SERVERS, *STANDINS):
    globals()[f"{_name}_server"] = _fixture(_name)
