"""A closed output, a full disk and a folder that is gone end in a sentence."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

COMMAND = f"{sys.executable} -m memeval.cli"


def typed(words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """What a shell says in a folder."""
    # A relative path leads nowhere in a folder that is gone.
    paths = [path for path in sys.path if Path(path).is_absolute()]
    here = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    return subprocess.run(["sh", "-c", words], cwd=folder, env=here, capture_output=True, text=True)


def test_a_closed_output_leads_nowhere(tmp_path: Path):
    done = typed(f"{COMMAND} list strategy >&-", tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    done = typed(f"{COMMAND} list nobody 2>&-", tmp_path)
    assert (done.returncode, done.stdout) == (2, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_named(tmp_path: Path):
    done = typed(f"{COMMAND} list strategy >/dev/full", tmp_path)
    assert done.returncode == 2
    assert done.stderr == "memeval: No space left on device: check the output of memeval list and the disk\n"


def test_a_working_folder_that_is_gone_is_named(tmp_path: Path):
    gone = tmp_path / "gone"
    gone.mkdir()
    done = typed(f"rmdir ../gone && {COMMAND} show", gone)
    assert done.returncode == 2
    assert done.stderr == (
        "memeval: the working folder cannot be used (No such file or directory): cd into another one\n"
    )
