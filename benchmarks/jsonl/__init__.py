"""Bring your own: a text file with one dialogue a line, as docs/data.md describes it.

An array of dialogues, and objects over several lines, are read as well.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import IO, Any, Literal

from memeval.benchmarks.fields import LONGEST, BrokenError, Record, stream_records
from memeval.benchmarks.jsonl.line import LineReader
from memeval.benchmarks.jsonl.node import Mistake
from memeval.benchmarks.sources import file_sha256
from memeval.kit import user_files
from memeval.kit.errors import ConfigError, DataError
from memeval.kit.types import Dialogue

# Bytes of the first lines that are looked at to see how a file is laid out.
_FIRST = 1 << 16
_BOM = b"\xef\xbb\xbf"

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
        """Number of dialogues: of lines that are not blank, or of objects.

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
        return sum(1 for _ in _records(self._path))

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
    """For every record its dialogue and its mistakes; the dialogue is None if there are any."""
    dialogues: dict[str, int] = {}
    questions: dict[str, int] = {}
    last, empty = 1, True
    for last, record in _records(path):
        empty = False
        if isinstance(record, Mistake):
            yield None, [record]
            return
        reader = LineReader(last, dialogues, questions)
        if isinstance(record, Record):
            yield reader.take(record.value, record.repeats), reader.mistakes
        else:
            yield reader.read(record), reader.mistakes
    if empty:
        yield None, [Mistake(last, "", "the file has no dialogue: write one JSON object a line")]


def _records(path: Path) -> Iterator[tuple[int, bytes | Record | Mistake]]:
    """Line by line, or value by value where the file is an array or an object takes several lines.

    A mistake in place of a record ends the file.
    """
    layout = _layout(path)
    if layout == "lines":
        yield from _raw_lines(path)
        return
    try:
        for record in stream_records(path, array=layout == "array"):
            yield record.line, record
    except BrokenError as error:
        yield error.line, Mistake(error.line, "", f"not valid JSON ({error.what}): correct the file from here on")


def _raw_lines(path: Path) -> Iterator[tuple[int, bytes | Mistake]]:
    """Lines that are not blank."""
    try:
        with path.open("rb") as file:
            for number, line in enumerate(iter(lambda: file.readline(LONGEST), b""), start=1):
                if number == 1:
                    line = line.removeprefix(_BOM)
                if len(line) == LONGEST:
                    yield number, Mistake(number, "", f"has {LONGEST:,} bytes or more: write one dialogue a line")
                    return
                if line and not line.isspace():
                    yield number, line
    except OSError as error:
        raise user_files.unreadable(path, error) from error


def _layout(path: Path) -> Literal["lines", "array", "values"]:
    """How the records of a file follow one another, from its first line that is not blank."""
    user_files.check(path)
    try:
        with path.open("rb") as file:
            first = _not_blank(file).removeprefix(_BOM).strip() or _not_blank(file)
            second = _not_blank(file)
    except OSError as error:
        raise user_files.unreadable(path, error) from error
    if first[:1] == b"[" and (first[1:].strip() + second)[:1] in (b"{", b"]", b""):
        return "array"
    # An object that goes on in the next line: no object on one line ends so, and no other begins within.
    goes_on = first.endswith((b"[", b":")) or (first.endswith((b"{", b",")) and second[:1] in (b'"', b"}"))
    return "values" if first[:1] == b"{" and goes_on else "lines"


def _not_blank(file: IO[bytes]) -> bytes:
    """The start of the next line that is not blank, stripped; b"" at the end."""
    while line := file.readline(_FIRST):
        if line.strip():
            return line.strip()
    return b""
