"""Measures on rankings, for strategies that rank.

Position p is the p-th passage with unit=turn, and the p-th distinct session with unit=session. A unit counts once, at
the first position that holds it. Positions are those of the strategy: nothing is sorted again, whatever the scores are.
"""

from dataclasses import dataclass
from functools import lru_cache
from math import log2
from typing import ClassVar, Literal

from memeval.scoring.measures import chance
from memeval.scoring.measures.base import QuestionMeasure, cutoff, option
from memeval.scoring.measures.context import MISSING, RULES, UNITS, Missing, Rule, recall_of
from memeval.scoring.measures.facts import Case, Unit

# Discounts are kept for multiples of so many positions.
_STEP = 1024
Discount = Literal["log2", "longmemeval"]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class RankingMeasure(QuestionMeasure):
    """Base of the measures at a cut-off `k`."""

    ranked: ClassVar[bool] = True

    unit: Unit = option("turn", UNITS, shown=True)
    missing: Missing = option("none", MISSING)
    k: int = cutoff()

    def applies(self, case: Case) -> bool:
        """With gold, or with a score for questions without."""
        return self.missing == "1" or bool(case.gold(self.unit))

    def value(self, case: Case) -> float:
        """The measure's formula on the positions of the gold units found."""
        gold = case.gold(self.unit)
        return self._value([rank for rank in case.ranks(self.unit) if rank <= self.k], len(gold)) if gold else 1.0

    def chance(self, case: Case) -> float:
        """Expected value if the gold lay anywhere among the units written."""
        if not case.gold(self.unit):
            return 1.0
        size = case.size(self.unit)
        return self._chance(chance.shape(case.gains(self.unit), self.k, size), size, case)

    def saturated(self, case: Case) -> bool:
        """The first k positions cover everything that was written."""
        size = case.size(self.unit)
        return sum(chance.shape(case.gains(self.unit), self.k, size)) >= size

    def short(self, case: Case) -> bool:
        """The ranking ends before k positions although more was written: the value is a lower bound."""
        gains = case.gains(self.unit)
        return len(gains) < self.k and sum(gains) < case.size(self.unit)

    def _value(self, ranks: list[int], gold: int) -> float:
        raise NotImplementedError

    def _chance(self, sizes: tuple[int, ...], size: int, case: Case) -> float:
        raise NotImplementedError


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Recall(RankingMeasure):
    """Gold units among the first k positions: the share of them, whether any, whether all."""

    summary: ClassVar[str] = "evidence among the first k of the ranking"

    unit: Unit = option("turn", UNITS, shown=True)
    rule: Rule = option("fraction", RULES, shown=True)
    missing: Missing = option("none", MISSING)
    k: int = cutoff()

    def _value(self, ranks: list[int], gold: int) -> float:
        return recall_of(self.rule, len(ranks), gold)

    def _chance(self, sizes: tuple[int, ...], size: int, case: Case) -> float:
        return chance.recall(self.rule, size, len(case.gold(self.unit)), case.reachable(self.unit), sum(sizes))


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Precision(RankingMeasure):
    """Share of the first k positions that bring a gold unit; always divided by k, however short the ranking is."""

    summary: ClassVar[str] = "share of the first k that are evidence"

    def _value(self, ranks: list[int], gold: int) -> float:
        return len(set(ranks)) / self.k

    def _chance(self, sizes: tuple[int, ...], size: int, case: Case) -> float:
        return chance.precision(sizes, size, case.reachable(self.unit), self.k)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class MRR(RankingMeasure):
    """Reciprocal of the first position with a gold unit, 0 beyond k (Voorhees 1999; trec_eval's recip_rank)."""

    summary: ClassVar[str] = "1 / position of the first evidence, 0 beyond k"

    def _value(self, ranks: list[int], gold: int) -> float:
        return 1.0 / ranks[0] if ranks else 0.0

    def _chance(self, sizes: tuple[int, ...], size: int, case: Case) -> float:
        return chance.reciprocal_rank(sizes, size, case.reachable(self.unit))


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class nDCG(RankingMeasure):
    """Discounted gain of the first k positions over that of a perfect ranking, binary gains.

    Järvelin and Kekäläinen 2002 with the discount 1/log2(p+1) of trec_eval's ndcg_cut. A perfect ranking has gold at
    each of its first min(E, k) positions, so with passages of several turns 1 may be out of reach.

    Attributes:
        discount: log2, or longmemeval: 1/log2(max(p,2)), which leaves positions 1 and 2 both undiscounted.
    """

    summary: ClassVar[str] = "evidence early in the first k, against a perfect ranking"

    unit: Unit = option("turn", UNITS, shown=True)
    discount: Discount = option("log2", ("log2", "longmemeval"))
    missing: Missing = option("none", MISSING)
    k: int = cutoff()

    def _value(self, ranks: list[int], gold: int) -> float:
        factors = self._factors(max(gold, *ranks) if ranks else gold)
        return sum(factors[rank - 1] for rank in set(ranks)) / sum(factors[:gold])

    def _chance(self, sizes: tuple[int, ...], size: int, case: Case) -> float:
        gold = len(case.gold(self.unit))
        factors = self._factors(max(len(sizes), gold))
        expected = chance.dcg(sizes, size, case.reachable(self.unit), factors)
        return expected / sum(factors[:gold])

    def _factors(self, positions: int) -> tuple[float, ...]:
        """Discounts of so many positions or somewhat more, but not beyond k."""
        return discounts(self.discount, min(self.k, -(-positions // _STEP) * _STEP))


@lru_cache(maxsize=256)
def discounts(kind: Discount, k: int) -> tuple[float, ...]:
    """Factors of positions 1 to k."""
    if kind == "log2":
        return tuple(1.0 / log2(position + 1) for position in range(1, k + 1))
    return tuple(1.0 / log2(max(position, 2)) for position in range(1, k + 1))
