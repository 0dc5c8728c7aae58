"""Rules of a gate: which measure of which runs may get worse by how much, read from YAML."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from fnmatch import fnmatchcase
from math import isfinite
from pathlib import Path
from typing import Any

from memeval.kit import user_files
from memeval.kit.errors import ConfigError, DataError
from memeval.scoring.measures import (
    MRR,
    AnswerInContext,
    ContextTokens,
    EvidenceRecall,
    Measure,
    QuestionMeasure,
    Recall,
    nDCG,
    parse,
)

EXAMPLE = "- {measure: EvidenceRecall, max_drop: 0.01}"
_KEYS = ("measure", "max_drop", "max_rise", "max_ratio", "confidence", "by", "categories", "runs")


@dataclass(frozen=True, slots=True)
class Allowance:
    """How much worse a value may get: absolute in the measure's own unit, or a share of the baseline's value."""

    amount: float
    relative: bool = False

    def of(self, before: float) -> float:
        """The allowance at a baseline's value."""
        return self.amount * abs(before) if self.relative else self.amount


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.

    Attributes:
        measure: what is looked at.
        allowance: how much worse it may get.
        max_ratio: for measures of time, instead: how many times as slow.
        confidence: None compares the numbers as they are, for runs that repeat exactly; otherwise the rule fails only
            where a drop beyond the allowance is established with this confidence, 0.5 to 1.
        by_category: check each category on its own.
        categories: only these; () means all.
        runs: globs over run ids and names such as `sliding_window+bm25`; () means all.
        default: not written by the user, so it may find nothing to check.
    """

    measure: Measure
    allowance: Allowance = Allowance(0.0)
    max_ratio: float | None = None
    confidence: float | None = None
    by_category: bool = False
    categories: tuple[str, ...] = ()
    runs: tuple[str, ...] = ()
    default: bool = False

    def __post_init__(self) -> None:
        """Refuse what cannot be checked.

        Raises:
            ConfigError: names the measure and what to write instead.
        """
        name = str(self.measure)
        if self.measure.better == "neither":
            raise ConfigError(f"{name} is neither good nor bad in itself: a rule needs a measure with a better side")
        if self.measure.timed != (self.max_ratio is not None):
            raise ConfigError(
                f"{name} depends on the machine and is gated as a ratio: write max_ratio, e.g. max_ratio: 2"
                if self.measure.timed
                else f"{name} takes max_drop, not max_ratio, e.g. max_drop: 5%"
            )
        if self.max_ratio is not None and not self.max_ratio >= 1:
            raise ConfigError(
                f"max_ratio: {self.max_ratio} of {name} would fail at equal speed: give 1 or more, e.g. 2"
            )
        if self.max_ratio is not None and (self.confidence is not None or self.by_category):
            raise ConfigError(f"{name} is compared as one ratio: leave out confidence and categories")
        if self.max_ratio is not None and not isfinite(self.max_ratio):
            raise ConfigError(f"max_ratio: {self.max_ratio} of {name} could never fail: give a number, e.g. 2")
        self._refuse_what_cannot_fail(name)
        if not self.allowance.amount >= 0:
            raise ConfigError(f"max_drop: {self.allowance.amount} of {name} is negative: give 0 or more")
        if self.confidence is not None and not 0.5 < self.confidence < 1:
            raise ConfigError(
                f"confidence: {self.confidence} of {name} is not between 0.5 and 1: e.g. confidence: 0.95"
            )
        if self.by_category and not isinstance(self.measure, QuestionMeasure):
            raise ConfigError(f"{name} has one value a dialogue and no categories: leave them out")

    def _refuse_what_cannot_fail(self, name: str) -> None:
        amount, relative, rising = self.allowance.amount, self.allowance.relative, self.measure.better == "lower"
        key = "max_rise" if rising else "max_drop"
        if not isfinite(amount):
            raise ConfigError(f"{key}: {amount} of {name} could never fail: give a finite number, e.g. {key}: 0.01")
        if self.measure.quantity == "share" and not relative and amount >= 1:
            raise ConfigError(
                f"{key}: {amount:g} of {name} could never fail, since its values are shares of 1: give less than "
                f"1, e.g. {key}: 0.05, or a share of the baseline's value, e.g. {key}: 5%"
            )
        if relative and amount >= 1 and not rising:
            raise ConfigError(
                f"{key}: {amount:.0%} of {name} could never fail: nothing falls by more; give less, e.g. {key}: 5%"
            )

    def covers(self, names: Sequence[str]) -> bool:
        """Whether one of a run's names matches."""
        return not self.runs or any(fnmatchcase(name, pattern) for name in names for pattern in self.runs)

    def __str__(self) -> str:
        """As a user would write it."""
        name = str(self.measure)
        parts = [f"measure: '{name}'" if "," in name else f"measure: {name}"]
        if self.max_ratio is not None:
            parts.append(f"max_ratio: {self.max_ratio:g}")
        else:
            key = "max_rise" if self.measure.better == "lower" else "max_drop"
            parts.append(f"{key}: {describe(self.allowance)}")
        if self.confidence is not None:
            parts.append(f"confidence: {self.confidence:g}")
        if self.categories:
            parts.append(f"categories: [{', '.join(self.categories)}]")
        elif self.by_category:
            parts.append("by: category")
        if self.runs:
            parts.append(f"runs: [{', '.join(self.runs)}]")
        return "{" + ", ".join(parts) + "}"


def describe(allowance: Allowance) -> str:
    """`0.01` or `2%`."""
    return f"{allowance.amount * 100:g}%" if allowance.relative else f"{allowance.amount:g}"


def default_rules(confidence: float | None = None) -> tuple[Rule, ...]:
    """Nothing may get worse: evidence recall, answers in context, rankings, tokens of the context."""
    measures: tuple[Measure, ...] = (
        EvidenceRecall(),
        AnswerInContext(),
        Recall(k=10),
        nDCG(k=10),
        MRR(k=10),
        ContextTokens(),
    )
    return tuple(Rule(measure, confidence=confidence, default=True) for measure in measures)


def load_rules(path: Path) -> tuple[Rule, ...]:
    """The rules of a YAML file: a list, or a mapping with the list under `rules`.

    Raises:
        ConfigError: a file that cannot be read or a rule that makes no sense, with the number of the rule.
    """
    if not path.exists():
        raise ConfigError(f"{path} is not there: give the file with the gate's rules, e.g. --rules gate.yaml")
    try:
        content = user_files.read_yaml(path)
    except DataError as error:
        raise ConfigError(str(error)) from error
    listed = content.get("rules") if isinstance(content, Mapping) else content
    if isinstance(content, Mapping) and set(content) != {"rules"} or not isinstance(listed, list) or not listed:
        raise ConfigError(f"{path} holds no list of rules: write for example\nrules:\n  {EXAMPLE}")
    rules = []
    for number, node in enumerate(listed, 1):
        try:
            rules.append(read_rule(node))
        except ConfigError as error:
            raise ConfigError(f"{path}, rule {number}: {error}") from error
    return tuple(rules)


def read_rule(node: Any) -> Rule:
    """The rule of a mapping.

    Raises:
        ConfigError: what is wrong with it.
    """
    if not isinstance(node, Mapping):
        raise ConfigError(f"{node!r} is not a rule: write for example {EXAMPLE}")
    for key in node:
        if key not in _KEYS:
            if ")" in str(key):
                raise ConfigError("put the measure's name in quotes, since it has a comma: measure: 'Name(a=1,b=2)'")
            close = get_close_matches(str(key), _KEYS, n=1)
            meant = f", did you mean {close[0]}?" if close else ":"
            raise ConfigError(f"unknown key {key!r}{meant} a rule takes {', '.join(_KEYS)}")
    if not isinstance(node.get("measure"), str):
        raise ConfigError(f"it names no measure: write for example {EXAMPLE}")
    measure = parse(node["measure"])
    if "max_drop" in node and "max_rise" in node:
        raise ConfigError("max_drop and max_rise are two words for the same: give one")
    if "max_rise" in node and measure.better != "lower":
        raise ConfigError(f"{measure} is better when it is higher: write max_drop")
    by = node.get("by")
    if by not in (None, "category"):
        raise ConfigError(f"by: {by!r} is unknown: write by: category, or leave it out for the overall value")
    categories = _names(node, "categories")
    return Rule(
        measure=measure,
        allowance=_allowance(node.get("max_drop", node.get("max_rise", 0.0))),
        max_ratio=_number(node, "max_ratio"),
        confidence=_number(node, "confidence"),
        by_category=by == "category" or bool(categories),
        categories=categories,
        runs=_names(node, "runs"),
    )


def _allowance(value: Any) -> Allowance:
    text = value.strip() if isinstance(value, str) else value
    try:
        if isinstance(text, str) and text.endswith("%"):
            return Allowance(float(text[:-1]) / 100, relative=True)
        if not isinstance(text, bool | str):
            return Allowance(float(text))
    except (TypeError, ValueError):
        pass
    raise ConfigError(f"max_drop: {value!r} is no amount: give a number in the measure's unit (0.01) or a share (2%)")


def _number(node: Mapping[str, Any], key: str) -> float | None:
    value = node.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ConfigError(f"{key}: {value!r} is not a number")
    return float(value)


def _names(node: Mapping[str, Any], key: str) -> tuple[str, ...]:
    value = node.get(key)
    if value is None:
        return ()
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
        raise ConfigError(f"{key}: {value!r} is not a name or a list of names")
    return tuple(names)


def measures_of(rules: Sequence[Rule]) -> tuple[Measure, ...]:
    """Every measure that the rules look at, once."""
    return tuple(dict.fromkeys(rule.measure for rule in rules))
