"""The contract of a measure as a check that any package can run on its own."""

import math
from datetime import datetime

from memeval.kit.document import Document
from memeval.kit.errors import ContractError
from memeval.kit.tokens import get_tokenizer
from memeval.kit.types import ContextPart, Dialogue, DialogueRecord, Outcome, Query, Question, Turn, Usage
from memeval.scoring.measures import DialogueMeasure, Measure, QuestionMeasure, parse
from memeval.scoring.measures.facts import Case, History

_TIME = datetime(2024, 5, 1, 12)


def check_measure(measure: Measure) -> None:
    """Read its name back and take its values of a small dialogue.

    Raises:
        ContractError: a name that gives another measure, a heading without words, a denominator that depends on what a
            strategy did, a value that is no finite number.
    """
    if parse(str(measure)) != measure:
        raise ContractError(
            f"{measure} is read back as {parse(str(measure))}: give every field by option() or cutoff()"
        )
    if not all(line.strip() for line in measure.heading()):
        raise ContractError(f"the heading of {measure} has an empty line: {measure.heading()}")
    turns = [Turn(f"t{at}", "s1", "Ann", "user", f"sentence number {at}", _TIME) for at in range(4)]
    questions = (
        Question("q0", Query("which?", _TIME), ("number 1",), ("t1",), "single-hop"),
        Question("q1", Query("which not?", _TIME), (), (), "single-hop"),
    )
    record = DialogueRecord("d", len(turns), 16, 0, Usage(1.0, 1.0), None)
    if isinstance(measure, DialogueMeasure):
        _check_number(measure, measure.value(record))
    if not isinstance(measure, QuestionMeasure):
        return
    history = History(Dialogue("d", turns, questions), record, Document(), get_tokenizer("o200k_base"), None)
    for question in questions:
        outcomes = (_outcome(question.id, 4), _outcome(question.id, 0), _failure(question.id), None)
        cases = [Case(question, outcome, history) for outcome in outcomes]
        if len({measure.applies(case) for case in cases}) > 1:
            raise ContractError(
                f"{measure}.applies depends on what a strategy did: decide it by the question's gold, and return None "
                "from value() where an outcome lacks the fact"
            )
        for case in cases:
            if measure.applies(case):
                _check_number(measure, measure.failure(case) if case.failed else measure.value(case))


def _outcome(question: str, seen: int) -> Outcome:
    sources = tuple((f"t{at}",) for at in range(seen))
    ranking = tuple(((f"t{at}",), 1.0) for at in range(seen))
    usage = {"read": Usage(0.1, 0.1)}
    parts = (ContextPart("memory", True, sources),) if seen else ()
    return Outcome("d", question, 4, parts, ranking, {"memory": 4 * seen, "query": 1}, usage=usage)


def _failure(question: str) -> Outcome:
    return Outcome("d", question, 4, None, None, {}, error="ValueError: no")


def _check_number(measure: Measure, value: object) -> None:
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ContractError(f"{measure} gives {value!r}: return a finite number, or None where there is none")
