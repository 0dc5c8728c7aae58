"""One dialogue through one strategy: write, read, check, note the outcome.

The harness takes the clock, counts the tokens and keeps the gold; the strategy only sees turns and queries.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from memeval import checks, ledger, prompt
from memeval.build import build
from memeval.controls import Oracle
from memeval.document import Document
from memeval.errors import ContractError, MemevalError
from memeval.plan import Plan
from memeval.tokens import Tokenizer
from memeval.types import (
    Closes,
    Context,
    ContextPart,
    Dialogue,
    DialogueRecord,
    Flushes,
    Outcome,
    Prepares,
    Question,
    Reports,
    Strategy,
    Turn,
    Usage,
)


@dataclass(frozen=True, slots=True)
class DialogueResult:
    """Everything a run notes of one dialogue."""

    record: DialogueRecord
    outcomes: Sequence[Outcome]


class Runner:
    """Runs dialogues under one plan; holds what all of them share."""

    def __init__(self, plan: Plan) -> None:
        """Build the harness's own tokenizer and template from the plan.

        Raises:
            ConfigError: a node of the plan that cannot be built.
        """
        self.plan = plan
        self.tokenizer: Tokenizer = build(plan.tokenizer, "tokenizer")
        self.document: Document = build(plan.document, "document")

    def run(self, dialogue: Dialogue) -> DialogueResult:
        """Run one dialogue with a fresh strategy.

        What a strategy raises is noted as the error of the question it was reading, or of all open questions if it
        was writing.

        Raises:
            DataError: a dialogue that cannot be measured.
            ConfigError, ModelError: what would fail in every dialogue alike.
        """
        checks.check_dialogue(dialogue)
        lengths = [self.tokenizer.count(self.document.render(turn)) for turn in dialogue.turns]
        checks.check_turn_tokens(dialogue.turns, lengths, self.plan.max_turn_tokens, dialogue.id)
        strategy: Strategy = build(self.plan.scoped_memory(dialogue.id), "memory")
        session = _Session(self, dialogue, strategy)
        try:
            if isinstance(strategy, Prepares):
                strategy.prepare()
            outcomes = session.live()
            stats = dict(strategy.stats()) if isinstance(strategy, Reports) else {}
        finally:
            if isinstance(strategy, Closes):
                strategy.close()
        record = DialogueRecord(
            dialogue=dialogue.id,
            turns=len(dialogue.turns),
            tokens=sum(lengths),
            questions=len(outcomes),
            write=session.write_usage,
            error=session.broken,
            stats=stats,
        )
        return DialogueResult(record, outcomes)


class _Session:
    """A dialogue being lived through."""

    def __init__(self, runner: Runner, dialogue: Dialogue, strategy: Strategy) -> None:
        self.write_usage = Usage()
        self.broken: str | None = None
        self._runner = runner
        self._dialogue = dialogue
        self._strategy = strategy
        self._checker = checks.ContextChecker(runner.tokenizer)

    def live(self) -> list[Outcome]:
        """Write up to each moment at which questions are asked, and read them; outcomes in order of asking."""
        when = checks.positions(self._dialogue)
        questions = sorted(self._dialogue.questions, key=lambda question: when[question.id])
        outcomes: list[Outcome] = []
        written = 0
        for position, asked in groupby(questions, key=lambda question: when[question.id]):
            self._write(self._dialogue.turns[written:position])
            written = position
            outcomes.extend(self._read(question, written) for question in asked)
        return outcomes

    def _write(self, turns: Sequence[Turn]) -> None:
        if self.broken is not None or not turns:
            return
        self._checker.written(turns)
        try:
            with ledger.phase() as meter:
                self._strategy.write(turns)
                if isinstance(self._strategy, Flushes):
                    self._strategy.flush()
        except Exception as error:
            self.broken = _describe(error, "while writing")
        self.write_usage += meter.usage

    def _read(self, question: Question, written: int) -> Outcome:
        if self.broken is not None:
            return self._failed(question, written, self.broken, {})
        budget = self._runner.plan.budget
        if type(self._strategy) is Oracle:
            self._strategy.reveal(question)
        try:
            with ledger.phase() as meter:
                context = self._strategy.read(question.query, budget)
        except Exception as error:
            return self._failed(question, written, _describe(error, "while reading"), {"read": meter.usage})
        try:
            self._checker.check(context, budget)
        except ContractError as error:
            return self._failed(question, written, f"ContractError: {error}", {"read": meter.usage})
        return Outcome(
            dialogue=self._dialogue.id,
            question=question.id,
            written=written,
            context=_parts(context),
            ranking=_ranking(context),
            tokens=prompt.sections(context, question.query, self._runner.tokenizer),
            usage={"read": meter.usage},
        )

    def _failed(self, question: Question, written: int, error: str, usage: Mapping[str, Usage]) -> Outcome:
        return Outcome(self._dialogue.id, question.id, written, None, None, {}, error=error, usage=usage)


def _describe(error: Exception, phase: str) -> str:
    # What the user must mend before any dialogue can succeed stops the run; what a strategy got wrong is noted.
    if isinstance(error, MemevalError) and not isinstance(error, ContractError):
        raise error
    return f"{type(error).__name__} {phase}: {error}"


def _parts(context: Context) -> tuple[ContextPart, ...]:
    return tuple(
        ContextPart(
            kind=kind,
            verbatim=verbatim,
            sources=tuple(segment.sources for segment in group),
            texts=None if verbatim else tuple(segment.text for segment in group),
        )
        for (kind, verbatim), segments in groupby(
            context.segments, key=lambda segment: (segment.kind, segment.verbatim)
        )
        for group in [list(segments)]
    )


def _ranking(context: Context) -> tuple[tuple[tuple[str, ...], float | None], ...] | None:
    if context.ranking is None:
        return None
    return tuple((tuple(hit.sources), None if hit.score is None else float(hit.score)) for hit in context.ranking)
