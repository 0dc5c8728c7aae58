"""Commands in a folder that holds runs of several benchmarks, and stored runs seen from other folders."""

import json
import shutil
from pathlib import Path

import pytest

from memeval.cli.main import main

LOCOMO = Path(__file__).resolve().parents[1] / "fixtures" / "locomo.json"
OWN = {
    "id": "anna",
    "turns": [
        {"id": "t1", "role": "user", "text": "My bike is green."},
        {"id": "t2", "role": "assistant", "text": "Noted."},
    ],
    "questions": [{"id": "q1", "text": "What colour is the bike?", "answers": ["green"], "evidence": ["t1"]}],
}


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `my.jsonl` and runs of LoCoMo's form and of that file."""
    folder = tmp_path_factory.mktemp("several")
    (folder / "my.jsonl").write_text(json.dumps(OWN))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for data in (["benchmark=locomo", f"benchmark.path={LOCOMO}"], ["benchmark=jsonl", "benchmark.path=my.jsonl"]):
            assert main(["run", "-m", *data, "strategy=none,truncation", "retriever=bm25,kv", "progress=off"]) == 0
    return folder


@pytest.fixture
def here(stored: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Path:
    monkeypatch.chdir(stored)
    capsys.readouterr()
    return stored


def said(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> str:
    ended = main(words)
    output = capsys.readouterr()
    assert ended == code, output.err
    return output.out if code == 0 else output.err


@pytest.mark.parametrize("pattern", ["bm25-2000", "bm25*", "locomo/bm25-2000", "locomo/*+bm25*"])
def test_a_retriever_names_its_runs(here: Path, capsys: pytest.CaptureFixture[str], pattern: str) -> None:
    text = said(capsys, "score", pattern)
    assert "bm25" in text and "kv" not in text
    assert ("jsonl: 1 dialogues" in text) == (not pattern.startswith("locomo/"))


def test_the_start_of_an_id_comes_before_a_retriever(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`none` begins ids, although runs without a retriever could be meant, too."""
    text = said(capsys, "score", "locomo/none")
    assert "truncation" not in text and "kv" in text


def test_what_matches_nothing_is_refused_with_what_exists(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["score", "bm52-2000"], ["cost", "vector*"], ["compare", "none+bm52"], ["report", "x*y", "out=r"]):
        error = said(capsys, *words, code=2)
        assert f"no run matches {words[1]!r}" in error and "there are " in error and " more; memeval show" in error
    assert "there are jsonl/none+bm25-2000-" in said(capsys, "score", "jsonl/none+bm52-2000", code=2)
    assert "there are no runs yet" in said(capsys, "score", "bm25", "results=elsewhere", code=2)


def test_costs_of_several_benchmarks_say_which(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = said(capsys, "cost", "none+bm25*", "full*", "target=gpt-4o")
    for title in ("Tokens of a question's prompt", "gpt-4o: dollars for 1,000 questions"):
        table = text[text.index(title) :]
        assert table.index("benchmark") < table.index("jsonl") < table.index("locomo")
    assert " benchmark " not in said(capsys, "cost", "locomo/none+bm25*", "locomo/full*")


def test_runs_of_several_benchmarks_are_not_compared(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    error = said(capsys, "compare", "none+*-2000-*", code=2)
    assert "name is jsonl and locomo" in error and "as in jsonl/none+bm25-2000" in error
    assert "bm25" in said(capsys, "compare", "locomo/none+*-2000-*")


def test_show_names_the_benchmarks_of_the_runs_that_it_could_mean(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    error = said(capsys, "show", "none+bm25", code=2)
    assert "(jsonl/none+bm25-2000-" in error and ", locomo/none+bm25-2000-" in error and "give one of these" in error
    assert "jsonl: 1 dialogues" in said(capsys, "show", "jsonl/none+bm25")


def test_plots_of_several_benchmarks_do_not_overwrite_each_other(
    here: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said(capsys, "plot", "none*", "trunc*", "kinds=[trade-off]", f"out={tmp_path}")
    assert {path.parent.name for path in tmp_path.glob("*/trade-off.png")} == {"jsonl", "locomo"}
    said(capsys, "plot", "locomo/*", "kinds=[trade-off]", f"out={tmp_path}/one")
    assert (tmp_path / "one" / "trade-off.png").is_file()


def test_a_relative_path_of_data_holds_from_any_folder(
    stored: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also where another file has the same name there, and after data and results moved together."""
    (tmp_path / "my.jsonl").write_text(json.dumps({**OWN, "id": "another"}))
    monkeypatch.chdir(tmp_path)
    assert "100.0" in said(capsys, "score", "jsonl/none+bm25", f"results={stored}/results/runs")
    shutil.copytree(stored, tmp_path / "moved")
    monkeypatch.chdir(tmp_path / "moved" / "results")
    assert "What colour" in said(capsys, "show", "jsonl/none+bm25", "q1", "--results", "runs")
    (tmp_path / "moved" / "my.jsonl").unlink()
    error = said(capsys, "score", "jsonl/none+bm25", "results=runs", code=2)
    assert "my.jsonl cannot be read" in error
    # As typed, from where one is: the last resort, which the fingerprint guards.
    shutil.copy(stored / "my.jsonl", "my.jsonl")
    assert "100.0" in said(capsys, "score", "jsonl/none+bm25", "results=runs")


def test_only_relative_paths_are_followed(stored: Path) -> None:
    found = {}
    for path in (stored / "results" / "runs").glob("*/none+bm25-*/run.json"):
        found[path.parent.parent.name] = json.loads(path.read_text())["benchmark"].get("folder")
    assert found == {"jsonl": "../../../..", "locomo": None}
