import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memeval.benchmarks.jsonl import Jsonl, Mistake, line, validate
from memeval.checks.contexts import check_dialogue
from memeval.kit.errors import ConfigError, DataError
from memeval.kit.types import Query, Question, Turn

FILE = str(Path(__file__).parents[1] / "fixtures" / "dialogues.jsonl")


def test_a_good_file_is_read_as_written() -> None:
    assert list(validate(FILE)) == []
    anna, bert = Jsonl(FILE)
    assert list(anna.turns) == [
        Turn("t1", "monday", "Anna", "user", "My bike is green.", datetime(2024, 2, 26, 9)),
        Turn("t2", "monday", "assistant", "assistant", "Noted."),
        Turn("t3", "tuesday", "Anna", "user", "", datetime(2024, 2, 27), "a blue bike"),
    ]
    assert list(anna.questions) == [
        Question(
            id="q1",
            query=Query("What colour is the bike?", datetime(2024, 2, 27, 8)),
            answers=("blue", "it is blue"),
            evidence=("t3",),
            category="knowledge-update",
            evidence_sessions=("tuesday",),
            stale=("t1",),
            stale_answers=("green",),
            tags=("recent",),
        ),
        Question("q2", Query("What colour is the car?"), (), None, "uncategorised"),
    ]
    assert bert.turns[0].session == "1" and bert.turns[0].text == "Grüß Gott"
    assert bert.questions[0].evidence == ()
    for dialogue in (anna, bert):
        check_dialogue(dialogue)


def test_categories_length_description_and_fingerprint() -> None:
    benchmark = Jsonl(FILE)
    assert benchmark.categories == ("knowledge-update", "uncategorised", "single-hop")
    assert len(benchmark) == 2
    about = benchmark.describe()
    assert (about["dialogues"], about["sessions"], about["turns"], about["questions"]) == (2, 3, 4, 3)
    assert (about["questions with evidence"], about["questions to abstain from"]) == (1, 1)
    assert benchmark.fingerprint()["pinned"] is False and len(benchmark.fingerprint()["sha256"]) == 64
    assert benchmark.anomalies() == {}


def turn(name: str = "t1", **more: Any) -> dict[str, Any]:
    return {"id": name, "role": "user", "text": "Hello.", **more}


def question(name: str = "q1", **more: Any) -> dict[str, Any]:
    return {"id": name, "text": "What?", "answers": ["x"], **more}


def dialogue(*turns: Any, questions: Any = (), name: Any = "d1", **more: Any) -> dict[str, Any]:
    return {"id": name, "turns": list(turns), "questions": list(questions), **more}


def found(tmp_path: Path, *lines: Any) -> list[tuple[int, str, str]]:
    file = tmp_path / "mine.jsonl"
    raw = [line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines]
    file.write_bytes(b"\n".join(raw))
    mistakes = list(validate(str(file)))
    if mistakes:
        with pytest.raises(DataError) as caught:
            list(Jsonl(str(file)))
        assert str(mistakes[0]) in str(caught.value)
        assert f"memeval data validate {file}" in str(caught.value)
    else:
        list(Jsonl(str(file)))
    return [(mistake.line, mistake.field, mistake.message) for mistake in mistakes]


@pytest.mark.parametrize(
    ("line", "field", "word"),
    [
        (b'{"id": "d1", "turns"', "", "not valid JSON (column"),
        (b'{"id": "d\x01"}', "", "control character"),
        (b'{"id": "\xff"}', "", "not UTF-8"),
        (b"[" * 100_000, "", "not usable JSON"),
        (b'{"id": ' + b"9" * 5000 + b"}", "", "not usable JSON"),
        (b"[1]", "", "is a list, expected an object"),
        (dialogue(turn(), name=7), "id", "is an integer, expected a string"),
        (dialogue(turn(), name=" "), "id", "is blank"),
        ({"id": "d1", "turns": [turn()]}, "questions", "is missing"),
        ({"id": "d1", "questions": []}, "turns", "is missing"),
        ({"id": "d1", "turns": None, "questions": []}, "turns", "is null, expected a list"),
        (dialogue(), "turns", "is empty"),
        (dialogue(turn(), extra=1, questions=[]), "extra", "no field"),
        (dialogue(turn(), question=[]), "question", "did you mean 'questions'?"),
        (dialogue("hello"), "turns[0]", "is a string, expected an object"),
        (dialogue(turn(txt="x")), "turns[0].txt", "did you mean 'text'?"),
        (dialogue(turn(text=None)), "turns[0].text", "is null, expected a string"),
        (dialogue(turn(text=" \n")), "turns[0].text", "is blank"),
        (dialogue(turn(role="usr")), "turns[0].role", "did you mean 'user'?"),
        (dialogue(turn(role=["user"])), "turns[0].role", "is a list"),
        (dialogue(turn(session=3)), "turns[0].session", "is an integer"),
        (dialogue(turn(caption="")), "turns[0].caption", "is blank"),
        (dialogue(turn(), turn()), "turns[1].id", "'t1' is the id of another turn"),
        (dialogue(turn(time="8 May 2023")), "turns[0].time", "no ISO 8601 time"),
        (dialogue(turn(time=20230508)), "turns[0].time", "is an integer"),
        (dialogue(turn(time="2023-05-08T10:00Z")), "turns[0].time", "time zone"),
        (
            dialogue(turn(time="2023-05-08"), turn("t2", time="2023-05-07")),
            "turns[1].time",
            "before the turn that precedes",
        ),
        (dialogue(turn(text="a\0b")), "turns[0].text", "NUL character at offset 1"),
        (dialogue(turn(text="a\ud83d")), "turns[0].text", "unpaired surrogate at offset 1"),
        (dialogue(turn("t\0")), "turns[0].id", "NUL"),
        (dialogue(turn(), questions=["what"]), "questions[0]", "is a string"),
        (dialogue(turn(), questions=[question(text="\udc00")]), "questions[0].text", "surrogate"),
        (dialogue(turn(), questions=[question(answers="x")]), "questions[0].answers", "is a string, expected a list"),
        (dialogue(turn(), questions=[question(answers=None)]), "questions[0].answers", "is null"),
        (dialogue(turn(), questions=[{"id": "q1", "text": "?"}]), "questions[0].answers", "is missing"),
        (dialogue(turn(), questions=[question(answers=["x", 3])]), "questions[0].answers[1]", "is an integer"),
        (dialogue(turn(), questions=[question(answers=["x", ""])]), "questions[0].answers[1]", "is blank"),
        (dialogue(turn(), questions=[question(evidence=["t1", "t1"])]), "questions[0].evidence[1]", "listed twice"),
        (
            dialogue(turn("turn-1"), questions=[question(evidence=["tern-1"])]),
            "questions[0].evidence[0]",
            "did you mean 'turn-1'?",
        ),
        (dialogue(turn(), questions=[question(stale=["t9"])]), "questions[0].stale[0]", "'t9' is no turn"),
        (
            dialogue(turn(), questions=[question(evidence_sessions=["s"])]),
            "questions[0].evidence_sessions[0]",
            "no session",
        ),
        (
            dialogue(turn(), questions=[question(), question()]),
            "questions[1].id",
            "already the id of a question in line 1",
        ),
        (dialogue(turn(), questions=[question(evidnce=[])]), "questions[0].evidnce", "did you mean 'evidence'?"),
        (
            dialogue(turn(time="2024-01-02"), questions=[question(time="2024-01-01T23:00")]),
            "questions[0].time",
            "before the first turn",
        ),
        (
            dialogue(
                turn(time="2024-01-02"),
                turn("t2"),
                turn("t3", time="2024-01-04"),
                questions=[question(time="2024-01-03", evidence=["t1", "t2", "t3"])],
            ),
            "questions[0].evidence[2]",
            "after the question's day",
        ),
    ],
)
def test_a_mistake_is_named_by_line_and_field(tmp_path: Path, line: Any, field: str, word: str) -> None:
    good = dialogue(turn(), name="good", questions=[question("good")])
    mistakes = found(tmp_path, line, good)
    assert [(number, where) for number, where, _ in mistakes] == [(1, field)]
    assert word in mistakes[0][2]


def test_every_mistake_is_reported_not_only_the_first(tmp_path: Path) -> None:
    bad = dialogue(
        turn("t1", role="bot", text=""),
        turn("t2", time="yesterday"),
        turn("t1"),
        questions=[question(evidence=["t1", "t7"], answers=[1]), question(time="soon", tag=["a"])],
    )
    mistakes = found(tmp_path, b"{", bad, b"", dialogue(turn(), name="d1"), b"   ")
    assert [(line, field) for line, field, _ in mistakes] == [
        (1, ""),
        (2, "turns[0].role"),
        (2, "turns[0].text"),
        (2, "turns[1].time"),
        (2, "turns[2].id"),
        (2, "questions[0].answers[0]"),
        (2, "questions[0].evidence[1]"),
        (2, "questions[1].tag"),
        (2, "questions[1].id"),
        (2, "questions[1].time"),
        (4, "id"),
    ]


def test_evidence_is_not_blamed_for_a_turn_whose_id_cannot_be_read(tmp_path: Path) -> None:
    bad = dialogue(turn(), {"text": "no id", "role": "user"}, questions=[question(evidence=["t2"])])
    assert [field for _, field, _ in found(tmp_path, bad)] == ["turns[1].id"]


@pytest.mark.parametrize("content", [b"", b"\n", b"\xef\xbb\xbf", b" \n \n"])
def test_an_empty_file_is_a_mistake(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "mine.jsonl"
    file.write_bytes(content)
    (mistake,) = validate(str(file))
    assert mistake.field == "" and "no dialogue" in mistake.message
    with pytest.raises(DataError, match="no dialogue"):
        list(Jsonl(str(file)))


def test_a_byte_order_mark_and_windows_line_ends_are_taken(tmp_path: Path) -> None:
    lines = [dialogue(turn(), name=name, questions=[question(name)]) for name in ("a", "b")]
    file = tmp_path / "mine.jsonl"
    file.write_bytes(b"\xef\xbb\xbf" + "\r\n".join(json.dumps(line) for line in lines).encode())
    assert list(validate(str(file))) == []
    assert [each.id for each in Jsonl(str(file))] == ["a", "b"] and len(Jsonl(str(file))) == 2


def test_the_documented_example_is_valid_and_every_field_documented(tmp_path: Path) -> None:
    text = (Path(__file__).parents[2] / "docs" / "data.md").read_text(encoding="utf-8")
    example = re.search(r"```json title=[^\n]*\n(.*?)```", text, re.DOTALL)
    assert example is not None
    assert found(tmp_path, json.loads(example[1])) == []
    for noun, fields in (("turns", line.TURN), ("questions", line.QUESTION)):
        for field in fields:
            assert f"`{noun}[].{field}`" in text or f"`{field}` |" in text


def test_no_file_says_what_to_type(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="benchmark.path=FILE"):
        Jsonl()
    missing = str(tmp_path / "none.jsonl")
    for call in (lambda: list(validate(missing)), lambda: list(Jsonl(missing)), lambda: len(Jsonl(missing))):
        with pytest.raises(DataError, match="none.jsonl cannot be read"):
            call()
    with pytest.raises(DataError, match="is a folder: name a file in it"):
        Jsonl(str(tmp_path)).fingerprint()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "turns", "questions", "text", "role", "time", "answers", "evidence", "stale", "x"]),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


@settings(deadline=None, max_examples=200)
@given(records=st.lists(JSON, min_size=1, max_size=3))
def test_whatever_stands_in_a_file_it_is_either_good_or_reported(
    tmp_path_factory: pytest.TempPathFactory, records: list[Any]
) -> None:
    file = tmp_path_factory.mktemp("any") / "mine.jsonl"
    file.write_text("\n".join(json.dumps(record) for record in records), encoding="utf-8")
    mistakes = list(validate(str(file)))
    assert all(isinstance(mistake, Mistake) and mistake.message for mistake in mistakes)
    if mistakes:
        with pytest.raises(DataError):
            list(Jsonl(str(file)))
    else:
        for each in Jsonl(str(file)):
            check_dialogue(each)
