"""`memeval stores` where no server answers."""

import os
from pathlib import Path

import pytest

from memeval.cli import main, stores


@pytest.fixture(autouse=True)
def no_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("MEMEVAL_") and name.endswith("_URL"):
            monkeypatch.delenv(name)


def test_every_store_is_listed(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["stores"]) == 0
    lines = capsys.readouterr().out.splitlines()
    listed = {line.split()[0] for line in lines if "=" in line.split()[0]}
    files = {f"{role}={path.stem}" for role in stores.ROLES for path in (root / "configs" / role).glob("*.yaml")}
    assert files <= listed
    assert {"vector_store=numpy", "vector_store=pgvector", "kv_store=postgres", "sql_store=postgres"} <= files
    states = {line.split()[0]: line for line in lines}
    assert "in this process" in states["vector_store=numpy"]
    assert "numpy" in states["vector_store=numpy"].split(maxsplit=1)[1]
    at_servers = [system for system in stores.systems() if system.server is not None]
    assert len(at_servers) > 5
    for system in at_servers:
        line = states[f"{system.role}={system.name}"]
        # A client that is missing is named before the address that is missing, too.
        assert "no address" in line or "client is missing" in line, line
        assert "in this process" not in line


def test_an_address_that_nobody_answers_at(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("MEMEVAL_POSTGRES_URL", "postgresql://ann:hush@127.0.0.1:1/base")
    assert main(["stores", "--timeout", "2"]) == 0
    said = capsys.readouterr()
    line = next(line for line in said.out.splitlines() if line.startswith("kv_store=postgres"))
    assert "does not answer" in line or "client is missing" in line
    assert "hush" not in said.out + said.err
    if "does not answer" in line:
        assert "postgres at postgresql://127.0.0.1:1" in said.err
        assert main(["stores", "clean", "--yes", "--timeout", "2"]) == 2
        assert "not cleaned: postgres" in capsys.readouterr().err


def test_clean_without_addresses_removes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["stores", "clean"]) == 0
    assert "nothing of memeval's is left" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["clean", "numpy"], "no storage system is called numpy: choose of"),
        (["list", "pgvector"], "takes options key=value, and 'pgvector' is too much"),
        (["serve"], "name what to start: postgres"),
        (["serve", "oracle"], "no server is called 'oracle': choose of postgres"),
        (["--timeout", "0"], "timeout=0 waits for nobody"),
    ],
)
def test_what_cannot_be_done_is_explained(arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["stores", *arguments]) == 2
    assert words in capsys.readouterr().err
