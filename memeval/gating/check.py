"""From rules, baselines and runs to verdicts: each says what fell, by how much, and where."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from memeval.gating import decision
from memeval.gating.pairing import Pair, changed_settings, incomparable, pair
from memeval.gating.rules import Rule
from memeval.kit.errors import ConfigError
from memeval.scoring.baseline import Entry, Measured, aggregate, units
from memeval.scoring.measures.base import Floats, Measure

# Half of the last decimal that a baseline keeps.
_EQUAL = 1e-6
_WORST = 5
_WORST_CATEGORIES = 3


class Verdict(StrEnum):
    """What a check found."""

    SAME = "same"
    BETTER = "better"
    WORSE = "worse"
    BROKEN = "broken"
    NEW = "new"
    INCOMPARABLE = "incomparable"


@dataclass(frozen=True, slots=True)
class Fall:
    """Where a value got worse: a category (with `n` questions) or a question (with its category)."""

    name: str
    before: float
    now: float
    n: int = 1
    category: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the verdict table.

    Attributes:
        run: id of the run, or of the baseline where there is no run.
        name: strategy and retriever.
        measure, rule, category: None where the verdict is about the run as a whole; category also for all questions.
        reason: a sentence; empty for the same value.
        before, now: values in the measure's unit; ratios are made of them.
        n: values compared.
        allowed: how much worse it may get.
        sees: the smallest drop that fails this check (at `confidence`: with a chance of 80 %), None where not defined.
        p: adjusted for all checks of the gate, where the rule has a confidence.
        categories, questions: where it fell, worst first.
    """

    benchmark: str
    run: str
    name: str
    verdict: Verdict
    reason: str = ""
    rule: Rule | None = None
    category: str | None = None
    before: float | None = None
    now: float | None = None
    n: int = 0
    allowed: float | None = None
    sees: float | None = None
    p: float | None = None
    categories: tuple[Fall, ...] = ()
    questions: tuple[Fall, ...] = ()

    @property
    def measure(self) -> Measure | None:
        """What was compared."""
        return None if self.rule is None else self.rule.measure

    @property
    def failed(self) -> bool:
        """A regression."""
        return self.verdict in (Verdict.WORSE, Verdict.BROKEN)


@dataclass(frozen=True, slots=True)
class Verdicts:
    """The outcome of a gate. True if it passed."""

    checks: tuple[Check, ...]
    notes: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether it passed."""
        return self.exit_code == 0

    @property
    def exit_code(self) -> int:
        """0 pass, 1 regression, 2 cannot decide."""
        if any(check.failed for check in self.checks):
            return 1
        return 2 if not self.checks or any(check.verdict is Verdict.INCOMPARABLE for check in self.checks) else 0

    def count(self, verdict: Verdict) -> int:
        """Checks with a verdict."""
        return sum(check.verdict is verdict for check in self.checks)


def judge(before: Sequence[Entry], now: Sequence[Entry], rules: Sequence[Rule]) -> Verdicts:
    """Compare runs with their baselines.

    Args:
        before: the baselines.
        now: the runs; those without a baseline are new, which is no failure.
        rules: what may change by how much.

    Raises:
        ConfigError: a rule that checks nothing, or that could never fail.
    """
    pairs = pair(before, now)
    used: set[int] = set()
    checks: list[Check] = []
    pending: list[tuple[int, decision.Test]] = []
    for each in pairs:
        for check, test, number in _checks(each, rules):
            if number is not None:
                used.add(number)
            if test is not None:
                pending.append((len(checks), test))
            checks.append(check)
    whole = [each for each in pairs if each.before is not None and each.now is not None]
    for number, rule in enumerate(rules):
        if number not in used and not rule.default and whole and not any(check.rule is None for check in checks):
            raise ConfigError(f"the rule {rule} checks nothing: {_why_nothing(rule, whole)}")
    for (index, _), (p, rejected, sees) in zip(pending, decision.decide([test for _, test in pending]), strict=True):
        checks[index] = _tested(checks[index], p, rejected, sees)
    notes = tuple(
        f"{each.now.record.short_name}: {'; '.join(settings)}"
        for each in whole
        if each.before is not None and each.now is not None and (settings := changed_settings(each.before, each.now))
    )
    return Verdicts(tuple(checks), notes)


def _checks(each: Pair, rules: Sequence[Rule]) -> Iterator[tuple[Check, decision.Test | None, int | None]]:
    before, now = each.before, each.now
    known = before or now
    if known is None:
        return
    line = Check(known.record.benchmark.name, (now or known).id, known.record.short_name, Verdict.SAME)
    whole: Check | None = None
    if now is None:
        whole = replace(
            line,
            verdict=Verdict.BROKEN,
            reason=f"there is no run of it any more: run it, or delete its baseline {known.folder}",
        )
    elif now.broken is not None:
        whole = replace(line, verdict=Verdict.BROKEN, reason=now.broken)
    elif before is None:
        whole = replace(line, verdict=Verdict.NEW, reason="it has no baseline; --update makes one")
    elif (reason := incomparable(before, now)) is not None:
        whole = replace(line, verdict=Verdict.INCOMPARABLE, reason=reason)
    if whole is not None or before is None or now is None:
        if whole is not None:
            yield whole, None, None
        return
    for number, rule in enumerate(rules):
        if rule.covers((*now.matches(), *before.matches())):
            for check, test in _measure(replace(line, rule=rule), rule, before, now):
                yield check, test, number


def _measure(line: Check, rule: Rule, before: Entry, now: Entry) -> Iterator[tuple[Check, decision.Test | None]]:
    name = str(rule.measure)
    old, new = before.measures.get(name), now.measures.get(name)
    if old is None and new is None and rule.default:
        return
    if old is None or new is None:
        where = "the baseline" if old is None else "the run"
        yield (
            replace(
                line,
                verdict=Verdict.INCOMPARABLE,
                reason=f"{where} holds no {name}: make the baseline again with --update and the same rules",
            ),
            None,
        )
        return
    # An option that a later version has added leaves what was there as it was.
    differing = [key for key, value in old.definition.items() if new.definition.get(key) != value]
    if differing:
        yield (
            replace(
                line,
                verdict=Verdict.INCOMPARABLE,
                reason=f"{name} is defined otherwise than in the baseline ({', '.join(differing)}): --update renews it",
            ),
            None,
        )
        return
    if old.value is None and new.value is None:
        return
    line = replace(line, before=old.value, now=new.value)
    if new.value is None:
        yield replace(line, verdict=Verdict.BROKEN, reason=f"{name} was there and is gone: {_gone(rule)}"), None
    elif old.value is None:
        yield replace(line, verdict=Verdict.NEW, reason=f"{name} is new; --update takes it into the baseline"), None
    elif rule.max_ratio is not None:
        yield _ratio(line, rule.max_ratio, old.value, new.value), None
    else:
        yield from _values(line, rule, before, now, old, new)


def _gone(rule: Rule) -> str:
    return "the run ranks no more" if rule.measure.ranked else "the run holds no value of it"


def _ratio(line: Check, allowed: float, before: float, now: float) -> Check:
    slower = line.measure is not None and line.measure.better == "lower"
    old, new = (before, now) if slower else (now, before)
    ratio = new / old if old > 0 else 1.0 if new <= 0 else float("inf")
    line = replace(line, allowed=allowed, n=1, sees=allowed)
    if ratio > allowed:
        return replace(line, verdict=Verdict.WORSE, reason=f"{ratio:.2f} times as slow, allowed {allowed:g}")
    return replace(line, verdict=Verdict.BETTER if ratio < 1 / allowed else Verdict.SAME)


def _values(
    line: Check, rule: Rule, before: Entry, now: Entry, old: Measured, new: Measured
) -> Iterator[tuple[Check, decision.Test | None]]:
    name = str(rule.measure)
    if old.values is None or new.values is None or (np.isnan(old.values) != np.isnan(new.values)).any():
        reason = f"{name} is made from other questions than before: --update makes a new baseline"
        yield replace(line, verdict=Verdict.INCOMPARABLE, reason=reason), None
        return
    present = ~np.isnan(old.values)
    if not rule.by_category:
        yield _compare(line, rule, before, now, old.values, new.values, present)
        return
    labels = np.asarray(before.categories)
    for category in dict.fromkeys(before.categories):
        members = present & (labels == category)
        if members.any() and (not rule.categories or category in rule.categories):
            part = replace(
                line,
                category=category,
                before=aggregate(name, old.values[members]),
                now=aggregate(name, new.values[members]),
            )
            yield _compare(part, rule, before, now, old.values, new.values, members)


def _compare(
    line: Check, rule: Rule, before: Entry, now: Entry, old: Floats, new: Floats, members: np.ndarray
) -> tuple[Check, decision.Test | None]:
    was, is_now = line.before, line.now
    if was is None or is_now is None:
        return line, None
    sign = -1.0 if rule.measure.better == "lower" else 1.0
    allowed = rule.allowance.of(was)
    drops = np.where(members, sign * (old - new), np.nan)
    n = int(members.sum())
    line = replace(line, n=n, allowed=allowed, sees=allowed)
    categories, questions = _where(before, rule, old, new, drops)
    line = replace(line, categories=categories, questions=questions)
    if rule.confidence is not None:
        clusters = np.arange(len(old)) if rule.measure.is_of_dialogues else before.clusters
        if len(np.unique(clusters[members])) < 2:
            reason = (
                "one dialogue says nothing of others, so there is no confidence: use more dialogues, or leave out "
                "confidence"
            )
            return replace(line, verdict=Verdict.INCOMPARABLE, reason=f"{rule.measure}: {reason}"), None
        return line, decision.Test(drops[members], clusters[members], allowed, 1 - rule.confidence)
    drop = sign * (was - is_now)
    if drop > allowed + _EQUAL:
        return replace(line, verdict=Verdict.WORSE), None
    if drop < -_EQUAL:
        return replace(line, verdict=Verdict.BETTER), None
    return line, None


def _tested(line: Check, p: float, worse: bool, sees: float | None) -> Check:
    verdict = Verdict.WORSE if worse else Verdict.SAME
    return replace(line, p=p, sees=sees, verdict=verdict)


def _where(
    entry: Entry, rule: Rule, old: Floats, new: Floats, drops: Floats
) -> tuple[tuple[Fall, ...], tuple[Fall, ...]]:
    """The categories that lost most in sum, and the questions that lost most."""
    ids = units(entry, str(rule.measure))
    labels = entry.categories if len(entry.categories) == len(drops) and ids is entry.questions else ("",) * len(drops)
    worst = [int(index) for index in np.argsort(-np.nan_to_num(drops, nan=-np.inf), kind="stable")[:_WORST]]
    questions = tuple(
        Fall(ids[index], float(old[index]), float(new[index]), category=labels[index])
        for index in worst
        if drops[index] > _EQUAL
    )
    found: list[tuple[float, Fall]] = []
    for category in dict.fromkeys(labels):
        members = np.asarray([label == category for label in labels]) & ~np.isnan(drops)
        if category and members.any() and (lost := float(drops[members].sum())) > _EQUAL:
            was, is_now = aggregate(str(rule.measure), old[members]), aggregate(str(rule.measure), new[members])
            if was is not None and is_now is not None:
                found.append((lost, Fall(category, was, is_now, int(members.sum()))))
    found.sort(key=lambda each: -each[0])
    return tuple(fall for _, fall in found[:_WORST_CATEGORIES]), questions


def _why_nothing(rule: Rule, pairs: Sequence[Pair]) -> str:
    runs = [each.now for each in pairs if each.now is not None]
    matching = [run for run in runs if rule.covers(run.matches())]
    if not matching:
        return f"no run matches; there are {', '.join(sorted({run.record.short_name for run in runs}))}"
    known = sorted({category for run in matching for category in run.categories})
    if rule.categories and not set(known) & set(rule.categories):
        return f"no such category; there are {', '.join(known)}"
    return f"{rule.measure} applies to none of the runs that it names"
