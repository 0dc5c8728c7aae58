"""Measures on the assembled context: defined for every strategy, whether it truncates, summarises or retrieves."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from memeval.scoring.measures import chance
from memeval.scoring.measures.base import Better, Quantity, QuestionMeasure, option
from memeval.scoring.measures.facts import Case, Segments, Unit
from memeval.scoring.measures.text import needles

Rule = Literal["fraction", "any", "all"]
Missing = Literal["none", "1"]

UNITS = ("turn", "session")
RULES = ("fraction", "any", "all")
MISSING = ("none", "1")
SEGMENTS = ("verbatim", "all")


def recall_of(rule: Rule, found: int, gold: int) -> float:
    """Recall by its rule: the share found, whether any was found, whether all were."""
    if rule == "fraction":
        return found / gold
    return float(found > 0) if rule == "any" else float(found == gold)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class EvidenceRecall(QuestionMeasure):
    """Share of a question's evidence units that are in the context, whatever kind of segment holds them.

    Attributes:
        unit: turn, or session (in the context with at least one of its turns).
        rule: fraction of the gold units; any: at least one; all: every one.
        segments: verbatim counts text that is known to contain the turns; all also what derived text claims as sources.
        missing: score of questions without gold: none leaves them out.
    """

    summary: ClassVar[str] = "share of the evidence that is in the context"
    label: ClassVar[tuple[str, ...]] = ("evidence", "recall")

    unit: Unit = option("turn", UNITS, shown=True)
    rule: Rule = option("fraction", RULES, shown=True)
    segments: Segments = option("verbatim", SEGMENTS)
    missing: Missing = option("none", MISSING)

    def applies(self, case: Case) -> bool:
        """With gold, or with a score for questions without."""
        return self.missing == "1" or bool(case.gold(self.unit))

    def value(self, case: Case) -> float:
        """Recall by the rule."""
        gold = case.gold(self.unit)
        if not gold:
            return 1.0
        return recall_of(self.rule, len(gold & case.covered(self.unit, self.segments)), len(gold))

    def chance(self, case: Case) -> float:
        """Recall if as many units as the context covers had been chosen at random."""
        gold = case.gold(self.unit)
        if not gold:
            return 1.0
        seen = len(case.covered(self.unit, self.segments))
        return chance.recall(self.rule, case.size(self.unit), len(gold), case.reachable(self.unit), seen)

    def saturated(self, case: Case) -> bool:
        """The context covers everything that was written."""
        return len(case.covered(self.unit, self.segments)) >= case.size(self.unit)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class AnswerInContext(QuestionMeasure):
    """Whether an accepted answer occurs in the context's text, as whole words and numbers; see `text.searchable`.

    A lower bound where answers are paraphrased or computed, and generous where they are short or in a script without
    borders between words. It sees derived text as well, and does not look across the border of two turns.
    """

    summary: ClassVar[str] = "an accepted answer string occurs in the context"
    label: ClassVar[tuple[str, ...]] = ("answer", "in text")

    def applies(self, case: Case) -> bool:
        """Questions that have an answer; where the right behaviour is to abstain there is nothing to find."""
        return bool(case.question.answers)

    def value(self, case: Case) -> float:
        """1 or 0."""
        text = "\n".join(case.context_texts())
        return float(any(needle in text for answer in case.question.answers for needle in needles(answer)))


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class EvidenceDensity(QuestionMeasure):
    """Tokens of evidence turns in the context divided by the context's tokens; 0 for an empty context.

    An evidence turn counts once, however often it is repeated, and only where its text is verbatim.
    """

    summary: ClassVar[str] = "share of the context's tokens that are evidence"
    label: ClassVar[tuple[str, ...]] = ("evidence", "density")

    def applies(self, case: Case) -> bool:
        """With annotated evidence turns."""
        return bool(case.gold("turn"))

    def value(self, case: Case) -> float:
        """A share between 0 and 1."""
        total = case.context_tokens()
        if not total:
            # Not None: the denominator would then depend on what the strategy did.
            return 0.0
        found = case.gold("turn") & case.covered("turn", "verbatim")
        return sum(case.history.tokens(turn) for turn in found if turn in case.history.position) / total


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class EvidenceAge(QuestionMeasure):
    """Turns between an evidence turn and the question, the mean over the question's evidence: a fact about the data.

    The turn said last has age 1. Evidence that had not been written when the question was read is left out.
    """

    summary: ClassVar[str] = "turns between the evidence and the question"
    better: ClassVar[Better] = "neither"
    quantity: ClassVar[Quantity] = "count"

    def applies(self, case: Case) -> bool:
        """With annotated evidence turns."""
        return bool(case.gold("turn"))

    def value(self, case: Case) -> float | None:
        """Turns; None where no evidence had been written."""
        positions = [case.history.position.get(turn, case.written) for turn in case.gold("turn")]
        ages = [case.written - position for position in positions if position < case.written]
        return sum(ages) / len(ages) if ages else None

    def failure(self, case: Case) -> float | None:
        """The same: it does not depend on what a strategy did."""
        return self.value(case)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class LeakRate(QuestionMeasure):
    """Share of questions whose context or ranking cites a turn of another dialogue, where dialogues share their stores.

    A leak is also a failure of the question; other failures are left out, since they show nothing to anybody.
    """

    summary: ClassVar[str] = "turns of another user reached the context or the ranking"
    label: ClassVar[tuple[str, ...]] = ("leaks",)
    better: ClassVar[Better] = "lower"
    worst: ClassVar[float | None] = 1.0

    def applies(self, case: Case) -> bool:
        """Every question."""
        return True

    def value(self, case: Case) -> float:
        """What did not fail did not leak."""
        return 0.0

    def failure(self, case: Case) -> float | None:
        """1 for a leak."""
        return 1.0 if case.outcome is not None and case.outcome.leaks else None


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class GhostRate(QuestionMeasure):
    """Share of the turns forgotten for a question that reach its context or ranking when it is asked again.

    Attributes:
        when: forgotten: right after forgetting; reopened: after the stores were closed and opened again.
    """

    summary: ClassVar[str] = "forgotten turns that still come back"
    better: ClassVar[Better] = "lower"
    worst: ClassVar[float | None] = 1.0

    when: Literal["forgotten", "reopened"] = option("forgotten", ("forgotten", "reopened"), shown=True)

    def applies(self, case: Case) -> bool:
        """With annotated evidence turns: these are what a run with forget=SHARE forgets, for a share of them."""
        return bool(case.gold("turn"))

    def value(self, case: Case) -> float | None:
        """A share; None for a question for which nothing was forgotten."""
        facts = None if case.outcome is None else case.outcome.forgetting
        if facts is None or not facts["turns"]:
            return None
        return facts["ghosts" if self.when == "forgotten" else "reopened"] / facts["turns"]

    def failure(self, case: Case) -> float | None:
        """The worst value where turns were forgotten for the question, otherwise none."""
        facts = None if case.outcome is None else case.outcome.forgetting
        return self.worst if facts is not None and facts["turns"] else None


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class _Update(QuestionMeasure):
    """Questions whose answer was updated in the dialogue, by which of its turns are in the context."""

    segments: Segments = option("verbatim", SEGMENTS)

    def applies(self, case: Case) -> bool:
        """With marked turns of the superseded value, and evidence beside them."""
        return bool(case.question.stale) and bool(case.gold("turn").difference(case.question.stale))

    def _seen(self, case: Case) -> tuple[bool, bool]:
        covered = case.covered("turn", self.segments)
        newest = not covered.isdisjoint(case.gold("turn").difference(case.question.stale))
        return newest, not covered.isdisjoint(case.question.stale)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class NewestInContext(_Update):
    """Knowledge update: a turn with the newest value is in the context (with or without stale ones)."""

    summary: ClassVar[str] = "knowledge update: the newest value is in the context"
    label: ClassVar[tuple[str, ...]] = ("newest", "value")

    def value(self, case: Case) -> float:
        """1 or 0."""
        return float(self._seen(case)[0])


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class OnlyStaleInContext(_Update):
    """Knowledge update: the context holds a superseded value and not the newest, so a reader will be misled.

    A failed question has nothing in its context and counts as neither.
    """

    summary: ClassVar[str] = "knowledge update: only a superseded value is in the context"
    label: ClassVar[tuple[str, ...]] = ("stale", "only")
    better: ClassVar[Better] = "lower"
    worst: ClassVar[float | None] = 0.0

    def value(self, case: Case) -> float:
        """1 or 0."""
        newest, stale = self._seen(case)
        return float(stale and not newest)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class NeitherInContext(_Update):
    """Knowledge update: the context holds neither the newest nor a superseded value."""

    summary: ClassVar[str] = "knowledge update: no value is in the context"
    label: ClassVar[tuple[str, ...]] = ("neither", "value")
    better: ClassVar[Better] = "lower"
    worst: ClassVar[float | None] = 1.0

    def value(self, case: Case) -> float:
        """1 or 0."""
        return float(not any(self._seen(case)))
