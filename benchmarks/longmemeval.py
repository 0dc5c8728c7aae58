"""LongMemEval (Wu et al. 2024): 500 questions, each with a haystack of chats between one user and an assistant.

The variants share the questions: `oracle` has the evidence sessions only, `s` about 48 sessions a question (100,000
tokens), `m` about 500. One record becomes one dialogue with one question; records are streamed.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from memeval.benchmarks.fields import as_object, kind, stream_array, take
from memeval.benchmarks.sources import SOURCES, Located, Source, locate
from memeval.kit.errors import DataError
from memeval.kit.ranges import ranged
from memeval.kit.types import Dialogue, Query, Question, Turn

Variant = Literal["oracle", "s", "m", "s_dev16"]

CATEGORIES = (
    "single-session-user",
    "single-session-assistant",
    "single-session-preference",
    "multi-session",
    "knowledge-update",
    "temporal-reasoning",
)
ABSTENTION = "abstention"

ANOMALIES = (
    "questions with an integer answer",
    "questions to abstain from",
    "questions with an evidence session without a marked turn",
    "questions without any marked turn",
    "questions without a marked turn of the user",
    "questions with sessions later on their own day",
    "questions with evidence later on their own day",
    "questions with sessions of a later day",
    "haystacks whose sessions are not in order of time",
    "haystacks that repeat a session id",
    "haystacks with empty turns",
    "sessions that begin with the assistant",
    "turns without text (left out)",
    "turns with stray white space",
)

_COUNTS = (
    "dialogues",
    "sessions",
    "turns",
    "questions with evidence turns",
    "questions with evidence sessions",
)

# Questions of the pinned files, and how many of them are to be abstained from.
_KNOWN = {"oracle": (500, 30), "s": (500, 30), "m": (500, 30), "s_dev16": (16, 4)}
_DATE = re.compile(r"(\d{4})/(\d\d)/(\d\d) \([A-Z][a-z]{2}\) (\d\d:\d\d)")
_ROLES = ("user", "assistant", "system")


@ranged
class LongMemEval:
    """LongMemEval, cleaned edition.

    Ids tell nothing: sessions are `s1`, `s2`, ... in order of time and turns `s3:7`, since the data's own ids give the
    evidence away. Question ids are the data's. Evidence are the turns marked `has_answer`; a question to abstain from
    (id ending in `_abs`) has no evidence turns, as no turn holds its answer and the data mark some in 9 of 30 only; its
    annotated sessions are kept, and it is tagged `abstention`.
    """

    name = "longmemeval"
    licence = "MIT"
    categories: Sequence[str] = CATEGORIES

    def __init__(self, variant: Variant = "oracle", path: str | None = None, include_abstention: bool = True) -> None:
        """Choose the haystacks; nothing is read yet.

        Args:
            variant: `oracle`, `s` or `m`; `s_dev16` is an unpublished sample of 16 questions of `s` for development.
            path: a file of the same schema to use instead of the published one.
            include_abstention: keep the questions that must be abstained from.

        Raises:
            ConfigError: an unknown variant.
        """
        self._variant = variant
        self._path = path
        self._include_abstention = include_abstention
        self._file: Located | None = None
        self._counts: Counter[str] | None = None

    def fingerprint(self) -> Mapping[str, Any]:
        """Name, variant, hash and which questions.

        Raises:
            DataError: no such file, or not the one that stands in its place.
        """
        located = self._located()
        return {
            "name": self.name,
            "variant": self._variant,
            "sha256": located.sha256,
            "pinned": located.pinned,
            "gold": "published",
            "include_abstention": self._include_abstention,
        }

    def __len__(self) -> int:
        """Number of dialogues, which is the number of questions; another file than the published ones is read for it.

        Raises:
            DataError: as iterating does.
        """
        if self._located().pinned:
            questions, abstentions = _KNOWN[self._variant]
            return questions if self._include_abstention else questions - abstentions
        return self._survey()["dialogues"]

    def __iter__(self) -> Iterator[Dialogue]:
        """Dialogues in the order of the file, streamed.

        Raises:
            DataError: a file that is missing, damaged or not of the schema; the message names the record.
        """
        return self._read(Counter())

    def anomalies(self) -> Mapping[str, int]:
        """What is uneven in the file, handled or not, in a fixed order; reads the file once."""
        counts = self._survey()
        return {name: counts[name] for name in ANOMALIES}

    def describe(self) -> Mapping[str, Any]:
        """What there is: counts, file, licence; reads the file once."""
        counts = self._survey()
        located = self._located()
        return {
            "variant": self._variant,
            **{name: counts[name] for name in _COUNTS},
            "questions by category": {name: counts[name] for name in CATEGORIES},
            "questions to abstain from": counts["questions to abstain from"],
            "file": str(located.path),
            "sha256": located.sha256,
            "pinned": located.pinned,
            "licence": self.licence,
            "cite": self._source().cite,
        }

    def _source(self) -> Source:
        return SOURCES[f"longmemeval-{self._variant}"]

    def _located(self) -> Located:
        if self._file is None:
            self._file = locate(self._source(), self._path)
        return self._file

    def _survey(self) -> Counter[str]:
        if self._counts is None:
            counts: Counter[str] = Counter()
            for dialogue in self._read(counts):
                (question,) = dialogue.questions
                counts["dialogues"] += 1
                counts["sessions"] += len({turn.session for turn in dialogue.turns})
                counts["turns"] += len(dialogue.turns)
                counts["questions with evidence turns"] += bool(question.evidence)
                counts["questions with evidence sessions"] += bool(question.evidence_sessions)
                counts[question.category] += 1
            self._counts = counts
        return self._counts

    def _read(self, counts: Counter[str]) -> Iterator[Dialogue]:
        file = self._located().path
        asked: set[str] = set()
        for number, record in enumerate(stream_array(file)):
            where = f"{file}: record {number}"
            name = take(record, "question_id", str, where)
            if name in asked:
                raise DataError(f"{where} uses the question_id {name!r} again: make it unique")
            asked.add(name)
            if self._include_abstention or not name.endswith("_abs"):
                # A dialogue's id reaches the strategy's storage as its scope, so it must not say `_abs` either.
                yield _Record(record, name, f"haystack-{number}", f"{where} ({name})", counts).dialogue()


class _Record:
    """One question with its haystack."""

    def __init__(self, record: Mapping[str, Any], name: str, dialogue: str, where: str, counts: Counter[str]) -> None:
        self._record = record
        self._name = name
        self._dialogue = dialogue
        self._where = where
        self._counts = counts
        self._abstain = name.endswith("_abs")
        self._turns: list[Turn] = []
        self._evidence: list[str] = []
        self._evidence_sessions: list[str] = []
        # Annotated sessions in which no turn is marked.
        self._unmarked = 0

    def dialogue(self) -> Dialogue:
        record, where, counts = self._record, self._where, self._counts
        ids = _strings(record, "haystack_session_ids", where)
        texts = _strings(record, "haystack_dates", where)
        sessions = take(record, "haystack_sessions", list, where)
        if not len(ids) == len(texts) == len(sessions):
            raise DataError(
                f"{where}: haystack_sessions, haystack_dates and haystack_session_ids have {len(sessions)}, "
                f"{len(texts)} and {len(ids)} entries, expected as many of each: correct the file"
            )
        gold = frozenset(_strings(record, "answer_session_ids", where))
        if missing := gold.difference(ids):
            raise DataError(f"{where}: answer_session_ids names {min(missing)!r}, which is not in the haystack")
        dates = [_date(text, f"{where}, haystack_dates[{index}]") for index, text in enumerate(texts)]
        asked = _date(take(record, "question_date", str, where), f"{where}, question_date")
        dropped = counts["turns without text (left out)"]
        order = sorted(range(len(sessions)), key=dates.__getitem__)
        for position, index in enumerate(order, start=1):
            place = f"{where}, haystack_sessions[{index}]"
            self._session(sessions[index], f"s{position}", dates[index], ids[index] in gold, place)
        if not self._turns:
            raise DataError(f"{where} has no turns: add sessions with turns, or remove the record")
        later = [date > asked for date in dates]
        counts["questions with sessions later on their own day"] += any(later)
        counts["questions with evidence later on their own day"] += any(
            late and each in gold for late, each in zip(later, ids, strict=True)
        )
        counts["questions with sessions of a later day"] += any(date.date() > asked.date() for date in dates)
        counts["haystacks whose sessions are not in order of time"] += order != list(range(len(order)))
        counts["haystacks that repeat a session id"] += len(set(ids)) < len(ids)
        counts["haystacks with empty turns"] += counts["turns without text (left out)"] > dropped
        return Dialogue(self._dialogue, tuple(self._turns), (self._question(asked),))

    def _session(self, raw: object, session: str, time: datetime, gold: bool, where: str) -> None:
        if not isinstance(raw, list):
            raise DataError(f"{where} is {kind(raw)}, expected a list of turns: correct the file")
        turns, marked, strayed = self._turns, len(self._evidence), 0
        start = len(turns)
        for index, entry in enumerate(raw, start=1):
            record = entry if type(entry) is dict else as_object(entry, f"{where}[{index - 1}]")
            role, content, answers = record.get("role"), record.get("content"), record.get("has_answer", False)
            if role not in _ROLES or type(content) is not str or type(answers) is not bool:
                raise _bad_turn(record, f"{where}[{index - 1}]")
            text = content.strip()
            if not text:
                self._counts["turns without text (left out)"] += 1
                continue
            strayed += len(text) != len(content)
            name = f"{session}:{index}"
            turns.append(Turn(name, session, role, role, text, time))
            if answers:
                self._evidence.append(name)
        self._counts["turns with stray white space"] += strayed
        if len(turns) > start:
            self._counts["sessions that begin with the assistant"] += turns[start].role == "assistant"
            if gold:
                self._evidence_sessions.append(session)
        self._unmarked += gold and len(self._evidence) == marked

    def _question(self, asked: datetime) -> Question:
        record, where, counts = self._record, self._where, self._counts
        category = take(record, "question_type", str, where)
        if category not in CATEGORIES:
            raise DataError(f"{where}: question_type {category!r} is none of {', '.join(CATEGORIES)}: correct the file")
        answer = take(record, "answer", (str, int), where)
        marked = frozenset(self._evidence)
        counts["questions with an integer answer"] += type(answer) is int
        counts["questions to abstain from"] += self._abstain
        counts["questions with an evidence session without a marked turn"] += self._unmarked > 0
        counts["questions without any marked turn"] += not marked
        counts["questions without a marked turn of the user"] += not any(
            turn.role == "user" and turn.id in marked for turn in self._turns
        )
        return Question(
            id=self._name,
            query=Query(take(record, "question", str, where).strip(), asked),
            answers=() if self._abstain else (str(answer).strip(),),
            evidence=None if self._abstain else tuple(self._evidence) or None,
            category=category,
            evidence_sessions=tuple(self._evidence_sessions) or None,
            tags=(ABSTENTION,) if self._abstain else (),
        )


def _strings(record: Mapping[str, Any], key: str, where: str) -> list[str]:
    values: list[str] = take(record, key, list, where)
    for index, value in enumerate(values):
        if type(value) is not str:
            raise DataError(f"{where}, {key}[{index}] is {kind(value)}, expected a string: correct the file")
    return values


def _bad_turn(record: Mapping[str, Any], where: str) -> DataError:
    take(record, "content", str, where)
    role = take(record, "role", str, where)
    if role not in _ROLES:
        return DataError(f"{where}: role {role!r} is none of {', '.join(_ROLES)}: correct the file")
    return DataError(f"{where}: 'has_answer' is {kind(record['has_answer'])}, expected true or false: correct the file")


def _date(text: str, where: str) -> datetime:
    match = _DATE.fullmatch(text)
    try:
        if match is None:
            raise ValueError
        year, month, day, minute = match.groups()
        return datetime.fromisoformat(f"{year}-{month}-{day}T{minute}")
    except ValueError:
        raise DataError(f"{where}: {text!r} is no date: write it like 2023/04/10 (Mon) 23:07") from None
