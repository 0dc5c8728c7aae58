"""Comparison: what is refused, who is tested against whom, what is said of it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from support.rows import IDENTITY, meta, read_back, row

from memeval.comparison import best, check_comparable, compare, setbacks, timing_differences
from memeval.comparison.stats import holm, paired
from memeval.kit.errors import BaselineError, ConfigError
from memeval.records.runs import Run
from memeval.reports.comparison import comparison_report, setback_notes
from memeval.reports.layout import report_lines
from memeval.scoring.measures import ContextTokens, EvidenceRecall, ReadSeconds, WriteSeconds

RECALL = EvidenceRecall()


def values(share: float, n: int = 240, seed: int = 0) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Yes/no values; those of a higher share include those of a lower one, up to a tenth of noise."""
    ease = np.random.default_rng(1).random(n) + np.random.default_rng(seed).normal(0, 0.05, n)
    return (ease < share).astype(np.float64)


def stored(identity: Mapping[str, Any] | None = None, **changes: Any) -> Run:
    node = {**meta(**(identity or {})), **changes}
    return Run(row("none+bm25", [1.0, 0.0]).run.folder, read_back(node))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (
            {"benchmark": {**IDENTITY["benchmark"], "sha256": "bb" * 32}},
            ["other data", "sha256 is aaaaaaaaaaaa", "bbb"],
        ),
        ({"benchmark": {**IDENTITY["benchmark"], "gold": "audited"}}, ["other data", "gold is published and audited"]),
        ({"benchmark": {"name": "other"}}, ["other data", "name is toy and other"]),
        ({"limit": 3}, ["other questions", "limit=None and limit=3"]),
        ({"mode": "replay"}, ["other questions", "mode=questions and mode=replay"]),
        ({"budget": 8000}, ["budget is 500 and 8,000", "across=budget"]),
        ({"tokenizer": {"name": "cl100k_base"}}, ["tokenizer is o200k_base and cl100k_base", "across=tokenizer"]),
        ({"isolation": "shared"}, ["isolation is separate and shared", "across=isolation"]),
        ({"judge": {"_target_": "x"}}, ["judge is None", "across=judge"]),
        ({"forget": 0.5}, ["forget is 0.0 and 0.5", "across=forget"]),
    ],
)
def test_what_means_something_else_is_refused_by_both_names(change: dict[str, Any], says: list[str]) -> None:
    one, other = stored(IDENTITY), stored({**IDENTITY, **change}, id="the-other")
    with pytest.raises(BaselineError) as refused:
        check_comparable([one, one, other])
    for words in [*says, one.id, "the-other"]:
        assert words in str(refused.value)


def test_what_was_asked_for_may_differ_and_nothing_else() -> None:
    one, other = stored(), stored({"budget": 8000, "isolation": "shared"}, id="the-other")
    with pytest.raises(BaselineError, match="across=budget,isolation to see"):
        check_comparable([one, other], {"budget"})
    check_comparable([one, other], {"budget", "isolation"})
    with pytest.raises(BaselineError, match="their budget"):
        check_comparable([one, other], {"isolation"})
    check_comparable([one, other], {"isolation"}, fixed={"the-other"})
    full = stored({"budget": 128_000}, id="full")
    check_comparable([full, one, one], fixed={"full"})
    with pytest.raises(BaselineError, match="their budget is 500 and 2,000"):
        check_comparable([full, one, stored({"budget": 2000}, id="more")], fixed={"full"})
    with pytest.raises(ConfigError, match="across=gold is not among"):
        check_comparable([one, one], {"gold"})


def test_memory_document_and_code_may_differ() -> None:
    changed = stored({"memory": {"_target_": "other"}, "document": {"_target_": "dates"}}, code="other")
    check_comparable([stored(), changed])


def test_an_unfinished_run_is_refused() -> None:
    with pytest.raises(BaselineError, match="not finished.*goes on where it stopped"):
        check_comparable([stored(), stored(status="unfinished")])


def test_the_best_is_the_reference_unless_one_is_named() -> None:
    rows = [row("none+bm25", values(0.5)), row("none+graph", values(0.8)), row("oracle", values(2.0))]
    found = compare(rows, [RECALL])
    assert found.picked and found.reference is rows[1], "a fixed row has no rivals"
    assert found.lines[1].tested is None and found.lines[2].tested is None
    tested = found.lines[0].tested
    assert tested is not None and tested.verdict == "worse" and tested.paired.difference < 0
    named = compare(rows, [RECALL], reference=rows[0])
    assert not named.picked and named.lines[1].tested is not None and named.lines[1].tested.verdict == "better"
    fast = replace(rows[0]), row("none+kv", {ContextTokens(): values(0.2) + 10})
    cheap = [row("none+bm25", {ContextTokens(): values(0.5) + 10}), fast[1]]
    assert compare(cheap, [ContextTokens()]).reference is cheap[1], "fewer tokens are better"
    assert best([rows[2]], RECALL) is rows[2]


def test_tests_are_corrected_for_all_that_was_looked_at() -> None:
    rows = [row(f"none+r{i}", values(0.5 + i / 30, seed=i)) for i in range(5)]
    picked, named = compare(rows, [RECALL]), compare(rows, [RECALL], reference=rows[4])
    assert picked.reference is rows[4]
    p_values = {
        (i, j): paired(rows[i].scores.values[RECALL], rows[j].scores.values[RECALL], rows[0].scores.clusters).p_value  # type: ignore[union-attr]
        for i in range(5)
        for j in range(i + 1, 5)
    }
    by_hand = dict(zip(p_values, holm(list(p_values.values())), strict=True))
    against = holm([p_values[i, 4] for i in range(4)])
    assert (picked.family, named.family) == (10, 4)
    for i in range(4):
        tested, asked = picked.lines[i].tested, named.lines[i].tested
        assert tested is not None and asked is not None
        assert np.isclose(tested.p_holm, by_hand[i, 4]) and np.isclose(asked.p_holm, against[i])
        assert tested.p_holm >= asked.p_holm >= asked.paired.p_value


def test_runs_without_a_difference_raise_no_alarm() -> None:
    """Of five equally good runs the best is the reference: at most one time in twenty may a loser be named."""
    rng = np.random.default_rng(4)
    alarms, repeats = 0, 500
    for _ in range(repeats):
        ease = rng.random(100)
        rows = [row(f"none+r{i}", (ease + rng.normal(0, 0.2, 100) < 0.7) * 1.0, dialogues=10) for i in range(5)]
        found = compare(rows, [RECALL], resamples=200)
        alarms += any(line.tested is not None and line.tested.verdict == "worse" for line in found.lines)
    # The simulation itself has a standard deviation of one point.
    assert alarms / repeats <= 0.06


def test_verdicts_say_same_undecided_and_direction() -> None:
    base = values(0.6)
    nearly = base.copy()
    nearly[[3, 77]] = 1 - nearly[[3, 77]]
    rows = [row("none+a", base), row("none+b", base), row("none+c", nearly), row("none+d", values(0.2))]
    verdicts = [line.tested and line.tested.verdict for line in compare(rows, [RECALL], reference=rows[0]).lines]
    assert verdicts == [None, "same", "undecided", "worse"]
    slow = [row("none+a", {ContextTokens(): base}), row("none+b", {ContextTokens(): base + 5 + values(0.5)})]
    found = compare(slow, [ContextTokens()], reference=slow[0])
    assert found.lines[1].tested is not None and found.lines[1].tested.verdict == "worse", "more tokens are worse"


def test_a_verdict_needs_the_interval_too() -> None:
    """The t-test and the bootstrap do not always agree near the edge; then nothing is sure."""
    disagreed = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        # Of three questions in ten only one of the two runs has the evidence, b three times as often as a.
        chance = rng.random(60)
        a, b = (chance > 0.3) | (chance < 0.075), chance > 0.075
        found = compare([row("none+a", a * 1.0, 12), row("none+b", b * 1.0, 12)], [RECALL], resamples=300)
        tested = found.lines[0].tested or found.lines[1].tested
        assert tested is not None
        interval = tested.paired.interval
        if tested.p_holm <= 0.05 and (interval is None or interval.holds(0.0)):
            disagreed += 1
            assert tested.verdict == "undecided"
        elif tested.verdict in ("better", "worse"):
            assert tested.p_holm <= 0.05 and interval is not None and not interval.holds(0.0)
    assert disagreed, "the simulation shows no such case"


def test_categories_are_tested_within_themselves() -> None:
    groups = ["easy", "hard"] * 120
    low, high = values(0.6), values(0.6)
    high[1::2] = 1.0
    rows = [row("none+a", low, categories=groups), row("none+b", high, categories=groups)]
    found = compare(rows, [RECALL], by_category=True)
    line = found.lines[0]
    assert line.categories["easy"].n == line.categories["hard"].n == 120
    assert line.tested_categories["easy"].verdict == "same"
    assert line.tested_categories["hard"].verdict == "worse"
    assert line.tested_categories["hard"].paired.n == 120
    assert found.lines[1].categories["hard"].interval is None, "all are right: no spread"
    assert compare(rows, [RECALL]).lines[0].categories == {}


def test_intervals_stay_within_what_a_share_can_be() -> None:
    nearly = np.ones(240)
    nearly[[5, 100]] = 0.0
    rows = [row("none+a", nearly), row("none+b", 1 - nearly)]
    high, low = (line.estimates[RECALL].interval for line in compare(rows, [RECALL]).lines)
    assert high is not None and low is not None
    assert high.high == 1.0 and low.low == 0.0


def test_percentiles_and_dialogue_measures_have_their_own_intervals() -> None:
    seconds = np.random.default_rng(2).lognormal(-5, 0.5, 240)
    measures = [RECALL, ReadSeconds(p=95), WriteSeconds()]
    rows = [
        row("none+a", {RECALL: values(0.5), measures[1]: seconds, measures[2]: np.arange(6.0)}),
        row("none+b", {RECALL: values(0.7), measures[1]: seconds * 2, measures[2]: np.ones(6)}),
    ]
    line = compare(rows, measures).lines[0]
    late, writing = line.estimates[measures[1]], line.estimates[measures[2]]
    assert late.value == np.percentile(seconds, 95) and late.interval is not None
    assert late.interval.low <= late.value <= late.interval.high
    assert writing.n == 6 and writing.interval is not None and writing.interval.holds(2.5)
    with pytest.raises(ConfigError, match="comes first but is no mean"):
        compare(rows, [measures[1], RECALL])
    with pytest.raises(ConfigError, match="no comparison"):
        compare(rows[:1], [RECALL])


def test_runs_on_other_questions_are_never_paired() -> None:
    with pytest.raises(BaselineError, match="scores of other questions"):
        compare([row("none+a", values(0.5)), row("none+b", values(0.5, n=120))], [RECALL])


def test_times_of_other_machines_code_and_workers_are_marked() -> None:
    here = row("none+a", {RECALL: values(0.6), ReadSeconds(): values(0.5)})
    there = row("none+b", {RECALL: values(0.5), ReadSeconds(): values(0.5)}, code="newer", 
                execution={"finished_at": "2026-11-28", "workers": 4}, environment={**meta()["environment"],
                "platform": "Darwin arm64", "cores": 10})  # fmt: skip
    assert timing_differences(here.run, here.run) == ()
    assert timing_differences(here.run, there.run) == ("code", "platform", "number of cores", "number of workers")
    comparison = compare([here, there], [RECALL, ReadSeconds()])
    report = comparison_report(comparison, [here, there], "toy")
    assert report.grids[0].texts[1][-1].endswith("*") and not report.grids[0].texts[0][-1].endswith("*")
    assert any("code, platform, number of cores, number of workers" in line for line in report.findings)


def combined(parts: list[str], name: str = "hybrid") -> dict[str, Any]:
    nodes = [{"_target_": part, "scope": f"<scope>/{part}"} for part in parts]
    return {"memory": {**IDENTITY["memory"], "retriever": {"_target_": name, "parts": nodes}}}


def alone(part: str, **identity: Any) -> dict[str, Any]:
    return {"memory": {**IDENTITY["memory"], "retriever": {"_target_": part, "scope": "<scope>"}}, **identity}


def test_a_hybrid_behind_its_better_part_is_told() -> None:
    hybrid = row("none+hybrid", values(0.60), identity=combined(["bm25", "vector"]))
    bm25, vector = (
        row("none+bm25", values(0.5), identity=alone("bm25")),
        row("none+vector", values(0.64), identity=alone("vector")),
    )
    found = list(setbacks([bm25, hybrid, vector], RECALL))
    assert [(each.whole, each.part) for each in found] == [(hybrid, vector)]
    assert np.isclose(found[0].difference, (values(0.60) - values(0.64)).mean())
    (sentence,) = setback_notes([bm25, hybrid, vector])
    assert sentence.startswith("hybrid alone is ") and " than vector alone at budget 500: -" in sentence
    assert " points (95 % -" in sentence
    assert list(setbacks([bm25, hybrid], RECALL)) == [], "better than the part that is there"
    assert list(setbacks([vector, bm25], RECALL)) == []


@pytest.mark.parametrize(
    "identity",
    [
        alone("vector", budget=2000),
        {"memory": {**alone("vector")["memory"], "window": {"_target_": "w"}}},
        alone("vector", tokenizer={"name": "cl100k_base"}),
        alone("graph"),
    ],
)
def test_a_part_under_other_terms_is_no_part(identity: dict[str, Any]) -> None:
    hybrid = row("none+hybrid", values(0.5), identity=combined(["bm25", "vector"]))
    assert setback_notes([hybrid, row("none+vector", values(0.9), identity=identity)]) == []


def test_worse_is_said_only_where_the_interval_says_so() -> None:
    hybrid = row("none+hybrid", values(0.3), identity=combined(["bm25", "vector"]))
    vector = row("none+vector", values(0.7), identity=alone("vector"))
    assert setback_notes([hybrid, vector])[0].startswith("hybrid alone is worse than vector alone")
    nearly = values(0.3).copy()
    nearly[[int(np.argmin(nearly))]] = 1.0
    close = row("none+vector", nearly, identity=alone("vector"))
    assert setback_notes([hybrid, close])[0].startswith("hybrid alone is not better than vector alone")
    single = [
        replace(each, scores=replace(each.scores, clusters=np.zeros(240, dtype=np.int64))) for each in (hybrid, vector)
    ]
    assert "too few dialogues for an interval" in setback_notes(single)[0]


def test_one_dialogue_has_no_interval_and_says_why() -> None:
    rows = [row("none+a", values(0.6), 1), row("none+b", values(0.4), 1)]
    comparison = compare(rows, [RECALL])
    assert all(line.estimates[RECALL].interval is None for line in comparison.lines)
    report = comparison_report(comparison, rows, "toy")
    assert any("one dialogue" in line for line in report.findings)
    assert report.grids[0].texts[0][3] == "–"


def test_rows_that_differ_in_nothing_named_are_told_apart_by_id() -> None:
    rows = [row("none+a", values(0.6), id="first"), row("none+a", values(0.4), id="second")]
    grid = comparison_report(compare(rows, [RECALL]), rows, "toy").grids[0]
    assert [cells[2] for cells in grid.texts] == ["first", "second"]


def test_a_narrow_screen_loses_no_column() -> None:
    rows = [
        row("none+a", {RECALL: values(0.6), ContextTokens(): values(0.5) + 1000, ReadSeconds(): values(0.5)}),
        row("none+b", {RECALL: values(0.4), ContextTokens(): values(0.5) + 3000, ReadSeconds(): values(0.1)}),
    ]
    report = comparison_report(compare(rows, [RECALL, ContextTokens(), ReadSeconds()]), rows, "toy")
    for width in (60, 100):
        lines = [line.text for line in report_lines(report, width, rules=True)]
        text = "\n".join(lines)
        assert max(map(len, lines)) <= width
        assert "…" not in text and "verdict" in text and "detectable" in text and "3,000" in text
