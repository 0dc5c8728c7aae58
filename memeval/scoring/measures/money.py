"""Measures of money: what a context costs as input, known without any call, and what the calls of a run cost."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from memeval.kit.types import DialogueRecord
from memeval.scoring.measures.base import Better, DialogueMeasure, Quantity, QuestionMeasure, option
from memeval.scoring.measures.facts import Case


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class _Dollars(QuestionMeasure):
    """What has no worst value: failed questions are left out and counted beside."""

    better: ClassVar[Better] = "lower"
    quantity: ClassVar[Quantity] = "dollars"
    worst: ClassVar[float | None] = None

    def applies(self, case: Case) -> bool:
        """Every question, with gold or without."""
        return True


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class InputDollars(_Dollars):
    """Dollars of the whole prompt as input of the target model: context, headings and query, nothing of it cached.

    No call is needed: the prompt's tokens are known. They are counted by the tokenizer of the run.
    """

    summary: ClassVar[str] = "dollars of the prompt as the target's input, uncached"
    label: ClassVar[tuple[str, ...]] = ("input",)

    def value(self, case: Case) -> float | None:
        """Dollars; None where the target has no known price, or where the prompt does not fit its window."""
        target = case.history.target
        if target is None or case.outcome is None or self.unfit(case):
            return None
        return target.price.cost(sum(case.outcome.tokens.values()), 0)

    def unfit(self, case: Case) -> bool:
        """Whether the prompt is larger than the context window of the target."""
        target = case.history.target
        return target is not None and case.outcome is not None and sum(case.outcome.tokens.values()) > target.window


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class QuestionDollars(_Dollars):
    """Dollars of the model calls that a question caused, at the prices of the models that were called.

    Attributes:
        phase: read (finding memories), answer, or judge; only the first two are paid by who uses a memory.
    """

    summary: ClassVar[str] = "dollars of the model calls of a question"
    label: ClassVar[tuple[str, ...]] = ("money",)

    phase: Literal["read", "answer", "judge"] = option("answer", ("read", "answer", "judge"), shown=True)

    def value(self, case: Case) -> float | None:
        """Dollars; None where the question has no such phase or the price of a model is not known."""
        usage = case.outcome.usage.get(self.phase) if case.outcome is not None else None
        return usage.dollars if usage is not None else None


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class WriteDollars(DialogueMeasure):
    """Dollars of writing a dialogue into memory (extraction, summaries, embeddings): the mean over dialogues.

    Attributes:
        per: dialogue, or turn (each dialogue's dollars divided by its turns).
    """

    summary: ClassVar[str] = "dollars of the model calls of writing a dialogue"
    label: ClassVar[tuple[str, ...]] = ("write",)
    better: ClassVar[Better] = "lower"
    quantity: ClassVar[Quantity] = "dollars"

    per: Literal["dialogue", "turn"] = option("dialogue", ("dialogue", "turn"))

    def value(self, record: DialogueRecord) -> float | None:
        """Dollars; None where the price of a model is not known."""
        dollars = record.write.dollars
        if dollars is None or self.per == "dialogue":
            return dollars
        return dollars / record.turns if record.turns else None
