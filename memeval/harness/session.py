"""One dialogue through one strategy: write, read, check, note the outcome.

The harness takes the clock, counts the tokens and keeps the gold; the strategy only sees turns and queries.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from itertools import groupby
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from memeval.harness import checks, forgetting
from memeval.harness.plan import Plan
from memeval.harness.references import Oracle
from memeval.kit import engines, ledger, prompt
from memeval.kit.document import Document
from memeval.kit.errors import ContractError, LeakError, MemevalError, ReplyError, words
from memeval.kit.protocols import Closes, Flushes, Prepares, Reports, Strategy
from memeval.kit.tokens import Tokenizer
from memeval.kit.types import (
    Context,
    ContextPart,
    Dialogue,
    DialogueRecord,
    DialogueResult,
    Outcome,
    Question,
    Turn,
    Usage,
)

if TYPE_CHECKING:
    from memeval.answers.judge import Judge
    from memeval.answers.reader import Reader


@dataclass(frozen=True, slots=True)
class Shared:
    """What all dialogues of a run share.

    Attributes:
        plan: what is run.
        tokenizer, document: the harness's own.
        reader, judge: what answers and what judges the answers; None for neither.
        stores: with isolation=shared the stores of all dialogues, by their settings; None where each has its own.
    """

    plan: Plan
    tokenizer: Tokenizer
    document: Document
    reader: "Reader | None" = None
    judge: "Judge | None" = None
    stores: dict[str, Any] | None = None


class Session:
    """A dialogue being lived through: first `live`, then `finish`, at last `close`."""

    def __init__(
        self,
        shared: Shared,
        dialogue: Dialogue,
        make: Callable[[], Strategy],
        folder: Path,
        tokens: int,
        known: set[str],
    ) -> None:
        """Start before the first turn.

        Args:
            shared: what all dialogues of the run share.
            dialogue: what to live through.
            make: builds the strategy on the stores in `folder`.
            folder: where stores on disk lie.
            tokens: of all turns of the dialogue.
            known: turn ids of all dialogues that share the stores.
        """
        self._shared = shared
        self._dialogue = dialogue
        self._make = make
        self._folder = folder
        opened = bool(shared.stores)
        with ledger.phase() as meter:
            self._strategy = make()
        self._stats = {} if opened else {"start_seconds": meter.usage.seconds}
        self._tokens = tokens
        self._checker = checks.ContextChecker(known)
        self._write_usage = Usage()
        self._broken: str | None = None
        self._written = 0
        self._increments: list[float] = []
        self._outcomes: list[Outcome] = []
        self._contexts: dict[str, Context] = {}
        when = checks.positions(dialogue)
        questions = sorted(dialogue.questions, key=lambda question: when[question.id])
        self._asked = [(position, list(group)) for position, group in groupby(questions, key=lambda q: when[q.id])]

    def live(self) -> None:
        """Write up to each moment at which questions are asked and read them; of the last one only write."""
        if isinstance(self._strategy, Prepares):
            self._strategy.prepare()
        for model in (self._shared.reader, self._shared.judge):
            if model is not None:
                model.prepare()
        for position, questions in self._asked[:-1]:
            self._write(position)
            self._outcomes.extend(self._ask(questions))
        for position, _ in self._asked[-1:]:
            self._write(position)

    def finish(self) -> DialogueResult:
        """Read the last questions and sum up; outcomes are in order of asking."""
        for _, questions in self._asked[-1:]:
            self._outcomes.extend(self._ask(questions))
        stats = self._stats | (dict(self._strategy.stats()) if isinstance(self._strategy, Reports) else {})
        if self._increments:
            stats["increment_seconds"] = median(self._increments)
        if on_disk := _size(self._folder):
            stats["disk_bytes"] = on_disk
        stats.update(_failures(self._outcomes))
        self._forget()
        record = DialogueRecord(
            dialogue=self._dialogue.id,
            turns=len(self._dialogue.turns),
            tokens=self._tokens,
            questions=len(self._outcomes),
            write=self._write_usage,
            error=self._broken,
            stats=stats,
            engines=tuple(map(asdict, engines.engines())),
        )
        return DialogueResult(record, self._outcomes)

    def _forget(self) -> None:
        plan = self._shared.plan
        questions = forgetting.chosen(self._dialogue.questions, plan.forget)
        if self._broken is not None or not questions:
            return
        facts = forgetting.forget_and_ask(self._strategy, self._make, self._dialogue, questions, plan.budget)
        self._outcomes = [replace(each, forgetting=facts.get(each.question)) for each in self._outcomes]

    def close(self) -> None:
        """Let the strategy release what it holds."""
        if isinstance(self._strategy, Closes):
            self._strategy.close()

    def _write(self, position: int) -> None:
        turns: Sequence[Turn] = self._dialogue.turns[self._written : position]
        self._written = position
        if self._broken is not None or not turns:
            return
        alone = max(0, self._shared.plan.increments - (len(self._dialogue.turns) - position))
        split = max(0, len(turns) - alone)
        self._take(turns[:split])
        for turn in turns[split:]:
            self._increments.append(self._take([turn]).booked_seconds)

    def _take(self, turns: Sequence[Turn]) -> Usage:
        """Write one chunk."""
        if self._broken is not None or not turns:
            return Usage()
        self._checker.written(turns)
        try:
            with ledger.phase() as meter:
                self._strategy.write(turns)
                if isinstance(self._strategy, Flushes):
                    self._strategy.flush()
        except Exception as error:
            self._broken = _describe(error, "while writing")
        self._write_usage += meter.usage
        return meter.usage

    def _ask(self, questions: Sequence[Question]) -> list[Outcome]:
        """Read all, then have them answered; answers do not depend on each other, so several are made at a time."""
        read = [self._read(question) for question in questions]
        if self._shared.reader is None:
            return read
        pool = ThreadPoolExecutor(_concurrency(self._shared.plan))
        try:
            return list(pool.map(self._answer, questions, read))
        finally:
            # What has been sent is paid for: it is waited for and kept, the rest is not sent.
            pool.shutdown(cancel_futures=True)
            self._contexts.clear()

    def _answer(self, question: Question, outcome: Outcome) -> Outcome:
        """Add answer and verdict; runs in a thread of its own, where the books are opened anew."""
        reader, judge = self._shared.reader, self._shared.judge
        context = self._contexts.get(question.id)
        usage = {**outcome.usage, "answer": Usage(), **({} if judge is None else {"judge": Usage()})}
        if reader is None or context is None:
            return replace(outcome, usage=usage)
        answer: str | None = None
        verdict: Mapping[str, Any] | None = None
        with ledger.phase() as meter:
            try:
                self._check_window(reader, outcome)
                answer = reader.answer(context, question.query)
            except ReplyError as error:
                verdict = {"error": words(error)}
        usage["answer"] = meter.usage
        if judge is not None and answer is not None:
            with ledger.phase() as meter:
                verdict = judge.judge(question, answer)
            usage["judge"] = meter.usage
        return replace(outcome, answer=answer, verdict=verdict, usage=usage)

    def _check_window(self, reader: "Reader", outcome: Outcome) -> None:
        plan = self._shared.plan
        instruction = self._shared.tokenizer.count(reader.instruction)
        reply = _options(plan.reader).get("max_tokens", 0)
        checks.check_window(sum(outcome.tokens.values()), instruction, reply, plan.window)

    def _read(self, question: Question) -> Outcome:
        if self._broken is not None:
            return self._failed(question, self._broken, {})
        budget = self._shared.plan.budget
        if type(self._strategy) is Oracle:
            self._strategy.reveal(question)
        try:
            with ledger.phase() as meter:
                context = self._strategy.read(question.query, budget)
        except Exception as error:
            return self._failed(question, _describe(error, "while reading"), {"read": meter.usage})
        usage = {"read": meter.usage}
        tokens = prompt.sections(context, question.query, self._shared.tokenizer)
        try:
            self._checker.check(context, prompt.context_tokens(tokens), budget)
        except LeakError as error:
            return self._failed(question, f"LeakError: {words(error)}", usage, self._checker.leaks(context))
        except ContractError as error:
            return self._failed(question, f"ContractError: {words(error)}", usage)
        if self._shared.reader is not None:
            self._contexts[question.id] = context
        return self._outcome(question, context, tokens, usage)

    def _outcome(
        self, question: Question, context: Context, tokens: Mapping[str, int], usage: Mapping[str, Usage]
    ) -> Outcome:
        """What is noted of a question whose context keeps the contract."""
        if self._shared.plan.isolation == "shared":
            context = _unqualified(context, self._dialogue.id)
        return Outcome(
            dialogue=self._dialogue.id,
            question=question.id,
            written=self._written,
            context=_parts(context),
            ranking=_ranking(context),
            tokens=tokens,
            usage=usage,
        )

    def _failed(self, question: Question, error: str, usage: Mapping[str, Usage], leaks: int = 0) -> Outcome:
        return Outcome(
            self._dialogue.id, question.id, self._written, None, None, {}, error=error, leaks=leaks, usage=usage
        )


def _options(node: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """The options of the model in a node of a reader or a judge."""
    model = (node or {}).get("model")
    if not isinstance(model, Mapping) or model.get("_target_") is None:
        model = (node or {}).get("fallback")
    return model if isinstance(model, Mapping) else {}


def _concurrency(plan: Plan) -> int:
    """As many threads as the models take calls at a time: each model keeps its own limit."""
    return max(1, *(int(_options(node).get("concurrency", 1)) for node in (plan.reader, plan.judge)))


def _failures(outcomes: Sequence[Outcome]) -> Mapping[str, float]:
    """How many questions got no answer or no verdict although the strategy had done its part; absent if none."""
    failed = [outcome for outcome in outcomes if outcome.verdict is not None and "error" in outcome.verdict]
    counts = {
        "unanswered": sum(outcome.answer is None for outcome in failed),
        "unjudged": sum(outcome.answer is not None for outcome in failed),
    }
    return {name: float(count) for name, count in counts.items() if count}


def _size(folder: Path) -> int:
    """Bytes of all files below a folder."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def _describe(error: Exception, phase: str) -> str:
    # What the user must mend before any dialogue can succeed stops the run; what a strategy got wrong is noted.
    if isinstance(error, MemevalError) and not isinstance(error, ContractError | ReplyError):
        raise error
    return f"{type(error).__name__} {phase}: {words(error)}"


def _unqualified(context: Context, dialogue: str) -> Context:
    start = len(dialogue) + 1

    def strip(sources: Sequence[str]) -> tuple[str, ...]:
        return tuple(source[start:] for source in sources)

    return Context(
        [replace(segment, sources=strip(segment.sources)) for segment in context.segments],
        None if context.ranking is None else [replace(hit, sources=strip(hit.sources)) for hit in context.ranking],
    )


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
