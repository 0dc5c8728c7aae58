"""Every measure keeps the contract of measures, and the check finds measures that do not."""

from dataclasses import dataclass
from typing import ClassVar

import pytest

from memeval.kit.errors import ContractError
from memeval.scoring.measures import KNOWN, Measure, QuestionMeasure
from memeval.scoring.measures.facts import Case
from memeval.testing import check_measure


@pytest.mark.parametrize("name", KNOWN.own())
def test_measures_of_memeval(name: str) -> None:
    kind = KNOWN[name]
    check_measure(kind(**({"k": 2} if kind.has_cutoff() else {})))


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class _Faulty(QuestionMeasure):
    """Not registered, since its name begins with _."""

    summary: ClassVar[str] = "faulty"

    def applies(self, case: Case) -> bool:
        return True

    def value(self, case: Case) -> float | None:
        return 1.0


class _Chosen(_Faulty):
    def applies(self, case: Case) -> bool:
        return case.outcome is not None


class _Infinite(_Faulty):
    def value(self, case: Case) -> float | None:
        return float("inf")


class _Empty(_Faulty):
    label: ClassVar[tuple[str, ...]] = ("faulty", " ")


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        (_Chosen, "applies depends on what a strategy did"),
        (_Infinite, "gives inf: return a finite number"),
        (_Empty, "has an empty line"),
    ],
)
def test_the_check_catches(kind: type[Measure], sentence: str, monkeypatch: pytest.MonkeyPatch) -> None:
    measure = kind()
    monkeypatch.setattr("memeval.testing.measures.parse", lambda text: measure)
    with pytest.raises(ContractError, match=sentence):
        check_measure(measure)


def test_a_measure_that_is_not_known_by_its_name_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("memeval.testing.measures.parse", lambda text: KNOWN["ContextTokens"]())
    with pytest.raises(ContractError, match="_Faulty is read back as ContextTokens"):
        check_measure(_Faulty())
