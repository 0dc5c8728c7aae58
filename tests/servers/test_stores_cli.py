"""`memeval stores` at a real PostgreSQL."""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from memeval.cli import main

from . import contract
from .conftest import Reached

pytestmark = pytest.mark.xdist_group("servers-postgres")


@pytest.fixture
def base(postgres_server: Reached, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in list(os.environ):
        if name.startswith("MEMEVAL_") and name.endswith("_URL"):
            monkeypatch.delenv(name)
    for variable, url in postgres_server.addresses.items():
        monkeypatch.setenv(variable, url)
    yield


def test_what_answers_is_named(base: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["stores", "--timeout", "60"]) == 0
    said = capsys.readouterr()
    for option in ("vector_store=pgvector", "kv_store=postgres", "sql_store=postgres"):
        line = next(line for line in said.out.splitlines() if line.startswith(option))
        assert re.search(r"real +PostgreSQL \d+\.\d+", line), line
    for url in (os.environ["MEMEVAL_POSTGRES_URL"], os.environ["MEMEVAL_POSTGRES_URL"].split(":")[2].split("@")[0]):
        assert url not in said.out + said.err


def test_leftovers_are_shown_and_removed_after_asking(
    base: None, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import psycopg

    from memeval.strategies.stores.kv.postgres import PostgresKV
    from memeval.strategies.stores.sql.postgres import PostgresSQL
    from memeval.strategies.stores.vector.pgvector import PgVectorStore

    vectors, facts, turns = contract.fresh(), contract.fresh(), contract.fresh()
    stores = [PgVectorStore(table=vectors), PostgresKV(table=facts), PostgresSQL(schema=turns)]
    contract.VECTORS.write(stores[0], "u", {"a": "text"})
    for store in stores:
        store.close()
    foreign = ("memeval_notes", "theirs")
    with psycopg.connect(os.environ["MEMEVAL_POSTGRES_URL"], autocommit=True) as connection:
        for name in foreign:
            # Not even what is called as ours are, but does not carry our mark.
            connection.execute(f"CREATE TABLE IF NOT EXISTS {name} (x int)")
        connection.execute("CREATE SCHEMA IF NOT EXISTS memeval_archive")

        def there() -> set[str]:
            tables = connection.execute("SELECT relname FROM pg_class WHERE relkind = 'r'").fetchall()
            return {name for (name,) in tables + connection.execute("SELECT nspname FROM pg_namespace").fetchall()}

        mine = {vectors, facts, turns}
        # Nobody is there to be asked.
        assert main(["stores", "clean"]) == 2
        said = capsys.readouterr()
        assert all(name in said.out for name in mine) and "--yes" in said.err
        assert not any(name in said.out for name in (*foreign, "memeval_archive"))
        assert mine < there()
        # Somebody says no, then yes to some, then to all.
        monkeypatch.setattr("sys.stdin.isatty", lambda: True)
        monkeypatch.setattr("builtins.input", lambda question: "")
        assert main(["stores", "clean"]) == 0
        assert mine < there()
        monkeypatch.setattr("builtins.input", lambda question: "y")
        assert main(["stores", "clean", "pgvector"]) == 0
        assert there() & mine == {facts, turns}
        assert main(["stores", "clean", "--yes"]) == 0
        assert not there() & mine
        assert {*foreign, "memeval_archive"} < there()
        connection.execute("DROP TABLE memeval_notes, theirs; DROP SCHEMA memeval_archive")
    capsys.readouterr()
    assert main(["stores", "clean"]) == 0
    assert "nothing of memeval's is left" in capsys.readouterr().out


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_engines_are_served_until_they_are_told_to_stop(how: signal.Signals) -> None:
    import psycopg

    command = [sys.executable, "-m", "memeval.cli", "stores", "serve", "postgres"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(3)]
        url = re.fullmatch(r"export MEMEVAL_PGVECTOR_URL='(.+)'\n", lines[0])
        assert url is not None and lines[1].startswith("export MEMEVAL_POSTGRES_URL='"), lines
        with psycopg.connect(url[1]) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
        process.send_signal(how)
        assert process.wait(timeout=120) == 0
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(url[1], connect_timeout=5)


def test_engines_stop_in_the_background_of_a_script_too() -> None:
    """There a shell has SIGINT ignored; SIGTERM must do."""
    import psycopg

    command = [sys.executable, "-m", "memeval.cli", "stores", "serve", "postgres"]
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    finally:
        signal.signal(signal.SIGINT, before)
    with process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(3)]
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=120) == 0
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(lines[0].split("'")[1], connect_timeout=5)


def test_engines_do_not_outlive_a_command_that_was_killed(tmp_path: Path) -> None:
    import psycopg

    # Of PostgreSQL as root, its user must reach the folder.
    tmp_path.chmod(0o755)
    for folder in tmp_path.parents:
        if Path(tempfile.gettempdir()) in folder.parents:
            folder.chmod(0o755)
    command = [sys.executable, "-m", "memeval.cli", "stores", "serve", "postgres"]
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        url = process.stdout.readline().split("'")[1]
        with psycopg.connect(url) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
        process.kill()
    until = time.monotonic() + 30
    while True:
        try:
            psycopg.connect(url, connect_timeout=1).close()
        except psycopg.OperationalError:
            break
        assert time.monotonic() < until, "the engine lives on"
        time.sleep(0.1)
    assert len(list(tmp_path.glob("memeval-*"))) == 1
    assert (
        subprocess.run([sys.executable, "-m", "memeval.cli", "list"], env=environment, capture_output=True).returncode
        == 0
    )
    assert not list(tmp_path.glob("memeval-*"))
