import hashlib
import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from memeval.benchmarks import sources
from memeval.benchmarks.download import SOURCES, Source, fetch, find, get_source, locate
from memeval.benchmarks.sources import file_sha256
from memeval.kit.errors import ConfigError, DataError

CONTENT = bytes(range(256)) * 4096
# Larger than what is hashed without taking a note.
LARGE = CONTENT * 5


class Server(ThreadingHTTPServer):
    """Serves `content`; the switches make it misbehave."""

    content = CONTENT
    ranges = True
    cut: int | None = None
    status = 200
    announce: int | None = None

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[str | None] = []


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        asked = self.headers.get("Range")
        self.server.asked.append(asked)
        if self.server.status != 200:
            self.send_error(self.server.status)
            return
        start = int(asked.removeprefix("bytes=").removesuffix("-")) if asked and self.server.ranges else 0
        body = self.server.content[start:]
        self.send_response(206 if start else 200)
        announced = len(body) if self.server.announce is None else self.server.announce
        if announced >= 0:
            self.send_header("Content-Length", str(announced))
        self.end_headers()
        self.wfile.write(body if self.server.cut is None else body[: self.server.cut])

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMEVAL_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("MEMEVAL_DATA", raising=False)
    monkeypatch.setenv("NO_PROXY", "*")


def a_source(server: Server | None = None, content: bytes = CONTENT) -> Source:
    url = None if server is None else f"http://127.0.0.1:{server.server_port}/data.json"
    return Source("tiny", "tiny/data.json", url, len(content), hashlib.sha256(content).hexdigest(), "CC0", "nobody")


def put(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def test_fetch_puts_the_file_where_locate_finds_it(server: Server, tmp_path: Path) -> None:
    source = a_source(server)
    with pytest.raises(DataError, match="type: memeval data fetch tiny"):
        locate(source)
    target = fetch(source)
    assert target == tmp_path / "cache/data/tiny/data.json" and target.read_bytes() == CONTENT
    assert [path.name for path in target.parent.iterdir()] == ["data.json"]
    located = locate(source)
    assert (located.path, located.sha256, located.pinned) == (target, source.sha256, True)
    assert fetch(source) == target and len(server.asked) == 1
    assert fetch(source, force=True) == target and len(server.asked) == 2
    target.write_bytes(CONTENT[:-1])
    assert fetch(source) == target and target.read_bytes() == CONTENT


def test_a_download_that_broke_off_is_kept_and_resumed(server: Server) -> None:
    source = a_source(server)
    server.cut = 300_000
    with pytest.raises(DataError, match="broke off.*300,000.*to go on from there, type: memeval data fetch tiny"):
        fetch(source)
    assert find(source) is None
    server.cut = None
    assert fetch(source).read_bytes() == CONTENT
    assert server.asked == [None, "bytes=300000-"]


def test_a_server_without_ranges_sends_it_again_from_the_start(server: Server, tmp_path: Path) -> None:
    server.ranges = False
    put(tmp_path / "cache/data/tiny/data.json.part", CONTENT[:1000])
    assert fetch(a_source(server)).read_bytes() == CONTENT


def test_an_old_part_of_another_version_is_replaced(server: Server, tmp_path: Path) -> None:
    for old in (b"x" * 1000, b"x" * len(CONTENT), b"x" * (len(CONTENT) + 5)):
        part = put(tmp_path / "cache/data/tiny/data.json.part", old)
        assert fetch(a_source(server), force=True).read_bytes() == CONTENT
        assert not part.exists()


def test_another_content_is_never_put_in_place(server: Server, tmp_path: Path) -> None:
    source = a_source(server)
    for content, announce, word in (
        (b"y" * len(CONTENT), None, "sent sha256"),
        (CONTENT + b"z", None, "has 1,048,577 bytes, expected 1,048,576"),
        (CONTENT[:-9], None, "has 1,048,567 bytes, expected 1,048,576"),
        (CONTENT + b"z" * 500_000, -1, "expected 1,048,576"),
    ):
        server.content, server.announce = content, announce
        with pytest.raises(DataError, match=word) as caught:
            fetch(source)
        assert "benchmark.path=FILE" in str(caught.value)
        assert list((tmp_path / "cache/data/tiny").iterdir()) == []


@pytest.mark.parametrize(
    ("status", "word"), [(404, "update memeval"), (403, "try again later"), (503, "try again later")]
)
def test_a_refusal_says_what_to_do(server: Server, tmp_path: Path, status: int, word: str) -> None:
    server.status = status
    with pytest.raises(DataError, match=f"answered {status}.*{word}") as caught:
        fetch(a_source(server))
    assert str(tmp_path / "cache/data/tiny/data.json") in str(caught.value)


def test_without_a_connection_it_says_so() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        source = replace(a_source(), url=f"http://127.0.0.1:{closed.getsockname()[1]}/data.json")
        with pytest.raises(DataError, match="cannot be reached.*check the connection"):
            fetch(source)


def test_no_room_and_no_permission(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DataError, match="no room for tiny.*MEMEVAL_CACHE"):
        fetch(replace(a_source(server), size=1 << 62))
    assert server.asked == []
    monkeypatch.setenv("MEMEVAL_CACHE", str(put(tmp_path / "file", b"") / "below"))
    with pytest.raises(DataError, match="cannot be written.*set MEMEVAL_CACHE"):
        fetch(a_source(server))


@pytest.mark.skipif(sys.platform == "win32", reason="limits of a process exist on POSIX only")
def test_a_disk_that_fills_up_while_writing(server: Server, tmp_path: Path) -> None:
    program = (
        "import resource\n"
        "from memeval.benchmarks.download import Source, fetch\n"
        "from memeval.kit.errors import DataError\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))\n"
        f"source = {a_source(server)!r}\n"
        "try:\n"
        "    fetch(source)\n"
        "except DataError as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "there is no room for tiny" in done.stdout and "1,048,576 bytes" in done.stdout
    assert not (tmp_path / "cache/data/tiny/data.json").exists()


def test_quiet_where_there_is_no_terminal(server: Server, capfd: pytest.CaptureFixture[str]) -> None:
    fetch(a_source(server))
    assert capfd.readouterr() == ("", "")


def test_the_data_folder_comes_before_the_cache(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = a_source(server)
    cached = fetch(source)
    monkeypatch.setenv("MEMEVAL_DATA", str(tmp_path / "mine"))
    assert locate(source).path == cached
    mine = put(tmp_path / "mine/tiny/data.json", CONTENT)
    assert locate(source).path == mine == fetch(source)
    mine.write_bytes(CONTENT[:-1] + b"!")
    with pytest.raises(DataError, match="sha256.*expected.*copy it again.*benchmark.path=") as caught:
        locate(source)
    assert str(mine) in str(caught.value) and source.sha256 in str(caught.value)
    mine.write_bytes(CONTENT[:-1])
    with pytest.raises(DataError, match="has 1,048,575 bytes, expected 1,048,576"):
        fetch(source)


def test_a_path_may_be_anything_and_is_marked_so(tmp_path: Path) -> None:
    source = a_source()
    other, same = put(tmp_path / "other.json", b"[]"), put(tmp_path / "same.json", CONTENT)
    located = locate(source, str(other))
    assert (located.sha256, located.pinned) == (hashlib.sha256(b"[]").hexdigest(), False)
    assert locate(source, str(same)).pinned
    with pytest.raises(DataError, match="none.json does not exist"):
        locate(source, str(tmp_path / "none.json"))
    with pytest.raises(DataError, match="not published"):
        fetch(source)


def test_a_large_file_is_hashed_once_until_it_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = put(tmp_path / "large.json", LARGE)
    hashed: list[Path] = []
    plain = sources.hash_file

    def counting(path: Path) -> str:
        hashed.append(path)
        return plain(path)

    monkeypatch.setattr(sources, "hash_file", counting)
    expected = hashlib.sha256(LARGE).hexdigest()
    assert [file_sha256(file) for _ in range(3)] == [expected] * 3 and len(hashed) == 1
    status = file.stat()
    file.write_bytes(LARGE[:-1] + b"!")
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns + 1))
    assert file_sha256(file) == hashlib.sha256(LARGE[:-1] + b"!").hexdigest() and len(hashed) == 2
    (note,) = (tmp_path / "cache/sha256").iterdir()
    note.write_bytes(b"{ torn")
    assert file_sha256(file) != expected and len(hashed) == 3
    shutil.rmtree(tmp_path / "cache")
    put(tmp_path / "cache", b"a file where the folder would be")
    assert file_sha256(file) != expected and len(hashed) == 4


def test_a_fetched_large_file_is_not_hashed_again(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    server.content = LARGE
    source = a_source(server, LARGE)
    fetch(source)
    monkeypatch.setattr(sources, "hash_file", None)
    assert locate(source).pinned


def test_sources_are_pinned_and_named() -> None:
    assert list(SOURCES) == [
        *("locomo", "locomo-audit", "longmemeval-oracle", "longmemeval-s", "longmemeval-m", "longmemeval-s_dev16")
    ]
    for name, source in SOURCES.items():
        assert source.name == name and get_source(name) is source
        assert len(bytes.fromhex(source.sha256)) == 32 and source.size > 0 and source.licence and source.cite
        assert source.url is None or source.url.startswith("https://")
    with pytest.raises(ConfigError, match="did you mean locomo"):
        get_source("locmo")
    with pytest.raises(ConfigError, match="there are locomo, locomo-audit"):
        get_source("squad")


def test_two_that_fetch_at_once_both_have_it(server: Server) -> None:
    source = a_source(server)
    both = threading.Barrier(2)

    def fetched() -> Path:
        both.wait()
        return fetch(source, quiet=True)

    with ThreadPoolExecutor(2) as pool:
        paths = [each.result() for each in [pool.submit(fetched), pool.submit(fetched)]]
    assert paths[0] == paths[1]
    assert paths[0].read_bytes() == CONTENT
    # The second waited and took what the first had fetched.
    assert server.asked == [None]
