"""Data whose names act on terminals, logs and tables: every command shows them as text."""

import contextlib
import csv
import html
import io
import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from memeval.cli.main import main

ESCAPE = "\x1b]52;c;cm0gLXJmIH4=\x07\x1b[2J"
NAMES = [
    f"osc {ESCAPE}",
    "multi-hop [easy]",
    "multi-hop [hard]",
    "yes [/no]",
    "[red]x[/red]",
    "two\n::error::lines",
    "a | b",
    "=1+1",
    "turned \u202earound",
    ":smile:",
    "$x_{$ and $\\frac{",
]
RAW = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e]")


def dialogue(number: int) -> dict[str, Any]:
    turns = [
        {"id": f"t{index} {name}", "text": f"number{index} {name}", "role": "user", "speaker": name}
        for index, name in enumerate(NAMES)
    ]
    questions = [
        {
            "id": f"q{number}-{index} {name}",
            "text": f"What of number{index}? {name}",
            "answers": [name],
            "evidence": [f"t{index} {name}"],
            "category": name,
            "tags": [name, f"tag {name}"],
        }
        for index, name in enumerate(NAMES)
    ]
    return {"id": f"d{number} {ESCAPE}", "turns": turns, "questions": questions}


def called(*words: str) -> tuple[int, str]:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(words)
    return code, out.getvalue() + err.getvalue()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "data.jsonl").write_text("\n".join(json.dumps(dialogue(number)) for number in range(3)))
    code, text = called(
        "run", "-m", "benchmark=jsonl", f"benchmark.path={folder}/data.jsonl", "strategy=none", "retriever=bm25,kv",
        f"results={folder}/runs", "progress=off", "budget=40",
    )  # fmt: skip
    (folder / "said.txt").write_text(text)
    assert code == 0, text
    return folder


def test_categories_stand_as_they_are_written(place: Path) -> None:
    text = (place / "said.txt").read_text()
    assert not RAW.search(text)
    heads = " ".join(text.split())
    for name in ("[easy]", "[hard]", "yes [/no]", "[red]x[/red]", ":smile:", "\\x1b]52;c;", "two\\n::error::lines"):
        assert name in heads or name in text.replace("\n", ""), name


def test_every_command_shows_them_as_text(place: Path) -> None:
    results = f"--results={place}/runs"
    run = next((place / "runs" / "jsonl").iterdir())
    for words in (
        ("show", results),
        ("show", str(run)),
        ("show", str(run), "q0-0"),
        ("show", str(run), "q0-5"),
        ("score", "*", f"results={place}/runs"),
        ("compare", "*", f"results={place}/runs"),
        ("data", "show", "jsonl", f"benchmark.path={place}/data.jsonl"),
    ):
        code, text = called(*words)
        assert code == 0, (words, text)
        assert not RAW.search(text), (words, RAW.findall(text))
        assert not re.search(r"^\s*::error", text, re.MULTILINE), words


def test_exports_hold_them_as_text(place: Path) -> None:
    for ending in (".csv", ".md", ".tex"):
        code, text = called("compare", "*", f"results={place}/runs", "by=category", f"out={place}/table{ending}")
        assert code == 0, text
    with (place / "table.csv").open(newline="") as file:
        rows = list(csv.reader(file))
    assert {len(row) for row in rows} == {len(rows[0])}
    category = rows[0].index("category")
    assert {"multi-hop [easy]", "'=1+1", "a | b"} <= {row[category] for row in rows}
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "@", "\t"))]
    markdown = (place / "table.md").read_text()
    assert "multi-hop \\[easy\\]" in markdown and "a \\| b" in markdown
    for name in ("table.csv", "table.md", "table.tex"):
        assert not RAW.search((place / name).read_text()), name


def test_the_gate_prints_no_command_of_a_log(place: Path) -> None:
    run = next((place / "runs" / "jsonl").iterdir())
    assert called("gate", "--baseline", f"{place}/base", "--update", str(run))[0] == 0
    (place / "rules.yaml").write_text("rules: [{measure: EvidenceRecall, by: category, max_drop: 0.0}]")
    for kind in ("terminal", "markdown", "junit", "json"):
        words = ("gate", "--baseline", f"{place}/base", "--rules", f"{place}/rules.yaml", "--format", kind, str(run))
        code, text = called(*words)
        assert code == 0, text
        assert not re.search(r"^\s*::", text, re.MULTILINE), kind
        assert not RAW.search(text), kind
        if kind == "junit":
            ElementTree.fromstring(text)


def test_plots_draw_them_as_text(place: Path) -> None:
    code, text = called("plot", "*", f"results={place}/runs", f"out={place}/plots")
    assert code == 0, text
    drawn = (place / "plots" / "categories.svg").read_text()
    assert not RAW.search(drawn.replace("\t", ""))
    words = html.unescape(drawn)
    for name in ("$x_{$ and $\\frac{", "\\x1b]52;c;", "multi-hop [easy]", "a | b"):
        assert name in words, name
    ElementTree.fromstring(drawn)
