from dataclasses import dataclass

import pytest

from memeval.kit.types import Dialogue, Outcome, Query, Question, Turn
from memeval.records.runs import Run
from memeval.reports.gaps import gap_notes
from memeval.scoring.measures import Recall
from memeval.scoring.scores import Gaps, Scores, score


class Plain:
    """Template and tokenizer: the text itself, one token a word."""

    def render(self, turn: Turn) -> str:
        return turn.text

    def count(self, text: str) -> int:
        return len(text.split())


@dataclass
class Row:
    scores: Scores
    is_reference: bool = False
    name: str = "bm25 alone"

    @property
    def run(self) -> Run:
        raise NotImplementedError


def scored(**fields: list[object]) -> Scores:
    """Four turns, and as many questions as there are values of a field."""
    turns = [Turn(f"t{number}", "s", "Ann", "user", "a b") for number in range(4)]
    count = len(next(iter(fields.values())))
    questions = [Question(f"q{number}", Query("?"), ("x",), ("t0",), "c") for number in range(count)]
    outcomes = [
        Outcome("d", f"q{number}", 4, (), **{name: values[number] for name, values in fields.items()}, tokens={})  # type: ignore[arg-type]
        if "ranking" in fields
        else Outcome("d", f"q{number}", 4, (), None, {}, **{name: values[number] for name, values in fields.items()})  # type: ignore[arg-type]
        for number in range(count)
    ]
    return score(outcomes, [], [Dialogue("d", turns, questions)], [Recall(k=2)], document=Plain(), tokenizer=Plain())


BAD = {"error": "it is no JSON"}
GOOD = {"correct": True, "abstained": False, "reason": "", "votes": [True], "agreement": 1.0}


@pytest.mark.parametrize(
    ("answers", "verdicts", "sentences"),
    [
        (["x", "y"], [BAD, BAD], ["bm25 alone: 2 of 2 answers have no usable verdict"]),
        (["x"], [BAD], ["bm25 alone: 1 of 1 answer has no usable verdict"]),
        (["x", "y", "z"], [GOOD, BAD, GOOD], ["bm25 alone: 1 of 3 answers have no usable verdict"]),
        (["x", None], [GOOD, BAD], ["bm25 alone: 1 question got no answer from the reader"]),
        (["x", "y"], [GOOD, GOOD], []),
        (["x", "y"], [None, None], []),
    ],
)
def test_answers_without_a_verdict_are_said(
    answers: list[object], verdicts: list[object], sentences: list[str]
) -> None:
    found = scored(answer=answers, verdict=verdicts)
    assert gap_notes([Row(found)]) == sentences
    assert gap_notes([Row(found, is_reference=True)]) == []


def test_empty_and_short_rankings_are_said() -> None:
    hit = ((("t0",), 1.0), (("t1",), 0.5))
    assert gap_notes([Row(scored(ranking=[hit] * 10))]) == []
    few = scored(ranking=[*[hit] * 19, ()])
    assert few.gaps == Gaps(rankings=20, empty=1)
    # A twentieth is no news, but the value is a lower bound.
    (sentence,) = gap_notes([Row(few)])
    assert sentence.startswith("bm25 alone: 5.0 % of the rankings end before position 2")
    empty, short = gap_notes([Row(scored(ranking=[hit, (), (), hit]))])
    assert empty.startswith("bm25 alone: 2 of 4 rankings are empty")
    assert short.startswith("bm25 alone: 50.0 % of the rankings end before position 2")
