"""Strategies with one fault each, driven by the real runner."""

import ctypes
import os
import signal
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from memeval.kit.errors import ModelError
from memeval.kit.types import Context, Query, Segment, Turn


class Keeper:
    """Shows the last turn, honestly; the base of the faulty ones."""

    def __init__(self) -> None:
        self.turns: list[Turn] = []

    def write(self, turns: Sequence[Turn]) -> None:
        self.turns += turns

    def read(self, query: Query, budget: int) -> Context:
        last = self.turns[-1]
        return Context([Segment("history", last.text, (last.id,))])


class UnknownSource(Keeper):
    def read(self, query: Query, budget: int) -> Context:
        return Context([Segment("memory", "made up", ("nowhere",))])


class FutureSource(Keeper):
    """Cites a turn of the dialogue that it has not been given yet."""

    def read(self, query: Query, budget: int) -> Context:
        return Context([Segment("memory", "a guess", (f"t{len(self.turns)}",), verbatim=False)])


class FalseVerbatim(Keeper):
    def read(self, query: Query, budget: int) -> Context:
        last = self.turns[-1]
        return Context([Segment("memory", last.text[:-3], (last.id,))])


class Overfull(Keeper):
    def read(self, query: Query, budget: int) -> Context:
        return Context([Segment("memory", "word " * budget + "end", (), verbatim=False)])


class FalseRanking(Keeper):
    def read(self, query: Query, budget: int) -> Context:
        from memeval.kit.types import Hit

        return Context((), [Hit("x", ("nowhere",), 1.0)])


class RaisesOnWrite(Keeper):
    def write(self, turns: Sequence[Turn]) -> None:
        super().write(turns)
        if len(self.turns) > 10:
            raise ValueError("cannot hold more than ten")


class RaisesAtLength(Keeper):
    """Repeats all that it was given, five million characters."""

    def read(self, query: Query, budget: int) -> Context:
        raise ValueError("cannot read " + "x" * 5_000_000 + " at all")


class RaisesOnRead(Keeper):
    def read(self, query: Query, budget: int) -> Context:
        if "number0" in query.text:
            raise ValueError("do not like zero")
        return super().read(query, budget)


class NeedsModel(Keeper):
    def write(self, turns: Sequence[Turn]) -> None:
        raise ModelError("the model is not there: install it")


class Slow(Keeper):
    """Takes its time, so that it can be killed in the middle."""

    def __init__(self, seconds: float = 0.1) -> None:
        super().__init__()
        self._seconds = seconds

    def read(self, query: Query, budget: int) -> Context:
        time.sleep(self._seconds)
        return super().read(query, budget)


class KillsWorker(Keeper):
    """Kills its process in dialogue `scope`, the first `times` times (counted in files of `folder`)."""

    def __init__(self, scope: str, victim: str, folder: str, times: int) -> None:
        super().__init__()
        self._doomed = scope == victim
        self._folder = Path(folder)
        self._times = times

    def write(self, turns: Sequence[Turn]) -> None:
        super().write(turns)
        deaths = len(list(self._folder.iterdir()))
        if self._doomed and deaths < self._times:
            (self._folder / f"death{deaths}").touch()
            os.kill(os.getpid(), signal.SIGKILL)


class Chunks:
    """Knows nothing, and reports how large the chunks were that it got."""

    def __init__(self) -> None:
        self._sizes: list[int] = []

    def write(self, turns: Sequence[Turn]) -> None:
        self._sizes.append(len(turns))

    def read(self, query: Query, budget: int) -> Context:
        return Context(())

    def stats(self) -> Mapping[str, float]:
        return {f"chunk{number}": size for number, size in enumerate(self._sizes)}


class Hangs(Keeper):
    """Never ends in one method: it waits, turns round in Python, swallows what is raised, or lets no thread run."""

    def __init__(self, scope: str, method: str, how: str, victim: str = "d1") -> None:
        super().__init__()
        self._method = method if scope == victim else None
        self._how = how
        self._maybe("__init__")

    def _maybe(self, method: str) -> None:
        if method != self._method:
            return
        if self._how == "waits":
            time.sleep(3600)
        elif self._how == "locks":
            threading.Semaphore(0).acquire()
        elif self._how == "turns":
            while True:
                pass
        elif self._how == "swallows":
            while True:
                try:
                    time.sleep(3600)
                except BaseException:
                    continue
        elif self._how == "alone":
            # With the lock of the interpreter in its hands.
            ctypes.PyDLL(None).sleep(3600)

    def prepare(self) -> None:
        self._maybe("prepare")

    def write(self, turns: Sequence[Turn]) -> None:
        self._maybe("write")
        super().write(turns)

    def read(self, query: Query, budget: int) -> Context:
        if self._method == "second read":
            self._method = "read"
        else:
            self._maybe("read")
        return super().read(query, budget)

    def stats(self) -> Mapping[str, float]:
        self._maybe("stats")
        return {"kept": float(len(self.turns))}

    def close(self) -> None:
        self._maybe("close")
