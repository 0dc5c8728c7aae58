"""Shared by the scripts of this folder: run commands in turn, take their time and peak memory, print a small table.

On a shared machine an absolute time says little, so everything is measured several times, in turn with what it is
compared with, and judged by the ratio of the medians.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

MEMEVAL = (sys.executable, "-m", "memeval.cli")
# `ru_maxrss` is in kibibytes on Linux and in bytes on macOS.
_RSS_UNIT = 1 if sys.platform == "darwin" else 1024
# Installed packages are compiled once. Where Python is told not to keep what it has compiled, every import would be
# compiled again at each start: then it is kept in a folder of its own.
_BYTECODE = (
    {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(Path(tempfile.gettempdir()) / "memeval-speed-bytecode")}
    if sys.dont_write_bytecode
    else {}
)


@dataclass(frozen=True, slots=True)
class Measured:
    """One execution of a command: wall clock, processor seconds, highest resident memory in bytes, what it printed."""

    seconds: float
    processor: float
    peak: int
    printed: str


def execute(command: Sequence[str], variables: Mapping[str, str] | None = None) -> Measured:
    """Run a command to its end with the further environment `variables`.

    Raises:
        SystemExit: the command failed; what it wrote to stderr is shown.
    """
    with TemporaryDirectory(prefix="memeval-speed-") as folder:
        out, err = Path(folder) / "out", Path(folder) / "err"
        environment = {**os.environ, **_BYTECODE, **(variables or {})}
        with out.open("wb") as stdout, err.open("wb") as stderr:
            start = time.perf_counter()
            process = subprocess.Popen(command, stdout=stdout, stderr=stderr, env=environment)
            # wait4 gives this child's own usage; getrusage(RUSAGE_CHILDREN) would give the largest of all so far.
            _, status, usage = os.wait4(process.pid, 0)
            seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            raise SystemExit(f"{' '.join(command)} ended with {process.returncode}:\n{err.read_text()}")
        return Measured(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * _RSS_UNIT, out.read_text())


def in_turn(jobs: Mapping[str, Callable[[], Measured]], times: int, warm_up: bool = True) -> dict[str, list[Measured]]:
    """Do all jobs one after the other, `times` times over, with `warm_up` after a round that is not counted."""
    if warm_up:
        for job in jobs.values():
            job()
    found: dict[str, list[Measured]] = {name: [] for name in jobs}
    for _ in range(times):
        for name, job in jobs.items():
            found[name].append(job())
    return found


def seconds(runs: Sequence[Measured]) -> float:
    """Median wall clock."""
    return median(run.seconds for run in runs)


def processor(runs: Sequence[Measured]) -> float:
    """Median processor seconds; what other processes do to the clock touches them less."""
    return median(run.processor for run in runs)


def printed(runs: Sequence[Measured]) -> tuple[float, float]:
    """Medians of the wall clock and the processor seconds that a script took of itself and printed as its last line."""
    pairs = [run.printed.splitlines()[-1].split() for run in runs]
    return median(float(wall) for wall, _ in pairs), median(float(cpu) for _, cpu in pairs)


def peak(runs: Sequence[Measured]) -> int:
    """Highest memory of all runs, in bytes."""
    return max(run.peak for run in runs)


def say(text: str = "") -> None:
    """Print a line at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def say_runs(found: Mapping[str, Sequence[Measured]]) -> None:
    """A line for each command: wall clock (median, range), processor seconds, peak memory."""
    width = max(map(len, found))
    say(f"{'':{width}}   median    least     most  processor     peak")
    for name, runs in found.items():
        times = [run.seconds for run in runs]
        say(
            f"{name:{width}}  {median(times):5.2f} s  {min(times):5.2f} s  {max(times):5.2f} s  "
            f"{median(run.processor for run in runs):7.2f} s  {peak(runs) / 1e6:4.0f} MB"
        )


class Clock:
    """A stopwatch for the loop inside a script, whose reading `printed` understands."""

    def __init__(self) -> None:
        """Start."""
        self._wall, self._processor = time.perf_counter(), time.process_time()

    def say(self) -> None:
        """Print wall clock and processor seconds since the start."""
        say(f"{time.perf_counter() - self._wall:.4f} {time.process_time() - self._processor:.4f}")


def verdict_net(
    whole: Sequence[Measured], startup: Sequence[Measured], bare: Sequence[Measured], limit: float, name: str
) -> bool:
    """Judge (whole command - start-up) / bare loop by the wall clock; says it in processor seconds, too.

    Args:
        whole: runs of the command.
        startup: runs of what is taken for its start-up.
        bare: runs of a script that prints the reading of a `Clock`.
        limit: of the ratio.
        name: what was taken for start-up.
    """
    wall, cpu = printed(bare)
    net, net_cpu = seconds(whole) - seconds(startup), processor(whole) - processor(startup)
    say(f"start-up = {name}; in processor seconds {net_cpu:.2f} s / {cpu:.2f} s = {net_cpu / cpu:.2f}")
    return verdict(f"  (whole - start-up) / bare loop = {net:.2f} s / {wall:.2f} s", net / wall, limit)


def verdict(what: str, value: float, limit: float, unit: str = "") -> bool:
    """Say whether `value` keeps within `limit`; returns it."""
    kept = value <= limit
    say(f"{what}: {value:.2f}{unit} (at most {limit:g}{unit}): {'OK' if kept else 'MISSED'}")
    return kept


def data_file(*parts: str) -> Path:
    """A file of the folder named by MEMEVAL_DATA.

    Raises:
        SystemExit: it is not there.
    """
    folder = os.environ.get("MEMEVAL_DATA")
    if not folder:
        raise SystemExit("set MEMEVAL_DATA to the folder with the real data (it holds locomo/locomo10.json)")
    path = Path(folder).joinpath(*parts)
    if not path.is_file():
        raise SystemExit(f"{path} is missing: set MEMEVAL_DATA to the folder that holds {'/'.join(parts)}")
    return path
