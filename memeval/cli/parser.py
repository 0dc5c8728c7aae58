"""The parser of all commands."""

import argparse
from typing import NoReturn

from memeval.kit.escaping import shortened, shown


class Parser(argparse.ArgumentParser):
    """A parser whose errors repeat no more than the beginning of a long word."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong, and exit with 2."""
        super().error(shown(shortened(message, 1_000)))
