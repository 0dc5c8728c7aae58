import json
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memeval.benchmarks import fields
from memeval.benchmarks.longmemeval import ANOMALIES, LongMemEval
from memeval.checks.contexts import check_dialogue, positions
from memeval.kit.errors import ConfigError, DataError

FILE = str(Path(__file__).parents[1] / "fixtures" / "longmemeval.json")


def test_sessions_come_in_order_of_time_under_ids_that_tell_nothing() -> None:
    first, second, third = LongMemEval(path=FILE)
    assert [(turn.id, turn.session, turn.role, turn.text) for turn in first.turns] == [
        ("s1:1", "s1", "user", "I own two bikes."),
        ("s1:2", "s1", "assistant", "Noted."),
        ("s2:1", "s2", "assistant", "Welcome back."),
        ("s3:1", "s3", "user", "What is a fugue?"),
        ("s4:1", "s4", "user", "I own three bikes now."),
        ("s4:2", "s4", "assistant", "Nice!"),
    ]
    assert first.turns[0].time == datetime(2023, 1, 5, 8)
    assert [dialogue.id for dialogue in (first, second, third)] == ["haystack-0", "haystack-1", "haystack-2"]
    seen = json.dumps([[dialogue.id, [str(turn) for turn in dialogue.turns]] for dialogue in (first, second, third)])
    assert "answer" not in seen and "_abs" not in seen and "filler" not in seen
    for dialogue in (first, second, third):
        check_dialogue(dialogue)


def test_evidence_and_time() -> None:
    (update,), (abstain,), (said,) = (dialogue.questions for dialogue in LongMemEval(path=FILE))
    assert (update.id, update.answers, update.category) == ("q1", ("3",), "knowledge-update")
    assert (update.evidence, update.evidence_sessions) == (("s1:1", "s4:1"), ("s1", "s4"))
    assert (update.query.text, update.query.time) == ("How many bikes do I own?", datetime(2024, 2, 29, 10))
    assert (abstain.answers, abstain.evidence, abstain.evidence_sessions) == ((), None, ("s1",))
    assert (abstain.tags, update.tags) == (("abstention",), ())
    assert (said.evidence, said.evidence_sessions) == (("s1:2",), ("s1", "s2"))


def test_evidence_later_on_the_day_of_the_question_is_written_before_it_is_read() -> None:
    first = next(iter(LongMemEval(path=FILE)))
    assert first.turns[-1].time is not None and first.questions[0].query.time is not None
    assert first.turns[-1].time > first.questions[0].query.time
    assert positions(first) == {"q1": len(first.turns)}


def test_every_anomaly_is_counted() -> None:
    counted = LongMemEval(path=FILE).anomalies()
    assert counted == {
        "questions with an integer answer": 1,
        "questions to abstain from": 1,
        "questions with an evidence session without a marked turn": 1,
        "questions without any marked turn": 0,
        "questions without a marked turn of the user": 1,
        "questions with sessions later on their own day": 1,
        "questions with evidence later on their own day": 1,
        "questions with sessions of a later day": 0,
        "haystacks whose sessions are not in order of time": 1,
        "haystacks that repeat a session id": 1,
        "haystacks with empty turns": 1,
        "sessions that begin with the assistant": 1,
        "turns without text (left out)": 1,
        "turns with stray white space": 1,
    }
    assert tuple(counted) == ANOMALIES


def test_length_description_and_fingerprint() -> None:
    whole, without = LongMemEval(path=FILE), LongMemEval(path=FILE, include_abstention=False)
    assert (len(whole), len(without)) == (3, 2)
    assert [dialogue.id for dialogue in without] == ["haystack-0", "haystack-2"]
    about = whole.describe()
    assert (about["dialogues"], about["sessions"], about["turns"]) == (3, 7, 10)
    assert (about["questions with evidence turns"], about["questions with evidence sessions"]) == (2, 3)
    assert about["questions by category"]["knowledge-update"] == 1 and about["questions to abstain from"] == 1
    prints = [LongMemEval(path=FILE).fingerprint(), LongMemEval("s", FILE).fingerprint(), without.fingerprint()]
    assert len({json.dumps(dict(each)) for each in prints}) == 3 and not any(each["pinned"] for each in prints)
    with pytest.raises(ConfigError, match="oracle, s, m or s_dev16"):
        LongMemEval("xl")  # type: ignore[arg-type]


def _set(*path: Any, value: Any) -> Callable[[Any], None]:
    def edit(data: Any) -> None:
        for key in path[:-1]:
            data = data[key]
        data[path[-1]] = value

    return edit


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (_set(1, "question_id", value="q1"), ["record 1", "'q1' again"]),
        (_set(1, "question_id", value=7), ["record 1", "'question_id' is an integer"]),
        (_set(0, "question_type", value="trivia"), ["record 0 (q1)", "'trivia'", "knowledge-update"]),
        (_set(0, "answer", value=1.5), ["record 0 (q1)", "'answer' is a number"]),
        (_set(0, "question_date", value="2024-02-29"), ["question_date", "'2024-02-29'", "2023/04/10 (Mon) 23:07"]),
        (_set(0, "haystack_dates", 1, value="2023/02/30 (Thu) 09:00"), ["haystack_dates[1]", "2023/02/30"]),
        (_set(0, "haystack_dates", value=[]), ["record 0 (q1)", "4, 0 and 4"]),
        (_set(0, "haystack_session_ids", 2, value=5), ["haystack_session_ids[2] is an integer"]),
        (_set(0, "answer_session_ids", value=["answer_7"]), ["'answer_7'", "not in the haystack"]),
        (_set(0, "answer_session_ids", value="answer_1"), ["'answer_session_ids' is a string"]),
        (_set(0, "haystack_sessions", 1, value={}), ["haystack_sessions[1] is an object", "a list"]),
        (_set(0, "haystack_sessions", 1, 0, value="hi"), ["haystack_sessions[1][0] is a string", "an object"]),
        (
            _set(0, "haystack_sessions", 1, 0, "content", value=["hi"]),
            ["haystack_sessions[1][0]", "'content' is a list"],
        ),
        (_set(0, "haystack_sessions", 1, 0, "role", value="bot"), ["haystack_sessions[1][0]", "'bot'", "assistant"]),
        (_set(0, "haystack_sessions", 1, 0, "has_answer", value="yes"), ["[1][0]", "'has_answer' is a string"]),
        (_set(1, "haystack_sessions", value=[[]]), ["record 1 (q2_abs)", "no turns"]),
    ],
)
def test_a_broken_file_names_file_and_record(tmp_path: Path, edit: Callable[[Any], None], words: list[str]) -> None:
    data = json.loads(Path(FILE).read_text(encoding="utf-8"))
    edit(data)
    file = tmp_path / "mine.json"
    file.write_text(json.dumps(data), encoding="utf-8")
    with pytest.raises(DataError) as caught:
        list(LongMemEval(path=str(file)))
    for word in [str(file), *words]:
        assert word in str(caught.value)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", ["JSON array"]),
        (b"{}", ["JSON array"]),
        (b"[", ["record 0", "the file ends here"]),
        (b"[1]", ["record 0", "an object must begin here"]),
        (b'[{"a": 1}, ', ["record 1", "the file ends here"]),
        (b'[{"a": 1}, {"b": "x', ["record 1", "the file ends here"]),
        (b'[{"a": 1} {"b": 2}]', ["record 1", "comma"]),
        (b'[{"a": 1},]', ["record 1", "an object must begin here"]),
        (b'[{"a": 1}] [', ["after the closing ]"]),
        (b'[{"a": 1}, {"b" 2, "c": "' + b"x" * 100 + b'"}]', ["record 1", "delimiter"]),
        (b'[{"a": "\xff"}]', ["UTF-8", "0xff"]),
        (b'[{"a": ' + b"1" * 5000 + b"}]", ["record 0"]),
        (b'[{"a": ' + b"[" * 200_000 + b"}]", ["record 0"]),
    ],
)
def test_a_stream_that_is_no_array_of_objects_says_where_it_breaks(
    tmp_path: Path, content: bytes, words: list[str]
) -> None:
    file = tmp_path / "mine.json"
    file.write_bytes(content)
    with pytest.raises(DataError) as caught:
        list(fields.stream_array(file))
    for word in [str(file), *words]:
        assert word in str(caught.value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@settings(deadline=None, max_examples=60)
@given(
    records=st.lists(st.dictionaries(st.text(), JSON, max_size=4), max_size=6),
    indent=st.sampled_from([None, 0, 3]),
    ascii_only=st.booleans(),
    chunk=st.integers(1, 40),
)
def test_streaming_equals_loading_wherever_the_buffer_ends(
    tmp_path_factory: pytest.TempPathFactory, records: list[Any], indent: int | None, ascii_only: bool, chunk: int
) -> None:
    file = tmp_path_factory.mktemp("stream") / "array.json"
    text = json.dumps(records, indent=indent, ensure_ascii=ascii_only)
    file.write_bytes(text.encode(errors="surrogatepass" if ascii_only else "strict"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fields, "_CHUNK", chunk)
        assert list(fields.stream_array(file)) == json.loads(text)
        cut = file.with_name("cut.json")
        for end in {len(text) - 1, len(text) // 2}:
            cut.write_bytes(text[:end].encode())
            with pytest.raises(DataError):
                list(fields.stream_array(cut))


def test_a_large_file_is_streamed_in_little_memory(tmp_path: Path) -> None:
    file = tmp_path / "large.json"
    record = json.loads(Path(FILE).read_text(encoding="utf-8"))[0]
    record["haystack_sessions"][1][0]["content"] = "word " * 400_000
    with file.open("w", encoding="utf-8") as out:
        for number in range(120):
            record["question_id"] = f"q{number}"
            out.write(("[" if number == 0 else ",") + json.dumps(record))
        out.write("]")
    # What the process itself weighs is measured in the same process, before it reads.
    program = (
        "import resource, sys\n"
        "from memeval.benchmarks.longmemeval import LongMemEval\n"
        "peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024\n"
        "before = peak()\n"
        "turns = sum(len(dialogue.turns) for dialogue in LongMemEval(path=sys.argv[1]))\n"
        "print(turns, peak() - before)\n"
    )
    done = subprocess.run([sys.executable, "-c", program, str(file)], capture_output=True, text=True, check=True)
    turns, megabytes = done.stdout.split()
    assert file.stat().st_size > 200 << 20
    assert int(turns) == 120 * 6
    assert float(megabytes) < 60
