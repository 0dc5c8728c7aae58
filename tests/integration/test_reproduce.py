"""Published numbers, met through the command line as a user meets them."""

from pathlib import Path

import pytest

from memeval.cli.main import main
from memeval.cli.reproduce import Check, rows
from memeval.records.runs import find, runs


@pytest.mark.parametrize(
    "row", [pytest.param(name, marks=pytest.mark.slow if name == "mempalace" else ()) for name in rows()]
)
def test_a_published_row_is_met(row: str, real_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    code = main(["reproduce", row, f"results={tmp_path}", "progress=off"])
    printed = capsys.readouterr().out
    assert code == 0, printed
    expected = len(rows()[row]["expected"]) + sum(map(len, rows()[row].get("categories", {}).values()))
    assert printed.count(" OK") == expected and "NOT MET" not in printed


def test_a_number_that_is_not_met_is_said_to_be_so(
    real_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    # Without captions and dates, but with another template: the row's options are what the number depends on.
    monkeypatch.chdir(tmp_path)
    code = main(["reproduce", "okapi", "progress=off", "document.before=''"])
    assert code == 1 and "NOT MET" in capsys.readouterr().out
    assert runs(Path("results/runs")) == [], "what others published is no run of one's own to compare"
    assert find(Path("results/runs"), ["results/runs/reproduce"]), "but it is kept"


def test_the_edge_of_a_tolerance_is_met_and_nothing_is_not():
    assert Check("row", "Recall@5", 58.73, 0.005, 58.735).met
    assert not Check("row", "Recall@5", 58.73, 0.005, 58.7361).met
    assert not Check("row", "Recall@5", 58.73, 0.005, None).met
