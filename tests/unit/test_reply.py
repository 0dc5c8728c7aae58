import pytest
from hypothesis import given
from hypothesis import strategies as st

from memeval.llm.reply import answer_of, without_thinking
from memeval.llm.structured import parse
from memeval.scoring.measures import ExactMatch, RougeL, TokenF1

WRAPPED = [
    "{}",
    "  {}\n",
    '<think>\nIs it {}? "Red" was said {{once}}.\n</think>\n\n{}',
    "The context says so.\n</think>\n\n{}",
    "<thinking>blue</thinking>{}",
    "<reasoning effort='low'>\nblue\n</reasoning> {}",
    "<THINK>blue</THINK> <think>red</think> {}",
    "◁think▷blue◁/think▷{}",
    "<|think|>blue<|/think|>{}",
    "[THINK]blue[/THINK]{}",
    "<think>\nThe user asks.\nBlue?\n\n{}",
    "<think>blue\n{}",
    "{}\n<think>blue</think>",
    "```\n{}\n```",
    "```text\n{}\n```\n",
    "Answer: {}",
    "**Answer:** {}",
    "**Answer**: {}",
    "The answer is: {}",
    "Final answer:\n{}",
    "### Answer: {}",
    "- {}",
    "* {}",
    "> {}",
    "“{}”",
    "„{}“",
    "«{}»",
    '"{}"',
    "`{}`",
    "**{}**",
    "<answer>{}</answer>",
    "<think>blue</think>\n**Answer:** “{}”",
]


@pytest.mark.parametrize("wrapped", WRAPPED)
def test_the_answer_proper(wrapped: str) -> None:
    for answer in ("dark green", "-5", "C++", "北京"):
        reply = wrapped.format(*[answer] * wrapped.count("{}"))
        assert answer_of(reply) == answer
        for measure in (ExactMatch(), TokenF1(), RougeL()):
            assert measure.of(answer_of(reply), [answer]) == 1


@pytest.mark.parametrize(
    "reply",
    [
        "5 < 6 [x] > 3",
        "“A” and “B”",
        "'tis Anna's",
        "Answer:",
        "1. FC Köln",
        "He used the <think> tag",
        "- one\n- two",
        "answering machine",
    ],
)
def test_what_belongs_to_the_answer_stays(reply: str) -> None:
    assert answer_of(reply) == reply


def test_nothing_but_thinking_is_no_answer() -> None:
    assert answer_of("<think>Rome, perhaps") == ""
    assert without_thinking("<think></think>") == ""


@given(st.text(alphabet="ab <>/think[]\n\"'*-`“”:", max_size=40))
def test_taking_off_ends_and_is_done_once(text: str) -> None:
    once = answer_of(text)
    assert len(once) <= len(text)
    assert answer_of(once) == once or "think" in once


@pytest.mark.parametrize(
    "reply",
    [
        '{"correct": true}',
        '<think>\nIt is {right}.\n</think>\n\n{"correct": true}',
        'It is right.</think>```json\n{"correct": true}\n```',
        '◁think▷{"correct": false}◁/think▷{"correct": true}',
        'Answer: {"correct": true}',
    ],
)
def test_a_verdict_is_read_behind_thinking(reply: str) -> None:
    schema = {"type": "object", "properties": {"correct": {"type": "boolean"}}, "required": ["correct"]}
    assert parse(reply, schema) == {"correct": True}


def test_a_value_that_speaks_of_thinking_is_left_as_it_is() -> None:
    assert parse('"the </think> tag"', {"type": "string"}) == "the </think> tag"
