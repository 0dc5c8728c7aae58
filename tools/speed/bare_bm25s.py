"""The bare loop: what one would write with bm25s alone. Prints the seconds of load, tokenise, index and search.

Same texts, words, stop words, stemmer, formula and depth as `retriever=bm25` with its defaults; no harness, no scores,
nothing stored.
"""

import argparse
import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import bm25s
import Stemmer
from measuring import Clock, say

from memeval.benchmarks.fields import stream_array

DEPTH = 50
Collection = tuple[list[str], list[str]]


def locomo(path: Path) -> Iterator[Collection]:
    """Texts and queries of each conversation."""
    for sample in json.loads(path.read_text(encoding="utf-8")):
        conversation = sample["conversation"]
        texts = []
        number = 1
        while (turns := conversation.get(f"session_{number}")) is not None:
            date = _date(conversation[f"session_{number}_date_time"], "%I:%M %p on %d %B, %Y")
            for turn in turns:
                caption = f" [shares {turn['blip_caption']}]" if turn.get("blip_caption") else ""
                texts.append(f"{date}{turn['speaker']}: {turn['text'].strip()}{caption}")
            number += 1
        yield texts, [question["question"] for question in sample["qa"]]


def longmemeval(path: Path) -> Iterator[Collection]:
    """Texts and the query of each question; streamed, since the whole file would not fit into memory."""
    for record in stream_array(path):
        sessions = zip(record["haystack_dates"], record["haystack_sessions"], strict=True)
        texts = [
            f"{date}{turn['role']}: {turn['content'].strip()}"
            for date, turns in ((_date(date, "%Y/%m/%d (%a) %H:%M"), turns) for date, turns in sessions)
            for turn in turns
        ]
        yield texts, [record["question"]]


def _date(text: str, pattern: str) -> str:
    return datetime.strptime(text, pattern).strftime("[%d %B %Y] ")


def search(collections: Iterator[Collection]) -> int:
    """Index each collection and ask its queries one at a time; returns the number of hits."""
    stemmer = Stemmer.Stemmer("english")
    hits = 0

    def tokens(texts: Any, **options: Any) -> Any:
        return bm25s.tokenize(texts, token_pattern=r"\w{2,}", stemmer=stemmer, show_progress=False, **options)

    for texts, queries in collections:
        index = bm25s.BM25()
        index.index(tokens(texts), show_progress=False)
        for query in queries:
            found, _ = index.retrieve(tokens(query), k=min(DEPTH, len(texts)), show_progress=False)
            hits += found.size
    return hits


def main() -> None:
    """Time the loop over one file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("schema", choices=("locomo", "longmemeval"))
    parser.add_argument("file", type=Path)
    arguments = parser.parse_args()
    clock = Clock()
    hits = search({"locomo": locomo, "longmemeval": longmemeval}[arguments.schema](arguments.file))
    say(f"{hits} hits")
    clock.say()


if __name__ == "__main__":
    main()
