"""Regressions planted into strategies, and changes that are none: what the gate says, through the command line."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree

import pytest

from memeval.cli.main import main
from memeval.language.analysis import Analysis
from memeval.strategies.memory import Memory
from memeval.strategies.short_term.window import Window

HERE = Path(__file__).resolve().parents[1]
SWEEP = (
    "-m", "benchmark=demo", "benchmark.turns=600", "strategy=truncation", "strategy.turns=4", "retriever=none,bm25",
    "top_k=3", "references=[]", "progress=off",
)  # fmt: skip


class Answer(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        """On one line, as the terminal may have broken it anywhere."""
        return " ".join((self.out + self.err).split())


Gate = Callable[..., Answer]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sweep's runs and the baseline made of them."""
    folder = tmp_path_factory.mktemp("gate")
    code = main(["gate", "--baseline", f"{folder}/base", "--update", *SWEEP, f"results={folder}/runs"])
    assert code == 0
    return folder


@pytest.fixture
def gate(made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Gate:
    """`memeval gate` on a copy of it."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)

    def run(*words: str, baseline: str = "base") -> Answer:
        capsys.readouterr()
        code = main(["gate", "--baseline", baseline, "--results", "runs", *words])
        return Answer(code, *capsys.readouterr())

    return run


AGAIN = (*SWEEP, "results=runs")


def checks(path: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(path.read_text())["checks"]
    return found


def test_no_change_passes_and_says_what_that_means(gate: Gate):
    answer = gate(*AGAIN)
    assert answer.code == 0
    assert "Gate passed" in answer.out and "worse" not in answer.out
    assert "every drop beyond what is allowed fails" in answer.text
    assert gate().code == 0, "the stored runs, found by the ids of the baselines"


def test_a_refactoring_without_effect_passes(gate: Gate, monkeypatch: pytest.MonkeyPatch):
    """The same terms, found in another way; the run is made again and not taken from the store."""
    called = []

    def words(self: Analysis, text: str) -> list[str]:
        called.append(text)
        return [word.lower() for word in self._find(text)]

    monkeypatch.setattr(Analysis, "words", words)
    assert gate(*AGAIN).code == 0
    assert called


def test_a_tokenizer_that_became_case_sensitive(gate: Gate, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr(Analysis, "words", lambda self, text: self._find(text))
    answer = gate(*AGAIN, "--out", "gate.json")
    assert answer.code == 1
    assert "Gate FAILED" in answer.out
    assert "WORSE demo/truncation+bm25: nDCG(unit=turn)@10 fell from" in answer.text
    found = checks(tmp_path / "gate.json")
    failed = {(check["name"], check["measure"]) for check in found if check["verdict"] == "worse"}
    assert ("truncation+bm25", "nDCG(unit=turn)@10") in failed
    assert not [name for name, _ in failed if "bm25" not in name], "what does not use the tokenizer stays the same"
    for check in found:
        if check["verdict"] == "worse" and "Tokens" not in check["measure"]:
            assert check["now"] < check["before"]
            places = check["categories"] + check["questions"]
            assert check["categories"] and check["questions"]
            assert all(place["now"] < place["before"] for place in places)
            assert all(place["name"] in check["message"] for place in places)


def test_a_window_shorter_by_a_turn(gate: Gate, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    whole = Window.read
    monkeypatch.setattr(
        Window, "read", lambda self, budget, turns=None: whole(self, budget, None if turns is None else turns - 1)
    )
    answer = gate(*AGAIN, "--out", "gate.json")
    assert answer.code == 1
    assert "WORSE demo/truncation: EvidenceRecall(unit=turn,rule=fraction) fell from" in answer.text
    assert "Worst questions: " in answer.text and " % to " in answer.text
    verdicts = {(check["name"], check["measure"]): check["verdict"] for check in checks(tmp_path / "gate.json")}
    assert verdicts["truncation", "ContextTokens"] == "better"
    assert verdicts["truncation+bm25", "nDCG(unit=turn)@10"] == "same"


def test_top_k_off_by_one(gate: Gate, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    whole = Memory.__init__

    def shorter(self: Memory, *arguments: Any, **named: Any) -> None:
        whole(self, *arguments, **named)
        self._top_k = None if self._top_k is None else self._top_k - 1

    monkeypatch.setattr(Memory, "__init__", shorter)
    answer = gate(*AGAIN, "--out", "gate.json")
    assert answer.code == 1
    assert "WORSE demo/truncation+bm25: EvidenceRecall(unit=turn,rule=fraction) fell from" in answer.text
    verdicts = {(check["name"], check["measure"]): check["verdict"] for check in checks(tmp_path / "gate.json")}
    assert verdicts["truncation+bm25", "nDCG(unit=turn)@10"] == "same", "the ranking is the same, only its use is not"


def test_a_changed_option_is_compared_and_named(gate: Gate):
    """Its id is another one, so the run is found by its name."""
    answer = gate(*(word.replace("top_k=3", "top_k=2") for word in AGAIN))
    assert answer.code == 1
    assert "memory.top_k: 3 -> 2" in answer.text
    assert "there is no run of it" not in answer.text


def test_a_missing_run_fails(gate: Gate, tmp_path: Path):
    answer = gate("truncation-*")
    assert answer.code == 1
    assert "BROKEN demo/truncation+bm25: there is no run of it any more" in answer.text
    assert gate("truncation-*", "--only", "truncation").code == 0
    shutil.rmtree(next((tmp_path / "runs" / "demo").glob("truncation+bm25*")))
    assert "BROKEN demo/truncation+bm25: there is no run" in gate().text


def test_an_erroring_strategy_fails(gate: Gate, monkeypatch: pytest.MonkeyPatch):
    whole = Memory.read

    def sometimes(self: Memory, query: Any, budget: int) -> Any:
        if "where" in query.text.lower():
            raise RuntimeError("no way")
        return whole(self, query, budget)

    monkeypatch.setattr(Memory, "read", sometimes)
    answer = gate(*AGAIN)
    assert answer.code == 1
    assert "BROKEN demo/truncation+bm25: " in answer.text
    assert "questions failed, the first (" in answer.text and "RuntimeError while reading: no way" in answer.text
    refused = gate(*AGAIN, "--update")
    assert refused.code == 2 and "cannot be a baseline" in refused.err
    monkeypatch.undo()


@pytest.mark.parametrize("damage", ["no outcomes", "nothing in them", "unfinished", "torn"])
def test_an_empty_or_damaged_run_fails(gate: Gate, tmp_path: Path, damage: str):
    (folder,) = (tmp_path / "runs" / "demo").glob("truncation+bm25*")
    outcomes, run = folder / "outcomes.jsonl", folder / "run.json"
    if damage == "no outcomes":
        outcomes.unlink()
    elif damage == "nothing in them":
        outcomes.write_text("")
    elif damage == "torn":
        lines = outcomes.read_text().splitlines(keepends=True)
        outcomes.write_text("".join(lines[: len(lines) // 2]))
    else:
        run.write_text(run.read_text().replace('"finished"', '"unfinished"'))
    answer = gate()
    assert answer.code == 1
    assert "BROKEN demo/truncation+bm25: " in answer.text
    said = {"no outcomes": "empty", "unfinished": "not finished"}
    assert said.get(damage, "and the run finished with") in answer.text


def test_without_a_baseline_it_says_how_to_make_one(gate: Gate):
    answer = gate("trunc*", baseline="nothing/here")
    assert answer.code == 2
    assert "memeval gate --update --baseline nothing/here trunc*" in answer.err


@pytest.mark.parametrize(
    ("option", "named"),
    [("budget=1500", "budget was 2000, is now 1500"), ("benchmark.seed=8", "benchmark.seed was 7, is now 8"),
     ("limit=1", "limit was none, is now 1"), ("target.tokenizer=cl100k_base", "tokenizer.name was o200k_base")],
)  # fmt: skip
def test_what_cannot_be_compared_is_not_decided(gate: Gate, option: str, named: str):
    answer = gate(*AGAIN, option)
    assert answer.code == 2
    assert f"INCOMPARABLE demo/truncation: {named}" in answer.text


def test_update_writes_what_changed_and_nothing_else(gate: Gate, tmp_path: Path):
    before = {path: path.read_bytes() for path in (tmp_path / "base").rglob("*.json")}
    again = gate(*AGAIN, "--update")
    assert again.code == 0 and again.out.count("unchanged") == 2
    assert {path: path.read_bytes() for path in (tmp_path / "base").rglob("*.json")} == before
    changed = gate(*(word.replace("top_k=3", "top_k=2") for word in AGAIN), "--update")
    assert changed.code == 0
    assert changed.out.count("unchanged") == 1 and changed.out.count("memory.top_k: 3 -> 2") == 1
    assert "EvidenceRecall(unit=turn,rule=fraction): " in changed.out and " -> " in changed.out
    assert len(list((tmp_path / "base").iterdir())) == 2, "the old ones are gone"
    assert gate(*(word.replace("top_k=3", "top_k=2") for word in AGAIN)).code == 0


def test_the_ratchet_only_rises(gate: Gate, tmp_path: Path):
    rules = tmp_path / "rules.yaml"
    rules.write_text("- {measure: EvidenceRecall, max_drop: 0.5}\n")
    more = [word.replace("top_k=3", "top_k=8") for word in AGAIN]
    raised = gate(*more, "--ratchet", "--rules", "rules.yaml")
    assert raised.code == 0 and "The baseline was raised" in raised.err
    assert raised.err.count("changed ") == 1
    lower = gate(*AGAIN, "--ratchet", "--rules", "rules.yaml")
    assert lower.code == 0 and "raised" not in lower.err
    assert gate(*more, "--rules", "rules.yaml").code == 0
    assert gate(*AGAIN).code == 1, "three is now worse than the baseline"


def test_a_baseline_holds_no_text_and_no_folder_of_the_machine(made: Path):
    files = list((made / "base").rglob("*.json"))
    assert len(files) == 4
    stored = "".join(path.read_text() for path in files)
    assert str(made) not in stored and str(HERE.parent) not in stored
    assert '"context"' not in stored and '"ranking"' not in stored
    longest = max(len(each) for path in files for each in strings(json.loads(path.read_text())))
    assert longest < 100


def strings(node: Any) -> list[str]:
    if isinstance(node, dict):
        return [each for key, value in node.items() for each in [key, *strings(value)]]
    if isinstance(node, list):
        return [each for value in node for each in strings(value)]
    return [node] if isinstance(node, str) else []


def test_files_by_suffix_and_stdout_stays_readable(gate: Gate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(Memory, "read", lambda self, query, budget: self._window.read(query, budget))
    outs = [word for name in ("a.xml", "b.md", "c.json", "d.txt", "summary") for word in ("--out", f"out/{name}")]
    answer = gate(*AGAIN, "--format", "markdown", *outs)
    assert answer.code == 1 and "Gate FAILED" in answer.out and "###" not in answer.out
    out = tmp_path / "out"
    suite = ElementTree.parse(out / "a.xml").getroot()
    failures = suite.findall(".//failure")
    assert failures and all("demo/" in str(each.get("message")) for each in failures)
    assert int(suite.find("testsuite").get("failures", "")) == len(failures)  # type: ignore[union-attr]
    assert (out / "b.md").read_text() == (out / "summary").read_text()
    assert (out / "b.md").read_text().startswith("### ❌ memeval: Gate FAILED")
    assert not json.loads((out / "c.json").read_text())["passed"]
    assert "Gate FAILED" in (out / "d.txt").read_text()
    assert "gone: the run ranks no more" in answer.text
    plain = gate("--format", "junit")
    assert ElementTree.fromstring(plain.out).tag == "testsuites"


def test_mistakes_are_explained(gate: Gate, tmp_path: Path):
    rules = tmp_path / "rules.yaml"
    for text, named in [
        ("- {measure: EvidenceRecall, runs: 'vector*'}", "no run matches; there are truncation, truncation+bm25"),
        ("- {measure: EvidenceRecall, categories: [hops]}", "no such category; there are abstention, knowledge-update"),
        ("- {measure: GhostRate}", "holds no GhostRate(when=forgotten)"),
    ]:
        rules.write_text(text)
        answer = gate("--rules", "rules.yaml")
        assert answer.code == 2 and named in answer.text
    assert "give the one or the other" in gate("trunc*", "strategy=none").err
    assert "no run matches" in gate("nonsense*").err


def test_the_command_from_outside(tmp_path: Path):
    """A fresh process, as in CI: made, compared, exit code 0."""
    paths = os.pathsep.join([str(HERE.parent), str(HERE)])
    for word in ("--update", "--ratchet"):
        done = subprocess.run(
            [sys.executable, "-m", "memeval.cli", "gate", "--baseline", "base", word, "benchmark=demo",
             "benchmark.turns=100", "strategy=truncation", "progress=off"],
            cwd=tmp_path, env={**os.environ, "PYTHONPATH": paths}, capture_output=True, text=True, timeout=300,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
    assert "Gate passed: 3 same." in done.stdout
