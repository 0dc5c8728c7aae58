"""The contract of an executor as a check that any package can run on its own."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from memeval.harness.executors import Executor, Serial, each_once
from memeval.harness.plan import Plan
from memeval.kit.errors import ContractError, ModelError
from memeval.kit.types import Context, Dialogue, DialogueResult, Query, Question, Segment, Turn, Usage
from memeval.options.root import axes

_START = datetime(2024, 3, 1, 9, 0)
_DIALOGUES = 5
_STOPPED = "the model of the check cannot be had"


def check_executor(factory: Callable[[], Executor]) -> None:
    """Run small dialogues with an executor and with `Serial`: both have to return the same.

    Args:
        factory: makes an executor; called once. It is used for several runs, as a sweep does.

    Raises:
        ContractError: the first rule that is broken: a dialogue that is lost, repeated or run otherwise than `Serial`
            runs it, or an error that does not stop the run.
    """
    executor = factory()
    plan = _plan({"_target_": f"{__name__}.Last"})
    dialogues = [_dialogue(number) for number in range(_DIALOGUES)]
    expected = _facts(plan, dialogues, Serial())
    for asked in (dialogues, [], dialogues[:1]):
        wanted = {dialogue.id: expected[dialogue.id] for dialogue in asked}
        given = _facts(plan, asked, executor)
        for name, result in wanted.items():
            if given[name] != result:
                raise ContractError(
                    f"the dialogue {name!r} gave {given[name]!r:.300}, and in one process {result!r:.300}"
                )
    try:
        _facts(_plan({"_target_": f"{__name__}.Unavailable"}), dialogues, executor)
    except ModelError as error:
        if _STOPPED not in str(error):
            raise ContractError(f"an error that stops the run lost its sentence: {error}") from error
    else:
        raise ContractError("a memory could not be made, and the run went on: raise the error in the iterator")


class Last:
    """Remembers the last three turns."""

    def __init__(self) -> None:
        """Start with nothing."""
        self._turns: list[Turn] = []

    def write(self, turns: Sequence[Turn]) -> None:
        """Keep the last ones."""
        self._turns = [*self._turns, *turns][-3:]

    def read(self, query: Query, budget: int) -> Context:
        """All that is kept."""
        return Context([Segment("history", turn.text, (turn.id,)) for turn in self._turns])


class Unavailable(Last):
    """A memory that cannot be made."""

    def __init__(self) -> None:
        """Raise.

        Raises:
            ModelError: always.
        """
        raise ModelError(f"{_STOPPED}: this error has to arrive")


def _facts(plan: Plan, dialogues: Sequence[Dialogue], executor: Executor) -> dict[str, DialogueResult]:
    """Results by dialogue, without what depends on the time."""
    return {result.record.dialogue: _timeless(result) for result in each_once(executor, plan, dialogues)}


def _timeless(result: DialogueResult) -> DialogueResult:
    stats = {name: value for name, value in result.record.stats.items() if not name.endswith("seconds")}
    record = replace(result.record, write=Usage(), stats=stats)
    return DialogueResult(record, [replace(outcome, usage={}) for outcome in result.outcomes])


def _plan(memory: Mapping[str, Any]) -> Plan:
    return Plan(
        names=dict.fromkeys(axes(), "check"),
        benchmark={},
        fingerprint={"name": "check"},
        memory=memory,
        tokenizer={"_target_": "memeval.kit.tokens.get_tokenizer", "name": "o200k_base"},
        document={"_target_": "memeval.kit.document.Document"},
        budget=500,
        window=8_000,
        limit=None,
        max_turn_tokens=1_000,
    )


def _dialogue(number: int) -> Dialogue:
    turns = [Turn(f"t{at}", "s1", "Ann", "user", f"Number {number}, line {at}.", _START) for at in range(4 + number)]
    return Dialogue(f"d{number}", turns, list(_questions(turns)))


def _questions(turns: Sequence[Turn]) -> Iterator[Question]:
    for at in (0, len(turns) - 1):
        query = Query(f"Which line is {at}?", _START)
        yield Question(f"q{at}", query, (turns[at].text,), evidence=(turns[at].id,), category="single-hop")
