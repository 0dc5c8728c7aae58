"""Bare encoding: the texts and queries of LoCoMo through the MiniLM embedder, without cache, store or harness.

Passages in one batch for each conversation, as memeval writes them, and the queries one at a time, as they are asked.
Prints the seconds of encoding, without loading the model.
"""

import argparse
from pathlib import Path

from bare_bm25s import locomo
from measuring import Clock

from memeval.strategies.embedders.minilm import MiniLM


def main() -> None:
    """Time the encoding of one file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--conversations", type=int, help="only the first so many")
    arguments = parser.parse_args()
    collections = list(locomo(arguments.file))[: arguments.conversations]
    model = MiniLM(cache=False)
    model.prepare()
    clock = Clock()
    for texts, queries in collections:
        # A text that occurs twice is embedded once, as everywhere.
        model.compute(list(dict.fromkeys(texts)))
        for query in dict.fromkeys(queries):
            model.compute([query])
    clock.say()


if __name__ == "__main__":
    main()
