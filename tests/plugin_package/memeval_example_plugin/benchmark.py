"""A benchmark whose data are downloaded: sayings of people, one a dialogue."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from memeval.benchmarks.sources import Source, locate
from memeval.kit.types import Dialogue, Query, Question, Turn

# Found by `memeval data list` and `memeval data fetch sayings` through an entry point of the group memeval.sources.
SAYINGS = Source(
    name="sayings",
    filename="sayings/sayings.jsonl",
    url="https://example.org/sayings.jsonl",
    size=177,
    sha256="3d28c5007bb46bfe36121fe92f3ae15881d14feb1d2407dc519c27b65ca33dd8",
    licence="CC0-1.0",
    cite="memeval's example of a package",
)


class Sayings:
    """One dialogue a line of the file: what somebody said, and a question about it."""

    name = "sayings"
    licence = "CC0-1.0"
    categories = ("single-hop",)

    def __init__(self, path: str | None = None) -> None:
        self._file = locate(SAYINGS, path)
        self._lines = [json.loads(line) for line in self._file.path.read_text(encoding="utf-8").splitlines()]

    def fingerprint(self) -> Mapping[str, Any]:
        return {"name": self.name, "sha256": self._file.sha256, "pinned": self._file.pinned}

    def __len__(self) -> int:
        return len(self._lines)

    def __iter__(self) -> Iterator[Dialogue]:
        time = datetime(2024, 5, 1, 12)
        for number, line in enumerate(self._lines):
            texts = ("Hello!", line["says"], "It rains today.")
            turns = [Turn(f"t{at}", "s1", "Ann", "user", text, time) for at, text in enumerate(texts)]
            question = Question(
                f"q{number}", Query(line["asked"], time), (line["answer"],), evidence=("t1",), category="single-hop"
            )
            yield Dialogue(f"d{number}", turns, [question])
