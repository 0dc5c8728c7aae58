"""What stored runs cost: tokens by section and phase, money over a memory's lifetime, break-even with full context."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from memeval.kit.types import Usage
from memeval.options import root
from memeval.pricing import Price, Target
from memeval.records.runs import Run

PHASES = ("write", "read", "answer", "judge")
SECTIONS = ("system", "summary", "memory", "history", "tool", "query", "frame")
# Dollars that only rounding makes.
_NOTHING = 1e-12

BreakEven = int | Literal["at once", "never", "the same"]


@dataclass(frozen=True, slots=True)
class Phase:
    """Books of one phase of a run.

    Attributes:
        total: of all units together.
        units: dialogues for `write`, questions for the others.
    """

    total: Usage
    units: int

    def mean(self, amount: float) -> float:
        """An amount for each unit."""
        return amount / self.units


@dataclass(frozen=True, slots=True)
class Asked:
    """The one request that answers a question.

    Attributes:
        tokens_in: of its prompt: the reader's own count where one was asked, else of the prompt that stands ready.
        tokens_out: of the answer; 0 where none was asked for.
        read: usage of finding the memories.
    """

    tokens_in: int
    tokens_out: int
    read: Usage


@dataclass(frozen=True, slots=True)
class Account:
    """What the dialogues and questions of a run took; failed questions are left out and counted.

    Attributes:
        sections: mean tokens of a question's prompt by section, absent ones left out.
        phases: books by phase; those that the run does not have are left out.
        written: usage of writing each dialogue.
        cut: the strategy is full history and some dialogue was longer than its budget, so that it is not full.
    """

    run: Run
    sections: Mapping[str, float]
    phases: Mapping[str, Phase]
    questions: tuple[Asked, ...]
    written: tuple[Usage, ...]
    failed: int
    cut: bool

    @property
    def answered(self) -> bool:
        """Whether a reader was asked, so that answers have a length."""
        return any(asked.tokens_out for asked in self.questions)

    @property
    def per_dialogue(self) -> float:
        """Questions of a dialogue, the mean."""
        return len(self.questions) / len(self.written) if self.written else 0.0


def account(run: Run) -> Account:
    """Read the books of a stored run; streams."""
    sections: dict[str, int] = {}
    totals: dict[str, Usage] = {}
    units: dict[str, int] = {}
    questions: list[Asked] = []
    written: list[Usage] = []
    failed = 0
    cut = False
    for result in run.results():
        written.append(result.record.write)
        cut |= run.record.is_full and result.record.tokens > run.record.budget
        for outcome in result.outcomes:
            if outcome.error is not None or outcome.context is None:
                failed += 1
                continue
            for section, tokens in outcome.tokens.items():
                sections[section] = sections.get(section, 0) + tokens
            for phase, usage in outcome.usage.items():
                totals[phase] = totals.get(phase, Usage()) + usage
                units[phase] = units.get(phase, 0) + 1
            answer = outcome.usage.get("answer")
            asked = answer is not None and answer.calls > 0
            questions.append(
                Asked(
                    answer.tokens_in if answer is not None and asked else sum(outcome.tokens.values()),
                    answer.tokens_out if answer is not None and asked else 0,
                    outcome.usage.get("read", Usage()),
                )
            )
    if written:
        totals["write"], units["write"] = sum(written, Usage()), len(written)
    order = [*PHASES, *sorted(set(totals) - set(PHASES))]
    named = [*SECTIONS, *sorted(set(sections) - set(SECTIONS))]
    return Account(
        run,
        {section: sections[section] / len(questions) for section in named if section in sections},
        {phase: Phase(totals[phase], units[phase]) for phase in order if phase in totals},
        tuple(questions),
        tuple(written),
        failed,
        cut,
    )


@dataclass(frozen=True, slots=True)
class Rates:
    """Prices that take the place of those that were booked, as if the memory's own models had been others."""

    llm: Price | None = None
    embedder: Price | None = None

    def dollars(self, usage: Usage) -> float | None:
        """Of a phase: as booked where neither price is given; None if one that is needed is not known.

        Its calls are taken to be of equal size: only the sum of their tokens is kept.
        """
        if self.llm is None and self.embedder is None:
            return usage.dollars
        dollars: float | None = 0.0
        if usage.calls:
            share = usage.calls
            one = None
            if self.llm is not None:
                one = self.llm.cost(
                    round(usage.tokens_in / share),
                    round(usage.tokens_out / share),
                    round(usage.cached_tokens_in / share),
                    round(usage.cache_write_tokens_in / share),
                )
            dollars = None if one is None else one * share
        if usage.embedding_tokens:
            made = None if self.embedder is None else self.embedder.cost(usage.embedding_tokens, 0)
            dollars = None if dollars is None or made is None else dollars + made
        return dollars


@dataclass(frozen=True, slots=True)
class Lifetime:
    """What one dialogue costs on a target, from writing it to its last question; no provider's prompt cache.

    Attributes:
        write: dollars of writing a dialogue, the mean over dialogues.
        read: dollars of finding the memories of a question, the mean over questions.
        answer: dollars of a question's prompt and answer on the target, the mean over questions; None if a prompt does
            not fit its window.
        fits, usable: share of the prompts within the target's context window, and within its usable part.
    """

    account: Account
    target: Target
    write: float | None
    read: float | None
    answer: float | None
    fits: float
    usable: float

    @property
    def question(self) -> float | None:
        """Dollars of one more question."""
        return None if self.read is None or self.answer is None else self.read + self.answer

    def amortised(self, questions: float) -> float | None:
        """Dollars of a question where each dialogue is asked so many."""
        if self.write is None or self.question is None or questions <= 0:
            return None
        return self.write / questions + self.question


def lifetime(account: Account, target: Target, rates: Rates | None = None) -> Lifetime:
    """Price a run on a target.

    Every question is one request of its own, so that prices that depend on a prompt's length are those of its prompt.

    Args:
        account: the run's books.
        target: the model that answers.
        rates: prices of the models that write and find memories, in place of the booked ones.
    """
    rates = rates or Rates()
    asked = account.questions
    return Lifetime(
        account,
        target,
        write=_mean([rates.dollars(usage) for usage in account.written]),
        read=_mean([rates.dollars(each.read) for each in asked]),
        answer=_mean(
            [
                target.price.cost(each.tokens_in, each.tokens_out) if each.tokens_in <= target.window else None
                for each in asked
            ]
        ),
        fits=_share([each.tokens_in <= target.window for each in asked]),
        usable=_share([each.tokens_in <= target.usable for each in asked]),
    )


def break_even(memory: Lifetime, full: Lifetime) -> BreakEven | None:
    """From which question on a memory is not dearer than sending the whole dialogue each time.

    The smallest whole n with write + n (read + answer) <= full's write + n (its read + answer); `at once` where it is
    cheaper before the first question, `never` where a question saves nothing, None where a price is not known.
    """
    if memory.question is None or full.question is None or memory.write is None or full.write is None:
        return None
    ahead, saving = memory.write - full.write, full.question - memory.question
    if abs(ahead) < _NOTHING and abs(saving) < _NOTHING:
        return "the same"
    if saving < _NOTHING:
        # Also what costs less to write and more to ask is overtaken sooner or later.
        return "never"
    if ahead < _NOTHING:
        return "at once"
    return max(1, math.ceil(ahead / saving - 1e-9))


def full_of(run: Run, runs: Sequence[Run]) -> Run | None:
    """Among finished runs, the one of full history over the same questions; None if there is none."""
    for candidate in runs:
        if candidate.record.is_full and candidate.finished and _common(candidate) == _common(run):
            return candidate
    return None


def _common(run: Run) -> list[object]:
    return [run.record.benchmark.name, *(option.value_in(run.record.identity) for option in root.of_full())]


def _mean(values: Sequence[float | None]) -> float | None:
    """None as soon as one is not known: a mean of the others would be too low."""
    known = [value for value in values if value is not None]
    return math.fsum(known) / len(known) if known and len(known) == len(values) else None


def _share(values: Sequence[bool]) -> float:
    return sum(values) / len(values) if values else 1.0
