import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from memeval.benchmarks.locomo import ANOMALIES, Locomo
from memeval.checks.contexts import check_dialogue
from memeval.kit.errors import ConfigError, DataError
from memeval.kit.types import Question

FIXTURES = Path(__file__).parents[1] / "fixtures"
FILE = str(FIXTURES / "locomo.json")
AUDIT = str(FIXTURES / "locomo_audit.json")


def questions(benchmark: Locomo) -> dict[str, Question]:
    return {question.id: question for dialogue in benchmark for question in dialogue.questions}


def evidence(**options: Any) -> list[tuple[str, ...] | None]:
    return [question.evidence for question in questions(Locomo(FILE, **options)).values()]


def test_turns_come_in_order_of_sessions_with_dates_roles_and_captions() -> None:
    first, second = Locomo(FILE)
    assert [turn.id for turn in first.turns] == ["D1:1", "D1:2", "D2:1", "D2:2", "D2:3", "D10:1"]
    assert [turn.session for turn in first.turns] == ["D1", "D1", "D2", "D2", "D2", "D10"]
    assert [turn.role for turn in first.turns] == ["user", "assistant", "assistant", "user", "assistant", "user"]
    assert [turn.speaker for turn in second.turns] == ["Vic"]
    assert first.turns[2].text == "The boat is called Heron now."
    assert (first.turns[4].text, first.turns[4].caption) == ("", "a pier at night")
    assert first.turns[0].time == datetime(2024, 2, 29, 13, 56)
    assert first.turns[2].time == datetime(2024, 3, 3, 0, 5)
    assert first.turns[5].time == datetime(2024, 3, 4, 12, 30)
    assert [dialogue.id for dialogue in (first, second)] == ["conv-1", "conv-2"]
    for dialogue in (first, second):
        check_dialogue(dialogue)


def test_questions_have_names_answers_and_no_time() -> None:
    asked = questions(Locomo(FILE))
    assert list(asked) == [*(f"conv-1_qa{index}" for index in range(7)), "conv-2_qa0"]
    assert [question.category for question in asked.values()] == [
        *(
            "single-hop",
            "multi-hop",
            "temporal",
            "open-domain",
            "adversarial",
            "adversarial",
            "single-hop",
            "single-hop",
        )
    ]
    assert asked["conv-1_qa0"].answers == ("900",)
    assert asked["conv-1_qa4"].answers == asked["conv-1_qa5"].answers == ()
    assert asked["conv-1_qa4"].query.text == "What did Tom buy?"
    assert all(question.query.time is None for question in asked.values())


def test_evidence_by_mode() -> None:
    assert evidence() == [
        *(("D1:1",), ("D10:1", "D2:1"), ("D2:1",), None, ("D1:1",), ("D2:2",), ("D1:1",), None),
    ]
    assert evidence(evidence="exact") == [
        *(("D1:1",), ("D2:1",), ("D02:01",), None, ("D1:1", "D9:9"), None, ("D1:1",), ("D4:36",)),
    ]
    assert evidence(evidence="regex") == [
        *(("D1:1",), ("D10:1", "D2:1"), ("D02:01",), None, ("D1:1", "D9:9"), None, ("D1:1",), ("D4:36",)),
    ]


def test_every_anomaly_is_counted_and_none_is_made_up() -> None:
    assert Locomo(FILE).anomalies() == {
        "evidence strings that are malformed": 3,
        "evidence strings that name no turn": 3,
        "evidence strings repeated in a question": 1,
        "questions with an empty evidence list": 1,
        "questions whose evidence is only on turns with a caption": 1,
        "questions with an integer answer": 1,
        "questions to abstain from without an answer": 1,
        "questions to abstain from that also have an answer": 1,
        "questions whose text occurs before": 1,
        "questions with stray white space": 1,
        "turns with stray white space": 2,
        "turns with a caption but no image address": 1,
        "turns without text and caption (left out)": 1,
        "session dates without a session": 1,
    }
    assert tuple(Locomo(FILE).anomalies()) == ANOMALIES


def test_audited_gold_corrects_answers_and_citations() -> None:
    published, audited = questions(Locomo(FILE)), questions(Locomo(FILE, gold="audited", audit_path=AUDIT))
    assert list(audited) == list(published)
    assert (audited["conv-1_qa0"].answers, audited["conv-1_qa0"].evidence) == (("900",), ("D1:2",))
    assert (audited["conv-1_qa3"].answers, audited["conv-1_qa3"].evidence) == (("Nothing is said of rowing",), ())
    assert (audited["conv-2_qa0"].answers, audited["conv-2_qa0"].evidence) == (("Vic did",), ("D1:1",))
    corrected = {"conv-1_qa0", "conv-1_qa3", "conv-2_qa0"}
    assert {name for name in published if audited[name] != published[name]} == corrected
    left = questions(Locomo(FILE, gold="exclude_audited", audit_path=AUDIT))
    assert left == {name: question for name, question in published.items() if name not in corrected}


def test_fingerprint_and_description_tell_golds_apart() -> None:
    benchmarks = [Locomo(FILE), Locomo(FILE, evidence="regex"), Locomo(FILE, gold="audited", audit_path=AUDIT)]
    fingerprints = [dict(benchmark.fingerprint()) for benchmark in benchmarks]
    assert len({json.dumps(each) for each in fingerprints}) == 3
    assert all(not each["pinned"] and len(each["sha256"]) == 64 for each in fingerprints)
    assert ["audit_sha256" in each for each in fingerprints] == [False, False, True]
    about = benchmarks[0].describe()
    assert (about["dialogues"], about["sessions"], about["turns"], about["questions"]) == (2, 4, 7, 8)
    assert about["questions by category"] == {
        **{"multi-hop": 1, "temporal": 1, "open-domain": 1, "single-hop": 3, "adversarial": 2}
    }
    assert (about["questions with evidence"], about["questions to abstain from"]) == (6, 2)
    assert len(benchmarks[0]) == 2
    assert list(benchmarks[0]) == list(benchmarks[0]) and next(iter(benchmarks[0])) is next(iter(benchmarks[0]))


def _set(*path: Any, value: Any) -> Callable[[Any], None]:
    def edit(data: Any) -> None:
        for key in path[:-1]:
            data = data[key]
        data[path[-1]] = value

    return edit


def _drop(*path: Any) -> Callable[[Any], None]:
    def edit(data: Any) -> None:
        for key in path[:-1]:
            data = data[key]
        del data[path[-1]]

    return edit


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (_drop(1, "sample_id"), ["record 1", "'sample_id'"]),
        (_set(1, "sample_id", value="conv-1"), ["'conv-1'", "2 times"]),
        (_drop(0, "conversation"), ["record 0 (conv-1)", "'conversation'"]),
        (_drop(0, "conversation", "speaker_b"), ["record 0 (conv-1)", "'speaker_b'"]),
        (_drop(0, "conversation", "session_2_date_time"), ["record 0 (conv-1)", "'session_2_date_time'"]),
        (
            _set(0, "conversation", "session_2_date_time", value="3 March"),
            ["session_2_date_time", "'3 March'", "8 May, 2023"],
        ),
        (_set(0, "conversation", "session_2_date_time", value="1:00 am on 30 February, 2024"), ["30 February"]),
        (_set(0, "conversation", "session_2_date_time", value="13:00 pm on 3 March, 2024"), ["13:00 pm"]),
        (_set(0, "conversation", "session_2_date_time", value="1:00 pm on 3 Mars, 2024"), ["3 Mars"]),
        (_set(0, "conversation", "session_1", value={}), ["record 0 (conv-1)", "'session_1' is an object", "a list"]),
        (_set(0, "conversation", "session_1", 1, value="hello"), ["session_1[1] is a string", "an object"]),
        (_set(0, "conversation", "session_1", 1, "text", value=None), ["session_1[1]", "'text' is null", "a string"]),
        (_set(0, "conversation", "session_1", 1, "dia_id", value="D1:1"), ["session_1[1]", "'D1:1' again"]),
        (_set(0, "conversation", "session_1", 1, "speaker", value="Zoe"), ["session_1[1]", "'Zoe'", "Ida"]),
        (_set(1, "conversation", "session_1", value=[]), ["record 1 (conv-2)", "no turns"]),
        (_set(0, "qa", 2, "evidence", value="D1:1"), ["record 0 (conv-1), qa[2]", "'evidence' is a string", "a list"]),
        (_set(0, "qa", 2, "evidence", 0, value=11), ["qa[2]", "evidence[0] is an integer", "D1:3"]),
        (_set(0, "qa", 2, "category", value=6), ["qa[2]", "category 6"]),
        (_set(0, "qa", 2, "category", value=True), ["qa[2]", "'category' is true or false", "an integer"]),
        (_drop(0, "qa", 2, "answer"), ["qa[2]", "'answer'"]),
        (_set(0, "qa", 2, "answer", value=["a"]), ["qa[2]", "'answer' is a list", "a string or an integer"]),
        (_drop(0, "qa", 2, "question"), ["qa[2]", "'question'"]),
    ],
)
def test_a_broken_file_names_file_record_and_question(
    tmp_path: Path, edit: Callable[[Any], None], words: list[str]
) -> None:
    data = json.loads(Path(FILE).read_text(encoding="utf-8"))
    edit(data)
    file = tmp_path / "mine.json"
    file.write_text(json.dumps(data), encoding="utf-8")
    with pytest.raises(DataError) as caught:
        list(Locomo(str(file)))
    for word in [str(file), *words]:
        assert word in str(caught.value)


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "line 1"),
        (b'[{"sample_id": "conv-1", "conv', "truncated"),
        (b"{}", "an object"),
        (b"[3]", "record 0 is an integer"),
        (b'"\xff"', "UTF-8"),
        (b"[" * 100_000, "none of the known data files"),
        (b"[" + b"1" * 5000 + b"]", "none of the known data files"),
    ],
)
def test_a_file_that_is_no_list_of_conversations(tmp_path: Path, content: bytes, word: str) -> None:
    file = tmp_path / "mine.json"
    file.write_bytes(content)
    with pytest.raises(DataError, match=word) as caught:
        list(Locomo(str(file)))
    assert str(file) in str(caught.value)


def test_a_missing_file_and_an_unknown_gold_say_what_to_type(tmp_path: Path) -> None:
    for path in (tmp_path / "none.json", tmp_path):
        with pytest.raises(DataError, match="leave it out"):
            Locomo(str(path)).fingerprint()
    with pytest.raises(ConfigError, match="published, audited or exclude_audited"):
        Locomo(gold="silver")  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="normalised, exact, regex"):
        Locomo(evidence="all")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (_set(0, "question", value="Another?"), ["'Another?'", "audit_path"]),
        (_set(0, "question_id", value="locomo_0_qa99"), ["locomo_0_qa99", "does not have"]),
        (_set(0, "question_id", value="conv-1_qa0"), ["'conv-1_qa0'", "locomo_0_qa1"]),
        (_set(0, "correct_evidence", value=["D7:7"]), ["'D7:7'", "no turn"]),
        (_drop(2, "correct_answer"), ["record 2", "'correct_answer'"]),
    ],
)
def test_an_audit_of_another_file_is_refused(tmp_path: Path, edit: Callable[[Any], None], words: list[str]) -> None:
    data = json.loads(Path(AUDIT).read_text(encoding="utf-8"))
    edit(data)
    file = tmp_path / "audit.json"
    file.write_text(json.dumps(data), encoding="utf-8")
    with pytest.raises(DataError) as caught:
        list(Locomo(FILE, gold="audited", audit_path=str(file)))
    for word in words:
        assert word in str(caught.value)
