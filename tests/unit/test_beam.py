"""BEAM's schema with each of its oddities, in small files of our own."""

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from memeval.benchmarks.beam import ANOMALIES, CATEGORIES, Beam
from memeval.checks.contexts import check_dialogue, positions
from memeval.kit.errors import ConfigError, DataError


def message(number: int, role: str, content: str, anchor: str | None = None) -> dict[str, Any]:
    return {"role": role, "id": number, "content": content, **({} if anchor is None else {"time_anchor": anchor})}


def chat() -> list[dict[str, Any]]:
    """Two batches; the nesting of messages differs between them."""
    return [
        {
            "batch_number": 1,
            "time_anchor": "March-15-2024",
            "turns": [
                [
                    message(0, "user", "My sprint ends on March 29. ->-> 1,1", "March-15-2024"),
                    message(1, "assistant", "Noted.\n->->  3,8"),
                ],
                [message(2, "user", "The API answers in 800 ms ->-> 1,2)"), message(3, "assistant", "   ")],
            ],
        },
        {
            "batch_number": 2,
            "plan-1": {
                "turns": [message(4, "user", "Now it answers in 250 ms. ->-> 2,N/A", "April-2-2024")],
            },
            "turns": [[message(5, "user", "An arrow ->-> in the middle stays.", "March-1-2024")]],
        },
    ]


def probes() -> dict[str, list[dict[str, Any]]]:
    return {
        "abstention": [{"question": "Who am I?", "ideal_response": "The chat does not say."}],
        "contradiction_resolution": [
            {
                "question": "Is it slow?",
                "ideal_answer": "You said both.",
                "source_chat_ids": {"first_statement": [2], "second_statement": ["4"]},
            }
        ],
        "event_ordering": [{"question": "In what order?", "answer": "a, b", "source_chat_ids": [[0, 2], [4], 4]}],
        "information_extraction": [{"question": " When? ", "answer": "March 29", "source_chat_ids": [0, 99]}],
        "knowledge_update": [
            {
                "question": "How fast?",
                "answer": "250 ms",
                "source_chat_ids": {"original_info": [2, 4], "updated_info": [4]},
            },
            {"question": "And now?", "answer": "?", "source_chat_ids": {"original_info": [2], "updated_info": []}},
        ],
        "summarization": [{"question": "Sum up.", "ideal_summary": "It became fast.", "source_chat_ids": []}],
        "preference_following": [{"question": "Tools?", "expected_compliance": "Light ones.", "source_chat_ids": [1]}],
    }


def stored(folder: Path, **chats: tuple[Any, Any, Any]) -> str:
    for name, (full, shorter, questions) in chats.items():
        place = folder / name.removeprefix("c")
        (place / "probing_questions").mkdir(parents=True)
        (place / "chat.json").write_text(json.dumps(full))
        if shorter is not None:
            (place / "chat_trunecated.json").write_text(json.dumps(shorter))
        (place / "probing_questions" / "probing_questions.json").write_text(json.dumps(questions))
    return str(folder)


@pytest.fixture
def folder(tmp_path: Path) -> str:
    return stored(
        tmp_path / "beam",
        c10=(chat(), None, probes()),
        c2=(chat(), chat()[:1], {"information_extraction": probes()["information_extraction"]}),
    )


def test_messages_become_turns_whatever_their_nesting(folder: str) -> None:
    second, tenth = Beam(path=folder)
    assert len(Beam(path=folder)) == 2
    # Chats stand in the order of their numbers, and chat 2 ends where the official evaluation ends it.
    assert (second.id, [turn.id for turn in second.turns]) == ("chat-2", ["b1:0", "b1:1", "b1:2"])
    assert [(turn.id, turn.session, turn.role, turn.text) for turn in tenth.turns] == [
        ("b1:0", "b1", "user", "My sprint ends on March 29."),
        ("b1:1", "b1", "assistant", "Noted."),
        ("b1:2", "b1", "user", "The API answers in 800 ms"),
        ("b2:4", "b2", "user", "Now it answers in 250 ms."),
        ("b2:5", "b2", "user", "An arrow ->-> in the middle stays."),
    ]
    # A date holds until the next; one that goes back is ignored.
    assert [turn.time for turn in tenth.turns] == [datetime(2024, 3, 15)] * 3 + [datetime(2024, 4, 2)] * 2
    assert len(next(iter(Beam(path=folder, chat="full"))).turns) == 5
    for dialogue in (second, tenth):
        check_dialogue(dialogue)
        assert set(positions(dialogue).values()) == {len(dialogue.turns)}


def test_each_ability_has_its_answer_and_its_evidence(folder: str) -> None:
    _, tenth = Beam(path=folder)
    gold = {question.id: (question.answers, question.evidence, question.stale) for question in tenth.questions}
    assert gold == {
        "10_abstention_0": ((), (), ()),
        "10_contradiction_resolution_0": (("You said both.",), ("b1:2", "b2:4"), ()),
        "10_event_ordering_0": (("a, b",), ("b1:0", "b1:2", "b2:4"), ()),
        "10_information_extraction_0": (("March 29",), ("b1:0",), ()),
        "10_knowledge_update_0": (("250 ms",), ("b2:4",), ("b1:2",)),
        "10_knowledge_update_1": (("?",), None, ("b1:2",)),
        "10_preference_following_0": (("Light ones.",), ("b1:1",), ()),
        "10_summarization_0": (("It became fast.",), None, ()),
    }
    assert [question.tags for question in tenth.questions if question.tags] == [("abstention",)]
    assert tenth.questions[3].query.text == "When?"


def test_every_irregularity_is_counted(folder: str) -> None:
    counted = Beam(path=folder).anomalies()
    assert tuple(counted) == ANOMALIES
    assert counted == {
        "marks at the end of user turns (removed)": 5,
        "marks at the end of assistant turns (removed)": 2,
        "chats that end where the official evaluation ends them": 1,
        "turns without text (left out)": 2,
        "message ids that stand more than once in a chat": 0,
        "dates that are earlier than one before them (ignored)": 1,
        "questions with an empty evidence list": 1,
        "evidence ids that name no turn": 2,
        "evidence ids repeated in a question": 2,
        "lists of evidence ids within a list": 1,
        "questions whose evidence is only a superseded value": 1,
    }
    about = Beam(path=folder).describe()
    assert (about["dialogues"], about["sessions"], about["turns"], about["questions"]) == (2, 3, 8, 9)
    assert (about["questions that cite a message"], about["questions with evidence"], about["pinned"]) == (7, 6, False)
    assert set(about["questions by category"]) == set(CATEGORIES)


def test_a_repeated_message_id_is_no_evidence(tmp_path: Path) -> None:
    twice = [{"turns": [message(0, "user", "One."), message(0, "user", "Two.")]}]
    path = stored(tmp_path, c1=(twice, None, {"information_extraction": probes()["information_extraction"]}))
    (dialogue,) = Beam(path=path)
    assert [turn.text for turn in dialogue.turns] == ["One.", "Two."] and dialogue.questions[0].evidence is None
    assert Beam(path=path).anomalies()["message ids that stand more than once in a chat"] == 1
    check_dialogue(dialogue)


def replaced(questions: Mapping[str, Any], **changes: Any) -> Any:
    return {**questions, **changes}


@pytest.mark.parametrize(
    ("full", "questions", "words"),
    [
        ([], probes(), "has no messages"),
        ({}, probes(), "must begin with"),
        ([{"turns": [message(0, "tool", "x")]}], probes(), "role 'tool' is none of user, assistant"),
        ([{"turns": [message(0, "user", "x", "yesterday")]}], probes(), "write it like March-15-2024"),
        ([{"turns": [message(0, "user", "x", "Mai-15-2024")]}], probes(), "write it like March-15-2024"),
        ([{"turns": [{"role": "user", "content": 3, "id": 1}]}], probes(), "'content' is an integer"),
        ([{"turns": [{"role": "user", "content": "x"}]}], probes(), "has no 'id'"),
        (chat(), [], "probing_questions.json is a list"),
        (chat(), replaced(probes(), juggling=[]), "'juggling' is none of abstention"),
        (chat(), {"abstention": [{"question": "?"}]}, "has no 'ideal_response'"),
        (chat(), {"event_ordering": [{"question": "?", "answer": "!", "source_chat_ids": 3}]}, "expected lists"),
        (chat(), {"event_ordering": [{"question": "?", "answer": "!", "source_chat_ids": [0.5]}]}, "such as 28"),
    ],
)
def test_what_is_not_of_the_schema_is_named(tmp_path: Path, full: Any, questions: Any, words: str) -> None:
    with pytest.raises(DataError, match=words):
        list(Beam(path=stored(tmp_path, c1=(full, None, questions))))


def test_options_and_missing_files_say_what_to_type(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match=r"benchmark\.tier='2M' is none of 100K, 500K, 1M, 10M"):
        Beam("2M")  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match=r"try benchmark\.chat=official"):
        Beam(chat="short")  # type: ignore[arg-type]
    monkeypatch.setenv("MEMEVAL_CACHE", str(tmp_path))
    monkeypatch.delenv("MEMEVAL_DATA", raising=False)
    with pytest.raises(DataError, match="50 of 50 files .* type: memeval data fetch beam-100k"):
        len(Beam())
    with pytest.raises(DataError, match="70 of 105 files .* type: memeval data fetch beam-500k"):
        len(Beam("500K"))
    with pytest.raises(DataError, match="holds no files as beam-100k has them"):
        len(Beam(path=str(tmp_path)))
    place = tmp_path / "half" / "1"
    place.mkdir(parents=True)
    (place / "chat.json").write_text("[]")
    with pytest.raises(DataError, match=r"has no probing_questions/probing_questions\.json"):
        list(Beam(path=str(tmp_path / "half")))
