from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from support.dialogues import Memory, dialogue, turns
from support.plans import plan, window

from memeval.harness.plan import Plan
from memeval.harness.runner import Runner as RealRunner
from memeval.kit.errors import ConfigError, DataError, ModelError
from memeval.kit.types import Dialogue, DialogueResult, Query, Question, Turn
from memeval.scoring.measures import IncrementSeconds


class Runner:
    """The real one with a scratch folder."""

    def __init__(self, made: Plan) -> None:
        self._plan = made

    def run(self, about: Dialogue) -> DialogueResult:
        with TemporaryDirectory() as scratch:
            return RealRunner(self._plan, Path(scratch)).run(about)


def faulty(name: str, **options: object) -> dict[str, object]:
    return {"_target_": f"support.strategies.{name}", **options}


def test_each_question_sees_exactly_the_turns_of_its_day_and_before():
    result = Runner(plan(Memory(), window())).run(dialogue(n=20, questions=4))
    # Questions 0 and 2 are asked on the days of turns 0 and 10 (sessions of five a day), 1 and 3 after the end.
    assert [(outcome.question, outcome.written) for outcome in result.outcomes] == [
        ("d0_q0", 5),
        ("d0_q2", 15),
        ("d0_q1", 20),
        ("d0_q3", 20),
    ]
    first = result.outcomes[0]
    assert first.context is not None and first.error is None
    assert first.context[0].sources == (("t0",), ("t1",), ("t2",), ("t3",), ("t4",))
    assert result.record.turns == 20 and result.record.questions == 4
    assert first.tokens["history"] > 0 and "memory" not in first.tokens
    assert first.usage["read"].seconds > 0 and result.record.write.seconds > 0
    assert first.ranking is None


@pytest.mark.parametrize(
    ("strategy", "reason"),
    [
        ("UnknownSource", "cites turn 'nowhere', which was never written"),
        ("FutureSource", "which was never written"),
        ("FalseVerbatim", "lacks the text of its source"),
        ("Overfull", "the budget is 500"),
        ("FalseRanking", "the ranking cites turn 'nowhere'"),
    ],
)
def test_a_broken_contract_is_an_error_of_that_question(strategy: str, reason: str):
    result = Runner(plan(Memory(), faulty(strategy))).run(dialogue())
    broken = [outcome for outcome in result.outcomes if outcome.error is not None]
    assert broken, "nothing was found wrong"
    assert all(outcome.error.startswith("ContractError: ") and reason in outcome.error for outcome in broken)
    assert all(outcome.context is None and outcome.ranking is None for outcome in broken)


def test_an_honest_strategy_breaks_nothing():
    result = Runner(plan(Memory(), faulty("Keeper"))).run(dialogue())
    assert [outcome.error for outcome in result.outcomes] == [None] * 4


def test_a_strategy_that_raises_while_writing_fails_the_questions_still_open():
    result = Runner(plan(Memory(), faulty("RaisesOnWrite"))).run(dialogue())
    errors = {outcome.question: outcome.error for outcome in result.outcomes}
    assert errors["d0_q0"] is None
    assert (
        errors["d0_q1"] == errors["d0_q2"] == errors["d0_q3"] == "ValueError while writing: cannot hold more than ten"
    )
    assert result.record.error == errors["d0_q1"]


def test_a_strategy_that_raises_while_reading_fails_that_question_only():
    result = Runner(plan(Memory(), faulty("RaisesOnRead"))).run(dialogue())
    errors = {outcome.question: outcome.error for outcome in result.outcomes}
    assert errors == {
        "d0_q0": "ValueError while reading: do not like zero",
        "d0_q1": None,
        "d0_q2": None,
        "d0_q3": None,
    }
    assert result.outcomes[0].usage["read"].seconds > 0


def test_what_a_strategy_raises_is_kept_at_bounded_length():
    result = Runner(plan(Memory(), faulty("RaisesAtLength"))).run(dialogue())
    for outcome in result.outcomes:
        assert outcome.error.startswith("ValueError while reading: cannot read xxx")
        assert outcome.error.endswith("... (5,000,019 characters in all)")
        assert len(outcome.error) < 2_100


def test_what_would_fail_everywhere_stops_the_run():
    with pytest.raises(ModelError, match="install it"):
        Runner(plan(Memory(), faulty("NeedsModel"))).run(dialogue())


def test_oracle_and_random_are_references_with_rankings():
    oracle = {
        "_target_": "memeval.harness.references.Oracle",
        "document": window()["document"],
        "tokenizer": window()["tokenizer"],
    }
    result = Runner(plan(Memory(), oracle)).run(dialogue())
    gold = {question.id: question.evidence for question in dialogue().questions}
    for outcome in result.outcomes:
        assert outcome.context is not None
        assert (
            tuple(source for part in outcome.context for sources in part.sources for source in sources)
            == gold[outcome.question]
        )
    chance = {**oracle, "_target_": "memeval.harness.references.Random", "seed": 3, "depth": 50}
    once, again = (Runner(plan(Memory(), chance)).run(dialogue()).outcomes for _ in range(2))
    assert [outcome.ranking for outcome in once] == [outcome.ranking for outcome in again]
    other = Runner(plan(Memory(), {**chance, "seed": 4})).run(dialogue()).outcomes
    assert [outcome.ranking for outcome in once] != [outcome.ranking for outcome in other]


def _with(turn: Turn | None = None, question: Question | None = None) -> Dialogue:
    base = dialogue()
    return Dialogue(
        "d0",
        [*base.turns, turn] if turn else base.turns,
        [question] if question else base.questions,
    )


LATE = datetime(2025, 1, 1)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (Dialogue("d0", [], []), "has no turns"),
        (_with(Turn("t0", "s", "Ann", "user", "again", LATE)), "turn id 't0' twice"),
        (_with(Turn("x", "s", "Ann", "user", "a\0b", LATE)), "NUL character at offset 1"),
        (_with(Turn("x", "s", "Ann", "user", "a\ud800b", LATE)), r"unpaired surrogate \(U\+D800\) at offset 1"),
        (_with(Turn("x", "s", "Ann", "user", "ok", LATE, "c\0")), "the caption of turn 'x'"),
        (_with(Turn("x", "s", "Ann", "user", "old", datetime(2020, 1, 1))), "put the turns in order of time"),
        (_with(None, Question("q", Query("?", datetime(2020, 1, 1)), (), None, "c")), "before the first turn"),
        (_with(None, Question("q", Query("a\0"), (), None, "c")), "question 'q'"),
        (Dialogue("d0", turns(3), [*dialogue().questions] * 2), "question id 'd0_q0' twice"),
        (_with(Turn("x", "s", "Ann", "user", "word " * 100_000, LATE)), "max_turn_tokens=32,768"),
    ],
)
def test_dialogues_that_cannot_be_measured_are_refused(bad: Dialogue, message: str):
    with pytest.raises(DataError, match=message):
        Runner(plan(Memory(), window())).run(bad)


def test_a_turn_of_100_000_tokens_is_survived_when_it_is_allowed():
    huge = _with(Turn("x", "s", "Ann", "user", "word " * 100_000, LATE))
    for kind in ("sliding_window.SlidingWindow", "truncation.Truncation", "full.Full"):
        result = Runner(plan(Memory(), window(kind), max_turn_tokens=200_000)).run(huge)
        assert [outcome.error for outcome in result.outcomes] == [None] * 4
        assert result.outcomes[-1].tokens["history"] > 0


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"budget": 0}, "budget=0 is out of range"),
        ({"budget": 200_000}, "larger than the context window"),
        ({"limit": 0}, "limit=0"),
        ({"max_turn_tokens": 0}, "max_turn_tokens=0"),
    ],
)
def test_plans_that_cannot_be_run_are_refused(changes: dict[str, int], message: str):
    with pytest.raises(ConfigError, match=message):
        plan(Memory(), window(), **changes)


def test_the_run_id_hashes_what_determines_the_result_and_nothing_else():
    base = plan(Memory(), window())
    assert base.run_id == plan(Memory(), window()).run_id
    assert base.run_id.startswith("mine-500-")
    # The benchmark node says where the data lie, the fingerprint what they are.
    assert base.run_id == plan(Memory(), window(), benchmark={"_target_": "elsewhere"}).run_id
    others = [
        plan(Memory(dialogues=4), window()),
        plan(Memory(), window(tokens=100)),
        plan(Memory(), window(), budget=501),
        plan(Memory(), window(), limit=1),
        plan(Memory(), window(), document={**window()["document"], "date": None}),
    ]
    assert len({base.run_id, *(other.run_id for other in others)}) == 6


def test_the_last_turns_are_written_alone_and_timed():
    def chunks(increments: int) -> tuple[list[float], float | None]:
        made = plan(Memory(), faulty("Chunks"), increments=increments)
        record = Runner(made).run(dialogue(n=20, questions=4)).record
        sizes = [value for name, value in record.stats.items() if name.startswith("chunk")]
        assert sum(sizes) == 20
        return sizes, IncrementSeconds().value(record)

    # Questions are asked after turns 5, 15 and 20.
    assert chunks(0) == ([5, 10, 5], None)
    alone, seconds = chunks(2)
    assert alone == [5, 10, 3, 1, 1] and seconds is not None and seconds > 0
    assert chunks(7)[0] == [5, 8, *[1] * 7], "a chunk may be split, too"
    assert chunks(50)[0] == [1] * 20
    with pytest.raises(ConfigError, match="increments=-1"):
        plan(Memory(), window(), increments=-1)
