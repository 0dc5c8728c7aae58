"""Ranking measures against trec_eval, against enumeration, and by their laws."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations, permutations
from math import log2
from statistics import fmean

import pytest
import pytrec_eval
from hypothesis import given, settings
from hypothesis import strategies as st

from memeval.kit.types import ContextPart, Dialogue, Outcome, Query, Question, Turn
from memeval.scoring.measures import MRR, EvidenceRecall, Precision, RankingMeasure, Recall, nDCG, parse
from memeval.scoring.measures.facts import Case, History


class Plain:
    """Template and tokenizer: the text itself, one token a word."""

    def render(self, turn: Turn) -> str:
        return turn.text

    def count(self, text: str) -> int:
        return len(text.split())


def history(turns: int, session_length: int = 3) -> History:
    made = [Turn(f"t{i}", f"s{i // session_length}", "A", "user", f"text {i}") for i in range(turns)]
    return History(Dialogue("d", made, ()), None, Plain(), Plain())


def case(
    ranking: Sequence[Sequence[int]],
    gold: Sequence[int | str],
    turns: int,
    *,
    written: int | None = None,
    context: Sequence[int] = (),
    session_length: int = 3,
) -> Case:
    evidence = tuple(f"t{i}" if isinstance(i, int) else i for i in gold)
    return Case(
        Question("q", Query("?"), ("yes",), evidence, "c"),
        Outcome(
            "d",
            "q",
            turns if written is None else written,
            (ContextPart("memory", True, tuple((f"t{i}",) for i in context)),),
            tuple((tuple(f"t{i}" for i in passage), None) for passage in ranking),
            {"memory": 2 * len(context)},
        ),
        history(turns, session_length),
    )


def singles(order: Sequence[int]) -> list[list[int]]:
    return [[i] for i in order]


# --- by hand


def test_worked_example() -> None:
    # Gold t1 (session 0), t4 and t5 (session 1); t1 is found at position 2, t5 at 4 and again at 5.
    found = case([[0], [1], [6], [5], [5]], [1, 4, 5], turns=9)
    assert [Recall(k=k).value(found) for k in (1, 2, 4, 5)] == [0, 1 / 3, 2 / 3, 2 / 3]
    assert Recall(rule="any", k=1).value(found) == 0
    assert Recall(rule="any", k=2).value(found) == 1
    assert Recall(rule="all", k=5).value(found) == 0
    assert MRR(k=10).value(found) == 0.5
    assert MRR(k=1).value(found) == 0
    assert Precision(k=10).value(found) == pytest.approx(0.2)  # the repeated t5 counts once
    ideal = 1 + 1 / log2(3) + 1 / log2(4)
    assert nDCG(k=5).value(found) == pytest.approx((1 / log2(3) + 1 / log2(5)) / ideal)
    # By session: s0, s2, s1; gold is s0 and s1.
    assert [Recall(unit="session", k=k).value(found) for k in (1, 2, 3)] == [0.5, 0.5, 1]
    assert MRR(unit="session", k=3).value(found) == 1
    assert Precision(unit="session", k=3).value(found) == pytest.approx(2 / 3)
    # LongMemEval's discount: positions 1 and 2 count alike.
    assert nDCG(unit="session", k=3).value(found) == pytest.approx((1 + 1 / log2(4)) / (1 + 1 / log2(3)))
    assert nDCG(unit="session", discount="longmemeval", k=3).value(found) == pytest.approx((1 + 1 / log2(3)) / 2)


def test_a_passage_of_several_turns_is_one_position() -> None:
    rounds = case([[0, 1], [4, 5], [1, 2]], [1, 4, 5], turns=9)
    assert Recall(k=1).value(rounds) == pytest.approx(1 / 3)
    assert Recall(k=2).value(rounds) == 1
    assert Precision(k=3).value(rounds) == pytest.approx(2 / 3)  # the third brings nothing new
    assert nDCG(k=3).value(rounds) == pytest.approx((1 + 1 / log2(3)) / (1 + 1 / log2(3) + 1 / log2(4)))
    # Two positions show four turns, and luck is counted accordingly.
    assert Recall(k=2).chance(rounds) == pytest.approx(4 / 9)


def test_a_passage_across_sessions_ranks_them_in_its_order() -> None:
    window = case([[2, 3], [6]], [3], turns=9)
    assert MRR(unit="session", k=5).value(window) == 0.5
    assert MRR(unit="turn", k=5).value(window) == 1


def test_gold_that_is_not_in_the_dialogue_is_never_found_and_stays() -> None:
    lost = case(singles(range(9)), [0, "D30:05"], turns=9)
    assert Recall(k=9).value(lost) == 0.5
    assert Recall(rule="all", k=9).value(lost) == 0
    assert Recall(rule="all", k=9).chance(lost) == 0
    assert Recall(k=9).chance(lost) == 0.5
    assert Recall(unit="session", k=9).value(lost) == 0.5
    # Each lost turn stands for a session of its own.
    assert Recall(unit="session", k=9).value(case(singles([0]), [0, "lost", "gone"], turns=9)) == pytest.approx(1 / 3)


def test_sessions_annotated_on_their_own_are_the_gold_of_sessions() -> None:
    only = case(singles([8, 0]), [], turns=9)
    only = Case(replace(only.question, evidence=None, evidence_sessions=("s0",)), only.outcome, only.history)
    assert not Recall(k=5).applies(only)
    assert Recall(unit="session", k=5).applies(only)
    assert MRR(unit="session", k=5).value(only) == 0.5


def test_no_gold_is_none_unless_the_definition_says_one() -> None:
    nothing = case(singles([0]), [], turns=3)
    for name in ("Recall", "nDCG", "MRR", "Precision"):
        assert not parse(f"{name}@5").applies(nothing)  # type: ignore[attr-defined]
        official = parse(f"{name}(missing=1)@5")
        assert isinstance(official, RankingMeasure)
        assert official.applies(nothing)
        assert official.value(nothing) == official.chance(nothing) == 1


def test_saturation_and_short_rankings() -> None:
    full = case(singles(range(6)), [0], turns=6)
    assert Recall(k=6).saturated(full) and not Recall(k=5).saturated(full)
    assert Recall(unit="session", k=2).saturated(full) and not Recall(unit="session", k=1).saturated(full)
    assert not Recall(k=10).short(full)  # everything was ranked
    cut = case(singles(range(4)), [0], turns=6)
    assert Recall(k=5).short(cut) and not Recall(k=4).short(cut)
    assert case(singles(range(6)), [0], turns=9, written=6).size("turn") == 6
    assert Recall(k=6).saturated(case(singles(range(6)), [0], turns=9, written=6))
    assert Recall(k=3).saturated(case([[0, 1], [2, 3], [4, 5]], [0], turns=6))


# --- trec_eval


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_equal_to_trec_eval_with_ties(data: st.DataObject) -> None:
    turns = data.draw(st.integers(1, 40))
    # Few distinct scores, so that ties are everywhere, also across the cut-off.
    scores = data.draw(st.lists(st.integers(0, 4), min_size=turns, max_size=turns))
    gold = data.draw(st.sets(st.integers(0, turns - 1), min_size=1, max_size=8))
    depth = data.draw(st.integers(1, turns))
    k = data.draw(st.integers(1, 50))
    # The rule: score descending, then order of writing. trec_eval breaks ties by descending name, so earlier turns get
    # greater names.
    order = sorted(range(turns), key=lambda i: (-scores[i], i))[:depth]
    found = case(singles(order), sorted(gold), turns)
    name = [f"{turns - i:04d}" for i in range(turns)]
    relevant = {"q": {name[i]: 1 for i in gold}}
    evaluator = pytrec_eval.RelevanceEvaluator(relevant, {f"recall.{k}", f"ndcg_cut.{k}", f"P.{k}", "recip_rank"})
    theirs = evaluator.evaluate({"q": {name[i]: float(scores[i]) for i in order}})["q"]
    assert Recall(k=k).value(found) == pytest.approx(theirs[f"recall_{k}"], abs=1e-12)
    assert nDCG(k=k).value(found) == pytest.approx(theirs[f"ndcg_cut_{k}"], abs=1e-12)
    assert Precision(k=k).value(found) == pytest.approx(theirs[f"P_{k}"], abs=1e-12)
    assert MRR(k=depth).value(found) == pytest.approx(theirs["recip_rank"], abs=1e-12)


# --- chance, by enumeration

RANKED = [
    *(Recall(rule=rule, k=k) for rule in ("fraction", "any", "all") for k in (1, 2, 4, 9)),
    *(measure(k=k) for measure in (MRR, Precision, nDCG) for k in (1, 3, 9)),
    nDCG(discount="longmemeval", k=4),
]


@pytest.mark.parametrize("measure", RANKED, ids=str)
@pytest.mark.parametrize(("turns", "gold"), [(5, 1), (5, 3), (6, 2)])
def test_chance_is_the_mean_over_all_rankings(measure: RankingMeasure, turns: int, gold: int) -> None:
    evidence = range(gold)
    values = [measure.value(case(singles(order), evidence, turns)) for order in permutations(range(turns))]
    assert measure.chance(case(singles(range(turns)), evidence, turns)) == pytest.approx(fmean(values), abs=1e-12)


@settings(max_examples=60, deadline=None)
@given(st.data(), st.sampled_from(RANKED))
def test_chance_is_the_mean_over_all_places_of_the_gold(data: st.DataObject, measure: RankingMeasure) -> None:
    # Passages of several turns, overlapping ones and repeated ones.
    turns = data.draw(st.integers(2, 8))
    passage = st.lists(st.integers(0, turns - 1), min_size=1, max_size=3, unique=True)
    order = data.draw(st.lists(passage, max_size=10))
    # Positions that the strategy left empty are luck's to fill; here it filled all that the measure looks at.
    rest = [i for i in range(turns) if all(i not in each for each in order)]
    order = [*order, *singles(rest)]
    gold = data.draw(st.integers(1, min(turns, 3)))
    values = [measure.value(case(order, places, turns)) for places in combinations(range(turns), gold)]
    expected = measure.chance(case(order, range(gold), turns))
    assert expected == pytest.approx(fmean(values), abs=1e-12)


@pytest.mark.parametrize("rule", ["fraction", "any", "all"])
@pytest.mark.parametrize("covered", [[], [3], [0, 1, 5], list(range(7))])
def test_chance_of_evidence_in_the_context(rule: str, covered: list[int]) -> None:
    measure = parse(f"EvidenceRecall(rule={rule})")
    assert isinstance(measure, EvidenceRecall)
    values = [measure.value(case([], places, 7, context=covered)) for places in combinations(range(7), 2)]
    assert measure.chance(case([], [0, 6], 7, context=covered)) == pytest.approx(fmean(values))
    assert measure.saturated(case([], [0, 6], 7, context=covered)) == (len(covered) == 7)


def test_chance_before_anything_is_written() -> None:
    early = case([], [0], turns=3, written=0)
    for measure in RANKED:
        assert measure.chance(early) == 0
    assert EvidenceRecall().chance(early) == 0


# --- laws

rankings = st.lists(st.integers(0, 19), min_size=1, max_size=20, unique=True)
golds = st.sets(st.integers(0, 19), min_size=1, max_size=5)


@given(rankings, golds, st.integers(1, 25), st.randoms(use_true_random=False))
def test_order_on_either_side_of_the_cut_does_not_change_recall(
    order: list[int], gold: set[int], k: int, random: object
) -> None:
    before, after = order[:k], order[k:]
    random.shuffle(before)  # type: ignore[attr-defined]
    random.shuffle(after)  # type: ignore[attr-defined]
    one, other = case(singles(order), [*gold], 20), case(singles(before + after), [*gold], 20)
    for measure in (Recall(k=k), Recall(rule="any", k=k), Recall(rule="all", k=k), Precision(k=k)):
        assert measure.value(one) == measure.value(other)


@given(rankings, golds, st.integers(1, 25), st.integers(0, 20))
def test_a_turn_more_in_the_ranking(order: list[int], gold: set[int], k: int, at: int) -> None:
    found = case(singles(order), [*gold], 20)
    for turn in set(range(20)) - set(order):
        more = case(singles([*order[:at], turn, *order[at:]]), [*gold], 20)
        for rule in ("fraction", "any", "all"):
            measure = parse(f"Recall(rule={rule})@{k}")
            assert isinstance(measure, Recall)
            if turn in gold:
                assert measure.value(more) >= measure.value(found)
            else:
                assert measure.value(more) <= measure.value(found)
        if turn not in gold:
            for measure in (MRR(k=k), nDCG(k=k), Precision(k=k)):
                assert measure.value(more) <= measure.value(found)


@given(st.sets(st.integers(0, 19)), golds, st.integers(0, 19))
def test_a_turn_more_in_the_context(context: set[int], gold: set[int], turn: int) -> None:
    for measure in (EvidenceRecall(), EvidenceRecall(rule="any"), EvidenceRecall(rule="all")):
        less = measure.value(case([], [*gold], 20, context=[*context]))
        more = measure.value(case([], [*gold], 20, context=[*context | {turn}]))
        assert more >= less
        if turn not in gold:
            assert more == less


@given(rankings, golds, st.integers(1, 25), st.sampled_from(["turn", "session"]))
def test_any_is_at_least_fraction_is_at_least_all(order: list[int], gold: set[int], k: int, unit: str) -> None:
    found = case(singles(order), [*gold], 20, context=order)
    for name, at in ((f"Recall(unit={unit},rule=%s)@{k}", k), (f"EvidenceRecall(unit={unit},rule=%s)", k)):
        values, chances = [], []
        for rule in ("any", "fraction", "all"):
            measure = parse(name % rule)
            assert isinstance(measure, Recall | EvidenceRecall), at
            values.append(measure.value(found))
            chances.append(measure.chance(found))
        assert values == sorted(values, reverse=True)
        assert chances[0] + 1e-12 >= chances[1] >= chances[2] - 1e-12
        assert all(0 <= value <= 1 for value in (*values, *chances))


@given(rankings, golds, st.integers(1, 25), st.sampled_from(["turn", "session"]))
def test_all_are_shares(order: list[int], gold: set[int], k: int, unit: str) -> None:
    found = case([order[i : i + 3] for i in range(0, len(order), 3)], [*gold], 20)
    for name in ("Recall", "nDCG", "MRR", "Precision"):
        measure = parse(f"{name}(unit={unit})@{k}")
        assert isinstance(measure, RankingMeasure)
        assert 0 <= measure.value(found) <= 1 + 1e-12
        assert 0 <= measure.chance(found) <= 1 + 1e-12


@pytest.mark.parametrize("k", [40, 1_000, 10**9, 10**18])
@pytest.mark.parametrize("name", ["Recall", "Precision", "MRR", "nDCG", "nDCG(discount=longmemeval)"])
def test_a_cut_off_beyond_all_turns_takes_no_more_than_the_turns(name: str, k: int) -> None:
    """A list of 10**18 positions could not be made: values and chances come from the 40 that there are."""
    seen = case([[3], [1], [2]], [1, 7], 40)
    measure, whole = parse(f"{name}@{k}"), parse(f"{name}@40")
    scale = 40 / k if name == "Precision" else 1.0
    assert measure.value(seen) == pytest.approx(whole.value(seen) * scale)  # type: ignore[attr-defined]
    assert measure.chance(seen) == pytest.approx(whole.chance(seen) * scale)  # type: ignore[attr-defined]
    assert measure.saturated(seen) and measure.short(seen)  # type: ignore[attr-defined]
