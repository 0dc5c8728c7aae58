"""The gate with confidence: its false alarms are as seldom as stated, its power is what it prints."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from support.gates import ONES, RECALL, entry

from memeval.gating import Rule, judge
from memeval.gating.decision import Test as Asked
from memeval.gating.decision import decide
from memeval.reports import gate as report
from memeval.scoring.measures import EvidenceRecall


def noisy(rng: np.random.Generator, dialogues: int, drop: float = 0.0, questions: int = 20) -> Asked:
    """Differences of two runs that vary by dialogue and by question."""
    clusters = np.repeat(np.arange(dialogues), questions)
    drops = drop + rng.normal(0, 0.05, dialogues)[clusters] + rng.normal(0, 0.3, len(clusters))
    return Asked(drops, clusters, 0.0, 0.05)


def answers(rng: np.random.Generator, dialogues: int, drop: float = 0.0, questions: int = 20) -> Asked:
    """Yes and no, asked twice of a reader that changes one answer in six; `drop` of those it knew are lost."""
    clusters = np.repeat(np.arange(dialogues), questions)
    knows = 1 / (1 + np.exp(-rng.normal(0, 0.8, dialogues)[clusters] - rng.normal(0, 1, len(clusters))))
    before = rng.random(len(clusters)) < knows
    now = np.where(rng.random(len(clusters)) < 1 / 6, rng.random(len(clusters)) < knows, before)
    now &= rng.random(len(clusters)) >= drop
    return Asked(before.astype(np.float64) - now, clusters, 0.0, 0.05)


@pytest.mark.parametrize("make", [noisy, answers])
@pytest.mark.parametrize("dialogues", [6, 30])
def test_false_alarms_are_as_seldom_as_stated(make: Any, dialogues: int):
    """1,000 pairs without a change, asked three things at once: at most 5 % fail, within three standard errors."""
    rng = np.random.default_rng(5)
    alarms = sum(any(each.worse for each in decide([make(rng, dialogues) for _ in range(3)])) for _ in range(1000))
    assert alarms / 1000 <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 1000)


@pytest.mark.parametrize("make", [noisy, answers])
@pytest.mark.parametrize("allowed", [0.0, 0.02])
def test_power_is_as_the_minimum_detectable_effect_says(make: Any, allowed: float):
    """A drop of the size that `sees` states is found about four times in five, half of it much more seldom."""
    rng = np.random.default_rng(6)
    sees = np.median([decide([make(rng, 30)._replace(allowed=allowed)])[0].sees for _ in range(200)])
    shares = []
    for drop in (sees, (sees + allowed) / 2):
        # Half of the questions are known at first, so that twice the share of those has to be lost.
        pairs = [make(rng, 30, float(drop) * (2 if make is answers else 1)) for _ in range(1000)]
        assert np.mean([each.drops.mean() for each in pairs]) == pytest.approx(drop, rel=0.1)
        shares.append(np.mean([decide([each._replace(allowed=allowed)])[0].worse for each in pairs]))
    assert 0.74 <= shares[0] <= 0.87
    assert shares[1] < 0.5


def test_confidence_forgives_noise_and_not_a_fall():
    rng = np.random.default_rng(7)
    before = (rng.random(400) < 0.7).astype(float)
    shaken = np.where(rng.random(400) < 0.05, rng.random(400) < 0.7, before)
    fallen = np.where(rng.random(400) < 0.15, 0.0, before)
    rule = Rule(EvidenceRecall(), confidence=0.95)
    for now, expected in ((shaken, "same"), (fallen, "worse")):
        old, new = (replace(entry({RECALL: each}, dialogues=10)) for each in (before, now))
        found = judge([old], [new], [rule])
        assert found.checks[0].verdict == expected
        assert found.checks[0].sees is not None and 0 < found.checks[0].sees < 0.1
        assert found.checks[0].p is not None
        assert "four times in five" in " ".join(report.meaning(found))


def test_many_questions_asked_at_once_do_not_add_up_to_alarms():
    rng = np.random.default_rng(8)
    tests = [noisy(rng, 30, 0.04)] + [noisy(rng, 30) for _ in range(30)]
    assert decide(tests)[0].p > decide(tests[:1])[0].p
    assert decide(tests)[0].sees > decide(tests[:1])[0].sees  # type: ignore[operator]


def test_one_dialogue_gives_no_confidence():
    rule = Rule(EvidenceRecall(), confidence=0.95)
    old, new = (entry({RECALL: each}, dialogues=1) for each in (ONES, [0.0] * 8))
    (check,) = judge([old], [new], [rule]).checks
    assert check.verdict == "incomparable" and "use more dialogues" in check.reason
    assert judge([old], [new], [Rule(EvidenceRecall())]).exit_code == 1


def test_two_questions_that_fell_are_no_proof():
    drops = np.zeros(40)
    drops[[0, 10]] = 1.0
    assert decide([Asked(drops, np.repeat(np.arange(4), 10), 0.0, 0.05)])[0].p > 0.05
    drops[[1, 11, 20, 21, 30, 31]] = 1.0
    assert decide([Asked(drops, np.repeat(np.arange(4), 10), 0.0, 0.05)])[0].worse


def test_equal_runs_still_say_what_would_have_been_seen():
    """Yes and no: how much a drop would shake the pairs is known without seeing one."""
    same = Asked(np.zeros(400), np.repeat(np.arange(20), 20), 0.0, 0.05)
    sees = decide([same])[0].sees
    assert sees is not None and 0.01 < sees < 0.03
    assert decide([same._replace(allowed=0.1)])[0].sees == pytest.approx(0.1 + sees)
