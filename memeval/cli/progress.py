"""The progress bar: runs, dialogues and questions; silent when not on a terminal."""

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
from memeval.kit.errors import ConfigError
from memeval.kit.types import DialogueRecord

CHOICES = ("auto", "on", "off")


class Bars:
    """A bar over the cells of a sweep and one over the dialogues of the current cell."""

    def __init__(self, mode: str, cells: int) -> None:
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
        self._cells = self._bars.add_task("runs", total=cells, unit="runs", visible=cells > 1)
        self._dialogues: TaskID | None = None

    def start(self, name: str) -> None:
        """A cell begins."""
        if self._dialogues is not None:
            self._bars.remove_task(self._dialogues)
        self._dialogues = self._bars.add_task(name, total=None, unit="dialogues")

    def __call__(self, record: DialogueRecord | None, total: int) -> None:
        """As `run_plan` calls it."""
        if self._dialogues is not None:
            self._bars.update(self._dialogues, total=total, advance=0 if record is None else 1)

    def end(self) -> None:
        """A cell is done."""
        self._bars.advance(self._cells)

    def __enter__(self) -> "Bars":
        """Start drawing."""
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop drawing."""
        self._bars.stop()
