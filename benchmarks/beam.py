"""BEAM (Tavakoli et al. 2025): long chats of a user with an assistant, 20 questions each; tiers of 100K to 10M tokens.

What the loader repairs or leaves out is counted by `anomalies`.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, get_args

from memeval.benchmarks.collections import CHAT, COLLECTIONS, PROBES, TRUNCATED, Collection, LocatedFiles, locate_files
from memeval.benchmarks.fields import MONTHS, as_object, kind, read_json, stream_array, take
from memeval.kit.errors import ConfigError, DataError
from memeval.kit.types import Dialogue, Query, Question, Role, Turn

Tier = Literal["100K", "500K", "1M", "10M"]
Chat = Literal["official", "full"]

ABSTENTION = "abstention"
UPDATE = "knowledge_update"
# By ability: the field that holds the answer. The answer of a question to abstain from says that there is none.
_ANSWERS: Mapping[str, str] = {
    ABSTENTION: "ideal_response",
    "contradiction_resolution": "ideal_answer",
    "event_ordering": "answer",
    "information_extraction": "answer",
    "instruction_following": "expected_compliance",
    UPDATE: "answer",
    "multi_session_reasoning": "answer",
    "preference_following": "expected_compliance",
    "summarization": "ideal_summary",
    "temporal_reasoning": "answer",
}
CATEGORIES = tuple(_ANSWERS)
_STALE = "original_info"

ANOMALIES = (
    "marks at the end of user turns (removed)",
    "marks at the end of assistant turns (removed)",
    "chats that end where the official evaluation ends them",
    "turns without text (left out)",
    "message ids that stand more than once in a chat",
    "dates that are earlier than one before them (ignored)",
    "questions with an empty evidence list",
    "evidence ids that name no turn",
    "evidence ids repeated in a question",
    "lists of evidence ids within a list",
    "questions whose evidence is only a superseded value",
)
_COUNTS = ("dialogues", "sessions", "turns", "questions", "questions that cite a message", "questions with evidence")

_ROLES = ("user", "assistant")
# Notes of the makers: "->-> 1,1", "->-> 2,N/A", "->-> 5,14)".
_MARK = re.compile(r"\s*->->\s*\d[\d\s,]*(?:N/A)?\)?\s*$")
_ANCHOR = re.compile(r"([A-Z][a-z]+)-(\d{1,2})-(\d{4})")


class Beam:
    """One tier of BEAM.

    A chat is a dialogue, a batch of it a session (`b1`, `b2`, ...), a message a turn (`b1:0`: batch and message id).
    Dates stand on some messages only, and hold until the next. Questions have no time: they are asked after the last
    turn. Question ids are `<chat>_<ability>_<index>`.

    Evidence are the messages of `source_chat_ids`. Of a knowledge update the original statement is stale, unless it is
    cited as the update as well. Questions of the ability abstention have no evidence and no answer.
    """

    name = "beam"
    licence = "CC BY-SA 4.0"
    categories: Sequence[str] = CATEGORIES

    def __init__(self, tier: Tier = "100K", chat: Chat = "official", path: str | None = None) -> None:
        """Choose the tier; nothing is read yet.

        Args:
            tier: `100K` (20 chats), `500K` (35), `1M` (35) or `10M` (10).
            chat: `official` reads `chat_trunecated.json` (so spelt) where a chat has one, as the official evaluation
                does; `full` always reads `chat.json`.
            path: a folder of the same layout (`1/chat.json`, ...) to use instead of the published data.

        Raises:
            ConfigError: a value that is none of the choices.
        """
        for option, value, choices in (("tier", tier, get_args(Tier)), ("chat", chat, get_args(Chat))):
            if value not in choices:
                raise ConfigError(
                    f"benchmark.{option}={value!r} is none of {', '.join(choices)}: try benchmark.{option}={choices[0]}"
                )
        self._tier: Tier = tier
        self._chat: Chat = chat
        self._path = path
        self._files: LocatedFiles | None = None
        self._counts: Counter[str] | None = None

    def fingerprint(self) -> Mapping[str, Any]:
        """Name, tier, hash and which chats.

        Raises:
            DataError: files are missing, or are not the published ones.
        """
        files = self._located()
        return {
            "name": self.name,
            "variant": self._tier,
            "sha256": files.sha256,
            "pinned": files.pinned,
            "gold": "published",
            "chat": self._chat,
        }

    def __len__(self) -> int:
        """Number of chats.

        Raises:
            DataError: as `fingerprint` does.
        """
        return len(self._chats())

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
            "variant": self._tier,
            "chat": self._chat,
            **{name: counts[name] for name in _COUNTS},
            "questions by category": {name: counts[name] for name in CATEGORIES},
            "folder": str(files.folder),
            "sha256": files.sha256,
            "pinned": files.pinned,
            "licence": self.licence,
            "cite": self._collection().cite,
        }

    def _collection(self) -> Collection:
        return COLLECTIONS[f"beam-{self._tier.lower()}"]

    def _located(self) -> LocatedFiles:
        if self._files is None:
            self._files = locate_files(self._collection(), self._path)
        return self._files

    def _chats(self) -> Sequence[str]:
        paths = self._located().paths
        return list(dict.fromkeys(name.partition("/")[0] for name in paths))

    def _survey(self) -> Counter[str]:
        if self._counts is None:
            counts: Counter[str] = Counter()
            for dialogue in self._read(counts):
                counts["dialogues"] += 1
                counts["sessions"] += len({turn.session for turn in dialogue.turns})
                counts["turns"] += len(dialogue.turns)
                counts["questions"] += len(dialogue.questions)
                counts["questions that cite a message"] += sum(
                    bool(question.evidence or question.stale) for question in dialogue.questions
                )
                counts["questions with evidence"] += sum(bool(question.evidence) for question in dialogue.questions)
                counts.update(question.category for question in dialogue.questions)
            self._counts = counts
        return self._counts

    def _read(self, counts: Counter[str]) -> Iterator[Dialogue]:
        files = self._located()
        for number in self._chats():
            shorter = files.paths.get(f"{number}/{TRUNCATED}") if self._chat == "official" else None
            chat = shorter or files.paths.get(f"{number}/{CHAT}")
            probes = files.paths.get(f"{number}/{PROBES}")
            if chat is None or probes is None:
                lacks = CHAT if chat is None else PROBES
                raise DataError(f"{files.folder / number} has no {lacks}: copy it there, or remove the folder")
            counts["chats that end where the official evaluation ends them"] += shorter is not None
            yield _Chat(number, chat, counts).dialogue(probes)


@dataclass(frozen=True, slots=True)
class _Cited:
    """Ids of messages that a question cites, those of a superseded value apart."""

    current: Sequence[str]
    stale: Sequence[str]


class _Chat:
    """One chat with its questions."""

    def __init__(self, name: str, file: Path, counts: Counter[str]) -> None:
        self._name = name
        self._file = file
        self._counts = counts
        self._turns: dict[str, Turn] = {}
        # By the id of a message; None for an id that stands more than once.
        self._by_message: dict[str, str | None] = {}
        self._time: datetime | None = None

    def dialogue(self, probes: Path) -> Dialogue:
        for number, batch in enumerate(stream_array(self._file), start=1):
            for index, message in enumerate(_messages(batch)):
                self._turn(message, f"b{number}", f"{self._file}: batch {number}, message {index}")
        if not self._turns:
            raise DataError(f"{self._file} has no messages: copy it again, or remove the chat's folder")
        repeated = sum(turn is None for turn in self._by_message.values())
        self._counts["message ids that stand more than once in a chat"] += repeated
        abilities = as_object(read_json(probes), str(probes))
        if unknown := sorted(abilities.keys() - _ANSWERS.keys()):
            raise DataError(f"{probes}: ability {unknown[0]!r} is none of {', '.join(CATEGORIES)}: correct the file")
        questions = [
            self._question(raw, ability, index, f"{probes}: {ability}[{index}]")
            for ability in CATEGORIES
            if ability in abilities
            for index, raw in enumerate(take(abilities, ability, list, str(probes)))
        ]
        return Dialogue(f"chat-{self._name}", tuple(self._turns.values()), tuple(questions))

    def _turn(self, message: Mapping[str, Any], session: str, where: str) -> None:
        role, content = take(message, "role", str, where), take(message, "content", str, where)
        if role not in _ROLES:
            raise DataError(f"{where}: role {role!r} is none of {', '.join(_ROLES)}: correct the file")
        number = take(message, "id", (int, str), where)
        anchor = message.get("time_anchor")
        if anchor is not None:
            self._date(anchor, where)
        text, marks = _MARK.subn("", content)
        self._counts[f"marks at the end of {role} turns (removed)"] += marks
        name = f"{session}:{number}"
        text = text.strip()
        if not text:
            self._counts["turns without text (left out)"] += 1
            return
        if name in self._turns:
            name = f"{name}~{len(self._turns)}"
        speaker: Role = "user" if role == "user" else "assistant"
        self._by_message[str(number)] = None if str(number) in self._by_message else name
        self._turns[name] = Turn(name, session, speaker, speaker, text, self._time)

    def _date(self, anchor: object, where: str) -> None:
        match = _ANCHOR.fullmatch(anchor) if isinstance(anchor, str) else None
        try:
            if match is None:
                raise ValueError
            date = datetime(int(match[3]), MONTHS.get(match[1], 0), int(match[2]))
        except ValueError:
            raise DataError(f"{where}: time_anchor {anchor!r:.60} is no date: write it like March-15-2024") from None
        if self._time is not None and date < self._time:
            self._counts["dates that are earlier than one before them (ignored)"] += 1
        else:
            self._time = date

    def _question(self, raw: object, ability: str, index: int, where: str) -> Question:
        record = as_object(raw, where)
        answer = take(record, _ANSWERS[ability], str, where)
        cited = self._cited(record.get("source_chat_ids"), ability, where)
        evidence = self._resolved(cited.current)
        stale = tuple(turn for turn in self._resolved(cited.stale) if turn not in evidence)
        if ability != ABSTENTION:
            self._counts["questions with an empty evidence list"] += not (cited.current or cited.stale)
            self._counts["questions whose evidence is only a superseded value"] += bool(stale) and not evidence
        return Question(
            id=f"{self._name}_{ability}_{index}",
            query=Query(take(record, "question", str, where).strip()),
            answers=() if ability == ABSTENTION else (answer.strip(),),
            # An empty list is a gap in the annotation.
            evidence=evidence or (() if ability == ABSTENTION else None),
            category=ability,
            stale=stale,
            tags=(ABSTENTION,) if ability == ABSTENTION else (),
        )

    def _cited(self, raw: object, ability: str, where: str) -> _Cited:
        if raw is None:
            return _Cited((), ())
        groups: Mapping[str, Any] = raw if isinstance(raw, dict) else {"": raw}
        current: list[str] = []
        stale: list[str] = []
        for key, group in groups.items():
            if not isinstance(group, list):
                raise DataError(f"{where}: source_chat_ids is or holds {kind(group)}, expected lists of message ids")
            self._counts["lists of evidence ids within a list"] += any(isinstance(each, list) for each in group)
            (stale if ability == UPDATE and key == _STALE else current).extend(_ids(group, where))
        self._counts["evidence ids repeated in a question"] += len(current) + len(stale) - len({*current, *stale})
        return _Cited(current, stale)

    def _resolved(self, ids: Sequence[str]) -> tuple[str, ...]:
        turns = [self._by_message.get(each) for each in dict.fromkeys(ids)]
        self._counts["evidence ids that name no turn"] += turns.count(None)
        return tuple(turn for turn in turns if turn is not None)


def _ids(group: Sequence[object], where: str) -> Iterator[str]:
    """Message ids as text; some lists hold lists, one for each event."""
    for each in group:
        if isinstance(each, list):
            yield from _ids(each, where)
        elif type(each) in (int, str):
            yield str(each).strip()
        else:
            raise DataError(f"{where}: source_chat_ids holds {kind(each)}, expected message ids such as 28")


def _messages(node: object) -> Iterator[Mapping[str, Any]]:
    """All messages below a node in their order; how deep they lie differs from tier to tier."""
    if isinstance(node, dict):
        if "role" in node and "content" in node:
            yield node
        else:
            for value in node.values():
                yield from _messages(value)
    elif isinstance(node, list):
        for value in node:
            yield from _messages(value)
