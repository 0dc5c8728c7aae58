"""Ways to run dialogues: one after the other, or several at once in processes. Same results either way."""

import multiprocessing
import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from typing import Protocol

from memeval.errors import ConfigError
from memeval.plan import Plan
from memeval.runner import DialogueResult, Runner
from memeval.types import Dialogue, DialogueRecord, Outcome, Usage

_MAX_DEATHS = 2


class Executor(Protocol):
    """Runs dialogues under a plan and yields results as they finish, in any order."""

    def run(self, plan: Plan, dialogues: Iterable[Dialogue]) -> Iterator[DialogueResult]:
        """Stream results; an error that stops the run is raised here."""


def get_executor(workers: int) -> Executor:
    """Serial for one worker, processes for more.

    Raises:
        ConfigError: fewer than one.
    """
    if workers < 1:
        raise ConfigError(f"workers={workers} runs nothing: give 1 or more, e.g. workers=2")
    return Serial() if workers == 1 else Processes(workers)


class Serial:
    """In this process, in order."""

    def run(self, plan: Plan, dialogues: Iterable[Dialogue]) -> Iterator[DialogueResult]:
        """Run one after the other."""
        runner = Runner(plan)
        for dialogue in dialogues:
            yield runner.run(dialogue)


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
        pool = self._pool(plan)
        try:
            while True:
                lost = self._submit(pool, running, suspects, waiting, deaths)
                if not running and not lost:
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
                            yield _killed(dialogue, deaths[dialogue.id])
                        else:
                            suspects.append(dialogue)
                    pool.shutdown(cancel_futures=True)
                    pool = self._pool(plan)
        finally:
            pool.shutdown(cancel_futures=True)

    def _submit(
        self,
        pool: ProcessPoolExecutor,
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
                running[pool.submit(_run, dialogue)] = dialogue
            except BrokenProcessPool:
                return [dialogue]
        return []

    def _pool(self, plan: Plan) -> ProcessPoolExecutor:
        threads = max(1, (os.cpu_count() or 1) // self._workers)
        # Forking a process that has threads (progress bar, onnxruntime) can hang; a fresh interpreter cannot.
        return ProcessPoolExecutor(
            self._workers,
            mp_context=multiprocessing.get_context("spawn"),
            initializer=_start_worker,
            initargs=(plan, threads),
        )


_runner: Runner | None = None


def _start_worker(plan: Plan, threads: int) -> None:
    global _runner
    os.environ["MEMEVAL_THREADS"] = str(threads)
    os.environ["OMP_NUM_THREADS"] = str(threads)
    _runner = Runner(plan)


def _run(dialogue: Dialogue) -> DialogueResult:
    if _runner is None:
        raise RuntimeError("the worker was not started by _start_worker")
    return _runner.run(dialogue)


def _killed(dialogue: Dialogue, times: int) -> DialogueResult:
    error = f"the worker process died {times} times while it ran this dialogue alone (out of memory?)"
    outcomes = [Outcome(dialogue.id, question.id, 0, None, None, {}, error=error) for question in dialogue.questions]
    record = DialogueRecord(dialogue.id, len(dialogue.turns), 0, len(outcomes), Usage(), error)
    return DialogueResult(record, outcomes)
