"""Signals that end a command: each comes as Ctrl-C does, so that what a command holds is let go."""

import signal
import time
from types import FrameType

# What a system or a container asks for, and what a closed terminal sends.
_NAMES = ("SIGTERM", "SIGHUP")
# A signal that comes again while a command lets go of what it holds would cut that short.
_PATIENCE = 30.0


class Ended(KeyboardInterrupt):
    """A signal other than that of Ctrl-C.

    Attributes:
        number: of the signal.
    """

    def __init__(self, number: int) -> None:
        """Keep the number."""
        super().__init__(signal.Signals(number).name)
        self.number = number


class _Handler:
    def __init__(self) -> None:
        self._first: float | None = None

    def __call__(self, number: int, frame: FrameType | None) -> None:
        now = time.monotonic()
        if self._first is not None and now < self._first + _PATIENCE:
            return
        self._first = now
        raise Ended(number)


def end_as_by_ctrl_c() -> None:
    """Let SIGTERM and SIGHUP raise as Ctrl-C does. What a caller ignores (nohup) or handles itself stays so."""
    handler = _Handler()
    for name in _NAMES:
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, handler)


def code_of(error: KeyboardInterrupt) -> int:
    """The exit code of a command that a signal has ended: 128 and the signal's number, as shells have it."""
    return 128 + (error.number if isinstance(error, Ended) else signal.SIGINT)


def sentence(error: KeyboardInterrupt) -> str:
    """What is said of it."""
    how = f"ended by {signal.Signals(error.number).name}" if isinstance(error, Ended) else "interrupted"
    return f"memeval: {how}; the same command goes on where it stopped"
