"""The gate's parts: rules, baselines, pairing, decisions, reports."""

import errno
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.gates import ONES, RECALL, TOKENS, entry, verdict

from memeval.gating import Allowance, Check, Rule, Verdict, Verdicts, default_rules, judge, load_rules
from memeval.gating.pairing import pair
from memeval.gating.rules import read_rule
from memeval.gating.session import _default_rules
from memeval.gating.update import update
from memeval.kit.errors import BaselineError, ConfigError
from memeval.reports import gate as report
from memeval.scoring.baseline import load, load_all, save
from memeval.scoring.measures import ContextTokens, EvidenceRecall, IndexBytes, ReadSeconds, Recall

# Rules.


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ({"measure": "EvidenceRecall"}, Rule(EvidenceRecall())),
        ({"measure": "EvidenceRecall", "max_drop": "2%"}, Rule(EvidenceRecall(), Allowance(0.02, relative=True))),
        ({"measure": "ContextTokens", "max_rise": 3}, Rule(ContextTokens(), Allowance(3.0))),
        ({"measure": "ReadSeconds(p=50)", "max_ratio": 2}, Rule(ReadSeconds(), max_ratio=2.0)),
        (
            {"measure": "Recall@5", "confidence": 0.9, "by": "category", "runs": "*x*"},
            Rule(Recall(k=5), confidence=0.9, by_category=True, runs=("*x*",)),
        ),
    ],
)
def test_rules_are_read_and_print_as_they_are_written(text: dict[str, Any], expected: Rule, tmp_path: Path):
    assert read_rule(text) == expected
    path = tmp_path / "rules.yaml"
    path.write_text(f"rules:\n  - {expected}\n".replace("runs: [*x*]", "runs: ['*x*']"))
    assert load_rules(path) == (expected,)


@pytest.mark.parametrize(
    ("node", "named"),
    [
        ({"measure": "EvidenceRecal"}, "did you mean EvidenceRecall"),
        ({"measure": "EvidenceRecall", "max_dorp": 1}, "did you mean max_drop?"),
        ({"measure": "Recall(unit=turn", "rule=any)@5": None}, "in quotes"),
        ({"max_drop": 1}, "names no measure"),
        ({"measure": "EvidenceRecall", "max_drop": "much"}, "a number in the measure's unit"),
        ({"measure": "EvidenceRecall", "max_drop": True}, "no amount"),
        ({"measure": "EvidenceRecall", "max_drop": -1}, "negative"),
        ({"measure": "EvidenceRecall", "max_drop": float("nan")}, "could never fail"),
        ({"measure": "EvidenceRecall", "max_rise": 1}, "write max_drop"),
        ({"measure": "ContextTokens", "max_rise": 1, "max_drop": 1}, "two words"),
        ({"measure": "EvidenceRecall", "confidence": 95}, "e.g. confidence: 0.95"),
        ({"measure": "EvidenceRecall", "max_ratio": 2}, "max_drop, not max_ratio"),
        ({"measure": "ReadSeconds", "max_drop": 0.1}, "max_ratio: 2"),
        ({"measure": "ReadSeconds", "max_ratio": 0.5}, "fail at equal speed"),
        ({"measure": "ReadSeconds", "max_ratio": 2, "confidence": 0.9}, "one ratio"),
        ({"measure": "IndexBytes", "by": "category"}, "no categories"),
        ({"measure": "ItemsPerTurn"}, "neither good nor bad"),
        ({"measure": "EvidenceRecall", "by": "user"}, "by: category"),
        ({"measure": "EvidenceRecall", "runs": []}, "list of names"),
        ("EvidenceRecall", "is not a rule"),
    ],
)
def test_a_wrong_rule_is_explained(node: Any, named: str, tmp_path: Path):
    with pytest.raises(ConfigError, match="(?s).") as caught:
        read_rule(node)
    assert named in str(caught.value)


@pytest.mark.parametrize(
    ("node", "reason"),
    [
        ({"measure": "AnswerInContext", "max_drop": 5}, "max_drop: 5 of AnswerInContext could never fail"),
        ({"measure": "EvidenceRecall", "max_drop": 1}, "give less than 1, e.g. max_drop: 0.05"),
        ({"measure": "EvidenceRecall", "max_drop": "100%"}, "max_drop: 100% of EvidenceRecall"),
        ({"measure": "EvidenceRecall", "max_drop": float("inf")}, "give a finite number"),
        ({"measure": "EvidenceRecall", "max_drop": float("nan")}, "give a finite number"),
        ({"measure": "ContextTokens", "max_rise": float("inf")}, "max_rise: inf of ContextTokens could never fail"),
        (
            {"measure": "ReadSeconds(p=50)", "max_ratio": float("inf")},
            "max_ratio: inf of ReadSeconds(p=50) could never",
        ),
    ],
)
def test_a_rule_that_cannot_fail_is_refused(node: dict[str, Any], reason: str):
    with pytest.raises(ConfigError) as raised:
        read_rule(node)
    assert reason in str(raised.value)


@pytest.mark.parametrize(
    "node",
    [
        {"measure": "EvidenceRecall", "max_drop": 0.99},
        {"measure": "EvidenceRecall", "max_drop": "99%"},
        {"measure": "ContextTokens", "max_rise": 5_000},
        {"measure": "ContextTokens", "max_rise": "300%"},
    ],
)
def test_a_generous_rule_that_can_fail_is_a_rule(node: dict[str, Any]):
    assert read_rule(node).measure is not None


@pytest.mark.parametrize("text", ["", "rules: []", "rule:\n  - {measure: MRR@10}", "- {measure: [", "[]", "3"])
def test_a_file_without_rules_is_refused(text: str, tmp_path: Path):
    path = tmp_path / "rules.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match="rules.yaml"):
        load_rules(path)
    with pytest.raises(ConfigError, match="not there"):
        load_rules(tmp_path / "none.yaml")


def test_the_number_of_a_wrong_rule_is_said(tmp_path: Path):
    path = tmp_path / "rules.yaml"
    path.write_text("- {measure: MRR@10}\n- {measure: MRR}\n")
    with pytest.raises(ConfigError, match="rule 2: .*MRR@10"):
        load_rules(path)


def test_the_rules_of_the_guide_are_rules(root: Path, tmp_path: Path):
    guide = (root / "docs" / "gate.md").read_text(encoding="utf-8")
    path = tmp_path / "rules.yaml"
    path.write_text(guide.partition('```yaml title="gate/rules.yaml"\n')[2].partition("```")[0])
    rules = load_rules(path)
    assert len(rules) == 7
    assert [rule.confidence for rule in rules if rule.confidence] == [0.95]
    assert [str(verdict) for verdict in Verdict if f"| `{verdict}` |" not in guide] == []


# Verdicts.


@pytest.mark.parametrize(
    ("now", "max_drop", "expected"),
    [
        (ONES, 0, "same"),
        ([1, 1, 1, 1, 1, 1, 1, 0], 0, "worse"),
        ([1, 1, 1, 1, 1, 1, 1, 0], 0.125, "same"),
        ([1, 1, 1, 1, 1, 1, 1, 0], "12.5%", "same"),
        ([1, 1, 1, 1, 1, 1, 0, 0], 0.125, "worse"),
        ([1, 1, 1, 1, 1, 1, 1, 1 - 1e-7], 0, "same"),
    ],
)
def test_exact_rules_allow_what_they_say(now: list[float], max_drop: Any, expected: str):
    check = verdict(ONES, now, read_rule({"measure": "EvidenceRecall", "max_drop": max_drop}))
    assert check.verdict == expected
    assert verdict(now, ONES, Rule(EvidenceRecall())).verdict == ("same" if now[-1] > 0.5 else "better")
    flipped = verdict(now, ONES, read_rule({"measure": "ContextTokens", "max_rise": 0}))
    assert flipped.verdict == ("same" if now[-1] > 0.5 else "worse"), "more tokens are worse"


def test_the_worst_places_are_named_worst_first():
    now = [1.0, 0.0, 1.0, 0.5, 0.9, 1.0, 1.0, 1.0]
    check = verdict(ONES, now, Rule(EvidenceRecall()))
    assert [(fall.name, fall.now) for fall in check.questions] == [("q1", 0.0), ("q3", 0.5), ("q4", 0.9)]
    assert [(fall.name, fall.n) for fall in check.categories] == [("far", 4), ("near", 4)]
    text = report.sentence(check)
    assert "fell from 100.0 % to 80.0 %" in text and "-20 points" in text
    assert "q1 (far) 100.0 % to 0.0 %" in text and "far 100.0 % to 62.5 % (n = 4)" in text


def test_a_difference_is_visible_however_small():
    now = [1.0] * 9999 + [0.5]
    assert "fell from 100.0000 % to 99.9950 %" in report.sentence(verdict([1.0] * 10000, now, Rule(EvidenceRecall())))


def test_categories_are_checked_on_their_own():
    """What one category lost another has won: the whole is the same."""
    before, now = [1.0, 0.0] * 4, [0.0, 1.0] * 4
    rules = [Rule(EvidenceRecall()), Rule(EvidenceRecall(), by_category=True)]
    found = judge([entry({RECALL: before})], [entry({RECALL: now})], rules)
    assert [(check.category, str(check.verdict)) for check in found.checks] == [
        (None, "same"), ("near", "worse"), ("far", "better")
    ]  # fmt: skip
    assert found.exit_code == 1
    only = Rule(EvidenceRecall(), by_category=True, categories=("far",))
    assert judge([entry({RECALL: before})], [entry({RECALL: now})], [only]).exit_code == 0


def test_ratios_of_time():
    rule = Rule(ReadSeconds(), max_ratio=2.0)
    for now, expected in ((0.2, "worse"), (0.19, "same"), (0.05, "same"), (0.01, "better")):
        check = judge([entry({"ReadSeconds": 0.095})], [entry({"ReadSeconds": now})], [rule]).checks[0]
        assert check.verdict == expected, now
    rate = read_rule({"measure": "WriteRate", "max_ratio": 2})
    assert judge([entry({"WriteRate": 100.0})], [entry({"WriteRate": 40.0})], [rate]).exit_code == 1
    assert judge([entry({"WriteRate": 100.0})], [entry({"WriteRate": 300.0})], [rate]).exit_code == 0


def test_measures_of_dialogues():
    rule = read_rule({"measure": "IndexBytes", "max_rise": "10%"})
    before = replace(entry({str(IndexBytes()): [10.0] * 4}), questions=(), categories=(), clusters=np.zeros(0, int))
    for values, expected in (([11.0] * 4, "same"), ([10.0, 10, 10, 20], "worse")):
        now = replace(before, measures=entry({str(IndexBytes()): values}).measures)
        check = judge([before], [now], [rule]).checks[0]
        assert check.verdict == expected
    assert [(fall.name, fall.now) for fall in check.questions] == [("d3", 20.0)]


def test_runs_that_are_gone_new_or_broken():
    sound = entry({RECALL: ONES})
    for now, expected, code in (
        ([], "broken", 1),
        ([replace(sound, broken="3 questions failed")], "broken", 1),
        ([replace(sound, other_data="the data are gone")], "incomparable", 2),
    ):
        found = judge([sound], now, default_rules())
        assert [str(check.verdict) for check in found.checks] == [expected]
        assert found.exit_code == code
    new = judge([sound], [sound, entry({RECALL: ONES}, strategy="other", id="other-1")], [Rule(EvidenceRecall())])
    assert [str(check.verdict) for check in new.checks] == ["same", "new"] and new.exit_code == 0
    assert judge([], [], default_rules()).exit_code == 2, "nothing was checked"


@pytest.mark.parametrize(
    ("identity", "named"),
    [
        ({"budget": 50}, "budget was 100, is now 50"),
        ({"benchmark": {"sha256": "b"}}, "benchmark.sha256 was a, is now b"),
        ({"tokenizer": {"name": "u"}}, "tokenizer.name was t, is now u"),
        ({"judge": {"class": "x.Judge"}}, "judge was none, is now x.Judge"),
        ({"mode": "replay"}, "mode was questions, is now replay"),
    ],
)
def test_what_is_held_constant(identity: dict[str, Any], named: str):
    found = judge([entry({RECALL: ONES})], [entry({RECALL: ONES}, id="mine-2", **identity)], default_rules())
    assert found.exit_code == 2
    assert named in found.checks[0].reason


def test_what_may_change_is_noted():
    now = entry({RECALL: ONES}, id="mine-2", memory={"turns": 3}, document={"before": "x"})
    found = judge([entry({RECALL: ONES}, memory={"turns": 4})], [now], [Rule(EvidenceRecall())])
    assert found.exit_code == 0
    assert found.notes == ("mine: memory.turns: 4 -> 3; document.before: none -> x",)


def test_another_definition_or_denominator_is_not_compared():
    old = entry({RECALL: ONES})
    other = replace(old.measures[RECALL], definition={**old.measures[RECALL].definition, "missing": "1"})
    check = judge([old], [replace(old, measures={RECALL: other})], [Rule(EvidenceRecall())]).checks[0]
    assert check.verdict == "incomparable" and "(missing)" in check.reason
    fewer = verdict(ONES, [*ONES[:-1], float("nan")], Rule(EvidenceRecall()))
    assert fewer.verdict == "incomparable" and "other questions" in fewer.reason
    gone = verdict(ONES, [float("nan")] * 8, Rule(EvidenceRecall()))
    assert gone.verdict == "broken" and "was there and is gone" in gone.reason
    assert verdict([float("nan")] * 8, ONES, Rule(EvidenceRecall())).verdict == "new"
    absent = judge([entry({RECALL: ONES})], [entry({RECALL: ONES, TOKENS: ONES})], [Rule(ContextTokens())]).checks[0]
    assert absent.verdict == "incomparable" and "the baseline holds no ContextTokens" in absent.reason
    questions = judge([entry({RECALL: ONES})], [entry({RECALL: ONES[:6]})], [Rule(EvidenceRecall())])
    assert "2 are gone, 0 are new" in questions.checks[0].reason


@given(st.permutations(range(5)), st.sets(st.integers(0, 4)))
def test_pairs_do_not_depend_on_order_and_lose_nobody(order: list[int], renamed: set[int]):
    before = [entry({RECALL: ONES}, strategy=f"s{i}", id=f"s{i}-old") for i in range(5)]
    now = [entry({RECALL: ONES}, strategy=f"s{i}", id=f"s{i}-{'new' if i in renamed else 'old'}") for i in order]
    pairs = pair(before, now)
    assert [(each.before.record.name, each.now.record.name) for each in pairs if each.before and each.now] == [
        (f"s{i}", f"s{i}") for i in range(5)
    ]


def test_two_runs_of_one_name_are_not_mixed_up():
    first, second = (entry({RECALL: ONES}, id=f"mine-{i}", budget=budget) for i, budget in ((1, 100), (2, 200)))
    moved = [replace(each, record=replace(each.record, id=f"{each.id}x")) for each in (second, first)]
    found = pair([first, second], moved)
    assert [(each.before.id, each.now.id) for each in found if each.before and each.now] == [
        ("mine-1", "mine-1x"), ("mine-2", "mine-2x")
    ]  # fmt: skip
    same = [entry({RECALL: ONES}, id=f"mine-{i}") for i in (3, 4)]
    assert all(each.now is None or each.before is None for each in pair([first], same)), "ambiguous: better say so"


def test_runs_with_a_language_model_are_judged_with_confidence_by_default():
    model = {"option": "reader/llm", "version": 1, "llm": {"option": "llm/litellm", "version": 1}}
    plain, read = entry({RECALL: ONES}), entry({RECALL: ONES}, strategy="read", id="read-1", reader=model)
    assert all(rule.confidence is None and not rule.runs for rule in _default_rules([plain]))
    rules = list(_default_rules([plain, read]))
    found = judge([plain, read], [plain, read], rules)
    assert [(check.name, check.rule and check.rule.confidence) for check in found.checks] == [
        ("mine", None), ("read", 0.95)
    ]  # fmt: skip


# Baselines.


def test_a_baseline_is_read_as_it_was_written(tmp_path: Path):
    values = [1.0, 0.333333, float("nan"), 0.0, 1.0, 0.5, 0.25, 1.0]
    kept = entry(
        {RECALL: values, TOKENS: [float(i) for i in range(8)], "ReadSeconds": 0.001, "MRR@10": [float("nan")] * 8}
    )
    save(kept, tmp_path / "mine-1")
    (again,) = load_all(tmp_path)
    for name in ("record", "questions", "categories", "dialogues"):
        assert getattr(again, name) == getattr(kept, name)
    assert (again.clusters == kept.clusters).all()
    for name, measured in kept.measures.items():
        assert again.measures[name].value == measured.value and again.measures[name].definition == measured.definition
        if measured.values is not None:
            np.testing.assert_array_equal(again.measures[name].values, measured.values)
    assert judge([again], [kept], default_rules()).exit_code == 0
    assert again.measures[str(ReadSeconds())].values is None


def test_a_full_disk_leaves_the_old_baseline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    save(entry({RECALL: ONES}), tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    synced: list[int] = []

    def full(descriptor: int) -> None:
        synced.append(descriptor)
        if len(synced) == 2:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(BaselineError, match="No space left"):
        save(entry({RECALL: [0.0] * 8}), tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize("damage", ["{", '{"baseline_version": 99}', '{"baseline_version": 1}', None])
def test_a_damaged_baseline_is_explained(damage: str | None, tmp_path: Path):
    save(entry({RECALL: ONES}), tmp_path)
    if damage is None:
        (tmp_path / "run.json").unlink()
    else:
        (tmp_path / "scores.json").write_text(damage)
    with pytest.raises(BaselineError, match="--update"):
        load(tmp_path)


def test_an_update_replaces_adds_and_keeps(tmp_path: Path):
    old = [entry({RECALL: ONES}, strategy=name, id=f"{name}-1") for name in ("a", "b", "c")]
    for each in old:
        save(each, tmp_path / "deep" / each.id)
    before = load_all(tmp_path)
    now = [
        entry({RECALL: ONES}, strategy="a", id="a-1"),
        entry({RECALL: ONES[:7] + [0.0]}, strategy="b", id="b-2", memory={"k": 1}),
        entry({RECALL: ONES}, strategy="d", id="d-1"),
    ]
    done = {each.name: each for each in update(tmp_path, before, now)}
    assert {name: each.what for name, each in done.items()} == {
        "a": "unchanged", "b": "changed", "c": "kept", "d": "written"
    }  # fmt: skip
    assert sorted(path.name for path in (tmp_path / "deep").iterdir()) == ["a-1", "b-2", "c-1", "d-1"]
    text = report.updated(list(done.values()))
    assert "memory.k: none -> 1" in text and f"{RECALL}: 100.0 % -> 87.5 %" in text
    with pytest.raises(BaselineError, match="2 questions failed"):
        update(tmp_path, load_all(tmp_path), [replace(now[0], broken="2 questions failed"), now[2]])


# Reports.

HOSTILE = Check(
    "own",
    "a|b-1",
    "<script>|`x`*[y](z)",
    Verdict.BROKEN,
    reason="first (q1) with Error: [bold]a|b\n</failure> \x00 <b>",
)


def test_names_and_errors_are_never_markup():
    found = Verdicts((HOSTILE,), ("<i>: a -> b",))
    text = report.markdown(found)
    assert "<script>" not in text and "</failure>" not in text and "\\|b" in text
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert len({line.replace("\\|", "").count("|") for line in rows}) == 1, "the table keeps its columns"
    suite = ElementTree.fromstring(report.junit(found).encode())
    assert "</failure>" in str(suite.find(".//failure").get("message"))  # type: ignore[union-attr]
    assert any("[bold]a|b" in line.text for line in report.terminal(found, 200))


def test_a_terminal_of_100_columns_shows_every_number():
    rules = [Rule(EvidenceRecall(), by_category=True), Rule(ContextTokens(), confidence=0.95)]
    rules.append(Rule(ReadSeconds(), max_ratio=2.0))
    values = {RECALL: ONES, TOKENS: [1999.0, 2000.0] * 4, "ReadSeconds": 1.5}
    name = "sliding_window_of_mine"
    found = judge([entry(values, strategy=name)], [entry(values, strategy=name)], rules)
    lines = [line.text for line in report.terminal(found, 100)]
    shown = "\n".join(lines)
    assert max(map(len, lines)) <= 100
    assert "…" not in shown and name in shown
    for line in ("EvidenceRecall near, %", "ContextTokens, tokens", "ReadSeconds(p=50), ms", "2 times", "2,000"):
        assert line in shown


def test_machines_get_every_fact():
    rules = [Rule(EvidenceRecall(), by_category=True), Rule(ContextTokens(), Allowance(0.1, relative=True))]
    now = entry({RECALL: [0.0, 1.0] * 4, TOKENS: [12.0] * 8})
    found = judge([entry({RECALL: ONES, TOKENS: [10.0] * 8})], [now], rules)
    content = json.loads(report.to_json(found))
    assert content["exit_code"] == 1 and content["counts"]["worse"] == 2
    near, far, tokens = content["checks"]
    assert (near["category"], near["verdict"], near["before"], near["now"]) == ("near", "worse", 1.0, 0.0)
    assert far["verdict"] == "same" and tokens["allowed"] == 1.0 and tokens["verdict"] == "worse"
    cases = ElementTree.fromstring(report.junit(found).encode()).findall(".//testcase")
    assert [case.get("name") for case in cases] == [f"{RECALL} in near", f"{RECALL} in far", TOKENS]
    assert [len(case) for case in cases] == [1, 0, 1]
    assert "rose from 10 tokens to 12 tokens (+2 tokens, allowed 10% = 1 tokens" in report.message(found)
