"""Worker processes end with the process that started them, however that one ends.

A pipe goes from it to each worker. Nothing is ever sent: the pipe ends when the process closes its side or dies, which
SIGKILL does too.
"""

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection

# A worker's parent is looked at, too: a process that the parent forked off may hold the pipe open.
_LOOK_SECONDS = 1.0
# What a worker may take to remove what it made at servers.
_GRACE_SECONDS = 10.0


class Lifeline:
    """The side of the process that starts workers. `end` is what each worker gets."""

    def __init__(self) -> None:
        """Open it."""
        self.end, self._hand = multiprocessing.Pipe(duplex=False)

    def cut(self) -> None:
        """Let all workers end; more than once is fine."""
        self._hand.close()
        self.end.close()


_ending = False
_at_work = False


def hold_on(lifeline: Connection) -> None:
    """Called in a worker: watch the pipe from now on."""
    threading.Thread(target=_watch, args=(lifeline, os.getppid()), daemon=True).start()


def _watch(lifeline: Connection, parent: int) -> None:
    global _ending
    while not lifeline.poll(_LOOK_SECONDS) and os.getppid() == parent:
        pass
    _ending = True
    deadline = time.monotonic() + _GRACE_SECONDS
    if _at_work:
        # As Ctrl-C does, also in a call that waits.
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
    # A parent that lives ends its workers in order, once all of them have cleared up.
    while (_at_work or os.getppid() == parent) and time.monotonic() < deadline:
        time.sleep(0.01)
    os._exit(1)


@contextmanager
def working() -> Iterator[None]:
    """Around what a worker does: it is interrupted, and may clear up, before the worker ends."""
    global _at_work
    _at_work = True
    try:
        if _ending:
            raise KeyboardInterrupt
        yield
    finally:
        _at_work = False
