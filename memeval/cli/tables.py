"""Where a command's tables go: the options that all commands with tables have, and what they do."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from memeval.cli import console, words
from memeval.cli.words import Given, Option
from memeval.reports.export import DATA_FORMATS, FORMATS, format_of, text_of, write
from memeval.reports.grid import Report, together
from memeval.reports.layout import Drawn, report_lines

RESULTS = words.path("results", Path("results/runs"), "folder of the stored runs", "FOLDER")
FORMAT: Option[str | None] = words.text(
    "format", None, f"of the tables, {', '.join(FORMATS)}; left out, what the ending of out= says", "NAME"
)
STRICT = words.flag(
    "strict",
    "exit code 1 where a line below the tables says that something was skipped, cut, left empty, not judged or done in "
    "a lesser way",
)
OUT: Option[Path | None] = words.path("out", None, "write the tables into this file and not to the screen")


class Output:
    """Prints tables and sentences of one command, or writes the tables into a file."""

    def __init__(self, given: Given) -> None:
        """Take what was typed.

        Raises:
            ConfigError: an unknown format, or one that does not go to the screen. Said before anything is computed.
        """
        console.be_strict(given[STRICT])
        self._out = given[OUT]
        self._form = format_of(given[FORMAT], self._out)

    @property
    def is_screen(self) -> bool:
        """Whether tables go to the screen as a person reads them, so that other lines may stand between them."""
        return self._out is None and self._form == "terminal"

    def report(self, reports: Sequence[Report]) -> None:
        """Print or write reports; beside a table for programs, its findings go to standard error.

        Raises:
            RecordsError: the file cannot be written.
        """
        for report in reports:
            console.note(report.findings)
        if self.is_screen:
            screen = sys.stdout.isatty()
            for place, report in enumerate(reports):
                console.show([Drawn("")] if place else [])
                lines = report_lines(report, console.width(), rules=screen, fold=screen or "COLUMNS" in os.environ)
                console.show(lines)
            return
        whole = together(reports)
        if self._out is not None:
            write(whole, self._form, self._out)
        else:
            sys.stdout.write(text_of(whole, self._form))
        if self._form in DATA_FORMATS:
            for finding in whole.findings:
                console.notes().print(f"memeval: {finding}")

    def say(self, line: str) -> None:
        """A line beside the tables: on standard output, unless that holds a table of another format."""
        if self._out is None and not self.is_screen:
            console.notes().print(line)
        else:
            console.out().print(line, soft_wrap=True)
