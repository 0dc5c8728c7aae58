"""No plug-in gets past the checks with what it returns, and none ends a run otherwise than with a sentence."""

import math
import sys
from collections.abc import Callable, Sequence
from decimal import Decimal
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from support.dialogues import Memory, dialogue
from support.plans import plan

from memeval.harness.runner import Runner
from memeval.kit.errors import ConfigError, MemevalError
from memeval.kit.types import Context, DialogueResult, Hit, Query, Segment, Turn

_number = count()


class Honest:
    """Shows its last turn; the base of the others."""

    def __init__(self) -> None:
        self.turns: list[Turn] = []

    def write(self, turns: Sequence[Turn]) -> None:
        self.turns += turns

    def last(self) -> list[Segment]:
        turn = self.turns[-1]
        return [Segment("history", turn.text.strip(), (turn.id,))]

    def read(self, query: Query, budget: int) -> Any:
        return Context(self.last())


def lived(kind: type, monkeypatch: pytest.MonkeyPatch, **options: Any) -> DialogueResult:
    # What a name takes is read once, so that each class needs a name of its own.
    name = f"Chosen{next(_number)}"
    monkeypatch.setattr(sys.modules[__name__], name, kind, raising=False)
    made = plan(Memory(), {"_target_": f"{__name__}.{name}"}, **options)
    with TemporaryDirectory() as scratch:
        return Runner(made, Path(scratch)).run(dialogue())


def reading(read: Callable[[Honest], Any]) -> type:
    return type("Reading", (Honest,), {"read": lambda self, query, budget: read(self)})


class FalsyText(str):
    def __bool__(self) -> bool:
        return False

    def __len__(self) -> int:
        return 0


class LyingText(str):
    def __contains__(self, other: object) -> bool:
        return True

    def strip(self, *_: Any) -> "LyingText":
        return self


class TwoFaced:
    """Cites one turn at the first looks and all turns later."""

    kind, verbatim = "memory", True

    def __init__(self, turns: Sequence[Turn]) -> None:
        self._turns = turns
        self._looks = 0
        self.text = turns[0].text.strip()

    @property
    def sources(self) -> tuple[str, ...]:
        self._looks += 1
        return tuple(turn.id for turn in (self._turns[:1] if self._looks < 2 else self._turns))


def all_ids(memory: Honest) -> tuple[str, ...]:
    return tuple(turn.id for turn in memory.turns)


class ChangedAfterwards(Honest):
    """One frozen segment, honest when it is first read and changed for the later questions."""

    def __init__(self) -> None:
        super().__init__()
        self.segment: Segment | None = None

    def read(self, query: Query, budget: int) -> Context:
        if self.segment is None:
            self.segment = self.last()[0]
        else:
            object.__setattr__(self.segment, "sources", all_ids(self))
            object.__setattr__(self.segment, "text", "x")
        return Context([self.segment])


class ChangedLater(Honest):
    """Empties the list that it returned before."""

    def __init__(self) -> None:
        super().__init__()
        self.given: list[Segment] = []

    def read(self, query: Query, budget: int) -> Context:
        self.given.clear()
        self.given = self.last()
        return Context(self.given)


def segment(text: Any = "x", sources: Any = (), kind: Any = "memory", verbatim: Any = False) -> type:
    return reading(lambda _: Context([Segment(kind, text, sources, verbatim)]))


def hits(make: Callable[[Honest], Any]) -> type:
    return reading(lambda memory: Context(memory.last(), make(memory)))


def scored(*scores: Any) -> type:
    return hits(lambda memory: [Hit("x", (memory.turns[0].id,), score) for score in scores])


async def later(self: Any, *_: Any) -> None:
    """Never awaited."""


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (reading(lambda _: None), "read() returned None: return a memeval Context"),
        (reading(lambda _: "text"), "read() returned a str"),
        (type("Async", (Honest,), {"read": later}), "read() returned a coroutine, so that nothing was done"),
        (reading(lambda _: Context("abc")), "the segments of a context are a str"),
        (reading(lambda _: Context(None)), "the segments of a context are None"),
        (reading(lambda _: Context([5])), "'int' object has no attribute 'kind'"),
        (reading(lambda memory: Context(memory.last() * 501)), "the budget is 500"),
        (segment(text=None), "the text of a memory segment is None: give a str"),
        (segment(text=b"x"), "the text of a memory segment is a bytes"),
        (segment(text="\ud800"), "unpaired surrogate (U+D800) at offset 0"),
        (segment(text=" x "), "a memory segment is not stripped"),
        (segment(kind="nonsense"), "has the kind 'nonsense': choose one of system, summary"),
        (segment(kind=None), "the kind of a segment is None"),
        (segment(verbatim="no"), "verbatim of a memory segment is a str: give True or False"),
        (segment(sources="t1"), "the sources of a memory segment are a str: give a tuple of turn ids"),
        (segment(sources=None), "the sources of a memory segment are None"),
        (segment(sources=(1,)), "a source of a memory segment is a int"),
        (segment(sources=(["t1"],)), "a source of a memory segment is a list"),
        (segment(sources=("t0",) * 1_000), "cites more turns than the"),
        (reading(lambda m: Context([Segment("memory", LyingText("x"), all_ids(m))])), "lacks the text of its source"),
        (
            reading(lambda m: Context([Segment("memory", FalsyText("word " * 600 + "end"), (), False)])),
            "the budget is 500",
        ),
        (hits(lambda _: "abc"), "the ranking of a context are a str"),
        (hits(lambda _: 5), "the ranking of a context are a int"),
        (hits(lambda _: [None]), "'NoneType' object has no attribute 'sources'"),
        (hits(lambda memory: [Hit("x", memory.turns[0].id, 1.0)]), "the sources of a hit of the ranking are a str"),
        (scored(*[1.0] * 51), "more than depth=50 hits"),
        (hits(lambda memory: (Hit("x", ("t0",), 1.0) for _ in iter(int, 1))), "more than depth=50 hits"),
        (scored(1.0, 2.0), "not sorted: a hit with score 2 stands below one with 1"),
        (scored(1.0, None, 2.0), "not sorted"),
        *((scored(bad), "give finite numbers") for bad in (math.nan, math.inf, "high", "0.5", 1j, 10**400, True)),
        (scored(np.array([1.0, 2.0])), "give finite numbers"),
    ],
)
def test_what_is_no_context_is_an_error_of_that_question(kind: type, reason: str, monkeypatch: pytest.MonkeyPatch):
    result = lived(kind, monkeypatch)
    assert len(result.outcomes) == 4
    for outcome in result.outcomes:
        assert outcome.error is not None and outcome.error.startswith("ContractError: ") and reason in outcome.error
        assert outcome.context is None and outcome.ranking is None


@pytest.mark.parametrize(
    ("kind", "ranking"),
    [
        (reading(lambda memory: Context(part for part in memory.last())), None),
        (segment(sources=["t0"]), None),
        (
            hits(lambda memory: (Hit("x", (turn.id,), 1.0) for turn in memory.turns[:2])),
            ((("t0",), 1.0), (("t1",), 1.0)),
        ),
        (hits(lambda _: [Hit("x", ["t0", "t1"], np.float32(0.5))]), ((("t0", "t1"), 0.5),)),
        (scored(-5), ((("t0",), -5.0),)),
        (hits(lambda _: []), ()),
    ],
)
def test_what_can_be_copied_is_noted_as_plain_values(kind: type, ranking: object, monkeypatch: pytest.MonkeyPatch):
    for outcome in lived(kind, monkeypatch).outcomes:
        assert outcome.error is None and outcome.ranking == ranking
        assert outcome.context is not None
        assert all(type(each) is tuple for part in outcome.context for each in part.sources)
        assert all(type(score) is float for _, score in outcome.ranking or ())


def test_a_segment_that_is_changed_after_its_check_is_checked_again(monkeypatch: pytest.MonkeyPatch):
    first, *others = lived(ChangedAfterwards, monkeypatch).outcomes
    assert first.error is None and first.context is not None and len(first.context[0].sources[0]) == 1
    for outcome in others:
        assert outcome.error is not None and "lacks the text of its source" in outcome.error


def test_what_was_noted_does_not_change_with_the_strategys_own_objects(monkeypatch: pytest.MonkeyPatch):
    for outcome in lived(ChangedLater, monkeypatch).outcomes:
        assert outcome.context is not None and len(outcome.context) == 1


def test_each_value_is_read_once(monkeypatch: pytest.MonkeyPatch):
    for outcome in lived(reading(lambda memory: Context([TwoFaced(memory.turns)])), monkeypatch).outcomes:
        assert outcome.context is not None and outcome.context[0].sources == (("t0",),)


def test_a_text_that_hides_its_length_is_counted_in_full(monkeypatch: pytest.MonkeyPatch):
    kind = reading(lambda m: Context([Segment("memory", FalsyText(m.turns[-1].text.strip()), (m.turns[-1].id,))]))
    for outcome in lived(kind, monkeypatch).outcomes:
        assert outcome.error is None and outcome.tokens["memory"] > 3


def raising(name: str, error: BaseException) -> type:
    def fail(self: Any, *_: Any) -> None:
        raise error

    return type("Raising", (Honest,), {name: fail})


class Unreadable(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no text")


ERRORS = [ValueError("bad"), SystemExit(0), BrokenPipeError(), MemoryError(), GeneratorExit(), StopIteration()]


@pytest.mark.parametrize(
    "error", [*ERRORS, BaseException("b"), ValueError("\ud800"), Unreadable()], ids=lambda e: type(e).__name__
)
@pytest.mark.parametrize("call", ["write", "read", "flush"])
def test_whatever_a_call_raises_is_noted(call: str, error: BaseException, monkeypatch: pytest.MonkeyPatch):
    result = lived(raising(call, error), monkeypatch)
    phase = "reading" if call == "read" else "writing"
    for outcome in result.outcomes:
        assert outcome.error is not None and outcome.error.startswith(f"{type(error).__name__} while {phase}: ")
        outcome.error.encode()
    assert (result.record.error is None) == (call == "read")


@pytest.mark.parametrize("error", ERRORS, ids=lambda e: type(e).__name__)
@pytest.mark.parametrize("call", ["stats", "close"])
def test_what_goes_wrong_after_the_questions_is_an_error_of_the_dialogue(
    call: str, error: BaseException, monkeypatch: pytest.MonkeyPatch
):
    result = lived(raising(call, error), monkeypatch)
    assert [outcome.error for outcome in result.outcomes] == [None] * 4
    assert result.record.error is not None
    assert result.record.error.startswith(f"{type(error).__name__} in Raising.{call}() of dialogue d0: ")


@pytest.mark.parametrize("error", ERRORS, ids=lambda e: type(e).__name__)
@pytest.mark.parametrize("call", ["prepare", "__init__"])
def test_what_cannot_begin_stops_the_run_with_a_sentence(
    call: str, error: BaseException, monkeypatch: pytest.MonkeyPatch
):
    place = "in Raising.prepare" if call == "prepare" else " cannot be made"
    with pytest.raises(ConfigError, match=f"{type(error).__name__}") as raised:
        lived(raising(call, error), monkeypatch)
    assert place in str(raised.value) and "\n" not in str(raised.value)


@pytest.mark.parametrize("call", ["write", "flush"])
def test_a_call_that_only_promises_to_write_has_not_written(call: str, monkeypatch: pytest.MonkeyPatch):
    result = lived(type("Async", (Honest,), {call: later}), monkeypatch)
    expected = f"ContractError while writing: {call}() returned a coroutine, so that nothing was done"
    assert all(outcome.error is not None and outcome.error.startswith(expected) for outcome in result.outcomes)


@pytest.mark.parametrize("error", [ValueError("no"), SystemExit(0)])
def test_what_fails_while_forgetting_fails_the_questions_that_are_asked_again(
    error: BaseException, monkeypatch: pytest.MonkeyPatch
):
    result = lived(raising("forget", error), monkeypatch, forget=1.0)
    expected = f"{type(error).__name__} while forgetting: {error}"
    assert {outcome.error for outcome in result.outcomes} == {expected}


def reporting(stats: Any) -> type:
    return type("Reporting", (Honest,), {"stats": lambda self: stats})


@pytest.mark.parametrize(
    ("stats", "reason"),
    [
        (None, "stats() returned None"),
        ([1], "stats() returned a list"),
        ({1: 2.0}, "a name in stats() is a int"),
        ({"\ud800": 1.0}, "use 1 to 200 printable characters"),
        ({"a": math.nan}, "stats() gives nan for 'a'"),
        ({"a": math.inf}, "stats() gives inf for 'a'"),
        ({"a": -5}, "stats() gives a int for 'a': give a finite number, 0 or more"),
        ({"a": "x"}, "stats() gives a str for 'a'"),
        ({"a": {"b": [1]}}, "stats() gives a dict for 'a'"),
        ({"a": Decimal(1)}, "stats() gives a Decimal for 'a'"),
        ({f"k{number}": 1.0 for number in range(2_000)}, "more than 1,000 counters"),
    ],
)
def test_counters_that_are_none_are_an_error_of_the_dialogue(stats: Any, reason: str, monkeypatch: pytest.MonkeyPatch):
    record = lived(reporting(stats), monkeypatch).record
    assert record.error is not None and reason in record.error and "Reporting.stats() of dialogue d0" in record.error
    assert set(record.stats) == {"start_seconds"}


def test_the_harness_measures_what_a_strategy_would_report_of_itself(monkeypatch: pytest.MonkeyPatch):
    said = {"items": np.int64(3), "start_seconds": 0, "increment_seconds": 0, "unanswered": 99, "unjudged": 99}
    record = lived(reporting(said), monkeypatch, increments=2).record
    assert record.error is None and record.stats["items"] == 3.0 and type(record.stats["items"]) is float
    assert record.stats["start_seconds"] > 0 and record.stats["increment_seconds"] > 0
    assert "unanswered" not in record.stats and "unjudged" not in record.stats


@pytest.mark.parametrize("power", ["write", "flush", "prepare", "close"])
def test_a_part_of_a_memory_that_only_promises_is_refused(power: str, monkeypatch: pytest.MonkeyPatch):
    # Nobody awaits it, so that nothing would be written, and the memory would only look bad.
    async def promise(*_: object) -> None:
        return None

    class Promising:
        def write(self, turns: Sequence[Turn]) -> None:
            return None

        def search(self, query: Query, k: int) -> Sequence[Hit]:
            return []

    setattr(Promising, power, promise)
    monkeypatch.setattr(sys.modules[__name__], f"Promising_{power}", Promising, raising=False)
    tokenizer = {"_target_": "memeval.kit.tokens.get_tokenizer", "name": "o200k_base"}
    window = {"_target_": "memeval.strategies.short_term.none.Nothing"}
    node = {
        "_target_": "memeval.strategies.memory.Memory",
        "window": window,
        "tokenizer": tokenizer,
        "retrieved_share": 0.5,
    }
    made = plan(
        Memory(), {**node, "top_k": None, "depth": 50, "retriever": {"_target_": f"{__name__}.Promising_{power}"}}
    )
    with TemporaryDirectory() as scratch:
        runner = Runner(made, Path(scratch))
        if power == "prepare":
            with pytest.raises(MemevalError, match="nothing was done"):
                runner.run(dialogue())
            return
        result = runner.run(dialogue())
    assert f"{power}() returned a coroutine, so that nothing was done" in str(result.record.error)
