"""The scripted model, and the reading, validating and repairing of JSON that all models share."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from memeval.kit import ledger
from memeval.kit.errors import ConfigError, ModelError, ReplyError
from memeval.kit.tokens import get_tokenizer
from memeval.llm import Repeats, structured
from memeval.llm.scripted import Scripted
from memeval.options.build import build

VERDICT = {
    "type": "object",
    "properties": {"verdict": {"enum": ["yes", "no"]}, "why": {"type": "string"}},
    "required": ["verdict"],
    "additionalProperties": False,
}


def user(text: str) -> list[dict[str, str]]:
    return [{"role": "system", "content": "You are a judge."}, {"role": "user", "content": text}]


def test_rules_are_tried_in_order_and_booked() -> None:
    model = Scripted(
        [
            {"match": r"judge\.\nIs it (\w+)\?", "reply": {"verdict": "yes"}},
            {"match": "it", "reply": "never seen"},
        ],
        seconds=0.25,
    )
    with ledger.phase() as meter:
        reply = model.complete(user("Is it blue?"), VERDICT)
        second = model.complete(user("Was it?"))
    assert reply.data == {"verdict": "yes"} and reply.text == '{"verdict": "yes"}'
    assert second.text == "never seen" and second.data is None
    count = get_tokenizer("o200k_base").count
    expected = 2 * count("You are a judge.") + count("Is it blue?") + count("Was it?")
    assert meter.usage.tokens_in == expected == reply.usage.tokens_in + second.usage.tokens_in
    assert meter.usage.tokens_out == count(reply.text) + count(second.text)
    assert (meter.usage.calls, meter.usage.dollars, meter.usage.estimated_calls) == (2, 0.0, 0)
    # Booked, not slept: the phase's own clock knows nothing of it.
    assert meter.usage.booked_seconds == pytest.approx(meter.usage.seconds + 0.5)
    assert meter.usage.model_seconds == 0.5
    assert [request.schema for request in model.requests] == [VERDICT, None]
    assert model.requests[1].messages[1]["content"] == "Was it?"


def test_without_a_rule() -> None:
    model = Scripted()
    assert model.complete(user("Sum this up:\n\nAnn likes tea. " + "word " * 50)).text == "Ann likes tea. " + " ".join(
        ["word"] * 27
    )
    assert model.complete(user("  ")).text == "Nothing."
    assert model.complete(user("Is it so?"), VERDICT).data == {"verdict": "yes"}
    facts = {"type": "object", "properties": {"facts": {"type": "array", "items": VERDICT}}, "required": ["facts"]}
    assert model.complete(user("Facts?"), facts).data == {"facts": []}
    assert model.complete(user("a\nb"), {"type": "string"}).data == "b"
    with pytest.raises(ConfigError, match="give it a rule"):
        model.complete(user("?"), {"type": "string", "pattern": "^[0-9]{4}$"})
    assert model.complete(user("x")) == Scripted().complete(user("x"))


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "integer", "minimum": 1, "maximum": 5},
        {"type": "integer", "exclusiveMinimum": 2.5},
        {"type": "number", "maximum": -3},
        {"type": "integer", "exclusiveMaximum": 0},
        {"type": ["string", "null"], "minLength": 200},
        {"type": "string", "maxLength": 2},
        {"type": "array", "minItems": 2, "items": {"type": "boolean"}},
        {"type": "array", "prefixItems": [{"type": "integer"}, {"const": "x"}], "minItems": 3, "items": {"enum": [7]}},
        {"$defs": {"a": {"type": "object", "properties": {"b": {"$ref": "#/$defs/b"}}, "required": ["b"]},
                   "b": {"enum": [3]}}, "$ref": "#/$defs/a"},
        {"anyOf": [{"type": "integer", "minimum": 4}, {"type": "null"}]},
        {"allOf": [VERDICT, {"required": ["why"]}]},
        {"properties": {"a": {"type": "null"}}, "required": ["a", "unknown"]},
        {"type": "object", "properties": {"n": {"type": "integer", "default": 9}}, "required": ["n"]},
        {},
    ],
)  # fmt: skip
def test_least_values_follow_their_schema(schema: dict[str, Any]) -> None:
    data = Scripted().complete(user("some text"), schema).data
    Draft202012Validator(schema).validate(data)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(JSON, st.sampled_from(["{}", "```json\n{}\n```", "  ```\n{}```  ", "\n{}\n"]))
def test_what_is_json_is_read_back(value: Any, frame: str) -> None:
    assert structured.parse(frame.replace("{}", json.dumps(value)), {}) == value


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("yes", "no JSON"),
        ("", "no JSON"),
        ("```json\n{\n```", "no JSON"),
        ('{"verdict": "maybe"}', "at verdict: 'maybe'"),
        ('{"why": "so"}', "'verdict' is a required property"),
        ('{"verdict": "yes", "more": 1}', "more"),
        ('["yes"]', "is not of type 'object'"),
        ('{"verdict": NaN}', "NaN"),
        ("[" * 100_000, "no JSON"),
    ],
)
def test_one_repair_that_shows_the_error(text: str, says: str) -> None:
    good = {"match": "That reply cannot be used", "reply": '```json\n{"verdict": "no"}\n```'}
    model = Scripted([good, {"match": ".", "reply": text}])
    with ledger.phase() as meter:
        reply = model.complete(user("Is it so?"), VERDICT)
    assert reply.data == {"verdict": "no"}
    assert len(model.requests) == reply.usage.calls == meter.usage.calls == 2
    shown = model.requests[1].messages
    assert [each["role"] for each in shown] == ["system", "user", "assistant", "user"]
    assert shown[2]["content"][:4000] == text[:4000] and len(shown[2]["content"]) < 4100
    assert says in shown[3]["content"] and '"verdict"' in shown[3]["content"]
    # Both calls are paid for.
    assert meter.usage.tokens_in == reply.usage.tokens_in > get_tokenizer("o200k_base").count(shown[3]["content"])
    hopeless = Scripted([{"match": ".", "reply": text}])
    with pytest.raises(ReplyError, match="nor does its repair"):
        hopeless.complete(user("Is it so?"), VERDICT)
    assert len(hopeless.requests) == 2


def test_a_schema_that_is_none() -> None:
    with pytest.raises(ConfigError, match="not a JSON schema"):
        Scripted([{"match": ".", "reply": "1"}]).complete(user("x"), {"type": "text"})


def test_rules_of_a_file(tmp_path: Path) -> None:
    script = tmp_path / "script.jsonl"
    script.write_text('{"match": "blue", "reply": {"verdict": "no"}}\n\n{"match": ".", "error": "no money"}\n')
    node = {
        "_target_": "memeval.llm.scripted.Scripted",
        "rules": [{"match": "green", "reply": "of rules"}],
        "replies": str(script),
        "tokenizer": {"_target_": "memeval.kit.tokens.get_tokenizer", "name": "cl100k_base"},
        "seconds": 1,
    }
    model = build(node, "llm")
    assert model.complete(user("green and blue")).text == "of rules"
    assert model.complete(user("blue")).text == '{"verdict": "no"}'
    with pytest.raises(ReplyError, match="no money"):
        model.complete(user("red"))
    assert isinstance(model, Repeats) and model.repetition(3).fingerprint == model.fingerprint
    assert model.fingerprint != build({**node, "replies": None}, "llm").fingerprint
    assert model.fingerprint == build(node, "judge_llm").fingerprint


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"seconds": -1.0}, "seconds=-1"),
        ({"rules": [{"match": "("}]}, "is no rule"),
        ({"rules": [{"match": "(", "reply": "x"}]}, "no regular expression"),
        ({"rules": [{"match": "a", "reply": "x", "error": "y"}]}, r"llm.rules\[0\]"),
        ({"rules": [{"reply": "x"}]}, "is no rule"),
        ({"replies": "/nowhere/script.jsonl"}, "llm.replies=/nowhere"),
        ({"rules": "x"}, "valid list"),
    ],
)
def test_scripts_that_cannot_be_read(options: dict[str, Any], says: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=says):
        build({"_target_": "memeval.llm.scripted.Scripted", **options}, "llm")
    for line in ("not json", '["a"]'):
        (tmp_path / "bad.jsonl").write_text(f'{{"match": "a", "reply": "b"}}\n{line}\n')
        with pytest.raises(ConfigError, match="line 2 of llm.replies"):
            Scripted(replies=str(tmp_path / "bad.jsonl"))


def test_one_request_or_all() -> None:
    assert issubclass(ReplyError, ModelError)
