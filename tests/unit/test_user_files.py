"""Files that users name: whatever they are, reading them ends, and ends with data or with one sentence."""

import gzip
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from memeval.benchmarks.jsonl import Jsonl, validate
from memeval.benchmarks.locomo import Locomo
from memeval.benchmarks.longmemeval import LongMemEval
from memeval.gating.rules import load_rules
from memeval.kit import user_files
from memeval.kit.errors import ConfigError, DataError, MemevalError
from memeval.llm.scripted import Scripted


def dialogue(name: str) -> dict[str, Any]:
    turns = [{"id": "t1", "text": f"a\u2028b of {name}", "role": "user"}]
    return {"id": name, "turns": turns, "questions": [{"id": f"q-{name}", "text": "?", "answers": ["x"]}]}


BOTH = [dialogue("d1"), dialogue("d2")]
LINES = "\n".join(json.dumps(each, ensure_ascii=False) for each in BOTH)
READERS: list[Callable[[str], object]] = [
    lambda path: list(validate(path)),
    lambda path: list(Jsonl(path)),
    lambda path: len(Jsonl(path)),
    lambda path: Jsonl(path).fingerprint(),
    lambda path: list(Locomo(path=path)),
    lambda path: Locomo(path=path).fingerprint(),
    lambda path: list(LongMemEval(path=path)),
    lambda path: Scripted(replies=path).complete([{"role": "user", "content": "x"}]),
]


@pytest.mark.parametrize("read", READERS)
def test_what_is_no_text_file_is_refused(tmp_path: Path, read: Callable[[str], object]) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("/dev/zero")
    (tmp_path / "packed.jsonl.gz").write_bytes(gzip.compress(LINES.encode()))
    (tmp_path / "wide.jsonl").write_text(LINES, encoding="utf-16")
    for name, says in (
        ("/dev/zero", "a device or a pipe|is no file"),
        (str(tmp_path / "link"), "a device or a pipe|is no file"),
        (str(tmp_path / "pipe"), "a device or a pipe|is no file"),
        (str(tmp_path), "is a folder|is no file"),
        (str(tmp_path / "nowhere"), "No such file|does not exist"),
        (str(tmp_path / "packed.jsonl.gz"), "compressed with gzip: unpack it first"),
        (str(tmp_path / "wide.jsonl"), "in UTF-16 and not in UTF-8: save it as UTF-8"),
    ):
        with pytest.raises(MemevalError, match=says):
            read(name)


@pytest.mark.parametrize(
    "text",
    [
        LINES,
        LINES.replace("\n", "\r\n") + "\r\n\r\n",
        "\ufeff \n" + LINES,
        "\ufeff" + LINES.replace("\n", "\n\x0c\n"),
        json.dumps(BOTH),
        json.dumps(BOTH, indent=1, ensure_ascii=False),
        "\ufeff" + json.dumps(BOTH, indent=4).replace("\n", "\r\n") + "\n",
        "\n".join(json.dumps(each, indent=2) for each in BOTH),
        "\n\n".join(json.dumps(each, indent=2) for each in BOTH) + "\n",
        "[" + ",\n".join(json.dumps(each) for each in BOTH) + "]",
        json.dumps(BOTH).replace('"turns"', '\n\n"turns"'),
    ],
)
def test_dialogues_are_the_same_however_they_are_laid_out(tmp_path: Path, text: str) -> None:
    path = tmp_path / "mine.jsonl"
    path.write_text(text, encoding="utf-8", newline="")
    assert [str(each) for each in validate(str(path))] == []
    read = list(Jsonl(str(path)))
    assert [each.id for each in read] == ["d1", "d2"]
    assert [each.turns[0].text for each in read] == ["a\u2028b of d1", "a\u2028b of d2"]
    assert [each.questions[0].id for each in read] == ["q-d1", "q-d2"]
    assert len(Jsonl(str(path))) == 2


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ('[{"id": "d1"', 1, "the file ends here"),
        (f"[{json.dumps(BOTH[0])}\n{json.dumps(BOTH[1])}]", 2, "a comma or ] is missing"),
        (f"[{json.dumps(BOTH[0])},\n7]", 2, "an object must begin here"),
        (f"{json.dumps(BOTH[0], indent=1)}\n{{\n", 20, "the file ends here"),
        ("[]", 1, "the file has no dialogue"),
        ("[", 1, "the file ends here"),
        ("{\n", 1, "not valid JSON"),
        ("\x00" * 1_000, 1, "not valid JSON"),
    ],
)
def test_what_breaks_off_is_named_by_its_line(tmp_path: Path, text: str, line: int, says: str) -> None:
    path = tmp_path / "mine.json"
    path.write_text(text)
    mistakes = list(validate(str(path)))
    assert [mistake.line for mistake in mistakes][-1:] == [line], mistakes
    assert says in mistakes[-1].message
    with pytest.raises(DataError, match="mine.json, line"):
        list(Jsonl(str(path)))


def test_endless_records_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file whose one line or string goes on and on, with a bound of a thousandth of the true one."""
    monkeypatch.setattr("memeval.benchmarks.jsonl.LONGEST", 1 << 18)
    monkeypatch.setattr("memeval.benchmarks.fields.LONGEST", 1 << 18)
    path = tmp_path / "long.jsonl"
    with path.open("wb") as file:
        file.write(b'{"id": "')
        file.truncate(1 << 22)
    assert "has 262,144 bytes or more" in str(next(iter(validate(str(path)))))
    path.write_text('[{"question_id": "' + "x" * (1 << 23))
    with pytest.raises(DataError, match="more than 262,144 characters"):
        list(LongMemEval(path=str(path)))


def test_a_text_is_read_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "text"
    path.write_bytes("\ufeffa\r\nb".encode())
    assert user_files.read(path) == "a\r\nb"
    assert user_files.check(path) == 7
    with pytest.raises(DataError, match="has 7 bytes, more than the 6 that are read"):
        user_files.read(path, most=6)
    path.write_bytes(b"a\xe9b")
    with pytest.raises(DataError, match="not UTF-8 .byte 0xe9"):
        user_files.read(path)
    with pytest.raises(DataError, match="cannot be read"):
        user_files.read(Path("a\0b"))


def test_numbers_of_thousands_of_digits_in_evidence_name_no_turn(tmp_path: Path) -> None:
    turn = {"speaker": "Ann", "dia_id": "D1:1", "text": "hello"}
    conversation = {"speaker_a": "Ann", "speaker_b": "Bo", "session_1_date_time": "1:56 pm on 8 May, 2023"}
    asked = {
        "question": "?",
        "answer": "x",
        "evidence": ["D1:" + "9" * 5_000, "D1: 1", "D1:12345678901"],
        "category": 1,
    }
    record = {"sample_id": "c", "conversation": {**conversation, "session_1": [turn]}, "qa": [asked]}
    path = tmp_path / "locomo.json"
    path.write_text(json.dumps([record]))
    (dialogue,) = Locomo(path=str(path))
    assert dialogue.questions[0].evidence == ("D1:1",)
    anomalies = Locomo(path=str(path)).anomalies()
    assert anomalies["evidence strings that name no turn"] == 2
    assert anomalies["evidence strings that are malformed"] == 1


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("rules:\n- {measure: MRR, max_drop: 0.1, max_drop: 1}\n", "line 2: the key 'max_drop' stands twice"),
        ("rules: []\nother: 1\nrules: [1]\n", "line 3: the key 'rules' stands twice"),
        ('{"rules": [], "rules": []}', "line 1: the key 'rules' stands twice"),
        ("a: [", "cannot be read as YAML"),
        ("[" * 5_000, "cannot be read as YAML"),
        ("a: 2024-99-99", "cannot be read as YAML"),
        ("a: !!python/object/apply:os.system [ls]", "cannot be read as YAML"),
    ],
)
def test_yaml_of_users_is_read_strictly(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(text)
    with pytest.raises(DataError, match="rules.yaml") as caught:
        user_files.read_yaml(path)
    assert says in str(caught.value)
    with pytest.raises(ConfigError, match="rules.yaml"):
        load_rules(path)


def test_yaml_that_repeats_nothing_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("a: &x {b: 1, c: 2}\nd: {<<: *x, b: 3}\n1: one\n'1': text\n")
    assert user_files.read_yaml(path) == {"a": {"b": 1, "c": 2}, "d": {"b": 3, "c": 2}, 1: "one", "1": "text"}
