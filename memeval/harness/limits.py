"""A limit for each call of a plug-in: what hangs is broken off, and named.

A thread looks at the clock. A call that takes too long gets an exception, which ends whatever Python code or wait it is
at. In a worker process there are two more steps. A call that does not end by the exception ends the process, after a
note for the process that started it. So does one that lets no other thread run, by a timer of the C library.
"""

import ctypes
import faulthandler
import mmap
import os
import signal
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any

from memeval.kit.errors import CallTimedOut

# A signal that nobody uses. It comes from the thread, not from a timer.
_SIGNAL = signal.SIGVTALRM
_LONGEST_PAUSE = 1.0
# What a call may take to end once it has got the exception.
_GRACE = 5.0
_NOTE, _DUMP = "late-", "stuck-"
_NOTE_BYTES = 4096
_NO_NAME = "a plug-in"


class Limits:
    """No limit: what is called takes as long as it takes."""

    def call(self, name: str, dialogue: str, question: str | None = None, times: int = 1) -> "Call":
        """Around a call of a plug-in.

        Args:
            name: of the method.
            dialogue: for the message.
            question: for the message; None for a call that no question makes.
            times: how many calls the block makes one after the other.
        """
        return _UNLIMITED


class Call:
    """A block that nothing limits."""

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None


_UNLIMITED = Call()


class _Limited(Call):
    """A block with a deadline."""

    __slots__ = ("deadline", "late", "limits", "names", "outer", "seconds", "thread")

    def __init__(self, limits: "Timed", seconds: float, names: tuple[str, str, str | None]) -> None:
        self.limits = limits
        self.seconds = seconds
        self.names = names
        self.late = False

    def __enter__(self) -> None:
        self.thread = threading.get_ident()
        self.deadline = time.monotonic() + self.seconds
        # A call may make others: strategies are built anew while they forget.
        self.outer = self.limits.current
        self.limits.current = self
        if self.limits.note is not None:
            self.limits.note.write(self)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.limits.end(self)
        if isinstance(error, CallTimedOut):
            error.args = (self.said(),)

    def said(self) -> str:
        name, dialogue, question = self.names
        where = f"question {question} of dialogue {dialogue}" if question is not None else f"dialogue {dialogue}"
        return f"{self.limits.plugin} took more than timeout={self.limits.seconds:g} s in {name}(), {where}"


class Timed(Limits):
    """Each call has `seconds`."""

    def __init__(self, seconds: float, memory: Mapping[str, Any], notes: Path | None = None) -> None:
        """Start to look.

        Args:
            seconds: for a call.
            memory: node of the memory, for its name.
            notes: in a worker process, where the process that started it looks for notes; None in that process itself,
                which nothing ends.
        """
        self.seconds = seconds
        self.plugin = name_of(memory)
        self.current: _Limited | None = None
        self._notes = notes
        self.note = None if notes is None else _Note(notes / f"{_NOTE}{os.getpid()}")
        self._lock = threading.Lock()
        self._pause = min(_LONGEST_PAUSE, seconds / 10)
        self._dump = None if notes is None else (notes / f"{_DUMP}{os.getpid()}").open("w")
        self._before: Any = None
        self._stop = threading.Event()
        self._wind_up()
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(_SIGNAL, self._break_off)
        threading.Thread(target=self._look, daemon=True).start()

    def call(self, name: str, dialogue: str, question: str | None = None, times: int = 1) -> Call:
        """Around a call: see `Limits.call`."""
        return _Limited(self, times * self.seconds, (name, dialogue, question))

    def end(self, call: _Limited) -> None:
        """The block of a call is over."""
        with self._lock:
            self.current = call.outer
            if self.note is not None:
                self.note.write(call.outer)
            if call.late and call.thread != threading.main_thread().ident:
                # What has not arrived yet would hit somebody else.
                _raise_in(call.thread, None)

    def close(self) -> None:
        """Look no more."""
        self._stop.set()
        if self._dump is not None:
            faulthandler.cancel_dump_traceback_later()
            self._dump.close()
        if self._before is not None:
            signal.signal(_SIGNAL, self._before)

    def _break_off(self, number: int, frame: FrameType | None) -> None:
        call = self.current
        if call is not None and time.monotonic() >= call.deadline:
            raise CallTimedOut

    def _look(self) -> None:
        again = 0.0
        poked: _Limited | None = None
        while not self._stop.wait(self._pause):
            self._wind_up()
            call, now = self.current, time.monotonic()
            if call is None or now < call.deadline:
                continue
            if call is not poked or now > again:
                again, poked = now + _GRACE / 2, call
                self._interrupt(call)
            if self._notes is not None and now > call.deadline + _GRACE:
                _write_late(self._notes)
                os._exit(1)

    def _wind_up(self) -> None:
        """Let the C library end the process where this thread gets no turn to wind it up again."""
        if self._dump is not None:
            with suppress(ValueError):
                faulthandler.dump_traceback_later(self.seconds + 2 * _GRACE, exit=True, file=self._dump)

    def _interrupt(self, call: _Limited) -> None:
        with self._lock:
            if self.current is not call:
                return
            call.late = True
            if call.thread == threading.main_thread().ident:
                signal.pthread_kill(call.thread, _SIGNAL)
            else:
                _raise_in(call.thread, CallTimedOut)


def _write_late(notes: Path) -> None:
    with suppress(OSError):
        (notes / f"{_DUMP}{os.getpid()}").write_text("late")


class _Note:
    """What is called, in a file that stays when the process ends. It lies in memory: each call writes it."""

    def __init__(self, path: Path) -> None:
        path.write_bytes(bytes(_NOTE_BYTES))
        with path.open("r+b") as file:
            self._bytes = mmap.mmap(file.fileno(), _NOTE_BYTES)

    def write(self, call: _Limited | None) -> None:
        text = b"" if call is None else "\0".join((call.names[1], call.said())).encode("utf-8", "replace")
        text = text[: _NOTE_BYTES - 2] + b"\0\0"
        self._bytes[: len(text)] = text


def late_ones(notes: Path) -> dict[str, str]:
    """By dialogue what worker processes were at that ended because of a limit; the notes are removed."""
    found = {}
    for dump in list(notes.glob(f"{_DUMP}*")):
        note = notes / dump.name.replace(_DUMP, _NOTE)
        with suppress(OSError):
            if dump.stat().st_size:
                dialogue, said, *_ = note.read_bytes().decode("utf-8", "replace").split("\0")
                found[dialogue] = f"CallTimedOut: {said}; its process was ended"
                note.unlink()
                dump.unlink()
    return found


def name_of(memory: Mapping[str, Any]) -> str:
    """The classes of a memory's node, e.g. `SlidingWindow + BM25`."""
    nodes = [memory.get("window"), memory.get("retriever")] if "window" in memory else [memory]
    names = [str(node.get("_target_") or "").rpartition(".")[2] for node in nodes if isinstance(node, Mapping)]
    return " + ".join(filter(None, names)) or _NO_NAME


def _raise_in(thread: int, kind: type[BaseException] | None) -> None:
    set_exception: Callable[..., int] = ctypes.pythonapi.PyThreadState_SetAsyncExc
    set_exception(ctypes.c_ulong(thread), None if kind is None else ctypes.py_object(kind))
