"""Carries out an input: in this process for speed, or in one of its own for what may not end or ends the process."""

import contextlib
import gc
import logging
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.fuzz.inputs import ROOT, Input

# Bytes of an output that are looked at.
_MOST = 4_000_000
# How many times as long as its share of the processor a command may take by the clock.
_PATIENCE = 30


@dataclass(frozen=True, slots=True)
class Said:
    """How a command ended.

    Attributes:
        code: its exit code; None if it did not end in time, or ended with a traceback.
        out, err: what it printed.
        seconds: how long it took.
        late: it was stopped at the time limit.
        folder: where it ran; results lie there.
    """

    code: int | None
    out: str
    err: str
    seconds: float
    late: bool
    folder: Path


class TooLateError(BaseException):
    """Raised in a command that takes too long; no `except Exception` catches it."""


def carry_out(given: Input, folder: Path, limit: float, alone: bool) -> Said:
    """Write the files into an empty folder and type the command there.

    Args:
        given: what to carry out.
        folder: empty.
        limit: seconds.
        alone: in a process of its own.
    """
    given.write(folder)
    return _alone(given.words, folder, limit) if alone else _here(given.words, folder, limit)


def _alone(words: Sequence[str], folder: Path, limit: float) -> Said:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1"}
    start = time.monotonic()
    command = [sys.executable, "-m", "memeval.cli", *words]
    late = False
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=err,
            start_new_session=True,
        )  # fmt: skip
        try:
            code: int | None = process.wait(_PATIENCE * limit)
        except subprocess.TimeoutExpired:
            late, code = True, None
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        return Said(code, _text(out), _text(err), time.monotonic() - start, late, folder)


def _here(words: Sequence[str], folder: Path, limit: float) -> Said:
    from memeval.cli import main

    start = time.monotonic()
    code: int | None
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        with _surroundings(folder, out, err), _in_time(limit) as late:
            try:
                code = main(list(words))
            except SystemExit as end:
                code = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
            except TooLateError:
                code = None
            except BaseException:
                # As Python does, at the end of a process.
                import traceback

                traceback.print_exc()
                code = None
        return Said(code, _text(out), _text(err), time.monotonic() - start, bool(late), folder)


@contextlib.contextmanager
def _surroundings(folder: Path, out: Any, err: Any) -> Iterator[None]:
    """The working directory, the output and all that a command may leave changed in a process."""
    before, paths, environment = Path.cwd(), list(sys.path), dict(os.environ)
    level = logging.root.manager.disable
    os.chdir(folder)
    streams = [open(os.dup(each.fileno()), "w", encoding="utf-8", errors="backslashreplace") for each in (out, err)]  # noqa: PTH123
    try:
        with contextlib.redirect_stdout(streams[0]), contextlib.redirect_stderr(streams[1]):
            yield
    finally:
        for stream in streams:
            with contextlib.suppress(OSError, ValueError):
                stream.close()
        os.chdir(before)
        sys.path[:] = paths
        if dict(os.environ) != environment:
            os.environ.clear()
            os.environ.update(environment)
        logging.disable(level)


@contextlib.contextmanager
def _in_time(limit: float) -> Iterator[list[bool]]:
    """Raises `TooLateError` in the main thread when the time is over; the list is then no longer empty."""
    late: list[bool] = []
    if threading.current_thread() is not threading.main_thread():
        yield late
        return

    def ring(*_: object) -> None:
        late.append(True)
        raise TooLateError

    # Of the processor and of the clock: other processes may be busy. Again and again: a plug-in may catch it.
    timers = ((signal.SIGPROF, signal.ITIMER_PROF, limit), (signal.SIGALRM, signal.ITIMER_REAL, _PATIENCE * limit))
    before = [signal.signal(number, ring) for number, _, _ in timers]
    for _, timer, seconds in timers:
        signal.setitimer(timer, seconds, 1.0)
    try:
        yield late
    finally:
        for (number, timer, _), handler in zip(timers, before, strict=True):
            signal.setitimer(timer, 0)
            signal.signal(number, handler)


def _text(file: Any) -> str:
    file.seek(0)
    return str(file.read(_MOST).decode("utf-8", "backslashreplace"))


@contextlib.contextmanager
def scratch() -> Iterator[Path]:
    """A folder that ends with the block, two levels deep: a path that begins with `..` leads to nothing else."""
    top = Path(tempfile.mkdtemp(prefix="memeval-fuzz-"))
    folder = top / "here" / "now"
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(top, ignore_errors=True)


def warm() -> None:
    """Import what most commands import, and take it out of the search for cycles, which each run begins with."""
    import hydra  # noqa: F401
    import pydantic  # noqa: F401

    import memeval.cli.run
    import memeval.harness.sweep
    import memeval.scoring.sweeps  # noqa: F401

    gc.collect()
    gc.freeze()


@contextlib.contextmanager
def composed_once() -> Iterator[None]:
    """Leave out what takes most of the time of a small run, and is the same for all.

    The composed cells of `memeval run` are kept by their words, and no run begins with a search for cycles.
    """
    from memeval.cli import run
    from memeval.harness import sweep

    original, kept, collections = run.composer, {}, sweep.rare_collections

    @contextlib.contextmanager
    def composer() -> Iterator[Any]:
        with _Once(original, kept) as once:
            yield once

    run.composer, sweep.rare_collections = composer, contextlib.nullcontext
    try:
        yield
    finally:
        run.composer, sweep.rare_collections = original, collections


class _Once:
    """A composer that opens Hydra only for words that are new."""

    def __init__(self, composer: Any, kept: dict[Any, Any]) -> None:
        self._composer, self._kept = composer, kept

    def __enter__(self) -> "_Once":
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def cells(self, overrides: Sequence[str], multirun: bool) -> Any:
        key = (tuple(overrides), multirun)
        if key not in self._kept:
            with self._composer() as hydra:
                self._kept[key] = hydra.cells(overrides, multirun)
        return self._kept[key]
