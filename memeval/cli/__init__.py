"""The command line. Only `argparse` is imported here, so that `memeval --help` answers at once."""

from memeval.cli.main import main

__all__ = ["main"]
