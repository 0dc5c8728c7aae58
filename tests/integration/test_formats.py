"""Each command that shows a table gives it in each format, on the screen and into a file."""

import csv
import io
import json
import re
from pathlib import Path

import pandas as pd
import pytest

from memeval.cli.main import main

SMALL = ["benchmark=demo", "benchmark.users=2", "benchmark.turns=200", "strategy=none", "retriever=bm25", "budget=200"]
FORMATS = ("terminal", "md", "csv", "jsonl", "parquet", "latex")
# A name that a program would misread: blanks, an equals sign, a quote, brackets.
FOLDER = "it's [1] a=b"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two runs, a replay and a baseline, all below a folder of an unusual name."""
    place = tmp_path_factory.mktemp("formats") / FOLDER
    place.mkdir()
    common = [*SMALL, "progress=off", f"results={place}/runs"]
    assert main(["run", *common, "references=oracle"]) == 0
    replay = ["mode=replay", "references=[]", "target=gpt-4o", "targets=gpt-4o", "benchmark.users=1"]
    assert main(["run", *common, *replay, f"results={place}/replays"]) == 0
    assert main(["gate", f"baseline={place}/base", "none+bm25", f"results={place}/runs", "--update"]) == 0
    return place


COMMANDS = {
    "run": ["run", *SMALL, "progress=off", "references=oracle"],
    "score": ["score", "none+bm25", "measures=[Recall(unit=session,rule=any)@5, MRR@10]"],
    "show": ["show"],
    "show RUN": ["show", "none+bm25"],
    "show RUN QUESTION": ["show", "none+bm25", "u0-q0"],
    "list": ["list", "retriever"],
    "cost": ["cost", "none+bm25", "target=gpt-4o,gpt-5-mini"],
    "replay": ["replay", "none+bm25", "target=gpt-4o", "plot=off"],
    "compare": ["compare", "*-200-*", "resamples=100"],
    "data list": ["data", "list"],
    "data show": ["data", "show", "demo", "benchmark.users=1", "benchmark.turns=200"],
    "gate": ["gate", "none+bm25"],
}
# Of each command: a column that a program finds there.
COLUMNS = {
    "run": "value", "score": "measure", "show": "dialogues", "show RUN": "table", "show RUN QUESTION": "part",
    "list": "option", "cost": "break-even with full [questions]", "replay": "gpt-4o plain [dollars per 100 turns]",
    "compare": "p_holm", "data list": "size [bytes]", "data show": "fact", "gate": "verdict",
}  # fmt: skip


def typed(name: str, place: Path) -> list[str]:
    words = list(COMMANDS[name])
    if name == "gate":
        words.append(f"baseline={place}/base")
    if not name.startswith(("data", "list")):
        words += ["--results", f"{place}/{'replays' if name == 'replay' else 'runs'}"]
    return words


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_gives_each_format(
    name: str, place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = typed(name, place)
    made: dict[str, str] = {}
    for form in FORMATS:
        ending = {"terminal": "txt", "latex": "tex"}.get(form, form)
        out = tmp_path / "new folder" / f"x.{ending}"
        capsys.readouterr()
        assert main([*words, f"out={out}"]) == 0
        assert out.stat().st_size > 20
        if form == "parquet":
            assert main([*words, "format=parquet"]) == 2
            assert "out=FILE.parquet" in capsys.readouterr().err
            continue
        written = out.read_text(encoding="utf-8")
        capsys.readouterr()
        assert main([*words, f"format={form}"]) == 0
        made[form] = capsys.readouterr().out
        if form in ("csv", "jsonl") and name != "run":
            assert made[form] == written, "the screen and the file hold the same"
    table = list(csv.DictReader(io.StringIO(made["csv"])))
    lines = [json.loads(line) for line in made["jsonl"].splitlines()]
    frame = pd.read_parquet(tmp_path / "new folder" / "x.parquet")
    assert COLUMNS[name] in frame.columns and list(frame.columns) == list(table[0]) == list(lines[0])
    assert len(table) == len(lines) == len(frame) > 0
    for row, line in zip(table, lines, strict=True):
        for key, value in line.items():
            assert (row[key] == "") == (value is None) or value == "", key
            # Thousands are not marked, percent and milliseconds not made: a program reads numbers.
            if isinstance(value, int | float) and not isinstance(value, bool):
                assert float(row[key]) == value
    assert re.search(r"^\|[ :]*---", made["md"], re.MULTILINE)
    assert made["latex"].count(r"\begin{tabular}") == made["latex"].count(r"\end{tabular}") >= 1
    assert "─" not in made["terminal"] and "\x1b" not in made["terminal"]


@pytest.mark.parametrize("name", [name for name in COMMANDS if name != "run"])
@pytest.mark.parametrize("columns", [80, 120])
def test_tables_keep_within_the_columns_that_are_asked_for(
    name: str, columns: int, place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    capsys.readouterr()
    assert main(typed(name, place)) == 0
    shown = capsys.readouterr().out
    for line in shown.splitlines():
        # One word that is longer, such as a path, and texts of a question beside the tables.
        is_text = name.startswith("show RUN") or max(map(len, line.split()), default=0) > columns - 4
        assert len(line) <= columns or is_text or line.startswith("Stored in"), line


def test_the_gate_keeps_its_own_formats(place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = typed("gate", place)
    files = [tmp_path / name for name in ("a.json", "a.xml", "a.md", "a.csv", "a.parquet", "a.tex", "a.txt")]
    capsys.readouterr()
    assert main([*words, *(f"--out={file}" for file in files)]) == 0
    assert "Gate passed" in capsys.readouterr().out
    checks = json.loads(files[0].read_text())["checks"]
    assert files[1].read_text().startswith("<?xml") and "### ✅ memeval" in files[2].read_text()
    table = list(csv.DictReader(io.StringIO(files[3].read_text())))
    assert [float(row["before"]) for row in table] == [check["before"] for check in checks]
    assert len(pd.read_parquet(files[4])) == len(checks) == len(table)
    assert main([*words, "--format", "markdown"]) == 0
    assert capsys.readouterr().out.startswith("### ✅")
    assert main([*words, "format=markdwon"]) == 2
    assert "did you mean markdown?" in capsys.readouterr().err


def test_a_format_is_refused_before_anything_is_computed(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for extra, says in (("format=html", "choose one of terminal, md"), ("out=x.doc", "does not say its format")):
        for name in COMMANDS:
            if name != "gate":
                assert main([*typed(name, place), extra]) == 2, name
                assert says in capsys.readouterr().err
    assert main(["run", *SMALL, f"results={tmp_path}/none", "format=html"]) == 2
    assert not (tmp_path / "none").exists()


def test_what_weakens_a_table_stands_beside_it_in_every_format(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert main([*typed("score", place), "format=csv"]) == 0
    captured = capsys.readouterr()
    assert "too few to tell memories apart" in captured.err and "too few" not in captured.out
    assert main([*typed("score", place), "format=md"]) == 0
    assert "too few to tell memories apart" in capsys.readouterr().out
