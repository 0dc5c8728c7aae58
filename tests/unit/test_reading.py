from pathlib import Path
from typing import Any

import pytest
from support.dialogues import Memory, dialogue
from support.plans import plan, window

from memeval.answers.reader import ABSTENTION, Reader
from memeval.harness.plan import Plan
from memeval.harness.runner import Runner
from memeval.kit.errors import ConfigError
from memeval.kit.types import Context, DialogueResult, Query, Segment
from memeval.llm.scripted import Scripted


def reader(*rules: dict[str, Any], **options: Any) -> dict[str, Any]:
    model = {"_target_": "memeval.llm.scripted.Scripted", "rules": list(rules), **options}
    return {"_target_": "memeval.answers.reader.Reader", "model": model, "instruction": "Brief, or {abstention}"}


def judge(*rules: dict[str, Any]) -> dict[str, Any]:
    model = {"_target_": "memeval.llm.scripted.Scripted", "rules": list(rules)}
    return {
        "_target_": "memeval.answers.judge.Judge",
        "model": {"_target_": None},
        "fallback": model,
        "repeats": 1,
        "instruction": "Grade.",
        "unanswerable": "Unanswerable.",
    }


def run(made: Plan, scratch: Path) -> DialogueResult:
    return Runner(made, scratch).run(dialogue(n=20, questions=4))


def test_the_request_is_the_instruction_then_the_prompt() -> None:
    model = Scripted()
    asked = Reader(model, "Brief, or {abstention}")
    context = Context([Segment("system", "Be kind.", ()), Segment("history", "A: hello", ("t1",))])
    asked.answer(context, Query("Who?"))
    system, user = model.requests[0].messages
    assert system == {"role": "system", "content": f"Brief, or {ABSTENTION}\nBe kind."}
    assert user == {"role": "user", "content": "[Conversation]\nA: hello\n[User query]\nWho?"}
    with pytest.raises(ConfigError, match="abstention"):
        Reader(model, "Brief.")
    with pytest.raises(ConfigError, match="needs a model"):
        Reader(None, "{abstention}")


def test_answers_and_verdicts_have_books_of_their_own(tmp_path: Path) -> None:
    right = {"match": ".", "reply": {"reason": "", "abstained": False, "correct": True}}
    made = plan(Memory(), window(), reader=reader({"match": ".", "reply": "Rome"}), judge=judge(right))
    silent = run(plan(Memory(), window()), tmp_path)
    found = run(made, tmp_path)
    assert [each.question for each in found.outcomes] == [each.question for each in silent.outcomes]
    for outcome in found.outcomes:
        assert outcome.answer == "Rome" and outcome.verdict is not None
        assert outcome.usage["read"].calls == 0
        assert outcome.usage["answer"].calls == outcome.usage["judge"].calls == 1
        # The request is the prompt that the outcome counts, the instruction, and the newlines between.
        assert outcome.usage["answer"].tokens_in >= sum(outcome.tokens.values())
    assert silent.outcomes[0].answer is None and "answer" not in silent.outcomes[0].usage


def test_answers_made_at_the_same_time_stay_with_their_questions(tmp_path: Path) -> None:
    rules = [{"match": f"question {number}", "reply": f"answer {number}"} for number in range(4)]
    one = run(plan(Memory(), window(), reader=reader(*rules)), tmp_path)
    node = reader(*rules)
    several = plan(Memory(), window(), reader=node)
    # A scripted model takes no such option; how many threads there are is read from the plan.
    runner = Runner(several, tmp_path)
    runner.plan = plan(Memory(), window(), reader={**node, "model": {**node["model"], "concurrency": 4}})
    both = runner.run(dialogue(n=20, questions=4))
    assert [(each.question, each.answer) for each in both.outcomes] == [(e.question, e.answer) for e in one.outcomes]
    assert runner.plan.run_id == several.run_id


def test_a_question_without_a_reply_keeps_its_context(tmp_path: Path) -> None:
    found = run(plan(Memory(), window(), reader=reader({"match": ".", "error": "too long"})), tmp_path)
    for outcome in found.outcomes:
        assert outcome.error is None and outcome.context and outcome.answer is None
        assert outcome.verdict is not None and "too long" in outcome.verdict["error"]
    assert found.record.stats["unanswered"] == 4


def test_a_prompt_that_the_target_cannot_take_is_not_sent(tmp_path: Path) -> None:
    found = run(plan(Memory(), window(), reader=reader(), budget=50, window=50), tmp_path)
    errors = [outcome.verdict["error"] for outcome in found.outcomes if outcome.verdict is not None]
    assert errors and all("do not fit the target's window of 50 tokens" in error for error in errors)
    assert all(outcome.usage["answer"].calls == 0 for outcome in found.outcomes if outcome.verdict)


def test_how_a_model_is_asked_is_no_part_of_a_runs_identity() -> None:
    def made(**options: Any) -> Plan:
        model, embedder = {"_target_": "x.Y", **options}, {"_target_": "x.Z", **options}
        writing = {"_target_": "x.W", "extractor": {"_target_": "x.E", "llm": model}, "embedder": embedder}
        parts = [{"_target_": "x.R", "writing": writing, "llm": model}]
        memory = {**window(), "llm": model, "embedder": embedder, "retriever": {"_target_": "x.H", "parts": parts}}
        return plan(Memory(), memory, reader=reader(**options), judge=judge())

    known = made().run_id
    assert made(cache="replay", timeout=1.0, retries=0, concurrency=9).run_id == known
    assert made(max_tokens=5).run_id != known
    own = plan(Memory(), {**window(), "cache": "on"}).run_id
    assert own != plan(Memory(), {**window(), "cache": "off"}).run_id, "an option of a strategy's own is kept"
