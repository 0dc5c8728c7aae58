"""SQL store at a stand-in of a Supabase project, through Supabase's own client."""

import socket
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from memeval.kit import engines
from memeval.kit.errors import ConfigError, StorageError

from . import contract, roles
from .conftest import Elsewhere, Reached
from .roles import Place

pytestmark = roles.those("supabase")
Opening = Callable[..., Any]


@pytest.fixture
def opening(place: Place) -> Opening:
    return place.open


def test_who_may_not_is_told_so(opening: Opening, supabase_server: Reached, monkeypatch: pytest.MonkeyPatch) -> None:
    """The wrong key, the public one, and none; the public one sees nothing, even of what it asks for by name."""
    if isinstance(supabase_server, Elsewhere):
        pytest.skip("the public key of a project elsewhere is not known")
    import httpx

    with engines.visit():
        store = opening(contract.fresh())
        contract.SQL.write(store, "u", {"a": "text"})
        public = {
            "apikey": supabase_server.public_key, "Authorization": f"Bearer {supabase_server.public_key}"
        }  # fmt: skip
        rest = f"{supabase_server.url}/rest/v1"
        assert httpx.get(f"{rest}/memeval_turns?select=id", headers=public).json() == []
        assert httpx.post(f"{rest}/rpc/memeval_collections", headers=public, json={}).json() == []
        given = {"collection": "x", "scope": "u", "turns": [dict.fromkeys(
            ("id", "session", "speaker", "role", "text", "document"), "x")]}  # fmt: skip
        assert httpx.post(f"{rest}/rpc/memeval_write", headers=public, json=given).json()["code"] == "42501"
        for key in (supabase_server.public_key, "sb_secret_of_somebody_else"):
            monkeypatch.setenv("MEMEVAL_SUPABASE_KEY", key)
            with pytest.raises(StorageError, match=r"supabase.*service_role|supabase.*refuses") as caught:
                opening(contract.fresh())
            assert key not in str(caught.value)
        monkeypatch.delenv("MEMEVAL_SUPABASE_KEY")
        with pytest.raises(ConfigError, match="MEMEVAL_SUPABASE_KEY="):
            opening(contract.fresh())
        monkeypatch.setenv("MEMEVAL_SUPABASE_KEY", supabase_server.key)
        store.close()


def test_only_the_address_is_called(
    opening: Opening, supabase_server: Reached, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Supabase's client has parts for sign-in, files and live updates: none of them calls home."""
    parts = urlsplit(supabase_server.url)
    called: set[tuple[str, int]] = set()
    connect, resolve = socket.socket.connect, socket.getaddrinfo

    def connecting(self: socket.socket, address: Any) -> None:
        called.add(address[:2])
        connect(self, address)

    def resolving(host: Any, port: Any, *rest: Any, **more: Any) -> Any:
        called.add((host if isinstance(host, str) else host.decode(), int(port)))
        return resolve(host, port, *rest, **more)

    monkeypatch.setattr(socket.socket, "connect", connecting)
    monkeypatch.setattr(socket, "getaddrinfo", resolving)
    with engines.visit():
        store = opening(contract.fresh())
        contract.SQL.write(store, "u", {"a": "text"})
        assert contract.SQL.read(store, "u") == {"a": "text"}
        store.close()
    assert called == {(parts.hostname, parts.port)}


@pytest.fixture(scope="module")
def new_project() -> Iterator[Any]:
    from standins.supabase import SupabaseServer

    with SupabaseServer(set_up=False) as server:
        yield server


def test_a_project_that_is_not_set_up(place: Place, new_project: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable, url in new_project.addresses.items():
        monkeypatch.setenv(variable, url)
    with place.connected() as base:
        for act in (place.store, base.leftovers):
            with pytest.raises(StorageError, match=r"supabase: the project is not set up .*run .*supabase\.sql once"):
                act()
        assert base.engine().kind == "stand-in"


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("memeval_nothing?select=id", 404, "PGRST205"),
        ("memeval_turns?select=nothing", 400, "42703"),
        ("memeval_turns?nothing=eq.1", 400, "42703"),
        ("memeval_turns?id=like1", 400, "PGRST100"),
        ("memeval_turns?number=eq.many", 400, "22P02"),
    ],
)
def test_the_stand_in_refuses_what_postgrest_refuses(
    path: str, status: int, code: str, place: Place, supabase_server: Reached
) -> None:
    if isinstance(supabase_server, Elsewhere):
        pytest.skip("about the stand-in")
    import httpx

    headers = {"apikey": supabase_server.key, "Authorization": f"Bearer {supabase_server.key}"}
    rest = f"{supabase_server.url}/rest/v1"
    answer = httpx.get(f"{rest}/{path}", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["Server"].startswith("memeval-stand-in/")
    assert httpx.delete(f"{rest}/memeval_turns", headers=headers).json()["code"] == "21000"
    unknown = httpx.post(f"{rest}/rpc/memeval_search", headers=headers, json={"wrong": 1})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "PGRST202")
    assert httpx.get(f"{rest}/{path}").status_code == 401
