"""Temporary folders: gone after their block, and swept after the death of their owner, never before."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from memeval.kit import scratch
from memeval.kit.scratch import Scratch

OWNER = """
import sys, time
from memeval.kit.scratch import Scratch
folder = Scratch("test")
(folder.path / "index").write_text("rows")
print(folder.path, flush=True)
time.sleep(600)
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_a_folder_goes_with_its_block(place: Path) -> None:
    with Scratch("one") as folder, Scratch("one") as other:
        assert folder != other and not list(folder.iterdir())
        (folder / "deep").mkdir()
        (folder / "deep" / "file").write_text("x")
        assert scratch.sweep() == 0 and (folder / "deep" / "file").exists()
    assert not list(place.iterdir())


def test_a_folder_goes_after_an_error_and_with_its_last_reference(place: Path) -> None:
    with pytest.raises(KeyboardInterrupt), Scratch():
        raise KeyboardInterrupt
    kept = Scratch()
    assert kept.path.is_dir()
    kept.remove()
    kept.remove()
    Scratch()
    assert not list(place.iterdir())


def test_folders_of_the_dead_are_swept_and_of_the_living_not(place: Path) -> None:
    environment = {**os.environ, "TMPDIR": str(place)}
    owners = [
        subprocess.Popen([sys.executable, "-c", OWNER], env=environment, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    folders = [Path(owner.stdout.readline().strip()) for owner in owners]  # type: ignore[union-attr]
    try:
        assert scratch.sweep() == 0
        owners[0].kill()
        owners[0].wait()
        assert scratch.sweep() == 1
        assert not folders[0].exists() and (folders[1] / "index").read_text() == "rows"
    finally:
        for owner in owners:
            owner.kill()
            owner.communicate()
    assert scratch.sweep() == 1 and not list(place.iterdir())


def test_what_is_not_a_temporary_folder_of_ours_stays(place: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    victim = tmp_path_factory.mktemp("victim")
    (victim / ".owner").write_text("")
    (victim / "kept").write_text("kept")
    (place / f"{scratch.PREFIX}link").symlink_to(victim)
    (place / f"{scratch.PREFIX}file").write_text("a file")
    linked = place / f"{scratch.PREFIX}linked"
    linked.mkdir()
    (linked / ".owner").symlink_to(victim / "kept")
    full = place / f"{scratch.PREFIX}full"
    full.mkdir()
    (full / "notes").write_text("somebody's")
    (place / "memeval-results").mkdir()
    young, old = place / f"{scratch.PREFIX}young", place / f"{scratch.PREFIX}old"
    young.mkdir()
    old.mkdir()
    past = time.time() - 3600
    for each in (old, full):
        os.utime(each, (past, past))
    assert scratch.sweep() == 1
    assert not old.exists() and young.exists() and (place / "memeval-results").exists()
    assert (full / "notes").exists() and linked.exists()
    assert (victim / "kept").read_text() == "kept" and (place / f"{scratch.PREFIX}file").exists()


def test_a_process_that_was_forked_off_removes_nothing(place: Path) -> None:
    with Scratch() as folder:
        program = """
import os
from memeval.kit.scratch import Scratch
folder = Scratch()
child = os.fork()
if child == 0:
    folder.remove()
    os._exit(0)
os.waitpid(child, 0)
print(folder.path.is_dir())
"""
        done = subprocess.run([sys.executable, "-W", "ignore", "-c", program], capture_output=True, text=True)
        assert done.stdout == "True\n", done.stderr
        assert folder.is_dir()
