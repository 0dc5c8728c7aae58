"""The run table: what belongs to a row never stands below all rows as if it were common."""

from dataclasses import replace

import pytest
from support.rows import row

from memeval.reports.grid import Grid
from memeval.reports.layout import grid_lines
from memeval.reports.table import category_grid, heading, run_grid, run_legend, show, unit
from memeval.scoring.measures import (
    EvidenceRecall,
    IndexBytes,
    Measure,
    QuestionDollars,
    ReadSeconds,
    Recall,
    WriteSeconds,
    nDCG,
)
from memeval.scoring.rows import Row

RECALL = Recall(k=10)


def text(grid: Grid, *below: str) -> str:
    return "\n".join([*(line.text for line in grid_lines(grid, 400, rules=False)), *below])


def table(rows: list[Row]) -> str:
    return text(run_grid(rows, "t"), *run_legend(rows))


def ranked(name: str, chance: float, saturation: float = 0.0, short: float = 0.0) -> Row:
    made = row(name, {EvidenceRecall(): [1.0, 0.5], RECALL: [1.0, 0.5]}, dialogues=2)
    score = replace(made.scores[RECALL], chance=chance, saturation=saturation, short=short)
    scores = replace(made.scores, has_ranking=True, overall={**made.scores.overall, RECALL: score})
    return replace(made, scores=scores)


def line(shown: str, name: str) -> list[str]:
    found = [each.split() for each in shown.splitlines() if each.strip().startswith(f"({name})")]
    assert len(found) == 1, shown
    return found[0][1:]


def test_chance_that_is_the_same_in_all_rows_stands_below_them() -> None:
    shown = table([ranked("none+bm25", 0.024), ranked("none+vector", 0.024)])
    assert line(shown, "chance") == ["2.4"]
    assert line(shown, "saturated") == ["0.0"]
    assert "differs" not in shown
    assert "(short)" not in shown and "short:" not in shown


def test_chance_that_differs_is_a_dash_and_every_row_is_named() -> None:
    rows = [ranked("none+bm25", 0.024), ranked("none+vector", 0.554, 0.25), ranked("none+graph", 0.119)]
    shown = table(rows)
    assert line(shown, "chance") == ["–"] == line(shown, "saturated")
    first = [each.split()[1] for each in shown.splitlines() if each.strip().startswith("none")]
    values = {"bm25": "2.4", "vector": "55.4", "graph": "11.9"}
    by_row = ", ".join(values[name] for name in first)
    assert f"chance of Recall@10 differs, by row that ranks, from above: {by_row}." in shown


def test_a_ranking_that_ends_early_is_said_where_there_is_one() -> None:
    shown = table([ranked("none+bm25", 0.1, short=0.031), ranked("none+vector", 0.1)])
    assert line(shown, "short") == ["–"]
    assert "3.1" in shown and "whose ranking ends before k" in shown


def test_the_number_of_questions_belongs_to_a_row_where_rows_differ() -> None:
    alike = [row("none+bm25", [1.0, 0.0, 1.0], categories="aab", dialogues=3) for _ in range(2)]
    assert "n=2" in text(category_grid(alike)) and "by row" not in text(category_grid(alike))
    fewer = row("full", [0.5, float("nan"), 1.0], categories="aab", dialogues=3)
    shown = text(category_grid([alike[0], fewer]))
    assert "n by row" in shown and "50.0 n=2" in shown and "50.0 n=1" in shown
    assert shown.count("n=1") == 2, "of the category b, where rows agree, in the heading"


@pytest.mark.parametrize(
    ("measure", "lines", "value", "printed"),
    [
        (EvidenceRecall(), ["evidence", "recall", "%"], 0.5, "50.0"),
        (EvidenceRecall(unit="session", rule="any"), ["evidence", "recall", "session", "any", "%"], 1.0, "100.0"),
        (RECALL, ["Recall@10", "%"], 0.5, "50.0"),
        (nDCG(k=5, discount="longmemeval"), ["nDCG@5", "longmemeval", "%"], 0.123, "12.3"),
        (ReadSeconds(p=95, clock="own"), ["read", "p95", "own", "ms"], 0.0123, "12.30"),
        (WriteSeconds(), ["write", "s"], 1234.5, "1,234.50"),
        (WriteSeconds(per="turn"), ["write", "turn", "ms"], 0.002, "2.00"),
        (QuestionDollars(phase="read"), ["money", "read", "$/1,000"], 0.0036, "3.60"),
        (IndexBytes(where="disk"), ["index", "bytes", "disk", ""], 2048.0, "2,048"),
    ],
)
def test_a_measure_knows_its_heading_unit_and_scale(
    measure: Measure, lines: list[str], value: float, printed: str
) -> None:
    assert heading(measure).split("\n") == lines
    assert (unit(measure), show(measure, value)) == (lines[-1], printed)
    assert show(measure, None) == "–"
