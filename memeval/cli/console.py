"""What all commands print with."""

import argparse
import os
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from memeval.cli.parser import Parser
from memeval.kit.escaping import shown
from memeval.reports.gap import Gap

if TYPE_CHECKING:
    from memeval.records.runs import Run


class Plain(Console):
    """A console that takes nothing for markup, and shows what would act on the terminal.

    Names and texts of data are printed by every command. Tables should call `shown` for them before they are laid out,
    so that columns are as wide as what they hold; what did not is shown here all the same.
    """

    def __init__(self, **options: Any) -> None:
        """Take the options of rich's console."""
        super().__init__(markup=False, emoji=False, highlight=False, **options)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """As rich does, segment by segment."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else segment._replace(text=shown(segment.text, lines=True))


def out() -> Console:
    """Standard output; wide when it is not a terminal, so that tables in files and logs are not broken."""
    return Plain(soft_wrap=False) if sys.stdout.isatty() else Plain(width=200)


def notes() -> Console:
    """Standard error, for what is said beside the result."""
    return Plain(stderr=True, soft_wrap=True)


def discard_output() -> None:
    """Send standard output nowhere: its reader is gone, which Python would report at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


# What the command that runs has said to be missing.
_missing: list[str] = []


def missing() -> list[str]:
    """The sentences about something missing that were printed since the last call."""
    said = list(_missing)
    _missing.clear()
    return said


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


def table(renderable: RenderableType) -> None:
    """Print a table; a terminal too narrow for it gets it in full width all the same."""
    console = out()
    console.width = max(console.width, 100)
    console.print(renderable)


def subparser(name: str, description: str) -> argparse.ArgumentParser:
    """A parser in the common style."""
    return Parser(prog=f"memeval {name}", description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
