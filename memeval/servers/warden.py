"""A program of its own that ends a server whose starter was killed: SIGKILL lets nobody clear up.

It reads from a pipe that its starter holds. The first line is the server's process id, `done` means that the server was
stopped in order. Where the pipe ends without that, the server and all that it started are killed. It imports nothing of
memeval, so that it starts at once. The server's folder goes with the next sweep of temporary folders.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path


def kill(pid: int) -> None:
    """Kill a process with its children, which may answer for a while; some have left its group."""
    for each in (*children(pid), pid):
        with suppress(ProcessLookupError):
            os.kill(each, signal.SIGKILL)
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)


def children(pid: int) -> list[int]:
    """Processes that this one has started, and theirs."""
    found = [pid]
    parents = list(_parents())
    for parent in found:
        found += [child for child, above in parents if above == parent]
    return found[1:]


def _parents() -> Iterator[tuple[int, int]]:
    """All processes with their parents, as Linux or else ps tells them."""
    stats = list(Path("/proc").glob("[0-9]*/stat"))
    for path in stats:
        with suppress(OSError):
            # The name in parentheses may hold anything.
            yield int(path.parent.name), int(path.read_text().rpartition(")")[2].split()[1])
    if not stats:
        told = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True).stdout
        yield from ((int(child), int(parent)) for child, parent in map(str.split, told.splitlines()))


def main() -> None:
    """Wait for the end of the pipe."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    lines = sys.stdin.read().split()
    if lines and lines[-1] != "done":
        kill(int(lines[0]))


if __name__ == "__main__":
    main()
