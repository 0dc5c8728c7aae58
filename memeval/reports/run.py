"""What `memeval run` and `memeval score` found: scores, categories, tags, and what weakens them."""

from collections.abc import Sequence

from memeval.reports.comparison import setback_notes
from memeval.reports.grid import Report
from memeval.reports.notes import run_notes
from memeval.reports.records import scored
from memeval.reports.table import category_grid, memory_line, run_grid, run_legend, tag_grid, title_of
from memeval.scoring.rows import MAIN, Row


def run_reports(rows: Sequence[Row]) -> list[Report]:
    """A report for each benchmark."""
    by_benchmark: dict[str, list[Row]] = {}
    for row in rows:
        by_benchmark.setdefault(row.run.record.benchmark.name, []).append(row)
    return [_report(name, group) for name, group in by_benchmark.items()]


def _report(name: str, rows: Sequence[Row]) -> Report:
    grids = [run_grid(rows, title_of(name, rows))]
    findings: list[str] = []
    if any(MAIN in row.scores.overall and row.scores[MAIN].by_category for row in rows):
        grids.append(category_grid(rows))
        tagged = tag_grid(rows)
        grids += [] if tagged is None else [tagged]
        findings += setback_notes(rows)
    findings += run_notes(rows)
    return Report(tuple(grids), tuple(findings), tuple(run_legend(rows)), (scored(rows),), memory_line(rows))
