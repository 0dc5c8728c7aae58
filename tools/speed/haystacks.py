"""Makes a file of LongMemEval's schema and size out of nothing: seeded, streamed, so that no real data are needed.

The shape is that of LongMemEval-S: about 48 sessions a question, 10 turns a session, users short and assistants long,
words as frequent as Zipf's law has them and as long as English ones; one marked turn that shares rare words with its
question.
"""

import argparse
import json
import random
from datetime import datetime, timedelta
from importlib.resources import files
from itertools import accumulate
from pathlib import Path
from typing import Any

from measuring import say

CATEGORIES = (
    "single-session-user",
    "single-session-assistant",
    "single-session-preference",
    "multi-session",
    "knowledge-update",
    "temporal-reasoning",
)
TURNS_PER_SESSION = 10
# Words of a turn: what people type is short, what assistants answer is long; about 200 tokens on average.
USER_WORDS = (5, 85)
ASSISTANT_WORDS = (140, 440)
_FORMAT = "%Y/%m/%d (%a) %H:%M"
# Uncased words of BERT's vocabulary, nearly in the order of their frequency; comes with the MiniLM embedder.
_VOCABULARY = files("memeval.strategies.embedders") / "bert_uncased_vocab.txt"


class Words:
    """Words by Zipf's law. Texts are cut from one long stream of them, so that a gigabyte takes seconds."""

    def __init__(self, source: random.Random) -> None:
        """Draw the stream with `source`."""
        found = _VOCABULARY.read_text(encoding="utf-8").split()
        self.all = [word for word in found if word.isascii() and word.isalpha() and len(word) > 1]
        frequencies = list(accumulate(1 / (rank + 2) for rank in range(len(self.all))))
        self._stream = source.choices(self.all, cum_weights=frequencies, k=1_500_000)
        self._source = source

    def text(self, least: int, most: int) -> str:
        """Sentences of `least` to `most` words in all."""
        left = self._source.randint(least, most)
        start = self._source.randrange(len(self._stream) - left)
        sentences = []
        while left > 0:
            size = min(left, self._source.randint(6, 20))
            sentences.append(" ".join(self._stream[start : start + size]).capitalize() + ".")
            start += size
            left -= size
        return " ".join(sentences)

    def rare(self, count: int) -> str:
        """Words that few texts have."""
        return " ".join(self._source.sample(self.all[len(self.all) // 2 :], count))


def record(number: int, turns: int, words: Words, source: random.Random) -> dict[str, Any]:
    """One question with a haystack of about `turns` turns."""
    sessions: list[list[dict[str, Any]]] = []
    left = round(turns * source.uniform(0.95, 1.05))
    while left > 0:
        size = min(left, source.randint(TURNS_PER_SESSION - 4, TURNS_PER_SESSION + 4))
        sessions.append(
            [
                {"role": "assistant", "content": words.text(*ASSISTANT_WORDS)}
                if index % 2
                else {"role": "user", "content": words.text(*USER_WORDS)}
                for index in range(size)
            ]
        )
        left -= size
    clue = words.rare(3)
    gold = source.randrange(len(sessions))
    marked = sessions[gold][0]
    marked["content"] += f" {clue.capitalize()}."
    marked["has_answer"] = True
    start = datetime(2023, 1, 1, 9)
    dates = [start + timedelta(hours=7 * index) for index in range(len(sessions))]
    names = [f"{'answer' if index == gold else 'session'}_{number}_{index}" for index in range(len(sessions))]
    return {
        "question_id": f"question_{number}",
        "question_type": CATEGORIES[number % len(CATEGORIES)],
        "question": f"What did I say about {clue} {words.text(4, 8)}",
        "answer": clue,
        "question_date": (dates[-1] + timedelta(days=1)).strftime(_FORMAT),
        "haystack_dates": [date.strftime(_FORMAT) for date in dates],
        "haystack_session_ids": names,
        "haystack_sessions": sessions,
        "answer_session_ids": [names[gold]],
    }


def write(path: Path, questions: int, turns: int, seed: int = 0) -> int:
    """Write `questions` records of about `turns` turns each; returns the number of all turns."""
    source = random.Random(seed)
    words = Words(source)
    total = 0
    with path.open("w", encoding="utf-8") as file:
        file.write("[")
        for number in range(questions):
            made = record(number, turns, words, source)
            total += sum(map(len, made["haystack_sessions"]))
            file.write(f"{',' if number else ''}\n{json.dumps(made)}")
        file.write("\n]\n")
    return total


def main() -> None:
    """Write a file to look at."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--questions", type=int, default=500)
    parser.add_argument("--turns", type=int, default=500, help="of each haystack (default 500)")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    total = write(arguments.file, arguments.questions, arguments.turns, arguments.seed)
    say(
        f"{arguments.file}: {arguments.questions:,} questions, {total:,} turns, {arguments.file.stat().st_size:,} bytes"
    )


if __name__ == "__main__":
    main()
