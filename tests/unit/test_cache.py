"""The cache on disk: what is put comes back, under several processes, after damage, and without rights or room."""

import os
import sqlite3
import subprocess
import sys
import threading
import warnings
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from memeval.kit import cache
from memeval.kit.cache import Cache, Entry, key


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MEMEVAL_CACHE", str(tmp_path))
    return tmp_path


def entries(n: int, size: int = 1536) -> list[tuple[bytes, Entry]]:
    return [(key(str(number)), Entry(bytes([number % 256]) * size, number / 7)) for number in range(n)]


def test_thousands_come_back_as_they_were_put() -> None:
    put = entries(6000)
    store = Cache("vectors", "model A")
    store.put(put)
    keys = [name for name, _ in put]
    assert store.get(keys) == dict(put)
    assert store.get([key("unknown"), *keys[:3], keys[0]]) == dict(put[:3])
    assert store.get([]) == {}
    store.close()
    assert store.get(keys[:1]) == dict(put[:1]), "it opens again"
    store.close()
    again = Cache("vectors", "model A")
    assert again.get(keys) == dict(put)
    for other in (Cache("vectors", "model B"), Cache("replies", "model A")):
        assert other.get(keys) == {}, "another maker, another file"


def test_the_first_to_put_is_believed() -> None:
    """So that processes that computed the same thing at once go on with the same bytes."""
    one, two = Cache("vectors", "m"), Cache("vectors", "m")
    one.put([(key("a"), Entry(b"first", 1.0))])
    two.put([(key("a"), Entry(b"second", 2.0)), (key("b"), Entry(b"", 0.0))])
    assert one.get([key("a"), key("b")]) == {key("a"): Entry(b"first", 1.0), key("b"): Entry(b"", 0.0)}


def test_the_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fingerprint = "API: model/Ü with \U0001f642 and : every * character?"
    store = Cache("vectors", fingerprint)
    store.put([(key("a"), Entry(b"x", 0.0))])
    assert store.path.parent == folder / "vectors"
    assert store.path.name.startswith("api-model-with-and-every-character-") and store.path.suffix == ".sqlite"
    monkeypatch.setenv("MEMEVAL_CACHE", "~/somewhere")
    assert cache.folder() == Path.home() / "somewhere"
    monkeypatch.delenv("MEMEVAL_CACHE")
    assert cache.folder().name == "memeval"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.text(st.characters(), max_size=6), max_size=4),
    st.lists(st.text(st.characters(), max_size=6), max_size=4),
)
def test_keys_differ_where_texts_do(one: list[str], two: list[str]) -> None:
    """Surrogates included; the border between parts counts."""
    assert (key(*one) == key(*two)) == (one == two)
    assert len(key(*one)) == 16


def test_keys_stay_the_same_over_releases() -> None:
    assert key("memory").hex() == "b04c7c91443517620f05662cdb4054aa"
    assert key("mem", "ory").hex() == "206e65b9a760bffcd806549850d4c54a"


WORKER = """
import sys
from memeval.kit.cache import Cache, Entry, key
store = Cache("vectors", "shared")
number = int(sys.argv[1])
for batch in range(10):
    names = [f"{batch}/{each}" for each in range(60)]
    store.put((key(name), Entry(name.encode() * 100, 1.0)) for name in names[number * 5 : number * 5 + 30])
    found = store.get([key(name) for name in names])
    for name in names[number * 5 : number * 5 + 30]:
        if found[key(name)].blob != name.encode() * 100:
            sys.exit(f"{name} came back changed")
"""


def test_several_processes_begin_and_fill_the_same_file() -> None:
    running = [
        subprocess.Popen([sys.executable, "-W", "error", "-c", WORKER, str(number)], stderr=subprocess.PIPE)
        for number in range(6)
    ]
    for each in running:
        assert (each.communicate()[1], each.returncode) == (b"", 0)
    found = Cache("vectors", "shared").get([key(f"{batch}/{each}") for batch in range(10) for each in range(55)])
    assert len(found) == 550


def test_several_threads_use_one_cache() -> None:
    store = Cache("vectors", "threads")
    put = entries(200, size=10)
    found: list[int] = []

    def work() -> None:
        for start in range(0, 200, 20):
            store.put(put[start : start + 20])
            found.append(len(store.get([name for name, _ in put[start : start + 20]])))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [20] * 40


@pytest.mark.skipif(not sys.platform.startswith(("linux", "darwin")), reason="needs fork")
def test_a_forked_process_opens_a_connection_of_its_own() -> None:
    code = """
import os, sys
from memeval.kit.cache import Cache, Entry, key
store = Cache("vectors", "forked")
store.put([(key("before"), Entry(b"1", 0.0))])
child = os.fork()
if not child:
    store.put([(key("child"), Entry(b"2", 0.0))])
    os._exit(0 if len(store.get([key("before"), key("child")])) == 2 else 1)
code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
store.put([(key("after"), Entry(b"3", 0.0))])
sys.exit(code or 3 - len(store.get([key("before"), key("child"), key("after")])))
"""
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("damage", ["no database", "empty", "cut in half", "overwritten in the middle", "old log"])
def test_a_damaged_file_is_moved_aside(damage: str) -> None:
    put = entries(2000)
    keys = [name for name, _ in put]
    store = Cache("vectors", "m")
    store.put(put)
    store.close()
    data = store.path.read_bytes()
    if damage == "no database":
        store.path.write_bytes(b"this is not SQLite " * 500)
    elif damage == "empty":
        store.path.write_bytes(b"")
    elif damage == "cut in half":
        store.path.write_bytes(data[: len(data) // 2])
    elif damage == "overwritten in the middle":
        store.path.write_bytes(data[:8192] + b"\xff" * (len(data) - 16384) + data[-8192:])
    else:
        store.path.write_bytes(b"x" * 5000)
        store.path.with_name(store.path.name + "-wal").write_bytes(b"not a log, either" * 400)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        found = store.get(keys)
        # What is left of it is right.
        assert all(found[name] == entry for name, entry in put if name in found)
        store.put(put)
        assert len(store.get(keys)) == 2000
        store.close()
        assert Cache("vectors", "m").get(keys) == dict(put), "the new file is sound"
    # An empty file is simply a new database.
    assert len(said) == (damage != "empty")
    for warning in said:
        assert "was damaged" in str(warning.message) and "MEMEVAL_CACHE" in str(warning.message)
    assert store.path.with_suffix(".damaged").exists() == (damage != "empty")


def test_damage_that_another_process_has_mended_is_not_mended_twice() -> None:
    put = entries(2000)
    slow, quick = Cache("vectors", "m"), Cache("vectors", "m")
    slow.put(entries(5, size=3))
    quick.put(entries(6, size=3))
    damage = sqlite3.DatabaseError("database disk image is malformed")
    with pytest.warns(UserWarning, match="was damaged"):
        quick._put_aside(damage)
    quick.put(put)
    quick.close()
    slow._put_aside(damage)
    assert slow.get([name for name, _ in put]) == dict(put), "the new file is left alone"


def test_a_place_that_cannot_be_used_is_said_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "file").write_text("in the way")
    monkeypatch.setenv("MEMEVAL_CACHE", str(folder / "file"))
    store = Cache("vectors", "m")
    with pytest.warns(UserWarning, match="cannot be used") as said:
        assert store.get([key("a")]) == {}
        for _ in range(3):
            store.put(entries(3))
            assert store.get([key("0")]) == {}
    assert len(said) == 1


NO_ROOM = """
import resource, sys, warnings
from memeval.kit.cache import Cache, Entry, key
store = Cache("vectors", "m")
store.put([(key("small"), Entry(b"x", 1.0))])
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
with warnings.catch_warnings(record=True) as said:
    warnings.simplefilter("always")
    for number in range(50):
        store.put([(key(str(number)), Entry(bytes(100_000), 1.0))])
    found = store.get([key("small")])
sys.exit(f"{[str(each.message) for each in said]} {found}")
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs a limit on the size of files")
def test_a_full_disk_is_said_once_and_what_is_there_is_still_read() -> None:
    done = subprocess.run([sys.executable, "-c", NO_ROOM], capture_output=True, text=True, check=False)
    assert done.stderr.count("cannot be written to") == 1, done.stderr
    assert "Entry(blob=b'x', seconds=1.0)" in done.stderr
    assert Cache("vectors", "m").get([key("small")]) == {key("small"): Entry(b"x", 1.0)}, "the file is sound"


def test_a_file_that_may_only_be_read_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    put = entries(10)
    store = Cache("vectors", "m")
    store.put(put)
    store.close()
    # Root may write everywhere: what a read-only file system would answer is put in its place.
    monkeypatch.setattr(os, "access", lambda path, mode: mode != os.W_OK)
    reader = Cache("vectors", "m")
    assert reader.get([name for name, _ in put]) == dict(put)
    with pytest.warns(UserWarning, match="cannot be written to") as said:
        reader.put(entries(20))
        reader.put(entries(20))
    assert len(said) == 1
    assert reader.get([name for name, _ in put]) == dict(put)
