"""REALTALK (Lee et al. 2025): ten chats between two people over three weeks, 728 questions with evidence messages.

What the loader repairs or leaves out is counted by `anomalies`.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, get_args

from memeval.benchmarks.collections import COLLECTIONS, LocatedFiles, locate_files
from memeval.benchmarks.fields import as_object, kind, read_json, take
from memeval.kit.errors import ConfigError, DataError
from memeval.kit.types import Dialogue, Query, Question, Role, Turn

Evidence = Literal["normalised", "exact"]

ANOMALIES = (
    "evidence strings that name no message",
    "of these: well formed, but no such message",
    "of these: several ids in one string",
    "of these: a range of ids",
    "of these: a point at the end",
    "of these: others",
    "questions with such a string",
    "questions with an empty evidence list",
    "evidence strings repeated in a question",
    "messages whose id is not their place in the sitting",
    "messages whose id names another sitting",
    "messages with stray white space",
    "messages without text and caption (left out)",
    "messages that are earlier than one before them",
)
_COUNTS = ("dialogues", "sessions", "turns", "turns with a caption", "questions", "questions with evidence")

_CATEGORIES = {1: "multi-hop", 2: "temporal", 3: "commonsense"}
_EXACT = re.compile(r"D\d+:\d+")
_RANGE = re.compile(r"D(\d{1,4}):(\d{1,6})\s*-\s*D(\d{1,4}):(\d{1,6})")
# `D 2:18` and `23:29` as well as D2:18; a figure before or after would make it another number.
_LENIENT = re.compile(r"(?<!\d)(?:D\s*)?(\d{1,4}):(\d{1,6})(?!\d)")
_SITTING = re.compile(r"session_(\d{1,6})")
_TIME = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4}), (\d{1,2}):(\d\d):(\d\d)")


class RealTalk:
    """REALTALK's ten chats.

    Turn ids are the data's own (`D1:3`). They are unique in a chat, but neither their number is the place of a message
    nor `D1` its sitting, so sittings have ids of their own (`session_1`). Questions have no time: they are asked after
    the last message. Question ids are `<chat>_qa<index>`.
    """

    name = "realtalk"
    licence = "none stated"
    categories: Sequence[str] = tuple(_CATEGORIES.values())

    def __init__(self, evidence: Evidence = "normalised", path: str | None = None) -> None:
        """Choose the gold; nothing is read yet.

        Args:
            evidence: `normalised` repairs strings (several ids, ranges, points, blanks) and drops ids of messages that
                do not exist; `exact` keeps strings of the form D1:3 only, messages that do not exist included, so
                that 699 questions have evidence.
            path: a folder with files of the same names and schema to use instead of the published ones.

        Raises:
            ConfigError: a value that is none of the choices.
        """
        if evidence not in get_args(Evidence):
            raise ConfigError(
                f"benchmark.evidence={evidence!r} is none of {', '.join(get_args(Evidence))}: try "
                "benchmark.evidence=normalised"
            )
        self._evidence: Evidence = evidence
        self._path = path
        self._files: LocatedFiles | None = None
        self._counts: Counter[str] | None = None

    def fingerprint(self) -> Mapping[str, Any]:
        """Name, hash and the gold used.

        Raises:
            DataError: files are missing, or are not the published ones.
        """
        files = self._located()
        return {
            "name": self.name,
            "variant": "chats",
            "sha256": files.sha256,
            "pinned": files.pinned,
            "gold": "published",
            "evidence": self._evidence,
        }

    def __len__(self) -> int:
        """Number of chats.

        Raises:
            DataError: as `fingerprint` does.
        """
        return len(self._located().paths)

    def __iter__(self) -> Iterator[Dialogue]:
        """Chats in the order of their numbers, one at a time.

        Raises:
            DataError: a file that is missing, damaged or not of the schema; the message names the place.
        """
        return self._read(Counter())

    def anomalies(self) -> Mapping[str, int]:
        """What is uneven in the files, handled or not, in a fixed order; reads them once."""
        counts = self._survey()
        return {name: counts[name] for name in ANOMALIES}

    def describe(self) -> Mapping[str, Any]:
        """What there is: counts, folder, licence; reads the files once."""
        counts, files = self._survey(), self._located()
        return {
            **{name: counts[name] for name in _COUNTS},
            "questions by category": {name: counts[name] for name in self.categories},
            "folder": str(files.folder),
            "sha256": files.sha256,
            "pinned": files.pinned,
            "licence": self.licence,
            "cite": COLLECTIONS["realtalk"].cite,
        }

    def _located(self) -> LocatedFiles:
        if self._files is None:
            self._files = locate_files(COLLECTIONS["realtalk"], self._path)
        return self._files

    def _survey(self) -> Counter[str]:
        if self._counts is None:
            counts: Counter[str] = Counter()
            for dialogue in self._read(counts):
                counts["dialogues"] += 1
                counts["sessions"] += len({turn.session for turn in dialogue.turns})
                counts["turns"] += len(dialogue.turns)
                counts["turns with a caption"] += sum(turn.caption is not None for turn in dialogue.turns)
                counts["questions"] += len(dialogue.questions)
                counts["questions with evidence"] += sum(bool(question.evidence) for question in dialogue.questions)
                counts.update(question.category for question in dialogue.questions)
            self._counts = counts
        return self._counts

    def _read(self, counts: Counter[str]) -> Iterator[Dialogue]:
        for name, path in self._located().paths.items():
            record = as_object(read_json(path), str(path))
            yield _Chat(name.removesuffix(".json"), record, str(path), self._evidence, counts).dialogue()


class _Chat:
    """One chat with its questions."""

    def __init__(
        self, name: str, record: Mapping[str, Any], where: str, evidence: Evidence, counts: Counter[str]
    ) -> None:
        self._name = name
        self._record = record
        self._where = where
        self._evidence = evidence
        self._counts = counts
        self._turns: dict[str, Turn] = {}

    def dialogue(self) -> Dialogue:
        record, where = self._record, self._where
        names = take(record, "name", dict, where)
        roles: dict[str, Role] = {
            take(names, "speaker_2", str, f"{where}, name"): "assistant",
            take(names, "speaker_1", str, f"{where}, name"): "user",
        }
        latest: datetime | None = None
        for number in sorted(int(match[1]) for key in record if (match := _SITTING.fullmatch(key))):
            for index, raw in enumerate(take(record, f"session_{number}", list, where), start=1):
                place = f"{where}, session_{number}[{index - 1}]"
                turn = self._turn(as_object(raw, place), f"session_{number}", roles, place)
                if turn is None:
                    continue
                if turn.id in self._turns:
                    raise DataError(f"{place} uses the dia_id {turn.id!r} again: make it unique")
                self._counts["messages whose id is not their place in the sitting"] += turn.id != f"D{number}:{index}"
                self._counts["messages whose id names another sitting"] += not turn.id.startswith(f"D{number}:")
                if latest is not None and turn.time is not None and turn.time < latest:
                    self._counts["messages that are earlier than one before them"] += 1
                latest = turn.time or latest
                self._turns[turn.id] = turn
        if not self._turns:
            raise DataError(f"{where} has no messages: add session_1 with its messages, or remove the file")
        questions = [
            self._question(raw, f"{self._name}_qa{index}", f"{where}, qa[{index}]")
            for index, raw in enumerate(take(record, "qa", list, where))
        ]
        return Dialogue(self._name, tuple(self._turns.values()), tuple(questions))

    def _turn(self, record: Mapping[str, Any], session: str, roles: Mapping[str, Role], where: str) -> Turn | None:
        written = take(record, "clean_text", str, where)
        speaker = take(record, "speaker", str, where)
        if speaker not in roles:
            raise DataError(f"{where}: speaker {speaker!r} is neither of the two of 'name' ({', '.join(roles)})")
        caption = take(record, "blip_caption", str, where).strip() or None if "blip_caption" in record else None
        text = written.strip()
        self._counts["messages with stray white space"] += text != written
        if not text and caption is None:
            self._counts["messages without text and caption (left out)"] += 1
            return None
        time = _time(take(record, "date_time", str, where), where)
        return Turn(take(record, "dia_id", str, where), session, speaker, roles[speaker], text, time, caption)

    def _question(self, raw: object, name: str, where: str) -> Question:
        record = as_object(raw, where)
        number = take(record, "category", int, where)
        if number not in _CATEGORIES:
            raise DataError(f"{where}: category {number} is none of 1 to {len(_CATEGORIES)}: correct the file")
        return Question(
            id=name,
            query=Query(take(record, "question", str, where).strip()),
            answers=(str(take(record, "answer", (str, int), where)).strip(),),
            evidence=self._cited(take(record, "evidence", list, where), where),
            category=_CATEGORIES[number],
        )

    def _cited(self, raw: Sequence[object], where: str) -> tuple[str, ...] | None:
        strings: list[str] = []
        for index, each in enumerate(raw):
            if not isinstance(each, str):
                raise DataError(f"{where}: evidence[{index}] is {kind(each)}, expected a string: write it like D1:3")
            strings.append(each)
        unknown = [each for each in strings if each not in self._turns]
        self._counts["evidence strings that name no message"] += len(unknown)
        self._counts["questions with such a string"] += bool(unknown)
        self._counts.update(f"of these: {_fault(each)}" for each in unknown)
        self._counts["evidence strings repeated in a question"] += len(strings) - len(set(strings))
        self._counts["questions with an empty evidence list"] += not strings
        if self._evidence == "exact":
            found = [each for each in strings if _EXACT.fullmatch(each)]
        else:
            found = [turn for each in strings for turn in self._repaired(each)]
        # An empty list is a gap in the annotation: such questions do have answers.
        return tuple(dict.fromkeys(found)) or None

    def _repaired(self, text: str) -> Iterator[str]:
        """The messages that a string means; both ends of a range belong to it."""
        for match in _RANGE.finditer(text):
            first, last = (int(match[1]), int(match[2])), (int(match[3]), int(match[4]))
            # The messages of a range are those whose ids lie between its ends.
            yield from (turn for turn in self._turns if first <= _numbers(turn) <= last)
        for session, number in _LENIENT.findall(_RANGE.sub(" ", text)):
            turn = f"D{int(session)}:{int(number)}"
            if turn in self._turns:
                yield turn


def _numbers(turn: str) -> tuple[int, int]:
    """The two numbers of an id; (-1, -1) for an id of another form."""
    match = _LENIENT.fullmatch(turn)
    return (int(match[1]), int(match[2])) if match else (-1, -1)


def _fault(text: str) -> str:
    """Why a string names no message."""
    if _EXACT.fullmatch(text):
        return "well formed, but no such message"
    if _RANGE.search(text):
        return "a range of ids"
    if ";" in text or "," in text:
        return "several ids in one string"
    return "a point at the end" if _EXACT.fullmatch(text.removesuffix(".")) else "others"


def _time(text: str, where: str) -> datetime:
    match = _TIME.fullmatch(text.strip())
    try:
        if match is None:
            raise ValueError
        day, month, year, hour, minute, second = map(int, match.groups())
        return datetime(year, month, day, hour, minute, second)
    except ValueError:
        raise DataError(f"{where}: {text!r:.60} is no time: write it like 29.12.2023, 22:42:04") from None
