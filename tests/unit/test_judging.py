import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import pytest

from memeval.answers.judge import Judge
from memeval.kit.errors import ConfigError
from memeval.kit.types import Query, Question, Reply
from memeval.llm.scripted import Scripted

ASKED = Question("q", Query("Where?", datetime(2024, 5, 1)), ("Rome", "in Rome"), ("secret-turn",), "single-hop")
OPEN = Question("q", Query("Where?"), (), None, "abstention")


def verdict(correct: bool, abstained: bool = False) -> dict[str, object]:
    return {"reason": "so", "correct": correct, "abstained": abstained}


class Dice:
    """Votes as listed, one for each repetition."""

    def __init__(self, votes: Sequence[object], number: int = 0) -> None:
        self.votes, self.number = votes, number
        self.fingerprint = "dice"

    def repetition(self, number: int) -> "Dice":
        return Dice(self.votes, number)

    def complete(self, messages: Sequence[Mapping[str, str]], schema: Mapping[str, Any] | None = None) -> Reply:
        return Scripted([{"match": ".", "reply": self.votes[self.number]}]).complete(messages, schema)


def judged(votes: Sequence[object], question: Question = ASKED) -> Mapping[str, Any]:
    return Judge(Dice(votes), None, len(votes), "Grade.", "Unanswerable.").judge(question, "Rome")


def test_the_judge_sees_question_day_gold_and_answer_only() -> None:
    model = Scripted([{"match": ".", "reply": verdict(True)}])
    Judge(None, model, 1, "Grade.", "Unanswerable.").judge(ASKED, "to Rome")
    system, user = model.requests[0].messages
    assert system == {"role": "system", "content": "Grade."}
    assert json.loads(user["content"]) == {
        "question": "Where?",
        "asked_on": "2024-05-01",
        "accepted_answers": ["Rome", "in Rome"],
        "answer_to_grade": "to Rome",
    }


def test_unanswerable_questions_have_a_rule_of_their_own() -> None:
    model = Scripted([{"match": "Unanswerable", "reply": verdict(True, True)}, {"match": ".", "error": "wrong rule"}])
    found = Judge(model, None, 1, "Grade.", "Unanswerable.").judge(OPEN, "I do not know.")
    assert found["correct"] and found["abstained"]
    assert "accepted_answers" not in model.requests[0].messages[1]["content"]


def test_the_majority_counts_and_agreement_is_noted() -> None:
    found = judged([verdict(False), verdict(True), verdict(True)])
    assert (found["correct"], found["votes"]) == (True, [False, True, True])
    assert found["agreement"] == pytest.approx(2 / 3)
    assert judged([verdict(True), "no JSON", verdict(True)])["votes"] == [True, None, True]


@pytest.mark.parametrize(
    "votes",
    [["no"], [{"correct": "yes"}], [verdict(True), "no JSON", verdict(False)], [verdict(True, abstained=True)]],
)
def test_an_unusable_verdict_is_an_error_and_never_a_no(votes: Sequence[object]) -> None:
    found = judged(votes)
    assert found["error"] and "correct" not in found


def test_correct_without_abstaining_contradicts_itself_where_nothing_can_be_answered() -> None:
    assert "contradicts itself" in judged([verdict(True, False)], OPEN)["error"]


def test_what_cannot_judge_is_refused() -> None:
    with pytest.raises(ConfigError, match="odd"):
        Judge(Scripted(), None, 2, "", "")
    with pytest.raises(ConfigError, match="needs a model"):
        Judge(None, None, 1, "", "")
