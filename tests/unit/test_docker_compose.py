"""The services for users with Docker: pinned, on loopback only, and under addresses that a store reads."""

import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from memeval.strategies.stores.clients import remote

# No container stands for these: hosted, made of a dozen services, or content with FalkorDB's.
HOSTED = {"MEMEVAL_PINECONE_URL", "MEMEVAL_SUPABASE_URL", "MEMEVAL_GRAPHITI_URL"}


@pytest.fixture(scope="module")
def services(root: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((root / "docker-compose.yml").read_text())["services"]
    return found


@pytest.fixture(scope="module")
def addresses(root: Path) -> dict[str, str]:
    lines = (root / "docker-compose.env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def read_by_stores(root: Path) -> set[str]:
    """The variables that options name as where they find their address, and that their code asks for."""
    found: set[str] = set()
    for path in (root / "configs").glob("*/*.yaml"):
        found |= set(re.findall(r"MEMEVAL_[A-Z0-9]+_URL", path.read_text()))
    code = "".join(path.read_text() for path in (root / "strategies").rglob("*.py"))
    asked = {remote.variable(name) for name in re.findall(r"\"(\w+)\"", code)}
    assert found <= asked, f"options name {found - asked}, which no code asks for"
    return found


def test_every_address_is_one_that_a_store_reads(root: Path, addresses: dict[str, str]) -> None:
    known = read_by_stores(root)
    assert {"MEMEVAL_PGVECTOR_URL", "MEMEVAL_REDIS_URL", "MEMEVAL_NEO4J_URL"} <= known
    assert set(addresses) <= known, set(addresses) - known
    assert known - set(addresses) == HOSTED, "a store without a service, and not hosted"


def test_every_address_is_one_that_a_service_listens_at(services: dict[str, Any], addresses: dict[str, str]) -> None:
    published = {int(port.split(":")[1]): name for name, service in services.items() for port in service["ports"]}
    assert len(published) == sum(len(service["ports"]) for service in services.values()), "a port for each"
    reached = set()
    for variable, url in addresses.items():
        parts = urlsplit(url)
        assert parts.hostname == "127.0.0.1" and parts.port in published, (variable, url)
        reached.add(published[parts.port])
        grpc = re.search(r"grpc_port=(\d+)", parts.query)
        assert grpc is None or published[int(grpc[1])] == published[parts.port], "both ports of one service"
    assert reached == set(services), "a service without an address helps nobody"


def test_images_are_pinned_and_nothing_listens_outside(services: dict[str, Any]) -> None:
    for name, service in services.items():
        image, _, tag = service["image"].rpartition(":")
        assert image and re.search(r"\d+\.\d+\.\d+", tag), f"{name}: {service['image']} is not one release"
        assert all(port.startswith("127.0.0.1:") for port in service["ports"]), name


def test_credentials_are_those_of_the_services(services: dict[str, Any], addresses: dict[str, str]) -> None:
    given = services["postgres"]["environment"]
    parts = urlsplit(addresses["MEMEVAL_POSTGRES_URL"])
    assert [parts.username, parts.password, parts.path[1:]] == [
        given[key] for key in ("POSTGRES_USER", "POSTGRES_PASSWORD", "POSTGRES_DB")
    ]
    parts = urlsplit(addresses["MEMEVAL_NEO4J_URL"])
    assert f"{parts.username}/{parts.password}" == services["neo4j"]["environment"]["NEO4J_AUTH"]


def test_the_page_names_both_files(root: Path) -> None:
    page = (root / "docs" / "storage.md").read_text()
    assert "docker compose up" in page and "docker-compose.env" in page
