"""Bring your own: a text file with one dialogue a line, as docs/data.md describes it."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from memeval.benchmarks.fields import unreadable
from memeval.benchmarks.jsonl.line import LineReader
from memeval.benchmarks.jsonl.node import Mistake
from memeval.benchmarks.sources import file_sha256
from memeval.errors import ConfigError, DataError
from memeval.types import Dialogue

__all__ = ["Jsonl", "Mistake", "validate"]


def validate(path: str) -> Iterator[Mistake]:
    """Every mistake of a file, in the order of its lines; none means that it can be used.

    Raises:
        DataError: the file cannot be read.
    """
    for _, mistakes in _lines(Path(path).expanduser()):
        yield from mistakes


class Jsonl:
    """Dialogues from a file of one's own."""

    name = "jsonl"
    licence = "your own"

    def __init__(self, path: str | None = None) -> None:
        """Choose the file; nothing is read yet.

        Raises:
            ConfigError: no path.
        """
        if not path:
            raise ConfigError(
                "benchmark=jsonl needs a file: add benchmark.path=FILE (docs/data.md describes its schema)"
            )
        self._path = Path(path).expanduser()

    @cached_property
    def categories(self) -> Sequence[str]:
        """Categories in order of their first occurrence; reads the file once.

        Raises:
            DataError: as iterating does.
        """
        return self._survey[1]

    def fingerprint(self) -> Mapping[str, Any]:
        """The file's hash.

        Raises:
            DataError: the file cannot be read.
        """
        return {"name": self.name, "sha256": file_sha256(self._path), "pinned": False, "gold": "given"}

    def __len__(self) -> int:
        """Number of dialogues: of lines that are not blank.

        Raises:
            DataError: the file cannot be read.
        """
        return self._length

    def __iter__(self) -> Iterator[Dialogue]:
        """Dialogues in the order of the file, streamed.

        Raises:
            DataError: the file cannot be read, or has a mistake; the message names the first one.
        """
        for dialogue, mistakes in _lines(self._path):
            if mistakes:
                raise DataError(
                    f"{self._path}, {mistakes[0]}. To see every mistake, type: memeval data validate {self._path}"
                )
            if dialogue is not None:
                yield dialogue

    def anomalies(self) -> Mapping[str, int]:
        """Nothing: a file with mistakes is not used."""
        return {}

    def describe(self) -> Mapping[str, Any]:
        """What there is: counts, file; reads the file once."""
        counts, categories = self._survey
        return {
            **{name: counts[name] for name in ("dialogues", "sessions", "turns", "questions")},
            "questions by category": {name: counts[f"category {name}"] for name in categories},
            "questions with evidence": counts["questions with evidence"],
            "questions to abstain from": counts["questions to abstain from"],
            "file": str(self._path),
            "sha256": file_sha256(self._path),
            "pinned": False,
            "licence": self.licence,
        }

    @cached_property
    def _length(self) -> int:
        try:
            with self._path.open("rb") as file:
                return sum(not line.isspace() for line in file)
        except OSError as error:
            raise unreadable(self._path, error) from error

    @cached_property
    def _survey(self) -> tuple[Counter[str], tuple[str, ...]]:
        counts: Counter[str] = Counter()
        categories: dict[str, None] = {}
        for dialogue in self:
            counts["dialogues"] += 1
            counts["sessions"] += len({turn.session for turn in dialogue.turns})
            counts["turns"] += len(dialogue.turns)
            for question in dialogue.questions:
                categories[question.category] = None
                counts["questions"] += 1
                counts[f"category {question.category}"] += 1
                counts["questions with evidence"] += bool(question.evidence)
                counts["questions to abstain from"] += not question.answers
        return counts, tuple(categories)


def _lines(path: Path) -> Iterator[tuple[Dialogue | None, Sequence[Mistake]]]:
    """For every line that is not blank its dialogue and its mistakes; the dialogue is None if there are any."""
    dialogues: dict[str, int] = {}
    questions: dict[str, int] = {}
    number, empty = 0, True
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                if number == 1:
                    line = line.removeprefix(b"\xef\xbb\xbf")
                if line and not line.isspace():
                    empty = False
                    reader = LineReader(number, dialogues, questions)
                    yield reader.read(line), reader.mistakes
    except OSError as error:
        raise unreadable(path, error) from error
    if empty:
        yield None, [Mistake(max(number, 1), "", "the file has no dialogue: write one JSON object a line")]
