"""What a replayed dialogue costs on a target model: every request priced, with and without the provider's cache."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from memeval.kit.errors import ConfigError
from memeval.kit.types import Outcome, Request
from memeval.pricing import Target
from memeval.pricing.prompt_cache import split
from memeval.records.runs import Run
from memeval.scoring.measures.base import Floats

SAME = 0.1


@dataclass(frozen=True, slots=True)
class Life:
    """The requests of one dialogue, in order.

    Attributes:
        dialogue: its id.
        length: turns of the dialogue, everybody's.
        requests: of the user turns that did not fail.
        outputs: tokens of each answer: the reader's, or the assistant's real next turns.
        extra: dollars of each request that are not the answering model's: writing before it and reading. nan where a
            price is not known.
        rest: dollars of writing after the last request.
        failed: user turns without a request.
    """

    dialogue: str
    length: int
    requests: tuple[Request, ...]
    outputs: tuple[int, ...]
    extra: Floats
    rest: float
    failed: int


@dataclass(frozen=True, slots=True)
class Course:
    """A life priced on one target; arrays have one entry a request.

    Attributes:
        life: the requests.
        turns: numbers of the user turns in the dialogue.
        tokens, cached, written: of the prompts; the last two by the target's cache, 0 where it has none.
        plain: dollars without a cache; nan where the price is not known.
        discounted: dollars with it; nan where the target has none.
        overflow: number of the first turn whose dialogue or prompt is larger than the window; None if none is.
        timed: the data has times, so that entries of the cache can grow too old.
    """

    life: Life
    turns: Floats
    tokens: Floats
    cached: Floats
    written: Floats
    plain: Floats
    discounted: Floats
    overflow: int | None
    timed: bool

    def dollars(self, cache: bool) -> Floats:
        """Of each request, with or without the provider's cache."""
        return self.discounted if cache else self.plain


@dataclass(frozen=True, slots=True)
class Crossover:
    """When one strategy's money overtakes another's in one dialogue, counted from the dialogue's start.

    Attributes:
        kind: `same` throughout; `always` or `never` cheaper (but for turns at which both cost the same); `until` a
            turn; `from` a turn on.
        turn: the last turn at which the first is not dearer (`until`), or the first from which on it is not (`from`).
    """

    kind: Literal["same", "always", "never", "until", "from"]
    turn: int | None = None


def lives(run: Run) -> list[Life]:
    """The dialogues of a stored replay.

    Raises:
        ConfigError: a run that was no replay.
    """
    if not run.record.is_replay:
        raise ConfigError(f"run {run.id} is no replay: make one with mode=replay, e.g. memeval run experiment=replay")
    return [
        _life(result.record.dialogue, result.record.turns, result.outcomes, result.record.write.dollars)
        for result in run.results()
    ]


def _life(dialogue: str, length: int, outcomes: Sequence[Outcome], written: float | None) -> Life:
    answered = [(outcome, outcome.request) for outcome in outcomes if outcome.request is not None]
    extra = np.array([_extra(outcome, request) for outcome, request in answered], dtype=np.float64)
    booked = sum(_known(request.write.dollars) for _, request in answered)
    return Life(
        dialogue=dialogue,
        length=length,
        requests=tuple(request for _, request in answered),
        outputs=tuple(_output(outcome, request) for outcome, request in answered),
        extra=extra,
        rest=max(0.0, _known(written) - booked),
        failed=len(outcomes) - len(answered),
    )


def _output(outcome: Outcome, request: Request) -> int:
    answer = outcome.usage.get("answer")
    return answer.tokens_out if answer is not None and answer.calls else request.output_tokens


def _extra(outcome: Outcome, request: Request) -> float:
    read = outcome.usage.get("read")
    return _known(request.write.dollars) + (0.0 if read is None else _known(read.dollars))


def _known(dollars: float | None) -> float:
    return np.nan if dollars is None else dollars


def course(life: Life, target: Target) -> Course:
    """Price a life on a target."""
    plain: list[float] = []
    discounted: list[float] = []
    cached: list[int] = []
    written: list[int] = []
    overflow: int | None = None
    previous: Request | None = None
    for request, output in zip(life.requests, life.outputs, strict=True):
        tokens = request.prompt_tokens
        plain.append(_known(target.price.cost(tokens, output, 0, 0)))
        parts = None if target.cache is None else split(previous, request, target.cache, target.price.write_premium)
        cached.append(0 if parts is None else parts.cached)
        written.append(0 if parts is None else parts.written)
        discounted.append(
            np.nan if parts is None else _known(target.price.cost(tokens, output, parts.cached, parts.written))
        )
        if overflow is None and (request.overflowed or tokens + output > target.window):
            overflow = request.turn
        previous = request
    return Course(
        life=life,
        turns=np.array([request.turn for request in life.requests], dtype=np.float64),
        tokens=np.array([request.prompt_tokens for request in life.requests], dtype=np.float64),
        cached=np.array(cached, dtype=np.float64),
        written=np.array(written, dtype=np.float64),
        plain=np.array(plain, dtype=np.float64) + life.extra,
        discounted=np.array(discounted, dtype=np.float64) + life.extra,
        overflow=overflow,
        timed=any(request.seconds_since is not None for request in life.requests),
    )


def per_hundred_turns(courses: Sequence[Course], cache: bool) -> float | None:
    """Dollars for 100 turns of dialogue, everybody's counted: all dollars / all turns; None if a price is missing."""
    turns = sum(each.life.length for each in courses)
    total = sum(float(each.dollars(cache).sum()) + each.life.rest for each in courses)
    return None if not turns or np.isnan(total) else 100 * total / turns


def hit_rate(courses: Sequence[Course]) -> float | None:
    """Prompt tokens read from the provider's cache / all prompt tokens."""
    tokens = sum(float(each.tokens.sum()) for each in courses)
    return sum(float(each.cached.sum()) for each in courses) / tokens if tokens else None


def crossover(first: Floats, second: Floats, turns: Floats) -> Crossover | None:
    """Compare the dollars of two strategies, request by request of the same turns; None where a price is missing.

    Sums that are less than `SAME` of a mean request of the second apart count as the same: a heading that is one token
    longer makes no strategy dearer.
    """
    difference = np.cumsum(first) - np.cumsum(second)
    if not difference.size or np.isnan(difference).any():
        return None
    slack = SAME * second.mean()
    dearer, cheaper = difference > slack, difference < -slack
    if not dearer.any():
        return Crossover("always" if cheaper.any() else "same")
    if not cheaper.any():
        return Crossover("never")
    last = int(np.flatnonzero(~dearer)[-1])
    if last < len(turns) - 1:
        return Crossover("until", int(turns[last]))
    return Crossover("from", int(turns[int(np.flatnonzero(dearer)[-1]) + 1]))
