"""LoCoMo (Maharana et al. 2024): ten very long conversations between two people, 1,986 questions with evidence turns.

The file is known to be uneven; everything that the loader repairs or leaves out is counted by `anomalies`.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from memeval.benchmarks.fields import MONTHS, as_object, kind, read_json, take
from memeval.benchmarks.sources import SOURCES, Located, locate
from memeval.kit.errors import DataError
from memeval.kit.ranges import ranged
from memeval.kit.types import Dialogue, Query, Question, Role, Turn

Gold = Literal["published", "audited", "exclude_audited"]
Evidence = Literal["normalised", "exact", "regex", "raw"]

ANOMALIES = (
    "evidence strings that are malformed",
    "evidence strings that name no turn",
    "evidence strings repeated in a question",
    "questions with an empty evidence list",
    "questions whose evidence is only on turns with a caption",
    "questions with an integer answer",
    "questions to abstain from without an answer",
    "questions to abstain from that also have an answer",
    "questions whose text occurs before",
    "questions with stray white space",
    "turns with stray white space",
    "turns with a caption but no image address",
    "turns without text and caption (left out)",
    "session dates without a session",
)

_CATEGORIES = {1: "multi-hop", 2: "temporal", 3: "open-domain", 4: "single-hop", 5: "adversarial"}
_ABSTAIN = "adversarial"
_EXACT = re.compile(r"D\d+:\d+")
# Python refuses to read numbers of more than 4,300 digits.
_LENIENT = re.compile(r"D\s*:?\s*(\d{1,99})\s*:\s*(\d{1,99})(?!\d)")
_LEADING = re.compile(r"(D\d+):")
_SESSION = re.compile(r"session_(\d{1,99})")
_SESSION_DATE = re.compile(r"session_(\d{1,99})_date_time")
_DATE = re.compile(r"(\d{1,2}):(\d\d) ([ap]m) on (\d{1,2}) ([A-Z][a-z]+), (\d{4})")
_AUDIT_ID = re.compile(r"locomo_(\d{1,99})_qa(\d{1,99})")


@dataclass(frozen=True, slots=True)
class _Correction:
    question: str
    answer: str | None
    evidence: tuple[str, ...]


@ranged
class Locomo:
    """LoCoMo's ten conversations.

    Question ids are `<conversation>_qa<index>`, turn ids the data's own (`D1:3`), sessions `D1`. Category 5
    (adversarial) must be abstained from. Questions have no time: they are asked after the last turn.
    """

    name = "locomo"
    licence = "CC BY-NC 4.0"
    categories: Sequence[str] = tuple(_CATEGORIES.values())

    def __init__(
        self,
        path: str | None = None,
        gold: Gold = "published",
        evidence: Evidence = "normalised",
        audit_path: str | None = None,
    ) -> None:
        """Choose the gold; nothing is read yet.

        Args:
            path: a file of the same schema to use instead of the published one.
            gold: as `published`; `audited`, with the 156 corrections of dial481/locomo-audit (wrong citations get the
                corrected evidence, all others the corrected answer and evidence); or `exclude_audited`, without those
                questions.
            evidence: `normalised` repairs malformed strings and drops ids of turns that do not exist (1,982 questions
                with evidence); `exact` keeps strings of the form D1:3 only, turns that do not exist included (1,978);
                `regex` finds D1:3 anywhere in the list, as the memini benchmark does (1,982); `raw` keeps every string
                as it stands, so that malformed ones are never found, and takes a question's sessions from how its
                strings begin, as the official code and MemPalace's do (1,982).
            audit_path: a file of the audit's schema to use instead of the published one.

        Raises:
            ConfigError: a value that is none of the choices.
        """
        self._path = path
        self._gold: Gold = gold
        self._evidence: Evidence = evidence
        self._audit_path = audit_path
        self._file: Located | None = None
        self._audit: Located | None = None
        self._dialogues: Sequence[Dialogue] | None = None
        self._anomalies: Counter[str] = Counter()

    def fingerprint(self) -> Mapping[str, Any]:
        """Name, hashes and the gold used.

        Raises:
            DataError: no such file, or not the one that stands in its place.
        """
        located = self._located()
        audit = self._located_audit()
        return {
            "name": self.name,
            "variant": "locomo10",
            "sha256": located.sha256,
            "pinned": located.pinned and (audit is None or audit.pinned),
            "gold": self._gold,
            "evidence": self._evidence,
            **({} if audit is None else {"audit_sha256": audit.sha256}),
        }

    def __len__(self) -> int:
        """Number of conversations.

        Raises:
            DataError: as iterating does.
        """
        return 10 if self._dialogues is None and self._located().pinned else len(self._load())

    def __iter__(self) -> Iterator[Dialogue]:
        """Conversations in the order of the file; it is read once.

        Raises:
            DataError: a file that is missing, damaged or not of the schema; the message names the place.
        """
        return iter(self._load())

    def anomalies(self) -> Mapping[str, int]:
        """What was found uneven in the file, repaired or not, in a fixed order."""
        self._load()
        return {name: self._anomalies[name] for name in ANOMALIES}

    def describe(self) -> Mapping[str, Any]:
        """What there is: counts, file, licence."""
        dialogues = self._load()
        questions = [question for dialogue in dialogues for question in dialogue.questions]
        by_category = Counter(question.category for question in questions)
        located = self._located()
        return {
            "dialogues": len(dialogues),
            "sessions": sum(len({turn.session for turn in dialogue.turns}) for dialogue in dialogues),
            "turns": sum(len(dialogue.turns) for dialogue in dialogues),
            "turns with a caption": sum(turn.caption is not None for dialogue in dialogues for turn in dialogue.turns),
            "questions": len(questions),
            "questions by category": {name: by_category[name] for name in self.categories},
            "questions with evidence": sum(bool(question.evidence) for question in questions),
            "questions to abstain from": sum(not question.answers for question in questions),
            "file": str(located.path),
            "sha256": located.sha256,
            "pinned": located.pinned,
            "licence": self.licence,
            "cite": SOURCES["locomo"].cite,
        }

    def _located(self) -> Located:
        if self._file is None:
            self._file = locate(SOURCES["locomo"], self._path)
        return self._file

    def _located_audit(self) -> Located | None:
        if self._gold == "published":
            return None
        if self._audit is None:
            self._audit = locate(SOURCES["locomo-audit"], self._audit_path)
        return self._audit

    def _load(self) -> Sequence[Dialogue]:
        if self._dialogues is None:
            file = self._located().path
            audit = self._located_audit()
            corrections = {} if audit is None else _read_corrections(audit.path)
            reader = _Reader(file, self._gold, self._evidence, corrections)
            self._dialogues = reader.dialogues()
            if reader.corrections:
                number, index = next(iter(reader.corrections))
                raise DataError(
                    f"{audit and audit.path} corrects locomo_{number}_qa{index}, which {file} does not have: use the "
                    "audit of this file (benchmark.audit_path), or benchmark.gold=published"
                )
            self._anomalies = reader.anomalies
        return self._dialogues


class _Reader:
    """Builds the dialogues of one file and counts what it meets; corrections that were used are removed."""

    def __init__(
        self, file: Path, gold: Gold, evidence: Evidence, corrections: dict[tuple[int, int], _Correction]
    ) -> None:
        self.anomalies: Counter[str] = Counter()
        self.corrections = corrections
        self._file = file
        self._gold = gold
        self._evidence = evidence
        self._asked: set[str] = set()

    def dialogues(self) -> Sequence[Dialogue]:
        records = read_json(self._file)
        if not isinstance(records, list):
            raise DataError(f"{self._file} is {kind(records)}, expected a list of conversations: is it the right file?")
        dialogues = [self._dialogue(number, record) for number, record in enumerate(records)]
        seen = Counter(dialogue.id for dialogue in dialogues)
        for name, count in seen.items():
            if count > 1:
                raise DataError(f"{self._file} uses the sample_id {name!r} {count} times: make it unique")
        return dialogues

    def _dialogue(self, number: int, record: object) -> Dialogue:
        where = f"{self._file}: record {number}"
        sample = as_object(record, where)
        name = take(sample, "sample_id", str, where)
        where = f"{where} ({name})"
        turns = self._turns(take(sample, "conversation", dict, where), where)
        captioned = {turn.id: turn.caption is not None for turn in turns}
        questions = []
        for index, raw in enumerate(take(sample, "qa", list, where)):
            correction = self.corrections.pop((number, index), None)
            question = self._question(raw, f"{name}_qa{index}", captioned, correction, f"{where}, qa[{index}]")
            if correction is None or self._gold == "audited":
                questions.append(question)
        return Dialogue(name, turns, questions)

    def _turns(self, conversation: Mapping[str, Any], where: str) -> Sequence[Turn]:
        numbers = sorted(int(match[1]) for key in conversation if (match := _SESSION.fullmatch(key)))
        dates = [int(match[1]) for key in conversation if (match := _SESSION_DATE.fullmatch(key))]
        self.anomalies["session dates without a session"] += len(set(dates) - set(numbers))
        first = take(conversation, "speaker_a", str, where)
        second = take(conversation, "speaker_b", str, where)
        roles: dict[str, Role] = {second: "assistant", first: "user"}
        turns: dict[str, Turn] = {}
        for number in numbers:
            key = f"session_{number}"
            time = _date(take(conversation, f"{key}_date_time", str, where), f"{where}, {key}_date_time")
            for index, raw in enumerate(take(conversation, key, list, where)):
                turn = self._turn(raw, f"D{number}", time, roles, f"{where}, {key}[{index}]")
                if turn.id in turns:
                    raise DataError(f"{where}, {key}[{index}] uses the dia_id {turn.id!r} again: make it unique")
                if turn.text or turn.caption:
                    turns[turn.id] = turn
                else:
                    self.anomalies["turns without text and caption (left out)"] += 1
        if not turns:
            raise DataError(f"{where} has no turns: add session_1 with its turns, or remove the record")
        return tuple(turns.values())

    def _turn(self, raw: object, session: str, time: datetime, roles: Mapping[str, Role], where: str) -> Turn:
        record = as_object(raw, where)
        written = take(record, "text", str, where)
        speaker = take(record, "speaker", str, where)
        if speaker not in roles:
            raise DataError(f"{where}: speaker {speaker!r} is neither speaker_a nor speaker_b ({', '.join(roles)})")
        caption = None
        if "blip_caption" in record:
            caption = take(record, "blip_caption", str, where).strip() or None
            self.anomalies["turns with a caption but no image address"] += "img_url" not in record
        text = written.strip()
        self.anomalies["turns with stray white space"] += text != written
        return Turn(take(record, "dia_id", str, where), session, speaker, roles[speaker], text, time, caption)

    def _question(
        self, raw: object, name: str, captioned: Mapping[str, bool], correction: _Correction | None, where: str
    ) -> Question:
        record = as_object(raw, where)
        written = take(record, "question", str, where)
        text = written.strip()
        if correction is not None and correction.question.strip() != text:
            raise DataError(
                f"{where}: the audit corrects another question ({correction.question[:60]!r}): use the audit of this "
                "file (benchmark.audit_path), or benchmark.gold=published"
            )
        number = take(record, "category", int, where)
        if number not in _CATEGORIES:
            raise DataError(f"{where}: category {number} is none of 1 to {len(_CATEGORIES)}: correct the file")
        self.anomalies["questions with stray white space"] += text != written
        self.anomalies["questions whose text occurs before"] += text in self._asked
        self._asked.add(text)
        answers = self._answers(record, _CATEGORIES[number], where)
        evidence = self._cited(take(record, "evidence", list, where), captioned, where)
        if correction is not None and self._gold == "audited":
            answers = answers if correction.answer is None else (correction.answer,)
            evidence = correction.evidence
            for turn in evidence:
                if turn not in captioned:
                    raise DataError(f"{where}: the audit cites {turn!r}, which is no turn here: correct the audit file")
        sessions = _leading_sessions(evidence) if self._evidence == "raw" else None
        return Question(name, Query(text), answers, evidence, _CATEGORIES[number], sessions)

    def _answers(self, record: Mapping[str, Any], category: str, where: str) -> tuple[str, ...]:
        if category == _ABSTAIN:
            extra = "answer" in record
            self.anomalies["questions to abstain from that also have an answer"] += extra
            self.anomalies["questions to abstain from without an answer"] += not extra
            return ()
        answer = take(record, "answer", (str, int), where)
        self.anomalies["questions with an integer answer"] += isinstance(answer, int)
        return (str(answer).strip(),)

    def _cited(self, raw: Sequence[object], captioned: Mapping[str, bool], where: str) -> tuple[str, ...] | None:
        strings: list[str] = []
        for index, each in enumerate(raw):
            if not isinstance(each, str):
                raise DataError(f"{where}: evidence[{index}] is {kind(each)}, expected a string: write it like D1:3")
            strings.append(each)
            if not _EXACT.fullmatch(each):
                self.anomalies["evidence strings that are malformed"] += 1
            elif each not in captioned:
                self.anomalies["evidence strings that name no turn"] += 1
        self.anomalies["evidence strings repeated in a question"] += len(strings) - len(set(strings))
        self.anomalies["questions with an empty evidence list"] += not strings
        repaired = [turn for turn in _repaired(strings) if turn in captioned]
        self.anomalies["questions whose evidence is only on turns with a caption"] += bool(repaired) and all(
            captioned[turn] for turn in repaired
        )
        match self._evidence:
            case "exact":
                found = [each for each in strings if _EXACT.fullmatch(each)]
            case "regex":
                found = _EXACT.findall(json.dumps(strings))
            case "raw":
                found = strings
            case "normalised":
                found = repaired
        # An empty list is a gap in the annotation: the four questions that have one do have answers.
        return tuple(dict.fromkeys(found)) or None


def _leading_sessions(evidence: Sequence[str] | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys(match[1] for each in evidence or () if (match := _LEADING.match(each))))


def _repaired(strings: Sequence[str]) -> list[str]:
    return [f"D{int(session)}:{int(turn)}" for each in strings for session, turn in _LENIENT.findall(each)]


def _date(text: str, where: str) -> datetime:
    match = _DATE.fullmatch(text.strip())
    try:
        if match is None:
            raise ValueError
        hour, minute, half, day, month, year = match.groups()
        if not 1 <= int(hour) <= 12:
            raise ValueError
        return datetime(
            int(year), MONTHS.get(month, 0), int(day), int(hour) % 12 + (12 if half == "pm" else 0), int(minute)
        )
    except ValueError:
        raise DataError(f"{where}: {text!r} is no date: write it like 1:56 pm on 8 May, 2023") from None


def _read_corrections(path: Path) -> dict[tuple[int, int], _Correction]:
    """By position of the conversation in the file and of the question in the conversation."""
    records = read_json(path)
    if not isinstance(records, list):
        raise DataError(f"{path} is {kind(records)}, expected a list of corrections: is it the right file?")
    corrections: dict[tuple[int, int], _Correction] = {}
    for index, raw in enumerate(records):
        where = f"{path}: record {index}"
        record = as_object(raw, where)
        name = take(record, "question_id", str, where)
        match = _AUDIT_ID.fullmatch(name)
        if match is None:
            raise DataError(f"{where}: question_id {name!r} is not of the form locomo_0_qa1: correct the file")
        evidence = take(record, "correct_evidence", list, where)
        # For wrong citations the corrected answer is a remark ("answer is correct, citation is wrong").
        wrong_answer = take(record, "error_type", str, where) != "WRONG_CITATION"
        corrections[int(match[1]), int(match[2])] = _Correction(
            question=take(record, "question", str, where),
            answer=str(take(record, "correct_answer", (str, int), where)).strip() if wrong_answer else None,
            evidence=tuple(dict.fromkeys(str(each) for each in evidence)),
        )
    return corrections
