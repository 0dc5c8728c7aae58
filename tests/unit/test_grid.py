"""The one table: nothing is torn at any width, nothing is rounded for programs, nothing in it acts on what reads it."""

import csv
import io
import json
import re
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from support.rows import row

from memeval.kit.errors import ConfigError, RecordsError
from memeval.reports.export import text_of, to_csv, to_json_lines, to_parquet, write
from memeval.reports.grid import (
    DASH,
    Cell,
    Column,
    Grid,
    Line,
    Report,
    hidden,
    joined,
    number,
    of_records,
    text_column,
    together,
    words,
)
from memeval.reports.layout import folded, grid_lines, report_lines
from memeval.reports.records import scored
from memeval.reports.table import category_grid, run_grid, run_legend
from memeval.scoring.measures import ContextTokens, EvidenceRecall, ReadSeconds, Recall

GOLDEN = Path(__file__).resolve().parents[1] / "golden"


def report() -> Report:
    """Scores of four runs with names of every kind, always the same."""
    ease = np.arange(48) / 48.0
    categories = ["single-session-preference", "multi-hop", "temporal-reasoning", "a|b_*x*"] * 12

    def run(name: str, share: float, **changes: Any) -> Any:
        figures = {
            EvidenceRecall(): (ease < share) * 1.0,
            Recall(unit="session", rule="any", k=10): (ease < share + 0.1) * 1.0,
            ContextTokens(): ease * 100 + 1_234_000,
            ReadSeconds(p=95): ease / 700 + 0.0012345,
        }
        return row(name, figures, 6, categories, **changes)

    rows = [
        run("sliding_window+bm25", 0.75, overrides=["budget=500", "retriever.parts=[bm25,sql]"]),
        run("none+vector", 0.5, overrides=["budget=500", "retriever.parts="]),
        run("=cmd|'x'", 0.25, overrides=["budget=500"]),
        run("oracle", 2.0),
    ]
    grids = (run_grid(rows, "toy: 6 dialogues, 48 questions"), category_grid(rows))
    return Report(grids, ("A finding: 1,234 of 5,678 questions.",), tuple(run_legend(rows)), (scored(rows),))


@pytest.mark.parametrize(
    ("name", "width", "rules"),
    [("table-80.txt", 80, True), ("table-120.txt", 120, True), ("table-piped.txt", 200, False)],
)
def test_the_screen_is_the_golden_one(name: str, width: int, rules: bool, tmp_path: Path) -> None:
    lines = [line.text for line in report_lines(report(), width, rules, fold=rules)]
    compare("".join(f"{line}\n" for line in lines), name, tmp_path)
    if rules:
        assert max(map(len, lines)) <= width
    else:
        assert "─" not in "".join(lines)


@pytest.mark.parametrize(
    ("form", "name"), [("md", "table.md"), ("csv", "table.csv"), ("jsonl", "table.jsonl"), ("latex", "table.tex")]
)
def test_each_format_is_the_golden_one(form: str, name: str, tmp_path: Path) -> None:
    compare(text_of(report(), form), name, tmp_path)


def compare(text: str, name: str, folder: Path) -> None:
    made = folder / name
    made.write_text(text, encoding="utf-8")
    golden = GOLDEN / name
    assert golden.is_file() and text == golden.read_text(encoding="utf-8"), (
        f"if the change is meant, copy {made} to {golden}"
    )


def test_csv_json_lines_and_parquet_hold_the_same(tmp_path: Path) -> None:
    grid = report().one
    in_csv = list(csv.DictReader(io.StringIO(to_csv(grid))))
    in_json = [json.loads(line) for line in to_json_lines(grid).splitlines()]
    to_parquet(grid, tmp_path / "x.parquet")
    in_parquet = pd.read_parquet(tmp_path / "x.parquet")
    assert in_json == grid.records and len(in_csv) == len(in_parquet) == len(in_json) == 4 * 4 * 5
    for place, record in enumerate(grid.records):
        for key, value in record.items():
            typed, stored = in_csv[place][key], in_parquet[key][place]
            if value is None:
                assert typed == "" and pd.isna(stored), key
            elif isinstance(value, float):
                assert float(typed) == stored == value
            else:
                assert typed.removeprefix("'") == str(value) and stored == value
    assert in_parquet["n"].dtype == "Int64" and in_parquet["value"].dtype == "float64"
    assert in_parquet["fixed"].dtype in ("bool", "boolean")
    # A spreadsheet would take it for a formula.
    assert {each["strategy"] for each in in_csv} >= {"'=cmd|'x'", "none"}
    seconds = next(each for each in in_json if each["measure"].startswith("ReadSeconds"))
    assert seconds["unit"] == "seconds" and 0.001 < seconds["value"] < 0.004, "the measure's own unit, not rounded"


# Cells as tables have them: numbers with marks and units, intervals, words, dashes.
NUMBERS = st.builds(
    lambda value, decimals, mark: number(value, f"{value:,.{decimals}f}{mark}"),
    st.floats(-1e9, 1e9),
    st.integers(0, 4),
    st.sampled_from(["", "*", " n=12", " better"]),
)
INTERVALS = st.builds(lambda low, high: Cell(f"{low:,.1f} to {high:,.1f}"), st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
MISSING = st.just(Cell(DASH))
NAMES = st.text(st.sampled_from("abcdefg_+-.,[]()=日本 é"), min_size=1, max_size=18).map(
    lambda text: words(text.strip())
)

HEADINGS = ["evidence", "recall", "knowledge-update-of-old", "%", "p95", "n=1,234", "one more"]


@st.composite
def grids(draw: st.DrawFn) -> Grid:
    names = draw(st.integers(1, 3))
    kinds = draw(st.lists(st.sampled_from(["number", "interval", "text"]), min_size=0, max_size=9))
    heading = st.lists(st.sampled_from(HEADINGS), min_size=1, max_size=3).map(tuple)
    columns = [text_column(f"name {place}") for place in range(names)]
    columns += [Column(draw(heading), name=str(place), is_text=kind == "text") for place, kind in enumerate(kinds)]
    columns.insert(1, hidden("secret"))
    lines = []
    for count in range(draw(st.integers(0, 4))):
        cells = [draw(NAMES) for _ in range(names)]
        for kind in kinds:
            cells.append(
                draw(NAMES if kind == "text" else NUMBERS | MISSING if kind == "number" else INTERVALS | MISSING)
            )
        cells.insert(1, words("not shown"))
        lines.append(Line(tuple(cells), apart=draw(st.booleans()) and count > 0))
    return Grid("A title", tuple(columns), tuple(lines), names + 1, stacked=draw(st.integers(0, 1)))


@given(grids(), st.integers(40, 200), st.booleans())
def test_no_number_and_no_word_is_torn_at_any_width(grid: Grid, width: int, rules: bool) -> None:
    lines = [line.text for line in grid_lines(grid, width, rules)]
    shown = "\n".join(lines)
    assert "not shown" not in shown and "secret" not in shown and (rules or "─" not in shown)
    tokens = re.split(r"\s+", shown)
    for line in grid.lines:
        for place in grid.shown:
            cell = line.cells[place].text
            # Numbers and intervals stand whole on one line, words at least whole.
            whole = [cell] if not grid.columns[place].is_text else cell.split()
            for part in whole:
                assert part in shown
                assert all(token in tokens for token in part.split()), part
    for column in (grid.columns[place] for place in grid.shown) if grid.lines else ():
        for word in (word for text in column.heading for word in text.split()):
            head, hyphen, tail = word.rpartition("-")
            assert word in tokens or (head + hyphen in tokens and tail in tokens), word
    # Wider than the screen is only what cannot be folded: one cell, one word, or the longest words of all names.
    names = [place for place in grid.shown if place < grid.names]
    longest = [
        max(cell_len(word) for text in (*grid.columns[place].heading, *cells, "") for word in text.split() or [""])
        for place in names
        for cells in [[line.cells[place].text for line in grid.lines]]
    ]
    cell = max([cell_len(text) for texts in grid.texts for text in texts] + [width - 4])
    least = max(cell, sum(longest) + 2 * len(names))
    assert all(cell_len(line) <= max(width, least + 4) for line in lines), max(lines, key=cell_len)


@given(st.text(), st.integers(1, 60))
def test_folding_keeps_every_word(text: str, width: int) -> None:
    lines = folded(text, width)
    words_of = [word for line in folded(text, None) for word in line.split(" ") if word.strip()]
    assert "".join("".join(lines).split()) == "".join("".join(words_of).split())
    assert all(cell_len(line) <= max([width, *map(cell_len, line.split(" "))]) for line in lines)


HOSTILE = ["\x1b[2J", "=1+1", "| a | b |", "<b>", "\\input{x}", "\u202eabc", "a\nb", "::error::x", "x" * 300, "\ud800"]


@pytest.mark.parametrize("text", HOSTILE)
def test_names_of_strangers_act_on_nothing(text: str, tmp_path: Path) -> None:
    lines = (Line((words(text), number(1.5))), Line((words("plain"), number(2.5))))
    grid = Grid(text, (text_column("name"), Column((text,), name=text)), lines)
    whole = Report((grid,), (text,), (text,))
    screen = text_of(whole, "terminal", 40)
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", screen) and "1.5" in screen
    markdown = text_of(whole, "md")
    table = [line for line in markdown.splitlines() if line.startswith("| ")]
    assert len(table) == 4 and all(len(re.findall(r"(?<!\\)\|", line)) == 3 for line in table) and "<b>" not in markdown
    (head, first, second) = csv.reader(io.StringIO(text_of(whole, "csv")))
    assert len(head) == len(first) == len(second) == 2 and not first[0].startswith("=") and first[1] == "1.5"
    assert json.loads(text_of(whole, "jsonl").splitlines()[0])["name"] == text
    assert "\x1b" not in text_of(whole, "jsonl") and "\\input{" not in text_of(whole, "latex")
    write(whole, "parquet", tmp_path / "x.parquet")
    assert len(pd.read_parquet(tmp_path / "x.parquet")) == 2


def test_missing_is_empty_and_never_0() -> None:
    records: list[dict[str, Any]] = [{"a": None, "b": 0, "c": float("nan")}, {"a": None, "b": None, "c": float("inf")}]
    grid = of_records(records)
    assert to_csv(grid) == "a,b,c\n,0,\n,,\n"
    assert [json.loads(line) for line in to_json_lines(grid).splitlines()] == [
        {"a": None, "b": 0, "c": None},
        {"a": None, "b": None, "c": None},
    ]


def test_several_tables_become_one_for_programs() -> None:
    first = Grid(
        "x", (text_column("run"), Column(("time", "ms"), "time", "s")), (Line((words("a"), number(0.1))),), key="k"
    )
    second = Grid("y", (text_column("run"), Column(("cost",))), (Line((words("b"), number(3))),), key="l")
    records: Sequence[dict[str, Any]] = joined([first, second]).records
    assert records == [
        {"table": "k", "run": "a", "time [s]": 0.1, "cost": None},
        {"table": "l", "run": "b", "time [s]": None, "cost": 3},
    ]
    same = joined([first, replace(first, title="z")])
    assert [column.key for column in same.columns] == ["run", "time [s]"] and len(same.lines) == 2
    whole = together([Report((first,), ("one",), ("how",)), Report((second,), ("two",), ("how",))])
    assert whole.findings == ("one", "two") and whole.legend == ("how",) and len(whole.one.lines) == 2


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, path = Report((of_records([{"a": 1}]),)), tmp_path / "new" / "x.csv"
    write(whole, "csv", path)
    path.chmod(0o600)
    link = tmp_path / "link.csv"
    link.symlink_to(path)
    write(Report((of_records([{"a": 2}]),)), "csv", link)
    assert link.is_symlink() and path.read_text() == "a\n2\n" and path.stat().st_mode & 0o777 == 0o600

    def broken(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("memeval.reports.export.Path.write_text", broken)
    with pytest.raises(RecordsError, match="choose another file with out=FILE"):
        write(whole, "csv", path)
    assert path.read_text() == "a\n2\n" and [each.name for each in path.parent.iterdir()] == ["x.csv"]


def test_parquet_without_its_package_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ConfigError, match=r"pip install 'memeval\[parquet\]'"):
        write(report(), "parquet", tmp_path / "x.parquet")
    assert list(tmp_path.iterdir()) == []
