"""A command that is not part of memeval: `memeval sayings` prints what is said in the data."""

from collections.abc import Sequence

from memeval.kit.errors import ConfigError
from memeval_example_plugin.benchmark import Sayings


def sayings(argv: Sequence[str]) -> int:
    """Print the sayings that hold a word, or all; returns the exit code."""
    if len(argv) > 1:
        raise ConfigError(f"memeval sayings takes one word, not {len(argv)}: type memeval sayings {argv[0]}")
    for dialogue in Sayings():
        text = list(dialogue.turns)[1].text
        if not argv or argv[0] in text:
            print(text)
    return 0
