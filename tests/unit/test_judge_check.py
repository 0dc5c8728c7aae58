import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memeval.answers import judge_check
from memeval.answers.judge import Judge
from memeval.answers.judge_check import ALL, cases, check, keep, kept, notes, wilson
from memeval.cli.main import main
from memeval.llm.scripted import Scripted


def judge(*rules: dict[str, object], repeats: int = 1) -> Judge:
    return Judge(Scripted(rules=list(rules)), None, repeats, "Grade it.", "It cannot be answered.")


def says(match: str, correct: bool, abstained: bool) -> dict[str, object]:
    return {"match": match, "reply": {"reason": "as told", "correct": correct, "abstained": abstained}}


def test_cases_are_whole() -> None:
    known = cases()
    assert len(known) >= 60
    assert len({case.id for case in known}) == len({(case.question, case.answer) for case in known}) == len(known)
    assert {case.correct for case in known if case.kind in ("paraphrase", "right-abstention", "format")} == {True}
    assert {case.correct for case in known if case.kind in ("vague", "contradiction", "wrong-entity")} == {False}
    assert all(case.answers for case in known if case.kind not in ("right-abstention", "invented"))


@pytest.mark.parametrize(
    ("count", "n", "low", "high"),
    # Newcombe 1998, table I, method 3.
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_as_published(count: int, n: int, low: float, high: float) -> None:
    assert wilson(count, n) == pytest.approx((low, high), abs=5e-5)


@given(st.integers(1, 200).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_holds_the_share_and_is_symmetric(given_: tuple[int, int]) -> None:
    count, n = given_
    low, high = wilson(count, n)
    assert 0 <= low <= count / n <= high <= 1
    assert wilson(n - count, n) == pytest.approx((1 - high, 1 - low))


def test_a_judge_that_accepts_everything_accepts_everything_wrong() -> None:
    rates = check(judge(says("It cannot", True, True), says(".", True, False)), cases())
    wrong, right = rates[:2]
    assert (wrong.kind, wrong.correct, right.kind, right.correct) == (ALL, False, ALL, True)
    assert wrong.wrong == wrong.n > 0 and right.wrong == 0 < right.n
    assert wrong.n + right.n == len(cases())
    assert sum(rate.n for rate in rates[2:]) == len(cases())


def test_unusable_verdicts_are_neither_right_nor_wrong() -> None:
    rates = check(judge({"match": ".", "reply": "perhaps"}), cases())
    assert all(rate.n == 0 and rate.unusable > 0 for rate in rates)
    assert rates[0].interval == (0.0, 1.0)


def test_rates_are_kept_by_judge(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMEVAL_CACHE", str(tmp_path))
    one, other = judge(says(".", False, False)), judge(says(".", False, False), repeats=3)
    rates = check(one, cases())
    assert notes([one.fingerprint]) == ["judge not checked: memeval judge-check"]
    keep(one.fingerprint, rates)
    assert kept(one.fingerprint) == rates
    assert kept(other.fingerprint) is None
    keep(other.fingerprint, rates[:1])
    keep(other.fingerprint, rates[:2])
    assert kept(other.fingerprint) == rates[:2], "the latest check counts"
    said = notes([one.fingerprint, one.fingerprint, None])
    assert len(said) == 1 and "false accept 0.0 %" in said[0] and "false reject 100.0 %" in said[0]
    monkeypatch.setattr(judge_check, "CASES", Path(__file__))
    assert kept(one.fingerprint) is None, "other cases are another check"


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("MEMEVAL_CACHE", str(tmp_path))
    assert main(["judge-check", "llm@judge_llm=scripted"]) == 0
    printed = capsys.readouterr().out
    assert re.search(r"all\s.*false accept .*0\.0 %", printed) and "vague" in printed
    assert main(["judge-check"]) == 2
    assert "judge=llm needs a model" in capsys.readouterr().err


def test_the_rates_stand_beside_every_judged_score(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MEMEVAL_CACHE", str(tmp_path / "cache"))
    judged = ["judge=llm", "judge.repeats=3", "llm=scripted"]
    words = ["run", "-m", "benchmark=demo", "limit=1", "strategy=truncation,sliding_window", "retriever=none"]
    words += ["references=[]", "reader=llm", *judged, f"results={tmp_path / 'runs'}", "progress=off"]
    assert main(words) == 0
    told = capsys.readouterr().out
    assert re.search(r"judged correct: JudgedAccuracy.*\n.*judge not checked: memeval judge-check", told)
    assert re.search(r"judge agrees: JudgeAgreement.*n = 40", told)
    assert main(["judge-check", *judged]) == 0
    checked = r"judge checked: false accept 0\.0 % \(95 % interval 0\.0 to \d\.\d, n = \d+\), false reject 100\.0 %"
    runs = f"results={tmp_path / 'runs'}"
    capsys.readouterr()
    commands = [words, ["score", "*", runs], ["compare", "*", runs], ["compare", "*", runs, "format=markdown"]]
    commands.append(["show", "truncation", "--results", str(tmp_path / "runs")])
    for command in commands:
        assert main(command) == 0
        shown = " ".join(capsys.readouterr().out.split())
        assert re.search(checked, shown), command
        assert "not checked" not in shown
    pages = tmp_path / "pages"
    assert main(["report", "*", runs, "measures=[JudgedAccuracy]", f"out={pages}"]) == 0
    assert re.search(checked, (pages / "data" / "summary.js").read_text())
    capsys.readouterr()
    assert main([*words, "judge.repeats=1"]) == 0
    assert "judge not checked" in capsys.readouterr().out, "another judge"


def test_a_question_shows_its_answer_its_verdict_and_its_tokens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MEMEVAL_CACHE", str(tmp_path / "cache"))
    words = ["run", "benchmark=demo", "limit=1", "strategy=truncation", "retriever=none", "reader=llm", "judge=llm"]
    rules = "llm.rules=[{match: You grade, reply: {reason: so it is, abstained: false, correct: true}}]"
    assert main([*words, "llm=scripted", rules, f"results={tmp_path / 'runs'}", "progress=off"]) in (0, 1)
    capsys.readouterr()
    assert main(["show", "truncation", "u0-q0", "--results", str(tmp_path / "runs")]) == 0
    shown = capsys.readouterr().out
    assert "Answered: Where are my glasses" in shown and "judged correct (100% of 1): so it is" in shown
    sections = re.search(r"Prompt: (\d+) tokens \((.*)\)", shown)
    assert sections is not None
    assert int(sections[1]) == sum(map(int, re.findall(r"\d+", sections[2])))
    assert re.search(r"answer: 1 calls, \d+ tokens in, \d+ out", shown) and "judge: 1 calls" in shown
