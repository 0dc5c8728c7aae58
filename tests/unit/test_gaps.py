from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from memeval.kit.types import Dialogue, DialogueRecord, Outcome, Query, Question, Turn, Usage
from memeval.records.runs import Run
from memeval.reports.gap import Gap
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

    stats: Mapping[str, float] = field(default_factory=dict)

    @property
    def run(self) -> Run:
        raise NotImplementedError

    def records(self) -> list[DialogueRecord]:
        return [DialogueRecord("d", 4, 8, 1, Usage(), stats=self.stats)] * 2


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


@pytest.mark.parametrize(
    ("stats", "sentence"),
    [
        ({"refused": 1}, "bm25 alone: 2 turns not stored: no database takes a NUL or half a character"),
        (
            {"kv.refused": 2, "bm25.items": 9},
            "bm25 alone: 4 turns not stored: no database takes a NUL or half a character",
        ),
        ({"turns_skipped": 1}, "bm25 alone: 2 turns without facts: the model gave no usable reply"),
        ({"summary_cut": 0.5}, ""),
        ({"sql_failed": 1}, "bm25 alone: 2 SELECTs failed, and full text searched instead"),
        ({"items": 7, "merged": 2}, ""),
    ],
)
def test_what_a_memory_counted_as_missing_is_said(stats: dict[str, float], sentence: str) -> None:
    hit = (("t0",), 1.0)
    notes = gap_notes([Row(scored(ranking=[(hit, hit)]), stats=stats)])
    assert notes == ([sentence] if sentence else [])
    assert all(isinstance(note, Gap) for note in notes)


def test_a_short_ranking_is_said_and_is_no_gap() -> None:
    (short,) = gap_notes([Row(scored(ranking=[((("t0",), 1.0),)]))])
    assert "lower bound" in short and not isinstance(short, Gap)
