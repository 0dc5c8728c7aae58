"""One dialogue through one strategy: write, read, check, note the outcome.

The harness takes the clock, counts the tokens and keeps the gold; the strategy only sees turns and queries.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from itertools import groupby
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from memeval.checks import contexts, copies
from memeval.checks.copies import Copied
from memeval.harness import forgetting
from memeval.harness.limits import Limits
from memeval.harness.plan import Plan
from memeval.harness.references import Oracle
from memeval.kit import engines, ledger, prompt
from memeval.kit.calling import called
from memeval.kit.document import Document
from memeval.kit.errors import CallTimedOut, ConfigError, ContractError, LeakError, MemevalError, ReplyError, words
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

# Counters that the harness measures itself: those of the same names that a strategy reports are left out.
_OWN = frozenset(("start_seconds", "increment_seconds", "unanswered", "unjudged"))


@dataclass(frozen=True, slots=True)
class Shared:
    """What all dialogues of a run share.

    Attributes:
        plan: what is run.
        tokenizer, document: the harness's own.
        reader, judge: what answers and what judges the answers; None for neither.
        stores: with isolation=shared the stores of all dialogues, by their settings; None where each has its own.
        limits: how long a call of the memory may take.
    """

    plan: Plan
    tokenizer: Tokenizer
    document: Document
    reader: "Reader | None" = None
    judge: "Judge | None" = None
    stores: dict[str, Any] | None = None
    limits: Limits = field(default_factory=Limits)


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
        self._checker = contexts.ContextChecker(known)
        self._depth = None if type(self._strategy) is Oracle else shared.plan.deepest
        self._copier = copies.Copier(self._depth)
        self._write_usage = Usage()
        self._broken: str | None = None
        # What went wrong beside writing and reading: no question fails for it.
        self._unsound: str | None = None
        self._written = 0
        self._increments: list[float] = []
        self._outcomes: list[Outcome] = []
        self._contexts: dict[str, Context] = {}
        when = contexts.positions(dialogue)
        questions = sorted(dialogue.questions, key=lambda question: when[question.id])
        self._asked = [(position, list(group)) for position, group in groupby(questions, key=lambda q: when[q.id])]

    def live(self) -> None:
        """Write up to each moment at which questions are asked and read them; of the last one only write."""
        self._prepare()
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
        stats = self._stats | self._reported()
        if self._increments:
            stats["increment_seconds"] = median(self._increments)
        if on_disk := _size(self._folder):
            stats["disk_bytes"] = on_disk
        self._forget()
        stats.update(_failures(self._outcomes))
        record = DialogueRecord(
            dialogue=self._dialogue.id,
            turns=len(self._dialogue.turns),
            tokens=self._tokens,
            questions=len(self._outcomes),
            write=self._write_usage,
            error=self._broken or self._unsound,
            stats=stats,
            engines=tuple(map(asdict, engines.engines())),
        )
        return DialogueResult(record, self._outcomes)

    def _forget(self) -> None:
        plan = self._shared.plan
        questions = forgetting.chosen(self._dialogue.questions, plan.forget)
        if self._broken is not None or not questions:
            return
        try:
            with self._shared.limits.call("forget", self._dialogue.id, times=2 * len(questions) + 3):
                facts = forgetting.forget_and_ask(self._strategy, self._make, self._dialogue, questions, plan.budget)
        except BaseException as error:
            why = _describe(error, "while forgetting")
            asked = {question.id for question in questions}
            self._outcomes = [
                replace(each, context=None, ranking=None, error=each.error or why) if each.question in asked else each
                for each in self._outcomes
            ]
            return
        self._outcomes = [replace(each, forgetting=facts.get(each.question)) for each in self._outcomes]

    def close(self) -> str | None:
        """Let the strategy release what it holds; returns what it raised, in a sentence."""
        if isinstance(self._strategy, Closes):
            try:
                with self._shared.limits.call("close", self._dialogue.id):
                    called("close", self._strategy.close)
            except BaseException as error:
                return self._unsound_in(error, "close()")
        return None

    def _prepare(self) -> None:
        """Let the strategy load what it needs.

        Raises:
            ConfigError: it raised; what cannot be prepared for one dialogue cannot be for another.
        """
        if isinstance(self._strategy, Prepares):
            try:
                with self._shared.limits.call("prepare", self._dialogue.id):
                    called("prepare", self._strategy.prepare)
            except (MemevalError, KeyboardInterrupt):
                raise
            except CallTimedOut as error:
                # Another dialogue may be quicker.
                self._broken = _describe(error, "while preparing")
            except BaseException as error:
                raise ConfigError(self._unsound_in(error, "prepare()")) from error

    def _reported(self) -> dict[str, float]:
        """What the strategy says of itself."""
        if not isinstance(self._strategy, Reports):
            return {}
        try:
            with self._shared.limits.call("stats", self._dialogue.id):
                return copies.counters(self._strategy.stats(), _OWN)
        except BaseException as error:
            self._unsound = self._unsound_in(error, "stats()")
            return {}

    def _unsound_in(self, error: BaseException, call: str) -> str:
        name = f"{type(self._strategy).__name__}.{call}"
        return _describe(error, f"in {name} of dialogue {self._dialogue.id}")

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
            with self._shared.limits.call("write", self._dialogue.id), ledger.phase() as meter:
                called("write", self._strategy.write, turns)
                if isinstance(self._strategy, Flushes):
                    called("flush", self._strategy.flush)
        except BaseException as error:
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
        contexts.check_window(sum(outcome.tokens.values()), instruction, reply, plan.window)

    def _read(self, question: Question) -> Outcome:
        if self._broken is not None:
            return self._failed(question, self._broken, {})
        budget = self._shared.plan.budget
        if type(self._strategy) is Oracle:
            self._strategy.reveal(question)
        try:
            with self._shared.limits.call("read", self._dialogue.id, question.id), ledger.phase() as meter:
                given = copies.consumed(self._strategy.read(question.query, budget), budget, self._depth)
        except BaseException as error:
            return self._failed(question, _describe(error, "while reading"), {"read": meter.usage})
        usage = {"read": meter.usage}
        leaks = 0
        try:
            with self._shared.limits.call("read", self._dialogue.id, question.id):
                copied = self._copier.copy(given, budget, self._checker.citable)
            leaks = self._checker.leaks(copied)
            tokens = prompt.sections(copied.context, question.query, self._shared.tokenizer)
            self._checker.check(copied, prompt.context_tokens(tokens), budget)
        except ContractError as error:
            kind = "LeakError" if isinstance(error, LeakError) else "ContractError"
            return self._failed(question, f"{kind}: {words(error)}", usage, leaks)
        except CallTimedOut as error:
            return self._failed(question, _describe(error, "while its context was read"), usage)
        if self._shared.reader is not None:
            self._contexts[question.id] = copied.context
        return self._outcome(question, copied, tokens, usage)

    def _outcome(
        self, question: Question, copied: Copied, tokens: Mapping[str, int], usage: Mapping[str, Usage]
    ) -> Outcome:
        """What is noted of a question whose context keeps the contract."""
        if self._shared.plan.isolation == "shared":
            copied = _unqualified(copied, self._dialogue.id)
        return Outcome(
            dialogue=self._dialogue.id,
            question=question.id,
            written=self._written,
            context=_parts(copied.context),
            ranking=copied.ranking,
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


def _describe(error: BaseException, phase: str) -> str:
    # What the user must mend before any dialogue can succeed stops the run, and so does Ctrl-C; what a strategy got
    # wrong is noted, even where it wants to end the process.
    if isinstance(error, KeyboardInterrupt):
        raise error
    if isinstance(error, MemevalError) and not isinstance(error, ContractError | ReplyError):
        raise error
    return f"{type(error).__name__} {phase}: {words(error)}"


def _unqualified(copied: Copied, dialogue: str) -> Copied:
    start = len(dialogue) + 1

    def strip(sources: Sequence[str]) -> tuple[str, ...]:
        return tuple(source[start:] for source in sources)

    segments = [replace(segment, sources=strip(segment.sources)) for segment in copied.context.segments]
    ranking = None if copied.ranking is None else tuple((strip(sources), score) for sources, score in copied.ranking)
    return Copied(Context(segments), ranking)


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
