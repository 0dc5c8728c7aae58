"""The one table of memeval: what a column is called, what a person reads in a cell, and what a program reads.

`memeval.reports.layout` draws a grid for a terminal, `memeval.reports.export` writes it for files and programs.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

DASH = "–"

Value = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Cell:
    """One place of a table.

    Attributes:
        text: what a person reads: rounded, with a dash for what is missing. One line, as it stands in the data.
        value: what a program reads, with all digits and in the unit of the column; None for what is missing.
    """

    text: str
    value: Value = None


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table.

    Attributes:
        heading: what a person reads above it, a few short lines; without any it is for programs alone.
        name: what a program calls it; left out, the words of the heading.
        unit: of the values, not of the texts: `s` where a person reads milliseconds.
        is_text: it holds words, which stand at the left and may be folded between two words. Numbers stand at the
            right and are never folded.
    """

    heading: tuple[str, ...]
    name: str = ""
    unit: str = ""
    is_text: bool = False

    @property
    def key(self) -> str:
        """The name for programs, with the unit: `read p95 [s]`."""
        name = self.name or " ".join(self.heading)
        return f"{name} [{self.unit}]" if self.unit else name


@dataclass(frozen=True, slots=True)
class Line:
    """A row of a table.

    Attributes:
        cells: one for each column.
        style: colours of a terminal, in the words of rich; they carry nothing that the words do not say.
        apart: it is separated from the line above.
    """

    cells: tuple[Cell, ...]
    style: str = ""
    apart: bool = False


@dataclass(frozen=True, slots=True)
class Grid:
    """A table.

    Attributes:
        title: a line above it, or nothing.
        columns: from left to right.
        lines: from top to bottom.
        names: so many columns at the left name a line; they stand in front of each block of a table that is too wide.
        stacked: so many of the names stand on a line of their own above the lines that they are common to.
        key: what a program calls the table where a command has several.
    """

    title: str
    columns: tuple[Column, ...]
    lines: tuple[Line, ...]
    names: int = 1
    stacked: int = 0
    key: str = ""

    @property
    def texts(self) -> list[list[str]]:
        """What a person reads, line by line."""
        shown = self.shown
        return [[line.cells[index].text for index in shown] for line in self.lines]

    @property
    def shown(self) -> list[int]:
        """The columns that a person reads."""
        return [index for index, column in enumerate(self.columns) if column.heading]

    @property
    def records(self) -> list[dict[str, Value]]:
        """What a program reads, line by line."""
        keys = [column.key for column in self.columns]
        return [dict(zip(keys, (cell.value for cell in line.cells), strict=True)) for line in self.lines]


@dataclass(frozen=True, slots=True)
class Report:
    """What a command found: tables, what they say in words, and how to read them.

    Attributes:
        grids: for people.
        findings: sentences that a reader must not miss; they are printed beside every format.
        legend: how to read the tables.
        data: tables for programs where those for people round, leave out or repeat; without any `grids` are.
        first: a sentence above the tables, or nothing.
    """

    grids: tuple[Grid, ...]
    findings: tuple[str, ...] = ()
    legend: tuple[str, ...] = ()
    data: tuple[Grid, ...] = ()
    first: str = ""

    @property
    def one(self) -> Grid:
        """The one table for programs."""
        return joined(self.data or self.grids)


def together(reports: Sequence[Report]) -> Report:
    """Several reports as one."""
    return Report(
        tuple(grid for report in reports for grid in report.grids),
        tuple(dict.fromkeys(finding for report in reports for finding in report.findings)),
        tuple(dict.fromkeys(line for report in reports for line in report.legend)),
        tuple(grid for report in reports for grid in report.data or report.grids),
        " ".join(dict.fromkeys(report.first for report in reports if report.first)),
    )


def words(text: object, shown: str | None = None) -> Cell:
    """A cell of text; nothing is a missing value.

    Args:
        text: for programs, and for people where `shown` is left out.
        shown: for people.
    """
    value = None if text is None else str(text)
    return Cell((value or "") if shown is None else shown, value or None)


def number(value: float | None, text: str | None = None) -> Cell:
    """A cell of a number. Without a text a person reads it with thousands marked, and a dash where it is missing."""
    if text is None:
        text = DASH if value is None else f"{value:,}"
    return Cell(text, value)


def text_column(*heading: str, name: str = "") -> Column:
    """A column of words."""
    return Column(heading, name, is_text=True)


def hidden(name: str, unit: str = "", is_text: bool = True) -> Column:
    """A column for programs alone."""
    return Column((), name, unit, is_text)


def joined(grids: Sequence[Grid]) -> Grid:
    """One table for programs: the lines of all tables below each other, empty where a table lacks a column.

    The first column says which table a line is of, where there are several kinds.
    """
    if len(grids) == 1:
        return grids[0]
    several = len({grid.key for grid in grids}) > 1
    columns: dict[str, Column] = {}
    for grid in grids:
        for column in grid.columns:
            columns.setdefault(column.key, column)
    lines = []
    for grid in grids:
        places = {column.key: place for place, column in enumerate(grid.columns)}
        for line in grid.lines:
            cells = (line.cells[places[key]] if key in places else Cell("") for key in columns)
            lines.append(Line((*((words(grid.key),) if several else ()), *cells)))
    first = (hidden("table"),) if several else ()
    return Grid("", (*first, *columns.values()), tuple(lines))


def of_records(records: Iterable[Mapping[str, Value]], texts: Iterable[str] = ()) -> Grid:
    """A table for programs from mappings with the same keys.

    Args:
        records: one mapping a line.
        texts: keys of words; those of other keys whose values are words are found.
    """
    found = list(records)
    named = set(texts)
    columns = [
        hidden(key, is_text=key in named or any(isinstance(record[key], str) for record in found))
        for key in (found[0] if found else ())
    ]
    return Grid("", tuple(columns), tuple(Line(tuple(Cell("", value) for value in each.values())) for each in found))
