"""Ways to run dialogues: one after the other, or several at once in processes. Same results either way.

They are the options of the config group `executor`. Another one, such as a cluster's, is a class with `run` and a YAML.
"""

import multiprocessing
import os
import sys
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, closing, nullcontext
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import mkdtemp
from typing import Annotated, Protocol, runtime_checkable

from annotated_types import Ge

from memeval.harness import limits
from memeval.harness.lifeline import Lifeline, hold_on, working
from memeval.harness.plan import Plan
from memeval.harness.runner import Runner, failed
from memeval.harness.session import Session
from memeval.kit import engines
from memeval.kit.errors import CallTimedOut, ConfigError, ContractError
from memeval.kit.ranges import ranged
from memeval.kit.scratch import Scratch
from memeval.kit.types import Dialogue, DialogueResult

_MAX_DEATHS = 2
_DIED = "the worker process died {} times while it ran this dialogue alone (out of memory?)"


@runtime_checkable
class Executor(Protocol):
    """Runs dialogues under a plan and yields results as they finish, in any order.

    `Runner(plan, scratch).run(dialogue)` runs one. Plan, dialogue and result can be pickled.
    """

    def run(self, plan: Plan, dialogues: Iterable[Dialogue]) -> Iterator[DialogueResult]:
        """Stream results; an error that stops the run is raised here. `close` of a generator ends what is under way."""


def each_once(executor: Executor, plan: Plan, dialogues: Iterable[Dialogue]) -> Generator[DialogueResult, None, None]:
    """The results of an executor, which has to return each dialogue once. `close` closes the executor's generator.

    Raises:
        ContractError: names the executor, and the dialogue that it lost, repeated or made up.
    """
    name = type(executor).__name__
    waiting: dict[str, None] = {}
    source = iter(dialogues)

    def handed() -> Iterator[Dialogue]:
        for dialogue in source:
            waiting[dialogue.id] = None
            yield dialogue

    results = executor.run(plan, handed())
    with closing(results) if isinstance(results, Generator) else nullcontext():
        for result in results:
            if not isinstance(result, DialogueResult):
                raise ContractError(f"{name}.run yields {type(result).__name__}: yield what Runner.run returns")
            if result.record.dialogue not in waiting:
                raise ContractError(
                    f"{name}.run returned the dialogue {result.record.dialogue!r:.200}, which is not open: return each "
                    "dialogue that was handed over, once"
                )
            del waiting[result.record.dialogue]
            yield result
    lost = [*waiting, *(dialogue.id for dialogue in source)]
    if lost:
        raise ContractError(
            f"{name}.run ended without {len(lost)} dialogues, the first is {lost[0]!r:.200}: return each dialogue"
        )


@ranged
def get_executor(workers: Annotated[int, Ge(1)], isolation: str = "separate") -> Executor:
    """Serial for one worker, processes for more; shared stores are held by one process, however many workers there are.

    Args:
        workers: how many dialogues run at a time.
        isolation: `separate` or `shared`.

    Raises:
        ConfigError: fewer than one.
    """
    if isolation == "shared":
        return Shared()
    return Serial() if workers == 1 else Processes(workers)


class Serial:
    """In this process, in order."""

    def run(self, plan: Plan, dialogues: Iterable[Dialogue]) -> Generator[DialogueResult, None, None]:
        """Run one after the other."""
        with Scratch() as scratch:
            with closing(Runner(plan, scratch)) as runner:
                for dialogue in dialogues:
                    yield runner.run(dialogue)


class Shared:
    """In this process, all dialogues in one set of stores: each lives up to its last questions, then those are read.

    So the questions at the ends of the dialogues meet stores that hold everybody's turns, as in a service with many
    users.
    """

    def run(self, plan: Plan, dialogues: Iterable[Dialogue]) -> Generator[DialogueResult, None, None]:
        """Write all, then read; results come in order once everything is written."""
        with Scratch() as scratch, engines.visit(), ExitStack() as stack:
            runner = stack.enter_context(closing(Runner(plan, scratch)))
            sessions = []
            for dialogue in dialogues:
                try:
                    session = runner.open(dialogue)
                except CallTimedOut as error:
                    # The others would be measured in stores that lack this dialogue.
                    raise ConfigError(str(error)) from error
                stack.callback(_close, session)
                session.live()
                sessions.append(session)
            for session in sessions:
                yield session.finish()


def _close(session: Session) -> None:
    # The other dialogues are in the same stores: what cannot be closed stops the run.
    if unclosed := session.close():
        raise ContractError(unclosed)


@ranged
class Processes:
    """In worker processes, a few dialogues ahead. A worker that dies is replaced and its dialogues are run again.

    A dialogue during which workers have died `_MAX_DEATHS` times while it ran alone is noted as an error, so that
    one that exhausts the memory cannot keep the run from ending.
    """

    def __init__(self, workers: Annotated[int, Ge(1)]) -> None:
        """Set how many processes run.

        Raises:
            ConfigError: fewer than one.
        """
        self._workers = workers

    def run(self, plan: Plan, dialogues: Iterable[Dialogue]) -> Generator[DialogueResult, None, None]:
        """Run in parallel; results come in the order in which they finish."""
        waiting = iter(dialogues)
        suspects: deque[Dialogue] = deque()
        deaths: dict[str, int] = {}
        running: dict[Future[DialogueResult], Dialogue] = {}
        scratch = Scratch()
        pool = None
        whole = False
        try:
            pool = _take_pool(self._workers)
            task = _Task(plan, str(scratch.path))
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
                    late = limits.late_ones(scratch.path)
                    for dialogue in lost:
                        if dialogue.id in late:
                            yield failed(plan, dialogue, late[dialogue.id])
                            continue
                        deaths[dialogue.id] = deaths.get(dialogue.id, 0) + alone
                        if deaths[dialogue.id] >= _MAX_DEATHS:
                            yield failed(plan, dialogue, _DIED.format(deaths[dialogue.id]))
                        else:
                            suspects.append(dialogue)
                    pool.end()
                    pool = _new_pool(self._workers)
        finally:
            if pool is not None and whole:
                _give_back(self._workers, pool)
            elif pool is not None:
                pool.end()
            scratch.remove()

    def _submit(
        self,
        pool: "_Pool",
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
                running[pool.executor.submit(_run, task, dialogue)] = dialogue
            except BrokenProcessPool:
                return [dialogue]
        return []


@dataclass(frozen=True, slots=True)
class _Task:
    """What a worker needs beside the dialogue; its folder tells one run from another of the same plan."""

    plan: Plan
    scratch: str


@dataclass(frozen=True, slots=True)
class _Pool:
    """Worker processes, which end soon after the lifeline does."""

    executor: ProcessPoolExecutor
    lifeline: Lifeline

    def end(self) -> None:
        """End the workers; what they are at is broken off, as by Ctrl-C."""
        self.lifeline.cut()
        self.executor.shutdown(cancel_futures=True)


# Starting a worker takes as long as many a run: a sweep's runs hand the processes on.
_idle: list[tuple[str, _Pool]] = []


def _surroundings(workers: int) -> str:
    """What workers take over when they start: others are needed once it has changed."""
    return repr((workers, sorted(os.environ.items()), sys.path, Path.cwd()))


def _take_pool(workers: int) -> _Pool:
    while _idle:
        made_in, pool = _idle.pop()
        if made_in == _surroundings(workers):
            return pool
        pool.end()
    return _new_pool(workers)


def _give_back(workers: int, pool: _Pool) -> None:
    if _idle:
        pool.end()
    else:
        _idle.append((_surroundings(workers), pool))


def _new_pool(workers: int) -> _Pool:
    threads = max(1, (os.cpu_count() or 1) // workers)
    lifeline = Lifeline()
    # Forking a process that has threads (progress bar, onnxruntime) can hang; a fresh interpreter cannot.
    executor = ProcessPoolExecutor(
        workers,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_start_worker,
        initargs=(threads, lifeline.end),
    )
    return _Pool(executor, lifeline)


_runner: tuple[str, Runner] | None = None


def _start_worker(threads: int, lifeline: Connection) -> None:
    hold_on(lifeline)
    os.environ["MEMEVAL_THREADS"] = str(threads)
    os.environ["OMP_NUM_THREADS"] = str(threads)


def _run(task: _Task, dialogue: Dialogue) -> DialogueResult:
    global _runner
    with working():
        if _runner is None or _runner[0] != task.scratch:
            if _runner is not None:
                _runner[1].close()
            notes = Path(task.scratch)
            _runner = (task.scratch, Runner(task.plan, Path(mkdtemp(dir=notes)), notes))
        return _runner[1].run(dialogue)
