"""SIGTERM and SIGHUP end a command as Ctrl-C does: with a sentence, and without temporary folders."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="signals of POSIX")
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_a_signal_ends_a_run_with_a_sentence(name: str, tmp_path: Path):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    environment = {
        **os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "tests"))), "TMPDIR": str(scratch)
    }  # fmt: skip
    words = ["benchmark=demo", "benchmark.turns=100", "strategy=none", "strategy._target_=support.strategies.Slow"]
    process = subprocess.Popen(
        [sys.executable, "-m", "memeval.cli", "run", *words, "+strategy.seconds=0.2", "progress=off"],
        cwd=tmp_path, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    until = time.monotonic() + 60
    while not list(scratch.glob("memeval-*")) and time.monotonic() < until:
        time.sleep(0.02)
    process.send_signal(getattr(signal, name))
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert "interrupted; the same command goes on" in said and "Traceback" not in said
    assert not list(scratch.glob("memeval-*"))
