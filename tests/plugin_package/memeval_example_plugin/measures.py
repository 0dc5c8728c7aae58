"""A measure and a preset that are not part of memeval."""

from dataclasses import dataclass
from typing import ClassVar

from memeval.scoring.measures import EvidenceRecall, QuestionMeasure
from memeval.scoring.measures.base import Better
from memeval.scoring.measures.facts import Case
from memeval.scoring.measures.presets import Preset


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class EmptyContext(QuestionMeasure):
    """Share of the questions for which the memory returned nothing at all."""

    summary: ClassVar[str] = "the context is empty"
    label: ClassVar[tuple[str, ...]] = ("empty", "context")
    better: ClassVar[Better] = "lower"
    worst: ClassVar[float | None] = 1.0

    def applies(self, case: Case) -> bool:
        """Every question."""
        return True

    def value(self, case: Case) -> float:
        """1 or 0."""
        return float(case.context_tokens() == 0)


PRESENCE = Preset(
    name="presence",
    summary="whether anything came back, and whether it was evidence",
    measures=(EvidenceRecall(rule="any"), EmptyContext()),
    benchmark="sayings",
    denominator=2,
    quirk="one evidence turn is enough",
    source="memeval's example of a package",
)
