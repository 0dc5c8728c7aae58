"""Ways to run dialogues: one after the other, or several at once in processes. Same results either way."""

import multiprocessing
import os
import sys
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from typing import Protocol

from memeval.harness.plan import Plan
from memeval.harness.runner import Runner
from memeval.harness.session import Session
from memeval.kit import engines
from memeval.kit.errors import ConfigError, ContractError
from memeval.kit.types import Dialogue, DialogueRecord, DialogueResult, Outcome, Usage

_MAX_DEATHS = 2
_WATCH_SECONDS = 1.0
_PREFIX = "memeval-"


class Executor(Protocol):
    """Runs dialogues under a plan and yields results as they finish, in any order."""

    def run(self, plan: Plan, dialogues: Iterable[Dialogue]) -> Iterator[DialogueResult]:
        """Stream results; an error that stops the run is raised here."""


def get_executor(workers: int, isolation: str = "separate") -> Executor:
    """Serial for one worker, processes for more; shared stores are held by one process, however many workers there are.

    Raises:
        ConfigError: fewer than one.
    """
    if workers < 1:
        raise ConfigError(f"workers={workers} runs nothing: give 1 or more, e.g. workers=2")
    if isolation == "shared":
        return Shared()
    return Serial() if workers == 1 else Processes(workers)


class Serial:
    """In this process, in order."""

    def run(self, plan: Plan, dialogues: Iterable[Dialogue]) -> Iterator[DialogueResult]:
        """Run one after the other."""
        with TemporaryDirectory(prefix=_PREFIX) as scratch:
            runner = Runner(plan, Path(scratch))
            for dialogue in dialogues:
                yield runner.run(dialogue)


class Shared:
    """In this process, all dialogues in one set of stores: each lives up to its last questions, then those are read.

    So the questions at the ends of the dialogues meet stores that hold everybody's turns, as in a service with many
    users.
    """

    def run(self, plan: Plan, dialogues: Iterable[Dialogue]) -> Iterator[DialogueResult]:
        """Write all, then read; results come in order once everything is written."""
        with TemporaryDirectory(prefix=_PREFIX) as scratch, engines.visit(), ExitStack() as stack:
            runner = Runner(plan, Path(scratch))
            sessions = []
            for dialogue in dialogues:
                session = runner.open(dialogue)
                stack.callback(_close, session)
                session.live()
                sessions.append(session)
            for session in sessions:
                yield session.finish()


def _close(session: Session) -> None:
    # The other dialogues are in the same stores: what cannot be closed stops the run.
    if unclosed := session.close():
        raise ContractError(unclosed)


class Processes:
    """In worker processes, a few dialogues ahead. A worker that dies is replaced and its dialogues are run again.

    A dialogue during which workers have died `_MAX_DEATHS` times while it ran alone is noted as an error, so that
    one that exhausts the memory cannot keep the run from ending.
    """

    def __init__(self, workers: int) -> None:
        """Set how many processes run."""
        self._workers = workers

    def run(self, plan: Plan, dialogues: Iterable[Dialogue]) -> Iterator[DialogueResult]:
        """Run in parallel; results come in the order in which they finish."""
        waiting = iter(dialogues)
        suspects: deque[Dialogue] = deque()
        deaths: dict[str, int] = {}
        running: dict[Future[DialogueResult], Dialogue] = {}
        scratch = TemporaryDirectory(prefix=_PREFIX)
        pool = _take_pool(self._workers)
        task = _Task(plan, scratch.name)
        whole = False
        try:
            while True:
                lost = self._submit(pool, task, running, suspects, waiting, deaths)
                if not running and not lost:
                    whole = True
                    return
                alone = len(running) + len(lost) == 1
                # Once the pool is broken every future is done.
                done = list(running) if lost else wait(running, return_when=FIRST_COMPLETED).done
                for future in done:
                    dialogue = running.pop(future)
                    try:
                        yield future.result()
                    except BrokenProcessPool:
                        lost.append(dialogue)
                if lost:
                    lost += running.values()
                    running.clear()
                    for dialogue in lost:
                        deaths[dialogue.id] = deaths.get(dialogue.id, 0) + alone
                        if deaths[dialogue.id] >= _MAX_DEATHS:
                            yield _killed(plan, dialogue, deaths[dialogue.id])
                        else:
                            suspects.append(dialogue)
                    pool.shutdown(cancel_futures=True)
                    pool = _new_pool(self._workers)
        finally:
            if whole:
                _give_back(self._workers, pool)
            else:
                pool.shutdown(cancel_futures=True)
            scratch.cleanup()

    def _submit(
        self,
        pool: ProcessPoolExecutor,
        task: "_Task",
        running: dict[Future[DialogueResult], Dialogue],
        suspects: deque[Dialogue],
        waiting: Iterator[Dialogue],
        deaths: dict[str, int],
    ) -> list[Dialogue]:
        """Give the pool as much as it should have; returns a dialogue that a broken pool refused."""
        # After a death the dialogues that were running are tried one at a time, to learn which of them kills.
        trial = bool(suspects) or any(dialogue.id in deaths for dialogue in running.values())
        while len(running) < (1 if trial else self._workers + 1):
            dialogue = suspects.popleft() if suspects else next(waiting, None)
            if dialogue is None:
                break
            try:
                running[pool.submit(_run, task, dialogue)] = dialogue
            except BrokenProcessPool:
                return [dialogue]
        return []


@dataclass(frozen=True, slots=True)
class _Task:
    """What a worker needs beside the dialogue; its folder tells one run from another of the same plan."""

    plan: Plan
    scratch: str


# Starting a worker takes as long as many a run: a sweep's runs hand the processes on.
_idle: list[tuple[str, ProcessPoolExecutor]] = []


def _surroundings(workers: int) -> str:
    """What workers take over when they start: others are needed once it has changed."""
    return repr((workers, sorted(os.environ.items()), sys.path, Path.cwd()))


def _take_pool(workers: int) -> ProcessPoolExecutor:
    while _idle:
        made_in, pool = _idle.pop()
        if made_in == _surroundings(workers):
            return pool
        pool.shutdown()
    return _new_pool(workers)


def _give_back(workers: int, pool: ProcessPoolExecutor) -> None:
    if _idle:
        pool.shutdown()
    else:
        _idle.append((_surroundings(workers), pool))


def _new_pool(workers: int) -> ProcessPoolExecutor:
    threads = max(1, (os.cpu_count() or 1) // workers)
    # Forking a process that has threads (progress bar, onnxruntime) can hang; a fresh interpreter cannot.
    return ProcessPoolExecutor(
        workers,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_start_worker,
        initargs=(threads, os.getpid()),
    )


_runner: tuple[str, Runner] | None = None


def _start_worker(threads: int, parent: int) -> None:
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    os.environ["MEMEVAL_THREADS"] = str(threads)
    os.environ["OMP_NUM_THREADS"] = str(threads)


def _end_with(parent: int) -> None:
    """End this process soon after its parent, which may be killed in a way that lets it end nothing."""
    while os.getppid() == parent:
        time.sleep(_WATCH_SECONDS)
    os._exit(1)


def _run(task: _Task, dialogue: Dialogue) -> DialogueResult:
    global _runner
    if _runner is None or _runner[0] != task.scratch:
        _runner = (task.scratch, Runner(task.plan, Path(mkdtemp(dir=task.scratch))))
    return _runner[1].run(dialogue)


def _killed(plan: Plan, dialogue: Dialogue, times: int) -> DialogueResult:
    error = f"the worker process died {times} times while it ran this dialogue alone (out of memory?)"
    phases = [name for name, node in (("answer", plan.reader), ("judge", plan.judge)) if node is not None]
    outcomes = [
        Outcome(dialogue.id, question.id, 0, None, None, {}, error=error, usage={phase: Usage() for phase in phases})
        for question in dialogue.questions
    ]
    record = DialogueRecord(dialogue.id, len(dialogue.turns), 0, len(outcomes), Usage(), error)
    return DialogueResult(record, outcomes)
