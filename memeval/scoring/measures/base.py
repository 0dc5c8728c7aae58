"""What a measure is: a hashable value that prints as its own definition.

A measure's fields are its options. `str(measure)` is canonical (`Recall(unit=turn,rule=fraction)@10`): unit, rule and
percentile always stand in it, the other options only where they differ from their default.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt

from memeval.kit.errors import ConfigError
from memeval.kit.types import DialogueRecord
from memeval.scoring.measures.facts import Case

Floats = npt.NDArray[np.float64]
Better = Literal["higher", "lower", "neither"]
Quantity = Literal["share", "tokens", "seconds", "count", "ratio", "dollars"]


def option(default: str | int, choices: tuple[str | int, ...], *, shown: bool = False) -> Any:
    """A measure's option with its choices; `shown` ones are printed also at their default."""
    return field(default=default, metadata={"choices": choices, "shown": shown})


def cutoff() -> Any:
    """The field `k` of measures on rankings: printed as `@k`, without a default."""
    return field(metadata={"cutoff": True})


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Measure:
    """Base of all measures.

    Attributes:
        summary: one line for lists of measures.
        better: whether more of it is good; "neither" for facts.
        quantity: how to print it: a share of one, tokens, seconds, a count, a ratio, or dollars.
    """

    summary: ClassVar[str] = ""
    better: ClassVar[Better] = "higher"
    quantity: ClassVar[Quantity] = "share"

    def __post_init__(self) -> None:
        """Refuse values that are not among an option's choices.

        Raises:
            ConfigError: names the option, the value and the choices.
        """
        name = type(self).__name__
        for each in fields(self):
            value = getattr(self, each.name)
            if "cutoff" in each.metadata:
                if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                    raise ConfigError(f"{name} needs a cut-off from 1, not {value!r}: for example {name}@10")
            elif value not in each.metadata["choices"]:
                choices = ", ".join(f"{each.name}={choice}" for choice in each.metadata["choices"])
                raise ConfigError(f"{name} cannot take {each.name}={value}: choose one of {choices}")

    def __str__(self) -> str:
        """The canonical name, which `parse` reads back."""
        shown, differing, at = [], [], ""
        for each in fields(self):
            value = getattr(self, each.name)
            if "cutoff" in each.metadata:
                at = f"@{value}"
            elif each.metadata["shown"]:
                shown.append(f"{each.name}={value}")
            elif value != each.default:
                differing.append(f"{each.name}={value}")
        options = ",".join(shown + differing)
        return type(self).__name__ + (f"({options})" if options else "") + at

    def __repr__(self) -> str:
        """As `str`."""
        return str(self)

    @classmethod
    def options(cls) -> Mapping[str, tuple[str | int, ...]]:
        """Choices by option, without the cut-off."""
        found = [each for each in fields(cls) if "choices" in each.metadata]
        found.sort(key=lambda each: not each.metadata["shown"])
        return {each.name: each.metadata["choices"] for each in found}

    @classmethod
    def has_cutoff(cls) -> bool:
        """Whether its name ends in `@k`."""
        return any("cutoff" in each.metadata for each in fields(cls))

    @property
    def is_timed(self) -> bool:
        """Whether the value depends on how fast the machine is: gated only by choice, and as a ratio."""
        return self.quantity == "seconds"

    @property
    def is_of_dialogues(self) -> bool:
        """Whether there is one value a dialogue instead of one a question."""
        return isinstance(self, DialogueMeasure)

    def aggregate(self, values: Floats) -> float:
        """One number of many; `values` (n,) is not empty and has no nan."""
        return float(values.mean())


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class QuestionMeasure(Measure):
    """A measure with one value for each question.

    Attributes:
        worst: the value of a failed question; None leaves failed questions out and only counts them.
        needs_ranking: without a meaning for strategies that never rank.
    """

    worst: ClassVar[float | None] = 0.0
    needs_ranking: ClassVar[bool] = False

    def applies(self, case: Case) -> bool:
        """Whether the question is in the denominator: decided by its gold alone, never by what a strategy did."""
        raise NotImplementedError

    def value(self, case: Case) -> float | None:
        """The value for a question that applies and did not fail; None if the outcome lacks the fact."""
        raise NotImplementedError

    def failure(self, case: Case) -> float | None:
        """The value of a question that failed; None leaves it out."""
        return self.worst

    def chance(self, case: Case) -> float | None:
        """Expected value if the evidence lay anywhere in what was written; None where that has no closed form."""
        return None

    def saturated(self, case: Case) -> bool | None:
        """Whether the value is trivially best because everything written was covered; None where not defined."""
        return None

    def short(self, case: Case) -> bool | None:
        """Whether the strategy ranked less than the measure looks at; None for measures without a cut-off."""
        return None


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class DialogueMeasure(Measure):
    """A measure with one value for each dialogue."""

    def value(self, record: DialogueRecord) -> float | None:
        """The value for a dialogue that did not fail; None if it has none."""
        raise NotImplementedError
