"""Signals end a command with a sentence and leave no temporary folder and no process; nor does SIGKILL."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from memeval.servers.warden import children

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="signals of POSIX")
WORDS = {
    "SIGINT": "interrupted; the same command goes on",
    "SIGTERM": "ended by SIGTERM; the same command goes on",
    "SIGHUP": "ended by SIGHUP; the same command goes on",
}


def until(met: Callable[[], object]) -> None:
    end = time.monotonic() + 60
    while not met():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    folder = tmp_path / "scratch"
    folder.mkdir()
    return folder


@pytest.fixture
def start(tmp_path: Path, scratch: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    begun: list[subprocess.Popen[str]] = []

    def begin(*words: str, **options: object) -> subprocess.Popen[str]:
        environment = {
            **os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "tests"))), "TMPDIR": str(scratch)
        }  # fmt: skip
        begun.append(
            subprocess.Popen(
                [sys.executable, "-m", "memeval.cli", *words],
                cwd=tmp_path, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, **options,
            )  # type: ignore[call-overload]
        )  # fmt: skip
        return begun[-1]

    yield begin
    for process in begun:
        with process:
            process.kill()


def slow(*more: str) -> list[str]:
    return [
        "run", "benchmark=demo", "benchmark.turns=100", "strategy=none",
        "strategy._target_=support.strategies.Slow", "+strategy.seconds=0.2", "progress=off", *more,
    ]  # fmt: skip


@pytest.mark.parametrize("name", list(WORDS))
@pytest.mark.parametrize("workers", [1, 2])
def test_a_signal_ends_a_run_with_a_sentence(
    name: str, workers: int, scratch: Path, start: Callable[..., subprocess.Popen[str]]
) -> None:
    process = start(*slow(f"workers={workers}"))
    # With workers: once one of them is at work.
    until(lambda: list(scratch.glob("memeval-*/files/*")))
    started = children(process.pid)
    assert len(started) >= (workers if workers > 1 else 0)
    number = getattr(signal, name)
    process.send_signal(number)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 128 + number, said
    assert WORDS[name] in said and "Traceback" not in said
    assert not list(scratch.iterdir())
    until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in started))


def test_a_signal_that_comes_twice_cuts_no_clearing_up_short(
    scratch: Path, start: Callable[..., subprocess.Popen[str]]
) -> None:
    process = start(*slow())
    until(lambda: list(scratch.glob("memeval-*/files/*")))
    for _ in range(20):
        process.send_signal(signal.SIGTERM)
        process.send_signal(signal.SIGHUP)
    _, said = process.communicate(timeout=60)
    assert process.returncode in (128 + signal.SIGTERM, 128 + signal.SIGHUP) and "Traceback" not in said
    assert not list(scratch.iterdir())


def test_a_signal_that_the_caller_ignores_is_ignored(
    start: Callable[..., subprocess.Popen[str]], scratch: Path
) -> None:
    process = start(*slow("limit=1"), preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    until(lambda: list(scratch.glob("memeval-*/files/*")))
    process.send_signal(signal.SIGHUP)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 0, said


def test_workers_end_with_a_parent_that_is_killed_and_the_next_command_sweeps(
    scratch: Path, start: Callable[..., subprocess.Popen[str]]
) -> None:
    process = start(*slow("workers=2"))
    until(lambda: list(scratch.glob("memeval-*/files/*/*")))
    started = children(process.pid)
    assert len(started) >= 2
    process.kill()
    process.wait()
    until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in started))
    assert len(list(scratch.iterdir())) == 1
    following = start("list", "strategy")
    following.communicate(timeout=60)
    assert following.returncode == 0 and not list(scratch.iterdir())
