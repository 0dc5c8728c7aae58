"""Are forgotten turns gone? Forgets evidence, asks again and looks for it, also after the stores are reopened."""

import hashlib
from collections.abc import Callable, Mapping, Sequence

from memeval.checks.copies import Copied, Copier
from memeval.kit import powers
from memeval.kit.calling import called
from memeval.kit.errors import ConfigError
from memeval.kit.protocols import Flushes, Forgets, Strategy
from memeval.kit.types import Dialogue, Question

# Shorter texts ("Yes, sure!") occur in other turns by themselves and prove nothing.
_TELLING = 25


def chosen(questions: Sequence[Question], share: float) -> list[Question]:
    """The questions whose evidence is to be forgotten: about `share` of those with evidence, the same in every run."""
    limit = int(share * 2**32)
    return [
        question
        for question in questions
        if question.evidence and int.from_bytes(hashlib.sha256(question.id.encode()).digest()[:4], "big") < limit
    ]


def forget_and_ask(
    strategy: Strategy,
    reopened: Callable[[], Strategy],
    dialogue: Dialogue,
    questions: Sequence[Question],
    budget: int,
) -> dict[str, Mapping[str, int]]:
    """Forget the evidence of `questions`, then ask them again.

    Args:
        strategy: what has lived through the dialogue; it is closed.
        reopened: builds the strategy anew on the same stores, without writing.
        dialogue: with the texts of the turns.
        questions: as `chosen` gives them.
        budget: tokens of a context.

    Returns:
        By question: `turns` that were forgotten for it, how many of them are `ghosts` in its context or ranking all the
        same, and how many are after the stores were `reopened`.

    Raises:
        ConfigError: a strategy that cannot forget.
    """
    if not questions:
        return {}
    if not isinstance(strategy, Forgets):
        raise ConfigError(f"{type(strategy).__name__} cannot forget: it has no forget(turn_ids); set forget=0")
    texts = {turn.id: turn.text.strip() for turn in dialogue.turns}
    gone = {question.id: [turn for turn in question.evidence or () if turn in texts] for question in questions}
    called("forget", strategy.forget, sorted({turn for turns in gone.values() for turn in turns}))
    if isinstance(strategy, Flushes):
        called("flush", strategy.flush)
    before = _ghosts(strategy, questions, gone, texts, budget)
    powers.close(strategy)
    again = reopened()
    after = _ghosts(again, questions, gone, texts, budget)
    powers.close(again)
    return {
        name: {"turns": len(turns), "ghosts": before[name], "reopened": after[name]} for name, turns in gone.items()
    }


def _ghosts(
    strategy: Strategy,
    questions: Sequence[Question],
    gone: Mapping[str, Sequence[str]],
    texts: Mapping[str, str],
    budget: int,
) -> dict[str, int]:
    found = {}
    copier = Copier(None)
    for question in questions:
        context = copier.copy(strategy.read(question.query, budget), budget, len(texts))
        found[question.id] = sum(_seen(turn, texts[turn], context) for turn in gone[question.id])
    return found


def _seen(turn: str, text: str, copied: Copied) -> bool:
    """Cited as a source, or standing there word for word under another name."""
    segments = copied.context.segments
    cited = any(turn in segment.sources for segment in segments)
    ranked = any(turn in sources for sources, _ in copied.ranking or ())
    told = len(text) >= _TELLING and any(text in segment.text for segment in segments)
    return cited or ranked or told
