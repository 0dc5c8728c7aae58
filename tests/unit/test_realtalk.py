"""REALTALK's schema with each of its oddities, in small files of our own."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from memeval.benchmarks.realtalk import ANOMALIES, RealTalk
from memeval.checks.contexts import check_dialogue
from memeval.kit.errors import ConfigError, DataError

FILE = "Chat_1_Emi_Elise.json"


def said(name: str, number: str, text: str, minute: int = 0, **more: Any) -> dict[str, Any]:
    return {
        "clean_text": text,
        "speaker": name,
        "date_time": f"29.12.2023, 22:{minute:02}:04",
        "img_file": [],
        "img_url": [],
        "dia_id": number,
        **more,
    }


def asked(*evidence: Any, category: int = 1) -> dict[str, Any]:
    return {"question": "Where? ", "answer": "Oslo", "evidence": list(evidence), "category": category}


def chat(*questions: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": {"speaker_1": "Ada", "speaker_2": "bo"},
        "session_2": [said("Ada", "D1:4", "I moved.", 3), said("bo", "D1:5", "To Oslo?", 4)],
        "session_2_date_time": "29.12.2023, 22:03:04",
        "session_1": [
            said("Ada", "D1:1", " Hello!"),
            said("bo", "D1:3", "", 1, blip_caption="a red house"),
            said("bo", "D1:9", "  ", 2),
        ],
        "events_session_1": {},
        "qa": list(questions),
    }


def stored(folder: Path, record: Any) -> str:
    folder.mkdir(exist_ok=True)
    (folder / FILE).write_text(json.dumps(record))
    return str(folder)


def test_sittings_follow_their_numbers_and_ids_are_the_data_s_own(tmp_path: Path) -> None:
    (dialogue,) = RealTalk(path=stored(tmp_path, chat(asked("D1:4"))))
    assert [(turn.id, turn.session, turn.role, turn.text, turn.caption) for turn in dialogue.turns] == [
        ("D1:1", "session_1", "user", "Hello!", None),
        ("D1:3", "session_1", "assistant", "", "a red house"),
        ("D1:4", "session_2", "user", "I moved.", None),
        ("D1:5", "session_2", "assistant", "To Oslo?", None),
    ]
    assert dialogue.turns[0].time == datetime(2023, 12, 29, 22, 0, 4)
    (question,) = dialogue.questions
    assert (question.id, question.query.text, question.answers) == ("Chat_1_Emi_Elise_qa0", "Where?", ("Oslo",))
    assert (question.evidence, question.category) == (("D1:4",), "multi-hop")
    check_dialogue(dialogue)


@pytest.mark.parametrize(
    ("strings", "normalised", "exact"),
    [
        (["D1:4", "D1:4"], ("D1:4",), ("D1:4",)),
        (["D7:1"], None, ("D7:1",)),
        (["D1:1; D1:4"], ("D1:1", "D1:4"), None),
        (["D1:1,D1:4", "D1:5"], ("D1:1", "D1:4", "D1:5"), ("D1:5",)),
        (["D1:3-D1:5"], ("D1:3", "D1:4", "D1:5"), None),
        (["D1:1-D1:3;D1:5"], ("D1:1", "D1:3", "D1:5"), None),
        (["D1:4."], ("D1:4",), None),
        (["D1:1. D1:4"], ("D1:1", "D1:4"), None),
        (["D1:4:D1:5"], ("D1:4", "D1:5"), None),
        (["D 1:4", "1:5"], ("D1:4", "D1:5"), None),
        (["", "D:56", "D58", "D17;39"], None, None),
        ([], None, None),
    ],
)
def test_evidence_strings(
    tmp_path: Path, strings: list[str], normalised: tuple[str, ...] | None, exact: tuple[str, ...] | None
) -> None:
    path = stored(tmp_path, chat(asked(*strings)))
    for evidence, expected in (("normalised", normalised), ("exact", exact)):
        (dialogue,) = RealTalk(evidence, path)  # type: ignore[arg-type]
        assert dialogue.questions[0].evidence == expected, evidence


def test_every_irregularity_is_counted(tmp_path: Path) -> None:
    record = chat(
        asked("D7:1", "D1:1; D1:4", "D1:3-D1:5", "D1:4.", "D:56", category=3), asked(category=2), asked("D1:1", "D1:1")
    )
    record["session_2"][1]["date_time"] = "29.12.2023, 22:02:00"
    benchmark = RealTalk(path=stored(tmp_path, record))
    counted = benchmark.anomalies()
    assert tuple(counted) == ANOMALIES
    assert list(counted.values()) == [5, 1, 1, 1, 1, 1, 1, 1, 1, 3, 2, 2, 1, 1]
    about = benchmark.describe()
    assert (about["dialogues"], about["sessions"], about["turns"], about["turns with a caption"]) == (1, 2, 4, 1)
    assert about["questions by category"] == {"multi-hop": 1, "temporal": 1, "commonsense": 1}
    assert (about["questions with evidence"], about["pinned"], len(benchmark)) == (2, False, 1)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"session_1": [said("Cy", "D1:1", "x")]}, "speaker 'Cy' is neither of the two of 'name'"),
        ({"session_1": [said("Ada", "D1:4", "x")]}, "uses the dia_id 'D1:4' again"),
        ({"session_1": [said("Ada", "D1:1", "x", date_time="2023-12-29")]}, "write it like 29.12.2023, 22:42:04"),
        ({"session_1": [], "session_2": []}, "has no messages"),
        ({"qa": [asked(category=4)]}, "category 4 is none of 1 to 3"),
        ({"qa": [asked(7)]}, r"evidence\[0\] is an integer"),
        ({"name": {"speaker_1": "Ada"}}, "has no 'speaker_2'"),
    ],
)
def test_what_is_not_of_the_schema_is_named(tmp_path: Path, change: dict[str, Any], words: str) -> None:
    with pytest.raises(DataError, match=words):
        list(RealTalk(path=stored(tmp_path, {**chat(), **change})))


def test_a_choice_is_one_of_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"'strict' is none of normalised, exact: try benchmark\.evidence=normalised"):
        RealTalk("strict")  # type: ignore[arg-type]
