"""Runs dialogues under one plan, each with a fresh strategy."""

import shutil
from dataclasses import replace
from pathlib import Path

from memeval.checks import contexts
from memeval.harness.limits import Limits, Timed
from memeval.harness.plan import Plan
from memeval.harness.replay import ReplaySession
from memeval.harness.session import Session, Shared
from memeval.kit import engines
from memeval.kit.errors import CallTimedOut
from memeval.kit.protocols import Strategy
from memeval.kit.types import Dialogue, DialogueRecord, DialogueResult, Outcome, Usage
from memeval.options.build import build


class Runner:
    """Runs dialogues under one plan; holds what all of them share."""

    def __init__(self, plan: Plan, scratch: Path, notes: Path | None = None) -> None:
        """Build the harness's own tokenizer and template from the plan.

        Args:
            plan: what is run.
            scratch: a folder for stores on disk.
            notes: in a worker process, where it says why it was ended: see `memeval.harness.limits`.

        Raises:
            ConfigError: a node of the plan that cannot be built.
        """
        self._shared = Shared(
            plan,
            tokenizer=build(plan.tokenizer, "tokenizer"),
            document=build(plan.document, "document"),
            reader=None if plan.reader is None else build(plan.reader, "reader"),
            judge=None if plan.judge is None else build(plan.judge, "judge"),
            stores={} if plan.isolation == "shared" else None,
            limits=Limits() if plan.timeout is None else Timed(plan.timeout, plan.memory, notes),
        )
        self._scratch = scratch
        self._ids: set[str] = set()

    def run(self, dialogue: Dialogue) -> DialogueResult:
        """Run one dialogue with a fresh strategy and stores of its own.

        What a strategy raises is noted as the error of the question it was reading, or of all open questions if it was
        writing.

        Raises:
            DataError: a dialogue that cannot be measured.
            ConfigError, ModelError: what would fail in every dialogue alike.
        """
        # Each dialogue has a folder of its own, so that no index finds what another has left.
        folder = self._scratch / "dialogue"
        folder.mkdir(exist_ok=True)
        try:
            with engines.visit():
                try:
                    session = self.open(dialogue, folder)
                except CallTimedOut as error:
                    return failed(self._shared.plan, dialogue, f"CallTimedOut: {error}")
                try:
                    session.live()
                    result = session.finish()
                finally:
                    unclosed = session.close()
                if unclosed is None or result.record.error is not None:
                    return result
                return replace(result, record=replace(result.record, error=unclosed))
        finally:
            # Most strategies write no files, and removing a folder takes milliseconds.
            if any(folder.iterdir()):
                shutil.rmtree(folder)

    def close(self) -> None:
        """Let go of what watches over the calls."""
        if isinstance(self._shared.limits, Timed):
            self._shared.limits.close()

    def open(self, dialogue: Dialogue, folder: Path | None = None) -> Session:
        """Check a dialogue and build its strategy; `folder` is where its stores may write."""
        contexts.check_dialogue(dialogue)
        lengths = [self._shared.tokenizer.count(self._shared.document.render(turn)) for turn in dialogue.turns]
        contexts.check_turn_tokens(dialogue.turns, lengths, self._shared.plan.max_turn_tokens, dialogue.id)
        if self._shared.stores is not None:
            dialogue = _qualified(dialogue)
            self._ids.update(turn.id for turn in dialogue.turns)
        folder = folder or self._scratch
        name = dialogue.id
        node = self._shared.plan.memory_of(name, str(folder))

        def make() -> Strategy:
            with self._shared.limits.call("__init__", name):
                strategy: Strategy = build(node, "memory" if "window" in node else "strategy", self._shared.stores)
            return strategy

        kind: type[Session] = ReplaySession if self._shared.plan.mode == "replay" else Session
        return kind(self._shared, dialogue, make, folder, sum(lengths), self._ids)


def failed(plan: Plan, dialogue: Dialogue, error: str) -> DialogueResult:
    """The result of a dialogue in which no question could be asked."""
    phases = [name for name, node in (("answer", plan.reader), ("judge", plan.judge)) if node is not None]
    outcomes = [
        Outcome(dialogue.id, question.id, 0, None, None, {}, error=error, usage={phase: Usage() for phase in phases})
        for question in dialogue.questions
    ]
    record = DialogueRecord(dialogue.id, len(dialogue.turns), 0, len(outcomes), Usage(), error)
    return DialogueResult(record, outcomes)


def _qualified(dialogue: Dialogue) -> Dialogue:
    """With turn ids that no other dialogue has, so that a source says whose it is."""
    prefix = f"{dialogue.id}/"

    def qualify(ids: tuple[str, ...] | None) -> tuple[str, ...] | None:
        return None if ids is None else tuple(prefix + each for each in ids)

    return Dialogue(
        dialogue.id,
        [replace(turn, id=prefix + turn.id) for turn in dialogue.turns],
        [replace(question, evidence=qualify(question.evidence)) for question in dialogue.questions],
    )
