"""JSON of other people: no value is lost in silence, and every reader of memeval that users hand a file to says so."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memeval.benchmarks.jsonl import Jsonl, validate
from memeval.benchmarks.locomo import Locomo
from memeval.benchmarks.longmemeval import LongMemEval
from memeval.kit import strict_json
from memeval.kit.errors import ConfigError, DataError
from memeval.llm.scripted import Scripted

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=20,
)


@given(JSON, st.sampled_from([None, 2]), st.booleans())
def test_without_repeats_it_reads_what_json_reads(value: Any, indent: int | None, ascii_only: bool) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    assert strict_json.loads(f" \n{text}\r\n\t") == (value, [])


@given(st.dictionaries(st.text(max_size=4), JSON, min_size=1, max_size=4), st.data())
def test_each_repeated_key_is_found(value: dict[str, Any], data: st.DataObject) -> None:
    key = data.draw(st.sampled_from(sorted(value)))
    pairs = [f"{json.dumps(name)}: {json.dumps(item)}" for name, item in [*value.items(), (key, value[key])]]
    text = '{"a": [1, {"in": {\n' + ",\n".join(pairs) + "}}]}"
    read, repeats = strict_json.loads(text)
    assert read == {"a": [1, {"in": value}]}
    assert [(each.line, each.field) for each in repeats] == [(len(pairs) + 1, f"a[1].in.{key}")]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ('{"a": 1, "a": 2}', ["a"]),
        ('{"a": 1, "\\u0061": 2}', ["a"]),
        ('{"a": {"b": 1}, "b": {"a": 1}}', []),
        ('[{"a": 1}, {"a": 1, "b": "\\"a\\": 1", "b": 0, "b": 1}]', ["[1].b", "[1].b"]),
        ('{"": 1, "x": [[], {"": 2, "": [3, {"y": 0, "y": 0}]}]}', ["x[1].", "x[1].[1].y"]),
        ('{"a": "{", "b": "a", "c": ["a", "a", "}"]}', []),
    ],
)
def test_places_of_repeats(text: str, wanted: list[str]) -> None:
    assert [each.field for each in strict_json.loads(text)[1]] == wanted


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "Expecting value"),
        ("{", "Expecting property name"),
        ('{"a": 1} {"b": 2}', "column 10: Extra data"),
        ("9" * 5_000, "a number has thousands of digits"),
        ("[" * 100_000, "nested too deeply"),
        ("\ufeff{}", "Expecting value"),
    ],
)
def test_what_is_no_json_is_said_in_words(text: str, says: str) -> None:
    with pytest.raises((ValueError, RecursionError)) as caught:
        strict_json.loads(text)
    assert says in strict_json.reason(caught.value)


# -- everything that reads JSON of users ------------------------------------------------------------------------------

TURN = '{"id": "t1", "text": "My bike is green.", "text": "x", "role": "user"}'
QUESTION = '{"id": "q1", "text": "?", "answers": ["x"], "evidence": ["t1"], "evidence": []}'


def write(folder: Path, text: str, name: str = "mine.jsonl") -> str:
    path = folder / name
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    return str(path)


def lines(path: str) -> list[str]:
    return [str(mistake) for mistake in validate(path)]


def test_jsonl_names_each_repeated_key(tmp_path: Path) -> None:
    good = '{"id": "d0", "turns": [{"id": "t1", "text": "a", "role": "user"}], "questions": []}'
    bad = f'{{"id": "d1", "turns": [{TURN}], "questions": [{QUESTION}], "questions": [{QUESTION}]}}'
    path = write(tmp_path, f"{good}\n{bad}\n")
    repeated = [line for line in lines(path) if strict_json.REPEATED in line]
    assert [line.split(": ")[:2] for line in repeated] == [
        ["line 2", "turns[0].text"],
        ["line 2", "questions[0].evidence"],
        ["line 2", "questions"],
        ["line 2", "questions[0].evidence"],
    ]
    with pytest.raises(DataError, match=r"line 2: turns\[0\].text: the key stands twice"):
        list(Jsonl(path))


def test_in_an_array_the_line_is_that_of_the_file(tmp_path: Path) -> None:
    first = '{"id": "d0",\n "turns": [{"id": "t1", "text": "a", "role": "user"}],\n "questions": []}'
    second = f'{{"id": "d1",\n "turns": [\n{TURN}\n], "questions": []}}'
    path = write(tmp_path, f"[\n{first},\n{second}\n]")
    assert lines(path) == [f"line 5: turns[0].text: {strict_json.REPEATED}"]
    with pytest.raises(DataError, match="stands twice"):
        list(Jsonl(path))


def test_locomo_longmemeval_and_the_audit_name_repeated_keys(tmp_path: Path) -> None:
    record = '{"sample_id": "c1",\n "conversation": {"speaker_a": "A",\n "speaker_a": "B"}, "qa": []}'
    with pytest.raises(DataError, match=r"mine.json, line 3: \[0\].conversation.speaker_a: the key stands twice"):
        list(Locomo(path=write(tmp_path, f"[{record}]", "mine.json")))
    with pytest.raises(DataError, match=r"mine.json, line 4: question: the key stands twice"):
        text = '[\n{"question_id": "q0",\n "question": "a",\n "question": "b"}]'
        list(LongMemEval(path=write(tmp_path, text, "mine.json")))


def test_scripts_name_repeated_keys_and_keep_strange_line_ends(tmp_path: Path) -> None:
    rule = '{"match": ".", "reply": "a\u2028b\u0085c\x0bd"}'.replace("\x0b", "\\u000b")
    model = Scripted(replies=write(tmp_path, rule + "\r\n\n"))
    assert model.complete([{"role": "user", "content": "x"}]).text == "a\u2028b\u0085c\x0bd"
    for text, says in (
        ('{"match": ".", "reply": "a", "reply": "b"}', "line 1 of .*reply: the key stands twice"),
        ('\n{"match": ".", "reply": {"a": {"b": 1, "b": 2}}}', "line 2 of .*reply.a.b: the key stands twice"),
        ('{"match": ', "line 1 of .*no JSON"),
        ("[" * 100_000, "line 1 of .*nested too deeply"),
    ):
        with pytest.raises(ConfigError, match=says):
            Scripted(replies=write(tmp_path, text)).complete([{"role": "user", "content": "x"}])
