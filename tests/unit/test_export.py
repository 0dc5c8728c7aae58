"""One comparison in all formats: the same numbers, nothing lost, nothing taken for markup."""

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from support.rows import row

from memeval.cli.main import main
from memeval.comparison import compare
from memeval.kit.errors import ConfigError
from memeval.records.runs import find
from memeval.reports.comparison import comparison_report
from memeval.reports.export import format_of, to_csv, to_latex, to_markdown, to_parquet
from memeval.reports.grid import Report
from memeval.reports.records import records
from memeval.scoring.baseline import entry_of, save
from memeval.scoring.evaluate import evaluate
from memeval.scoring.measures import ContextTokens, EvidenceRecall, ReadSeconds

RECALL, TOKENS, SECONDS = EvidenceRecall(), ContextTokens(), ReadSeconds(p=95)


@pytest.fixture(scope="module")
def made() -> tuple[list[dict[str, Any]], Report]:
    rng = np.random.default_rng(1)
    ease, groups = rng.random(160), ["near", "far"] * 80

    def run(name: str, share: float, **changes: Any) -> Any:
        figures = {
            RECALL: (ease + rng.normal(0, 0.05, 160) < share) * 1.0,
            TOKENS: rng.integers(900, 1100, 160) * 1.0,
            SECONDS: rng.lognormal(-5, 0.4, 160),
        }
        return row(name, figures, 8, groups, **changes)

    rows = [
        run("none+bm25", 0.5),
        run("summary+a|b_*x*", 0.75),
        run("sliding_window", 0.2, code="newer"),
        run("oracle", 2.0),
    ]
    comparison = compare(rows, [RECALL, TOKENS, SECONDS], by_category=True)
    return records(comparison, rows), comparison_report(comparison, rows, "toy: 8 dialogues")


def markdown_tables(text: str) -> list[list[list[str]]]:
    tables: list[list[list[str]]] = []
    inside = False
    for line in text.splitlines():
        if line.startswith("| "):
            cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
            cells = [re.sub(r"\\(.)", r"\1", cell).replace("&lt;", "<") for cell in cells]
            if not inside:
                tables.append([])
            tables[-1].append(cells)
        inside = line.startswith("| ")
    return tables


def latex_tables(text: str) -> list[list[list[str]]]:
    tables = []
    for body in re.findall(r"\\midrule\n(.*?)\\bottomrule", text, re.DOTALL):
        lines = [line.removesuffix(r" \\") for line in body.splitlines() if line.endswith(r"\\")]
        tables.append([[unlatex(cell) for cell in re.split(r"(?<!\\) & ", line)] for line in lines])
    return tables


def unlatex(cell: str) -> str:
    cell = cell.strip().replace(r"\textless{}", "<").replace(r"\textbar{}", "|").replace("--", "–")
    return re.sub(r"\\([_%&#$])", r"\1", cell)


def test_markdown_and_latex_hold_the_cells_of_the_report(made: tuple[list[dict[str, Any]], Report]) -> None:
    _, report = made
    cells = [grid.texts for grid in report.grids]
    markdown, latex = to_markdown(report), to_latex(report)
    assert [table[2:] for table in markdown_tables(markdown)] == cells
    assert latex_tables(latex) == cells
    assert len(report.grids) == 4 and all(grid.lines for grid in report.grids)
    for text in (markdown, latex):
        assert "the best of these by" in text and "undecided" in text
    assert latex.count(r"\begin{tabular}") == latex.count(r"\end{tabular}") == 4
    widths = [len(grid.shown) for grid in report.grids]
    assert [len(columns) for columns in re.findall(r"\\begin\{tabular\}\{([lr]+)\}", latex)] == widths


def test_the_figures_of_the_report_are_the_rounded_ones_of_the_records(
    made: tuple[list[dict[str, Any]], Report],
) -> None:
    found, report = made
    scores, tests, categories, _ = report.grids
    whole = {(r["strategy"], r["measure"]): r for r in found if r["category"] == "all"}
    assert len(scores.lines) == 4 and len(tests.lines) == 2
    for line in scores.texts:
        name = line[0].removesuffix(" (reference)")
        recall, tokens, seconds = (whole[name, str(measure)] for measure in (RECALL, TOKENS, SECONDS))
        assert line[2] == f"{recall['value'] * 100:.1f}"
        assert line[4] == f"{tokens['value']:,.0f}"
        assert line[5].removesuffix("*") == f"{seconds['value'] * 1000:.2f}"
        if name == "oracle":
            assert line[3] == "–" and recall["low"] is None
        else:
            assert line[3] == f"{recall['low'] * 100:.1f} to {recall['high'] * 100:.1f}"
    for line in tests.texts:
        record = whole[line[0], str(RECALL)]
        assert float(line[2]) == round(record["difference"] * 100, 1)
        assert [float(end) for end in line[3].split(" to ")] == [
            round(record[end] * 100, 1) for end in ("difference_low", "difference_high")
        ]
        for cell, key in ((line[4], "p"), (line[5], "p_holm")):
            assert cell == ("<0.001" if record[key] < 0.001 else f"{record[key]:.3f}")
        assert float(line[6]) == round(record["effect_size"], 2)
        assert [int(cell) for cell in line[7:10]] == [record[key] for key in ("wins", "losses", "ties")]
        assert sum(record[key] for key in ("wins", "losses", "ties")) == 160
        assert line[10] == f"{record['detectable'] * 100:.1f}" and line[11] == record["verdict"]
    by_category = {(r["strategy"], r["category"]): r for r in found if r["measure"] == str(RECALL)}
    for line in categories.texts:
        near = by_category[line[0].removesuffix(" (reference)"), "near"]
        assert line[2].startswith(f"{near['value'] * 100:.1f}") and near["n"] == 80


def test_csv_and_parquet_hold_the_records_with_all_digits(
    made: tuple[list[dict[str, Any]], Report], tmp_path: Path
) -> None:
    found, report = made
    read = list(csv.DictReader(io.StringIO(to_csv(report.one))))
    to_parquet(report.one, tmp_path / "table.parquet")
    frame = pd.read_parquet(tmp_path / "table.parquet")
    assert list(frame.columns) == list(found[0]) == list(read[0]) and len(frame) == len(read) == len(found)
    for index, record in enumerate(found):
        for key, value in record.items():
            in_csv, in_parquet = read[index][key], frame[key][index]
            if value is None:
                assert in_csv == "" and pd.isna(in_parquet)
            elif isinstance(value, float):
                assert float(in_csv) == in_parquet == value
            else:
                assert in_csv == str(value) and in_parquet == value
    # Four runs: three measures each, and two categories of the tested one.
    assert len(found) == 4 * 5
    assert {record["made_otherwise"] for record in found} == {None, "code"}
    assert frame["wins"].dtype == "Int64" and frame["value"].dtype == "float64"


def test_a_test_belongs_to_the_tested_measure_alone(made: tuple[list[dict[str, Any]], Report]) -> None:
    for record in made[0]:
        is_tested = record["measure"] == str(RECALL) and record["strategy"] not in ("summary", "oracle")
        assert (record["p"] is not None) == is_tested == (record["verdict"] is not None)
        if is_tested:
            assert record["reference"] == "summary+a-b_-x--500-x"
            assert 0 <= record["p_mcnemar"] <= 1 and record["p_flip_questions"] == pytest.approx(record["p_mcnemar"])


def test_the_format_follows_the_file_unless_it_is_named() -> None:
    assert format_of(None, None) == "terminal" and format_of("csv", None) == "csv"
    assert [format_of(None, Path(f"a.{end}")) for end in ("md", "csv", "jsonl", "parquet", "tex", "txt")] == [
        "md", "csv", "jsonl", "parquet", "latex", "terminal",
    ]  # fmt: skip
    assert format_of("markdown", Path("notes.txt")) == "md"
    for asked, out, says in (
        ("html", None, "format=html is unknown: choose one of terminal, md"),
        (None, Path("a.doc"), "does not say its format"),
        ("parquet", None, "out=FILE.parquet"),
    ):
        with pytest.raises(ConfigError, match=re.escape(says)):
            format_of(asked, out)


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("results")
    grid = ["strategy=none,sliding_window", "retriever=bm25,sql", "budget=200", "references=[none,oracle]"]
    assert main(["run", "-m", *grid, f"results={folder}", "progress=off"]) == 0
    both = ["strategy=none", "retriever=hybrid", "retriever.parts=[bm25,sql]", "retriever.method=rrf", "references=[]"]
    assert main(["run", *both, "budget=200", f"results={folder}", "progress=off"]) == 0
    assert main(["run", "strategy=none", "retriever=bm25", "budget=300", "references=[]", f"results={folder}"]) == 0
    yield folder


def test_a_comparison_of_real_runs_is_the_golden_one(results: Path, root: Path, tmp_path: Path) -> None:
    out = tmp_path / "table.md"
    asked = [
        "*-200-*",
        "measures=[EvidenceRecall, AnswerInContext, ContextTokens]",
        "by=category",
        f"results={results}",
    ]
    assert main(["compare", *asked, "reference=none+bm25-200", f"out={out}"]) == 0
    golden = root / "tests" / "golden" / "comparison.md"
    assert out.read_text() == golden.read_text(), f"if the change is meant, copy {out} to {golden}"


def test_the_command_writes_each_format_and_refuses_what_is_wrong(
    results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    for end in ("parquet", "csv", "tex"):
        assert main(["compare", "*-200-*", f"results={results}", f"out={tmp_path / 'made' / 'x'}.{end}"]) == 0
        assert (tmp_path / "made" / f"x.{end}").stat().st_size > 500
    assert capsys.readouterr().out == ""
    assert main(["compare", str(results / "demo"), "across=budget", f"results={results}"]) == 0
    shown = capsys.readouterr().out
    assert "budget" in shown and "300" in shown and "verdict" in shown and "oracle" in shown
    assert main(["compare", "none+*", f"results={results}", "format=csv", "across=budget"]) == 0
    assert capsys.readouterr().out.startswith("benchmark,strategy,retriever,budget,")
    for words, says in (
        (["*"], "across=budget"),
        (["none+bm25-200"], "one run alone is no comparison"),
        (["none+bm25-200", "nothing*"], "no run matches 'nothing*'"),
        (["*-200-*", "reference=none+"], "write more of its id"),
        (["*-200-*", "by=tag"], "by=tag is unknown: choose one of category"),
        (["*-200-*", "colour=red"], "not colour="),
        (["*-200-*", "level=95"], "level=95"),
        (["*-200-*", "seed=x"], "seed=x is not a number"),
        (["*-200-*", "measures=[]"], "measures=[] compares nothing"),
        (["*-200-*", "measures=[ReadSeconds]"], "comes first but is no mean"),
        ([str(tmp_path / "made"), "none+bm25-200"], "no run matches"),
        (["reference=none+bm25-200"], "name the runs to compare"),
    ):
        assert main(["compare", *words, f"results={results}"]) == 2, words
        assert says in capsys.readouterr().err


def test_a_committed_baseline_stands_beside_runs(
    results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    reference = tmp_path / "reference"
    named = ["none+bm25-200", "none+sql-200"]
    for run in find(results, named):
        scores = evaluate(run, [RECALL, TOKENS, SECONDS])
        save(entry_of(run, scores), reference / "demo" / run.id)
    asked = [
        "measures=[EvidenceRecall, ContextTokens, ReadSeconds(p=95), AnswerInContext]",
        "format=csv",
        "by=category",
    ]
    tables = []
    for words in ([str(reference), "sliding_window+sql"], [*named, "sliding_window+sql"]):
        capsys.readouterr()
        assert main(["compare", *words, f"results={results}", *asked]) == 0
        tables.append(
            {(r["run"], r["measure"], r["category"]): r for r in csv.DictReader(io.StringIO(capsys.readouterr().out))}
        )
    kept, fresh = tables
    assert kept.keys() == fresh.keys() and len(kept) == 3 * (4 + 5)
    for key, record in fresh.items():
        timed, answers = key[1].startswith("ReadSeconds"), key[1].startswith("AnswerInContext")
        is_kept = not key[0].startswith("sliding_window")
        for name in ("value", "low", "difference", "p_holm", "n"):
            if is_kept and (answers or (timed and name != "value")):
                # Baselines keep no measures that nobody asked for, and of times only the value.
                assert kept[key][name] in ("", "0")
            elif record[name] == "":
                assert kept[key][name] == ""
            else:
                assert float(kept[key][name]) == pytest.approx(float(record[name]), rel=1e-4, abs=1e-5)
    scores_file = next(reference.rglob("scores.json"))
    scores_file.write_text(scores_file.read_text().replace('"rule":"fraction"', '"rule":"other"'))
    assert main(["compare", str(reference), f"results={results}"]) == 2
    assert "another definition" in capsys.readouterr().err
    next(reference.rglob("scores.json")).unlink()
    assert main(["compare", str(reference), f"results={results}"]) == 2
    assert "neither outcomes nor scores" in capsys.readouterr().err
