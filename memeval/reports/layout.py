"""Draws tables and sentences for a terminal of any width: no number and no word is ever torn.

What does not fit is arranged anew, in this order: headings are folded between words; columns of words are folded
between words; columns move into a block below, behind the names of the lines; the names stand on a line of their own. A
number or a word that is wider than the terminal alone sticks out.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from textwrap import wrap

from rich.cells import cell_len

from memeval.kit.escaping import shown
from memeval.reports.grid import Grid, Report

# Between two columns.
_GAP = 2
# Of lines below the names that they have in common.
_INDENT = 2
# A column of words is not made narrower than this as long as others can give way.
_READABLE = 24
# A heading of this length may be broken behind a hyphen.
_LONG = 12


@dataclass(frozen=True, slots=True)
class Drawn:
    """A line of the screen and its colours, in the words of rich."""

    text: str
    style: str = ""


@dataclass(frozen=True, slots=True)
class _Laid:
    """A column with its texts as they can be shown.

    Attributes:
        place: in the grid.
        heading: as it is given, and folded at each place where it may be.
        cells: without anything that acts on a terminal.
        wide, narrow: how many places it takes as it is, and at least.
    """

    place: int
    is_text: bool
    heading: list[str]
    pieces: list[str]
    cells: list[str]
    wide: int
    narrow: int

    @property
    def folded(self) -> int:
        """With its heading folded and its cells whole."""
        return max(map(cell_len, [*self.pieces, *self.cells]), default=0)


def report_lines(report: Report, width: int, rules: bool, fold: bool = True) -> Iterator[Drawn]:
    """Tables, findings and legend.

    Args:
        report: what to draw.
        width: of the screen.
        rules: lines below headings and between groups; else an empty line between groups.
        fold: fold sentences, too.
    """
    for line in folded(report.first, width if fold else None) if report.first else ():
        yield Drawn(line)
    for number, grid in enumerate(report.grids):
        if number:
            yield Drawn("")
        yield from grid_lines(grid, width, rules, fold)
    sentences = [(sentence, "") for sentence in report.findings] + [(line, "dim") for line in report.legend]
    if sentences and report.grids:
        yield Drawn("")
    for sentence, style in sentences:
        for line in folded(sentence, width if fold else None):
            yield Drawn(line, style)


def grid_lines(grid: Grid, width: int, rules: bool, fold: bool = True) -> Iterator[Drawn]:
    """A table with its title.

    Args:
        grid: what to draw.
        width: of the screen.
        rules: lines below headings and between groups; else an empty line between groups.
        fold: fold the title, too.
    """
    for line in folded(grid.title, width if fold else None) if grid.title else ():
        yield Drawn(line, "bold")
    if not grid.lines:
        return
    columns = [_laid(grid, place) for place in grid.shown]
    names = sum(column.place < grid.names for column in columns)
    stacked = sum(column.place < grid.stacked for column in columns)
    blocks = list(_blocks(columns, names, stacked, width))
    for number, (above, block, widths) in enumerate(blocks):
        if number:
            yield Drawn("")
        figures = [column for column in block if column.place >= grid.names]
        # A line that has nothing in this block stands in another one.
        lines = [
            place
            for place in range(len(grid.lines))
            if len(blocks) == 1 or any(column.cells[place] for column in figures)
        ]
        yield from _block(grid, lines, above, block, widths, width, rules)


def folded(text: str, width: int | None) -> list[str]:
    """A text in lines of at most `width`, broken between words; what would act on a terminal is in sight.

    Args:
        text: with line breaks of its own, which are kept.
        width: None to break nothing.
    """
    lines = shown(text, lines=True).split("\n")
    return lines if width is None else [part for line in lines for part in _wrapped(line, width)]


def _wrapped(text: str, width: int) -> list[str]:
    """As `textwrap` does, but counting the places that the signs of all scripts take."""
    if cell_len(text) <= width:
        return [text]
    indent = text[: len(text) - len(text.lstrip(" "))]
    if len(text) == cell_len(text):
        return wrap(text, max(width, 1), subsequent_indent=indent, break_long_words=False, break_on_hyphens=False) or [
            text
        ]
    return [indent * (number > 0) + line for number, line in enumerate(_packed(text.split(" "), width, " "))]


def _packed(pieces: Sequence[str], width: int, between: str) -> list[str]:
    """Pieces in as few lines of at most `width` as keep their order."""
    lines: list[str] = []
    for piece in pieces:
        if lines and cell_len(f"{lines[-1]}{between}{piece}") <= width:
            lines[-1] += f"{between}{piece}"
        else:
            lines.append(piece)
    return lines


def _pieces(heading: str) -> list[str]:
    """A line of a heading in the parts that it may be broken into."""
    found = []
    for word in heading.split(" "):
        head, hyphen, tail = word.rpartition("-")
        found += [head + hyphen, tail] if len(word) > _LONG and hyphen and tail else [word]
    return found


def _laid(grid: Grid, place: int) -> _Laid:
    column = grid.columns[place]
    heading = [shown(line) for line in column.heading]
    pieces = [piece for line in heading for piece in _pieces(line)]
    cells = [shown(line.cells[place].text) for line in grid.lines]
    parts = [word for cell in cells for word in cell.split(" ")] if column.is_text else cells
    wide = max(map(cell_len, [*heading, *cells]), default=0)
    narrow = max(map(cell_len, [*pieces, *parts]), default=0)
    return _Laid(place, column.is_text, heading, pieces, cells, wide, narrow)


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + _GAP * max(0, len(widths) - 1)


def _blocks(
    columns: Sequence[_Laid], names: int, stacked: int, width: int
) -> Iterator[tuple[Sequence[_Laid], Sequence[_Laid], list[int]]]:
    """Columns that stand above their lines, columns beside each other, and their widths; for each block."""
    above, beside = columns[:stacked], columns[stacked:]
    width -= _INDENT if above else 0
    widths = _fitting(beside, width)
    if widths is not None:
        yield above, beside, widths
        return
    first, figures = columns[stacked:names], list(columns[names:])
    if not figures:
        yield above, beside, [column.narrow for column in beside]
        return
    while figures:
        count = len(figures)
        while count and _fitting([*first, *figures[:count]], width) is None:
            count -= 1
        if count or not first:
            block = [*first, *figures[: max(count, 1)]]
            yield above, block, _fitting(block, width) or [column.narrow for column in block]
        else:
            # The names leave no room for the next figure: they stand above their lines.
            count = len(figures)
            while count > 1 and _fitting(figures[:count], width - _INDENT) is None:
                count -= 1
            block = figures[:count]
            yield columns[:names], block, _fitting(block, width - _INDENT) or [column.narrow for column in block]
        figures = figures[max(count, 1) :]


def _fitting(columns: Sequence[_Laid], width: int) -> list[int] | None:
    """Widths at which the columns fit beside each other; None where they do not."""
    widths = [column.wide for column in columns]
    if _total(widths) <= width:
        return widths
    widths = [column.folded for column in columns]
    for least in (_READABLE, 0):
        excess = _total(widths) - width
        while excess > 0:
            # The widest column of words gives way first.
            able = [
                (widths[index], index)
                for index, column in enumerate(columns)
                if column.is_text and widths[index] > max(column.narrow, least)
            ]
            if not able:
                break
            _, index = max(able)
            widths[index] -= 1
            excess -= 1
        if excess <= 0:
            return widths
    return None


def _block(
    grid: Grid,
    lines: Sequence[int],
    above: Sequence[_Laid],
    block: Sequence[_Laid],
    widths: Sequence[int],
    width: int,
    rules: bool,
) -> Iterator[Drawn]:
    indent = " " * _INDENT if above else ""
    total = min(width, _total(widths) + len(indent))
    headings = [
        column.heading
        if max(map(cell_len, column.heading), default=0) <= room
        else [line for part in column.heading for line in _broken(part, room)]
        for column, room in zip(block, widths, strict=True)
    ]
    if above:
        title = _packed([" ".join(column.heading) for column in above], width, " " * _GAP)
        yield from (Drawn(line, "bold") for line in title)
    depth = max(map(len, headings), default=0)
    for level in range(depth):
        # Headings stand on the line below them.
        parts = [each[level - depth + len(each)] if level >= depth - len(each) else "" for each in headings]
        yield Drawn(indent + _beside(block, parts, widths).rstrip(), "bold")
    if rules:
        yield Drawn("─" * total)
    previous: list[str] = []
    apart = False
    for number, line in enumerate(grid.lines):
        apart = apart or (line.apart and number > 0)
        if number not in lines:
            continue
        if apart:
            yield Drawn("─" * total if rules else "")
        apart = False
        names = [column.cells[number] for column in above]
        if above and names != previous:
            packed = _packed([name for name in names if name], width, " " * _GAP)
            yield from (Drawn(part, line.style) for text in packed for part in _wrapped(text, width))
            previous = names
        cells = [
            _wrapped(column.cells[number], room) if column.is_text else [column.cells[number]]
            for column, room in zip(block, widths, strict=True)
        ]
        for level in range(max(map(len, cells), default=0)):
            parts = [each[level] if level < len(each) else "" for each in cells]
            yield Drawn(indent + _beside(block, parts, widths).rstrip(), line.style)


def _broken(heading: str, width: int) -> list[str]:
    """A line of a heading, broken where it may be, into as few lines as fit."""
    lines: list[str] = []
    for piece in _pieces(heading):
        between = "" if lines and lines[-1].endswith("-") else " "
        if lines and cell_len(f"{lines[-1]}{between}{piece}") <= width:
            lines[-1] += f"{between}{piece}"
        else:
            lines.append(piece)
    return lines


def _beside(block: Sequence[_Laid], parts: Sequence[str], widths: Sequence[int]) -> str:
    padded = []
    for column, part, room in zip(block, parts, widths, strict=True):
        space = " " * (room - cell_len(part))
        padded.append(part + space if column.is_text else space + part)
    return (" " * _GAP).join(padded)
