"""Scores of a run: who is in the denominator, what failure costs, and that gold alone decides."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from memeval.kit.errors import ConfigError, DataError
from memeval.kit.types import ContextPart, Dialogue, DialogueRecord, Outcome, Query, Question, Turn, Usage
from memeval.scoring.measures import (
    DEFAULT_MEASURES,
    KNOWN,
    MRR,
    AnswerInContext,
    ContextTokens,
    EvidenceRecall,
    GhostRate,
    NeitherInContext,
    NewestInContext,
    OnlyStaleInContext,
    QuestionMeasure,
    ReadSeconds,
    Recall,
    WriteSeconds,
    get_preset,
)
from memeval.scoring.measures.base import Measure
from memeval.scoring.scores import Part, Scores, score


class Plain:
    """Template and tokenizer: the text itself, one token a word."""

    def render(self, turn: Turn) -> str:
        return turn.text

    def count(self, text: str) -> int:
        return len(text.split())


def dialogue(name: str, evidence: list[tuple[str, ...] | None], turns: int = 4) -> Dialogue:
    spoken = [Turn(f"t{i}", f"s{i // 2}", "A", "assistant" if i % 2 else "user", f"word{i} here") for i in range(turns)]
    asked = [
        Question(f"{name}/{i}", Query("?"), ("word0",), gold, "ab"[i % 2], tags=("lexical",) if i == 0 else ())
        for i, gold in enumerate(evidence)
    ]
    return Dialogue(name, spoken, asked)


def outcome(question: str, shown: list[int], *, rank: bool = True, seconds: float = 0.5) -> Outcome:
    ranking = tuple(((f"t{i}",), 1.0) for i in shown) if rank else None
    parts = (ContextPart("memory", True, tuple((f"t{i}",) for i in shown)),)
    usage = {"read": Usage(seconds, seconds)}
    tokens = {"memory": 2 * len(shown), "query": 1}
    return Outcome(question.split("/")[0], question, 4, parts, ranking, tokens, usage=usage)


def broken(question: str) -> Outcome:
    return Outcome(question.split("/")[0], question, 4, None, None, {}, error="ValueError: no")


def record(name: str, error: str | None = None) -> DialogueRecord:
    return DialogueRecord(name, 4, 8, 0, Usage(1.0, 3.0), error)


def run(
    outcomes: list[Outcome],
    dialogues: list[Dialogue],
    measures: tuple[Measure, ...],
    records: list[DialogueRecord] | None = None,
) -> Scores:
    noted = [record(each.id) for each in dialogues] if records is None else records
    return score(outcomes, noted, dialogues, measures, document=Plain(), tokenizer=Plain())


TWO = [dialogue("x", [("t0",), ("t1", "t2"), None]), dialogue("y", [("t3",), ()])]
GOOD = [outcome("x/0", [0]), outcome("x/1", [1]), outcome("x/2", [3]), outcome("y/0", [0, 3]), outcome("y/1", [1])]


def test_means_over_all_questions_with_gold() -> None:
    scores = run(GOOD, TWO, (EvidenceRecall(), MRR(k=10), ContextTokens(), ReadSeconds(p=50), WriteSeconds()))
    found = scores[EvidenceRecall()]
    assert (found.value, found.n, found.n_failed) == pytest.approx((2.5 / 3, 3, 0))
    assert found.by_category == {"a": Part(1.0, 2), "b": Part(0.5, 1)}
    assert found.chance == pytest.approx((1 / 4 + 1 / 4 + 2 / 4) / 3)
    assert found.saturation == 0
    assert found.short is None
    assert scores[MRR(k=10)].value == pytest.approx((1 + 1 + 0.5) / 3)
    assert scores[MRR(k=10)].short == 1
    assert (scores[ContextTokens()].value, scores[ContextTokens()].n) == pytest.approx((12 / 5, 5))
    assert scores[ReadSeconds(p=50)].value == 0.5
    assert (scores[WriteSeconds()].value, scores[WriteSeconds()].n) == (3, 2)
    assert scores[WriteSeconds()].by_category == {}


def test_values_are_aligned_with_the_questions() -> None:
    scores = run(GOOD, TWO, (EvidenceRecall(), WriteSeconds()))
    assert scores.questions == ("x/0", "x/1", "x/2", "y/0", "y/1")
    assert scores.categories == ("a", "b", "a", "a", "b")
    assert scores.dialogues == ("x", "y")
    assert scores.clusters.tolist() == [0, 0, 0, 1, 1]
    np.testing.assert_array_equal(scores.values[EvidenceRecall()], [1, 0.5, np.nan, 1, np.nan])
    np.testing.assert_array_equal(scores.values[WriteSeconds()], [3, 3])
    assert scores.by_tag(EvidenceRecall()) == {"lexical": Part(1.0, 2)}
    assert not scores.has_derived and scores.has_ranking


def test_failure_scores_worst_and_stays() -> None:
    measures = (EvidenceRecall(), Recall(k=10), AnswerInContext(), ContextTokens(), ReadSeconds(p=50), WriteSeconds())
    # y/0 raised, x/2 (no gold) raised too, x/1 is missing from the file.
    outcomes = [GOOD[0], broken("x/2"), broken("y/0"), GOOD[4]]
    scores = run(outcomes, TWO, measures, [record("x"), record("y", "ValueError: no")])
    for measure in (EvidenceRecall(), Recall(k=10)):
        assert (scores[measure].value, scores[measure].n, scores[measure].n_failed) == pytest.approx((1 / 3, 3, 2))
    assert (scores[AnswerInContext()].value, scores[AnswerInContext()].n) == (1 / 5, 5)
    tokens = scores[ContextTokens()]
    assert (tokens.value, tokens.n, tokens.n_failed) == (2, 2, 3)
    assert (scores[ReadSeconds(p=50)].n, scores[ReadSeconds(p=50)].n_failed) == (2, 3)
    assert (scores[WriteSeconds()].n, scores[WriteSeconds()].n_failed) == (1, 1)
    assert scores.failed.tolist() == [False, True, True, True, False]
    # Luck is that of a ranking of k single turns, whatever the strategy did.
    assert scores[Recall(k=10)].chance == 1


def test_an_error_outweighs_a_context() -> None:
    scores = run([replace(GOOD[0], error="ContractError: no"), *GOOD[1:]], TWO, (EvidenceRecall(), Recall(k=10)))
    for measure in (EvidenceRecall(), Recall(k=10)):
        assert (scores[measure].value, scores[measure].n_failed) == pytest.approx((1.5 / 3, 1))


def test_nothing_ran() -> None:
    scores = run([], TWO, DEFAULT_MEASURES, [])
    assert scores[EvidenceRecall()].value == 0
    assert scores[EvidenceRecall()].n_failed == 3
    assert scores[ContextTokens()].value is None
    assert scores[WriteSeconds()].value is None
    assert scores[WriteSeconds()].n_failed == 2
    empty = run([], [], DEFAULT_MEASURES, [])
    assert all(each.value is None and each.n == 0 for each in empty.overall.values())


def test_strategies_that_never_rank_have_a_dash() -> None:
    quiet = [replace(each, ranking=None) for each in GOOD]
    scores = run(quiet, TWO, (Recall(k=10), Recall(k=10, missing="1"), EvidenceRecall()))
    for measure in (Recall(k=10), Recall(k=10, missing="1")):
        assert scores[measure].value is None and scores[measure].n == 0 and scores[measure].chance is None
        assert np.isnan(scores.values[measure]).all()
        assert scores[measure].by_category == {"a": Part(None, 0), "b": Part(None, 0)}
    assert scores[EvidenceRecall()].n == 3
    assert not scores.has_ranking
    # One that ranks elsewhere and gave nothing here found nothing here.
    scores = run([*quiet[:3], *GOOD[3:]], TWO, (Recall(k=10),))
    assert (scores[Recall(k=10)].value, scores[Recall(k=10)].n) == pytest.approx((1 / 3, 3))


def test_missing_gold_is_not_one_unless_the_definition_says_so() -> None:
    official = Recall(missing="1", k=10)
    scores = run(GOOD, TWO, (official, Recall(k=10)))
    assert (scores[official].value, scores[official].n) == pytest.approx(((2.5 + 2) / 5, 5))
    assert scores[Recall(k=10)].n == 3
    # A failure is not rewarded, not even there.
    scores = run([*GOOD[:4], broken("y/1")], TWO, (official,))
    assert (scores[official].value, scores[official].n) == pytest.approx((3.5 / 5, 5))


def test_failed_updates_have_neither_value() -> None:
    asked = replace(TWO[0].questions[0], stale=("t1",))
    told = Dialogue("x", TWO[0].turns, [asked])
    scores = run([broken("x/0")], [told], (NewestInContext(), NeitherInContext()))
    assert scores[NewestInContext()].value == 0
    assert scores[NeitherInContext()].value == 1


def test_derived_context_is_noticed() -> None:
    told = ContextPart("summary", False, (("t0",),), ("in short",))
    measures = (EvidenceRecall(), EvidenceRecall(segments="all"))
    scores = run([replace(GOOD[0], context=(told,)), *GOOD[1:]], TWO, measures)
    assert scores.has_derived
    assert scores[EvidenceRecall()].value == pytest.approx(1.5 / 3)
    assert scores[EvidenceRecall(segments="all")].value == pytest.approx(2.5 / 3)


@given(st.permutations(range(4)), st.permutations(range(4)))
def test_the_order_of_dialogues_in_the_file_does_not_matter(stored: list[int], noted: list[int]) -> None:
    dialogues = [dialogue(name, [("t0",), ("t1", "t2")]) for name in "wxyz"]
    groups = [[outcome(f"{name}/1", [i % 3]), outcome(f"{name}/0", [i])] for i, name in enumerate("wxyz")]
    expected = run([each for group in groups for each in group], dialogues, DEFAULT_MEASURES)
    shuffled = [each for i in stored for each in groups[i]]
    scores = run(shuffled, dialogues, DEFAULT_MEASURES, [record("wxyz"[i]) for i in noted])
    assert scores.overall == expected.overall
    for measure in DEFAULT_MEASURES:
        np.testing.assert_array_equal(scores.values[measure], expected.values[measure])


def test_reads_no_further_than_the_dialogue_at_hand() -> None:
    taken: list[str] = []

    def outcomes() -> Iterator[Outcome]:
        for each in GOOD:
            taken.append(each.question)
            yield each

    def dialogues() -> Iterator[Dialogue]:
        yield TWO[0]
        # One outcome further, to see that the dialogue is complete.
        assert taken == ["x/0", "x/1", "x/2", "y/0"]
        yield TWO[1]

    scores = score(outcomes(), [], dialogues(), (EvidenceRecall(),), document=Plain(), tokenizer=Plain())
    assert scores[EvidenceRecall()].n == 3


def test_foreign_and_damaged_outcomes_are_refused() -> None:
    with pytest.raises(DataError, match=r"1 dialogues that the benchmark does not have \('z'\)"):
        run([*GOOD, outcome("z/0", [0])], TWO, (EvidenceRecall(),))
    with pytest.raises(DataError, match=r"dialogue 'x' has outcomes of 1 questions .*'x/9'"):
        run([outcome("x/9", [0]), *GOOD], TWO, (EvidenceRecall(),))
    with pytest.raises(DataError, match="dialogue 'x' has 4 outcomes of 3 questions"):
        run([GOOD[0], *GOOD], TWO, (EvidenceRecall(),))
    with pytest.raises(DataError, match="dialogue 'x' are not together"):
        run([*GOOD, GOOD[0]], TWO, (EvidenceRecall(),))


def test_another_view_of_the_gold_changes_the_denominator() -> None:
    view = get_preset("longmemeval").view
    told = dialogue("x", [("t0", "t1"), ("t1",), ("t2",)])
    abstain = replace(told.questions[2], answers=())
    told = Dialogue("x", told.turns, [*told.questions[:2], abstain])
    outcomes = [outcome("x/0", [0]), outcome("x/1", [1]), outcome("x/2", [2])]
    plain = run(outcomes, [told], (Recall(k=5),))
    assert (plain[Recall(k=5)].value, plain[Recall(k=5)].n) == pytest.approx((2.5 / 3, 3))
    scores = score(outcomes, [], [told], (Recall(k=5),), document=Plain(), tokenizer=Plain(), gold=view)
    # Only x/0 has evidence of the user, t0, and it is found; the assistant's t1 is no gold.
    assert (scores[Recall(k=5)].value, scores[Recall(k=5)].n) == (1, 1)
    assert scores.questions == ("x/0",)


def forgotten(question: str, turns: int, ghosts: int, error: str | None = None) -> Outcome:
    facts = {"turns": turns, "ghosts": ghosts, "reopened": ghosts}
    return replace(broken(question) if error else outcome(question, [0]), forgetting=facts)


def test_a_failed_question_has_the_worst_ghost_rate_and_gold_alone_says_who_is_in_it():
    """A question that raised is no proof that its turns are gone."""
    asked = [dialogue("d", [("t0",), ("t1",), ("t2",), ()])]
    outcomes = [
        forgotten("d/0", 1, 0),
        forgotten("d/1", 1, 0, "ValueError: no"),
        outcome("d/2", [1]),
        outcome("d/3", []),
    ]
    for measure in (GhostRate(), GhostRate(when="reopened")):
        found = run(outcomes, asked, (measure,))[measure]
        assert (found.value, found.n, found.n_failed) == (0.5, 2, 1)
    # Nothing was forgotten for it, and nothing is known of what would have come back.
    assert run([broken("d/0"), *outcomes[2:]], asked, (GhostRate(),))[GhostRate()].value is None


def test_a_measure_of_which_less_is_better_says_what_a_failure_scores():
    for kind in KNOWN.values():
        if issubclass(kind, QuestionMeasure) and kind.better == "lower":
            assert kind.worst != 0.0 or kind is OnlyStaleInContext, kind
    with pytest.raises(ConfigError, match="TestGhosts: less of it is better, so say what a failed question scores"):
        type("TestGhosts", (QuestionMeasure,), {"summary": "ghosts", "better": "lower"})
    assert "TestGhosts" not in KNOWN


def test_no_measure_takes_the_name_of_another():
    with pytest.raises(ConfigError, match=r"defines Recall, which memeval\.scoring\.measures\.ranking has"):
        type("Recall", (QuestionMeasure,), {"summary": "mine"})
    assert KNOWN["Recall"] is Recall
