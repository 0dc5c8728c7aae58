"""The contract of a strategy as a check that any package can run on its own."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

from memeval.checks.contexts import ContextChecker
from memeval.checks.copies import Copier
from memeval.kit import powers
from memeval.kit.errors import ContractError
from memeval.kit.prompt import count
from memeval.kit.protocols import Forgets, Strategy
from memeval.kit.tokens import get_tokenizer
from memeval.kit.types import Context, Query, Turn

_START = datetime(2024, 3, 1, 9, 0)
_BUDGETS = (1, 7, 40, 200, 2_000, 100_000)
_TEXTS = (
    "I adopted a black kitten from the shelter on Elm Street.",
    "Congratulations! What did you call your new companion?",
    "Her name is Miso, because she loves soup.",
    "Yes.",
    "Line one.\n\nLine two, after an empty one.",
    "Größe, naïve, 東京, 🐈‍⬛ and a tab\there.",
    "word " * 3_000 + "end",
    "So what do you think of all this?",
)


def check_strategy(factory: Callable[[], Strategy], encoding: str = "o200k_base") -> None:
    """Drive fresh strategies as the harness does, at budgets from one token to the whole dialogue.

    Args:
        factory: makes an empty strategy; called several times. What it makes is closed if it can be.
        encoding: tokenizer that counts the context; give the one that the strategy counts with.

    Raises:
        ContractError: the first rule that is broken: a context over its budget, a source that was never written, a
            verbatim segment without its text, a read that changes the next one, two that differ on the same turns, a
            forgotten turn that is still cited.
    """
    turns = _turns()
    for size in (0, 1, 3, len(turns)):
        for budget in _BUDGETS:
            with _fresh(factory) as strategy:
                checker = ContextChecker()
                _write(strategy, checker, turns[:size])
                first = _read(strategy, checker, budget, encoding)
                if _facts(_read(strategy, checker, budget, encoding)) != _facts(first):
                    raise ContractError(
                        f"the same query read twice at {budget} tokens gave two contexts: a read must not change memory"
                    )
                with _fresh(factory) as twin:
                    _write(twin, ContextChecker(), turns[:size])
                    if _facts(_read(twin, checker, budget, encoding)) != _facts(first):
                        raise ContractError(
                            "the same turns gave two contexts: make what is random seeded by the dialogue"
                        )
    _grows(factory, turns, encoding)
    _forgets(factory, turns, encoding)


def _turns() -> list[Turn]:
    told = [
        Turn(
            f"turn-{i}",
            f"s{i // 4}",
            ("Ann", "Ben")[i % 2],
            "assistant" if i % 2 else "user",
            text,
            _START + timedelta(days=i // 4),
        )
        for i, text in enumerate(_TEXTS * 3)
    ]
    return [Turn("system", "s0", "System", "system", "Be kind and brief.", _START), *told]


@contextmanager
def _fresh(factory: Callable[[], Strategy]) -> Iterator[Strategy]:
    strategy = factory()
    try:
        yield strategy
    finally:
        powers.close(strategy)


def _write(strategy: Strategy, checker: ContextChecker, turns: Sequence[Turn]) -> None:
    checker.written(turns)
    if turns:
        strategy.write(turns)
        powers.flush(strategy)


def _read(strategy: Strategy, checker: ContextChecker, budget: int, encoding: str) -> Context:
    context = strategy.read(Query("What is the kitten called?", _START + timedelta(days=9)), budget)
    copied = Copier(None).copy(context, budget, checker.citable)
    checker.check(copied, count(copied.context.segments, get_tokenizer(encoding)), budget)
    return copied.context


def _facts(context: Context) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(segment.kind, segment.text, tuple(segment.sources)) for segment in context.segments]


def _grows(factory: Callable[[], Strategy], turns: Sequence[Turn], encoding: str) -> None:
    """Reads between writes see what is written so far, and nothing breaks."""
    with _fresh(factory) as strategy:
        checker = ContextChecker()
        for turn in turns:
            _write(strategy, checker, [turn])
            _read(strategy, checker, 2_000, encoding)


def _forgets(factory: Callable[[], Strategy], turns: Sequence[Turn], encoding: str) -> None:
    with _fresh(factory) as strategy:
        if not isinstance(strategy, Forgets):
            return
        checker = ContextChecker()
        _write(strategy, checker, turns)
        gone = {turn.id for turn in turns[1::2]}
        strategy.forget(sorted(gone))
        strategy.forget(["never-written"])
        context = _read(strategy, checker, 100_000, encoding)
        cited = {source for segment in context.segments for source in segment.sources}
        cited.update(source for hit in context.ranking or () for source in hit.sources)
        if cited & gone:
            raise ContractError(f"turn {min(cited & gone)!r} was forgotten and is still cited")
