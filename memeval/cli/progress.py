"""What a sweep tells the user while it runs: progress bars on a terminal, and a line for what is left out."""

import sys
from types import TracebackType

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from memeval.cli import console
from memeval.kit.errors import ConfigError, MemevalError
from memeval.kit.types import DialogueRecord

CHOICES = ("auto", "on", "off")


class Bars:
    """The command line's listener: a bar over the runs of a sweep and one over the dialogues of a run."""

    def __init__(self, mode: str) -> None:
        """Show bars if `mode` is on, or auto and standard error is a terminal.

        Raises:
            ConfigError: another mode.
        """
        if mode not in CHOICES:
            raise ConfigError(f"progress={mode!r} is unknown: choose progress= one of {', '.join(CHOICES)}")
        self._bars = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[unit]}", markup=False),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=console.Plain(stderr=True, force_terminal=True if mode == "on" else None),
            disable=not (mode == "on" or (mode == "auto" and sys.stderr.isatty())),
            transient=True,
        )
        self._cells = self._bars.add_task("runs", total=None, unit="runs", visible=False)
        self._dialogues: TaskID | None = None
        self._stopped = False

    def started(self, run_id: str, total: int) -> None:
        """Show a bar for the run, and one for the sweep where it has several."""
        self._bars.update(self._cells, total=total, visible=total > 1)
        if self._dialogues is not None:
            self._bars.remove_task(self._dialogues)
        self._dialogues = self._bars.add_task(run_id, total=None, unit="dialogues")

    def dialogue(self, record: DialogueRecord | None, total: int) -> None:
        """Move the bar of the run."""
        if self._dialogues is not None:
            self._bars.update(self._dialogues, total=total, advance=0 if record is None else 1)

    def finished(self, run_id: str) -> None:
        """Move the bar of the sweep."""
        self._bars.advance(self._cells)

    def skipped(self, sentence: str) -> None:
        """Say what is left out, and why."""
        console.notes().print(f"memeval: {sentence}", markup=False)

    def stopped(self, run_id: str, error: MemevalError) -> None:
        """Say what ended a run."""
        self._stopped = True
        console.notes().print(f"memeval: {run_id}: {error}", markup=False)

    def __enter__(self) -> "Bars":
        """Start drawing."""
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop drawing."""
        self._bars.stop()
        if self._stopped and error is None:
            console.notes().print(
                "memeval: some runs of the sweep were stopped (see above); the table has the others", markup=False
            )
