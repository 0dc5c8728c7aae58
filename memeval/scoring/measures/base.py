"""What a measure is: a hashable value that prints as its own definition.

A measure's fields are its options. `str(measure)` is canonical (`Recall(unit=turn,rule=fraction)@10`): unit, rule and
percentile always stand in it, the other options only where they differ from their default.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from memeval.kit.errors import ConfigError
from memeval.kit.plugins import Registry
from memeval.kit.types import DialogueRecord
from memeval.scoring.measures.facts import Case

Floats = npt.NDArray[np.float64]
Better = Literal["higher", "lower", "neither"]
Quantity = Literal["share", "tokens", "seconds", "count", "ratio", "dollars"]
# Options that a heading leaves out at these values: most measures have them.
_UNSAID = {("unit", "turn"), ("rule", "fraction")}


class Printed(NamedTuple):
    """How a value is printed: multiplied by `scale`, so that it is in `unit`, with `decimals`.

    `decimals` is None for money, which has three significant figures.
    """

    unit: str
    scale: float
    decimals: int | None


MILLISECONDS = Printed("ms", 1000, 2)
_PRINTED: Mapping[Quantity, Printed] = {
    "share": Printed("%", 100, 1),
    "tokens": Printed("tokens", 1, 0),
    "seconds": Printed("s", 1, 2),
    "count": Printed("", 1, 0),
    "ratio": Printed("", 1, 2),
    "dollars": Printed("$/1,000", 1000, None),
}


def _fault(name: str, kind: object) -> str | None:
    if not isinstance(kind, type) or not issubclass(kind, Measure) or not kind.summary:
        return "is no class of a measure with a summary"
    return None if kind.__name__ == name else f"is called {kind.__name__}: give the entry point that name"


def option(default: str | int, choices: tuple[str | int, ...], *, shown: bool = False) -> Any:
    """A measure's option with its choices; `shown` ones are printed also at their default."""
    return field(default=default, metadata={"choices": choices, "shown": shown})


def cutoff() -> Any:
    """The field `k` of measures on rankings: printed as `@k`, without a default."""
    return field(metadata={"cutoff": True})


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Measure:
    """Base of all measures. A subclass with a `summary` is a measure, and is known by the name of its class.

    Attributes:
        summary: one line for lists of measures; a base of several measures has none.
        label: its name in the heading of a column, a few short lines; empty for the name of the class.
        better: whether more of it is good; "neither" for facts.
        quantity: what it is: a share of one, tokens, seconds, a count, a ratio, or dollars.
        timed: the value depends on how fast the machine is: gated only by choice, and as a ratio.
        ranked: without a meaning for strategies that never rank.
    """

    summary: ClassVar[str] = ""
    label: ClassVar[tuple[str, ...]] = ()
    better: ClassVar[Better] = "higher"
    quantity: ClassVar[Quantity] = "share"
    timed: ClassVar[bool] = False
    ranked: ClassVar[bool] = False

    def __init_subclass__(cls) -> None:
        """Register the measure under the name of its class.

        Raises:
            ConfigError: another class has that name, or a measure of questions of which less is better does not say
                what a failed question scores.
        """
        if not cls.summary or cls.__name__.startswith("_"):
            return
        name = cls.__name__
        known = KNOWN.own().get(name)
        # A dataclass with slots is made twice; the second class is the one that is used.
        if known is not None and (known.__module__, known.__qualname__) != (cls.__module__, cls.__qualname__):
            raise ConfigError(f"{cls.__module__} defines {name}, which {known.__module__} has: choose another name")
        cls._check_worst()
        KNOWN.add(name, cls)

    @classmethod
    def _check_worst(cls) -> None:
        """What only measures of questions have."""

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
        options = ",".join(f"{option}={value}" for option, value in self._printed_options())
        return type(self).__name__ + (f"({options})" if options else "") + self._at()

    def heading(self) -> tuple[str, ...]:
        """A few short lines for a column: its label and what distinguishes it, without the unit."""
        *above, last = self.label or (type(self).__name__,)
        options = [item for item in self._printed_options() if item not in _UNSAID]
        return (*above, last + self._at(), *(self._heading_of(option, value) for option, value in options))

    def _printed_options(self) -> list[tuple[str, str | int]]:
        """Options as the canonical name has them."""
        always, differing = [], []
        for each in fields(self):
            value = getattr(self, each.name)
            if "cutoff" not in each.metadata and each.metadata["shown"]:
                always.append((each.name, value))
            elif "cutoff" not in each.metadata and value != each.default:
                differing.append((each.name, value))
        return always + differing

    def _at(self) -> str:
        """The cut-off as it is printed: `@10`, or nothing."""
        return "".join(f"@{getattr(self, each.name)}" for each in fields(self) if "cutoff" in each.metadata)

    def _heading_of(self, option: str, value: str | int) -> str:
        return str(value)

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
    def printed(self) -> Printed:
        """How its values are printed."""
        return _PRINTED[self.quantity]

    @property
    def percentile(self) -> int | None:
        """Which percentile of the values it is; None for a mean and all else."""
        return None

    @property
    def is_of_dialogues(self) -> bool:
        """Whether there is one value a dialogue instead of one a question."""
        return isinstance(self, DialogueMeasure)

    def aggregate(self, values: Floats) -> float:
        """One number of many; `values` (n,) is not empty and has no nan."""
        return float(values.mean())


KNOWN: Registry[type[Measure]] = Registry("memeval.measures", "measure", _fault)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class QuestionMeasure(Measure):
    """A measure with one value for each question.

    Attributes:
        worst: the value of a failed question; None leaves failed questions out and only counts them. A measure of
            which less is better has to give it, since 0 would be the best.
    """

    worst: ClassVar[float | None] = 0.0

    @classmethod
    def _check_worst(cls) -> None:
        above = [base for base in cls.__mro__ if base is not QuestionMeasure and "worst" in vars(base)]
        if cls.better == "lower" and not above:
            raise ConfigError(
                f"{cls.__name__}: less of it is better, so say what a failed question scores: worst = 1.0, "
                "or worst = None to leave failed questions out"
            )

    def applies(self, case: Case) -> bool:
        """Whether the question is in the denominator: decided by its gold alone, never by what a strategy did."""
        raise NotImplementedError

    def value(self, case: Case) -> float | None:
        """The value for a question that applies and did not fail; None if the outcome lacks the fact."""
        raise NotImplementedError

    def unfit(self, case: Case) -> bool:
        """Whether the prompt cannot be sent at all, so that neither the question nor the mean has a value."""
        return False

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
