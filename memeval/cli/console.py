"""What all commands print with."""

import os
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

from memeval.kit.escaping import log_line, shown
from memeval.reports.gap import Gap

if TYPE_CHECKING:
    from memeval.records.runs import Run
    from memeval.reports.layout import Drawn

# Of a table that goes into a pipe or a file.
WIDTH = 200


class Plain(Console):
    """A console that takes nothing for markup, and shows what would act on the terminal or on the log of a CI job.

    Names and texts of data are printed by every command. Tables should call `shown` for them before they are laid out,
    so that columns are as wide as what they hold; what did not is shown here all the same.
    """

    def __init__(self, **options: Any) -> None:
        """Take the options of rich's console."""
        super().__init__(markup=False, emoji=False, highlight=False, **options)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """As rich does, segment by segment."""
        begins = True
        for segment in super().render(renderable, options):
            if segment.control:
                yield segment
                continue
            first, *others = shown(segment.text, lines=True).split("\n")
            text = "\n".join([log_line(first) if begins else first, *map(log_line, others)])
            begins = text.endswith("\n")
            yield segment._replace(text=text)


def out() -> Console:
    """Standard output; wide when it is not a terminal, so that tables in files and logs are not broken."""
    return Plain(soft_wrap=False) if sys.stdout.isatty() else Plain(width=200)


def notes() -> Console:
    """Standard error, for what is said beside the result."""
    return Plain(stderr=True, soft_wrap=True)


def discard_output() -> None:
    """Send standard output nowhere: its reader is gone, which Python would report at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


# What the command that runs has said to be missing, and whether that is to end it with 1.
_missing: list[str] = []
_strict: list[bool] = []


def missing() -> list[str]:
    """The sentences about something missing that were printed since the last call."""
    said = list(_missing)
    _missing.clear()
    return said


def be_strict(asked: bool) -> None:
    """Whether `--strict` was typed: the command then ends with 1 where something is missing."""
    _strict[:] = [asked]


def is_strict() -> bool:
    """Whether `--strict` was typed since the last call."""
    asked = any(_strict)
    _strict.clear()
    return asked


def note(sentences: "Iterable[str]") -> list[str]:
    """The sentences, which are about to be printed; those about something missing count for `--strict`."""
    said = list(sentences)
    _missing.extend(sentence for sentence in said if isinstance(sentence, Gap))
    return said


def say(sentences: "Iterable[str]") -> None:
    """Print sentences below a table."""
    for sentence in note(sentences):
        out().print(sentence, soft_wrap=True)


def pass_over(unfinished: "Iterable[Run]") -> None:
    """Say which runs are left out."""
    for run in unfinished:
        for sentence in note([Gap(f"memeval: {run.id} is not finished and is left out: start its command again")]):
            notes().print(sentence)


def width() -> int:
    """How many signs a line of a table may have: as COLUMNS or the terminal says; 200 where nothing says it."""
    if sys.stdout.isatty():
        return Console().width
    columns = os.environ.get("COLUMNS", "")
    return int(columns) if columns.isascii() and columns.isdigit() and int(columns) > 0 else WIDTH


def show(lines: "Iterable[Drawn]") -> None:
    """Print lines that are laid out already: in colours on a terminal, plain into a pipe or a file."""
    if sys.stdout.isatty():
        console = out()
        for line in lines:
            console.print(Text(line.text, line.style), soft_wrap=True)
    else:
        sys.stdout.writelines(f"{log_line(line.text)}\n" for line in lines)
