"""One line of the schema: a dialogue, or all that is wrong with it."""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime

from memeval.benchmarks.jsonl.node import Mistake, Node, did_you_mean
from memeval.kit import strict_json
from memeval.kit.strict_json import REPEATED, Repeat
from memeval.kit.types import Dialogue, Query, Question, Role, Turn

UNCATEGORISED = "uncategorised"
ONLY_SESSION = "1"

_ROLES: Mapping[str, Role] = {"user": "user", "assistant": "assistant", "system": "system"}
DIALOGUE = ("id", "turns", "questions")
TURN = ("id", "text", "role", "session", "speaker", "time", "caption")
QUESTION = (
    "id",
    "text",
    "answers",
    "evidence",
    "category",
    "time",
    "evidence_sessions",
    "stale",
    "stale_answers",
    "tags",
)
# Only an escape can bring these characters past a strict UTF-8 and JSON decoder.
_SUSPICIOUS = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")


class LineReader:
    """Reads one line; goes on after a mistake wherever what follows can still be judged."""

    def __init__(self, number: int, dialogues: dict[str, int], questions: dict[str, int]) -> None:
        """`dialogues` and `questions` map the ids of the lines before to their line; those of this line are added."""
        self.mistakes: list[Mistake] = []
        self._number = number
        self._dialogues = dialogues
        self._questions = questions
        self._suspicious = False
        # What the questions are checked against: the day of each turn, and whether some turn's id is not known.
        self._days: dict[str, date | None] = {}
        self._sessions: set[str] = set()
        self._first: date | None = None
        self._broken = False

    def read(self, line: bytes) -> Dialogue | None:
        """The dialogue; None if there are mistakes.

        After a mistake parts are made up to go on checking; the made-up dialogue is thrown away.
        """
        try:
            record, repeats = strict_json.loads(line.decode())
        except UnicodeDecodeError as error:
            self._wrong(
                "", f"not UTF-8 (byte 0x{line[error.start]:02x} at offset {error.start}): save the file as UTF-8"
            )
            return None
        except json.JSONDecodeError as error:
            self._wrong("", f"not valid JSON (column {error.colno}: {error.msg}): write one whole object a line")
            return None
        except (ValueError, RecursionError) as error:
            reason = strict_json.reason(error)
            self._wrong("", f"not usable JSON ({reason}): write one object of strings and lists a line")
            return None
        return self.take(record, repeats, suspicious=_SUSPICIOUS.search(line) is not None)

    def take(self, record: object, repeats: Sequence[Repeat], suspicious: bool = True) -> Dialogue | None:
        """As `read`, of a line that has been read as JSON.

        Args:
            record: its value.
            repeats: keys that stand twice in an object.
            suspicious: whether it may hold characters that are not text.
        """
        for repeat in repeats:
            self._wrong(repeat.field, REPEATED)
        self._suspicious = suspicious
        node = self._open(record, "", DIALOGUE)
        if node is None:
            return None
        name = node.text("id")
        self._claim(self._dialogues, name, "id", "dialogue")
        turns = self._turns(node)
        questions = [
            self._question(child)
            for index, raw in enumerate(node.items("questions") or ())
            if (child := self._open(raw, f"questions[{index}]", QUESTION)) is not None
        ]
        return None if self.mistakes else Dialogue(name or "", turns, questions)

    def _turns(self, node: Node) -> list[Turn]:
        items = node.items("turns")
        if items == []:
            node.wrong("turns", "is empty: add the turns of the dialogue, or remove the line")
        self._broken = not items
        turns: list[Turn] = []
        day: date | None = None
        for index, raw in enumerate(items or ()):
            child = self._open(raw, f"turns[{index}]", TURN)
            turn = None if child is None else self._turn(child)
            if child is None or turn is None:
                self._broken = True
                continue
            turns.append(turn)
            if turn.id in self._days:
                child.wrong("id", f"{turn.id!r} is the id of another turn of this dialogue: make it unique")
            self._sessions.add(turn.session)
            if turn.time is not None:
                if day is not None and turn.time.date() < day:
                    child.wrong(
                        "time", f"{turn.time.date()} is before the turn that precedes it ({day}): order turns by day"
                    )
                else:
                    day = turn.time.date()
                    self._first = self._first or day
            self._days[turn.id] = day
        return turns

    def _turn(self, node: Node) -> Turn | None:
        name = node.text("id")
        role = node.text("role")
        if role is not None and role not in _ROLES:
            node.wrong("role", f"{role!r} is none of {', '.join(_ROLES)}{did_you_mean(role, _ROLES)}")
        caption = node.text("caption", required=False)
        text = node.text("text", blank=caption is not None)
        session = node.text("session", required=False) or ONLY_SESSION
        speaker = node.text("speaker", required=False) or role
        time = node.time()
        if name is None:
            return None
        return Turn(name, session, speaker or "", _ROLES.get(role or "", "user"), (text or "").strip(), time, caption)

    def _question(self, node: Node) -> Question:
        name = node.text("id")
        self._claim(self._questions, name, node.field("id"), "question")
        text = node.text("text")
        time = node.time()
        if time is not None and self._first is not None and time.date() < self._first:
            message = f"{time.date()} is before the first turn ({self._first}): correct it, or leave it out to ask last"
            node.wrong("time", message)
        sessions = node.texts("evidence_sessions")
        for index, session in enumerate(sessions or ()):
            if session not in self._sessions and not self._broken:
                near = did_you_mean(session, self._sessions)
                node.wrong(f"evidence_sessions[{index}]", f"{session!r} is no session of this dialogue{near}")
        return Question(
            id=name or "",
            query=Query((text or "").strip(), time),
            answers=node.texts("answers", required=True) or (),
            evidence=self._cited(node, "evidence", time),
            category=node.text("category", required=False) or UNCATEGORISED,
            evidence_sessions=sessions,
            stale=self._cited(node, "stale", time) or (),
            stale_answers=node.texts("stale_answers") or (),
            tags=node.texts("tags") or (),
        )

    def _cited(self, node: Node, key: str, time: datetime | None) -> tuple[str, ...] | None:
        names = node.texts(key)
        for index, name in enumerate(names or ()):
            if name not in self._days:
                # Where turns are damaged the cited one may be among them.
                if not self._broken:
                    near = did_you_mean(name, self._days)
                    node.wrong(f"{key}[{index}]", f"{name!r} is no turn of this dialogue{near}")
                continue
            day = self._days[name]
            if time is not None and day is not None and day > time.date():
                message = f"turn {name!r} is of {day}, after the question's day ({time.date()}): correct either time"
                node.wrong(f"{key}[{index}]", message)
        return names

    def _open(self, value: object, where: str, known: tuple[str, ...]) -> Node | None:
        return Node.open(value, where, known, self._wrong, self._suspicious)

    def _claim(self, used: dict[str, int], name: str | None, field: str, noun: str) -> None:
        if name is None:
            return
        if name in used:
            self._wrong(
                field, f"{name!r} is already the id of a {noun} in line {used[name]}: make it unique in the file"
            )
        used.setdefault(name, self._number)

    def _wrong(self, field: str, message: str) -> None:
        self.mistakes.append(Mistake(self._number, field, message))
