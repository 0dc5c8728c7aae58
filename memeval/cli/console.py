"""What all commands print with."""

import argparse
import sys

from rich.console import Console, RenderableType


def out() -> Console:
    """Standard output; wide when it is not a terminal, so that tables in files and logs are not broken."""
    return Console(highlight=False, soft_wrap=False) if sys.stdout.isatty() else Console(highlight=False, width=200)


def notes() -> Console:
    """Standard error, for what is said beside the result."""
    return Console(stderr=True, highlight=False, soft_wrap=True)


def table(renderable: RenderableType) -> None:
    """Print a table; a terminal too narrow for it gets it in full width all the same."""
    console = out()
    console.width = max(console.width, 100)
    console.print(renderable)


def subparser(name: str, description: str) -> argparse.ArgumentParser:
    """A parser in the common style."""
    return argparse.ArgumentParser(
        prog=f"memeval {name}", description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
