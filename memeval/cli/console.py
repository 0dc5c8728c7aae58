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


def pass_over(unfinished: "Iterable[Run]") -> None:
    """Say which runs are left out."""
    for run in unfinished:
        notes().print(f"memeval: {run.id} is not finished and is left out: start its command again")


def table(renderable: RenderableType) -> None:
    """Print a table; a terminal too narrow for it gets it in full width all the same."""
    console = out()
    console.width = max(console.width, 100)
    console.print(renderable)


def subparser(name: str, description: str) -> argparse.ArgumentParser:
    """A parser in the common style."""
    return Parser(prog=f"memeval {name}", description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
