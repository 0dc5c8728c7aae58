"""Data that come as many files: found, hashed and fetched together."""

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from memeval.benchmarks.collections import COLLECTIONS, Collection, locate_files, published, whereabouts
from memeval.benchmarks.download import fetch_files
from memeval.benchmarks.sources import SOURCES, Source
from memeval.kit.errors import ConfigError, DataError

FILES = {"1/a.json": b"[1]", "2/a.json": b"[2]", "10/a.json": b"[10]"}


class Handler(BaseHTTPRequestHandler):
    """Serves FILES; everything else is missing."""

    def do_GET(self) -> None:
        body = FILES.get(self.path.removeprefix("/"))
        if body is None:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def address() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMEVAL_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("MEMEVAL_DATA", raising=False)
    monkeypatch.setenv("NO_PROXY", "*")


def collection(address: str, *more: str, pinned: bool = True, optional: bool = True) -> Collection:
    def source(name: str) -> Source:
        body = FILES.get(name, b"")
        sha256 = hashlib.sha256(body).hexdigest()
        size, digest = (len(body), sha256) if pinned and name in FILES else (None, None)
        return Source(
            "own", f"own/v1/{name}", f"{address}/{name}", size, digest, "MIT", "us", name in more and optional
        )

    return Collection("own", "own/v1", tuple(map(source, (*FILES, *more))), ("*/a.json",))


@pytest.mark.parametrize("pinned", [True, False])
def test_all_files_are_fetched_and_hashed_together(address: str, tmp_path: Path, pinned: bool) -> None:
    own = collection(address, "3/maybe.json", pinned=pinned)
    assert whereabouts(own) is None
    with pytest.raises(DataError, match="3 of 4 files of own .* type: memeval data fetch own"):
        locate_files(own)
    folder = fetch_files(own, quiet=True)
    assert folder == tmp_path / "cache" / "data" / "own" / "v1" == whereabouts(own)
    found = locate_files(own)
    lines = "".join(f"{hashlib.sha256(FILES[name]).hexdigest()}  {name}\n" for name in sorted(FILES))
    assert found.sha256 == hashlib.sha256(lines.encode()).hexdigest() and found.folder == folder
    assert list(found.paths) == ["1/a.json", "2/a.json", "10/a.json"] and not found.pinned
    # The same files in a folder of one's own have the same hash.
    assert locate_files(own, str(folder)).sha256 == found.sha256


def test_pinned_means_that_every_file_is_the_published_one(address: str) -> None:
    own = collection(address)
    folder = fetch_files(own, quiet=True)
    assert locate_files(own).pinned and locate_files(own, str(folder)).pinned and own.size == 10
    (folder / "2" / "a.json").write_bytes(b"[3]")
    with pytest.raises(DataError, match=r"a\.json has sha256 .* expected .* data fetch own --force"):
        locate_files(own)
    assert not locate_files(own, str(folder)).pinned
    fetch_files(own, quiet=True)
    assert locate_files(own).pinned


def test_a_file_that_is_needed_and_missing_is_an_error(address: str) -> None:
    with pytest.raises(DataError, match="answered 404"):
        fetch_files(collection(address, "3/needed.json", optional=False), quiet=True)


def test_the_published_lists_are_whole() -> None:
    sizes = {name: (len(COLLECTIONS[name].files), COLLECTIONS[name].size) for name in COLLECTIONS}
    assert sizes == {
        "beam-100k": (50, 20_023_946),
        "beam-500k": (105, None),
        "beam-1m": (105, None),
        "beam-10m": (30, None),
        "realtalk": (10, 3_295_494),
    }
    assert published("locomo") is SOURCES["locomo"] and published("beam-1m") is COLLECTIONS["beam-1m"]
    with pytest.raises(ConfigError, match="did you mean realtalk"):
        published("realtalks")
