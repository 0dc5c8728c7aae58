"""A comparison for other programs and papers: CSV and Parquet with all digits, Markdown and LaTeX as on the screen."""

import csv
import io
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from memeval.comparison import Comparison, Estimate, Line, Tested
from memeval.kit import escaping
from memeval.kit.errors import ConfigError, RecordsError
from memeval.reports.comparison import Report
from memeval.scoring.measures import Measure
from memeval.scoring.rows import Row, axes

FORMATS = ("table", "markdown", "csv", "parquet", "latex")
SUFFIXES = {".md": "markdown", ".csv": "csv", ".parquet": "parquet", ".tex": "latex"}

# Figures of a test, empty where nothing was tested: for all but the main measure, the reference and fixed rows.
_TESTED = (
    "reference", "difference", "difference_low", "difference_high", "p", "p_holm", "p_flip_dialogues",
    "p_flip_questions", "p_mcnemar", "effect_size", "wins", "losses", "ties", "detectable", "verdict",
)  # fmt: skip


def records(comparison: Comparison, rows: Sequence[Row]) -> list[dict[str, Any]]:
    """One record for each run, measure and category (`all` for all questions), in the measures' own units.

    Shares are 0 to 1, times are seconds. What does not apply is None.
    """
    told = [axis for axis in axes(rows) if axis != "budget"]
    found = []
    for row, line in zip(rows, comparison.lines, strict=True):
        names = row.run.meta["names"]
        about = {
            "benchmark": names["benchmark"],
            "strategy": row.strategy,
            "retriever": row.retriever,
            "budget": row.budget,
            **{axis: row.on(axis) for axis in told},
            "run": row.run.id,
            "fixed": row.is_reference,
            "made_otherwise": ", ".join(line.timing) or None,
        }
        for measure, category, estimate, tested in _figures(line, comparison.main):
            found.append(about | _record(comparison, measure, category, estimate, tested))
    return found


def _figures(line: Line, main: Measure) -> Iterator[tuple[Measure, str, Estimate, Tested | None]]:
    for measure, estimate in line.estimates.items():
        yield measure, "all", estimate, line.tested if measure == main else None
    for name, estimate in line.categories.items():
        yield main, name, estimate, line.tested_categories.get(name)


def _record(
    comparison: Comparison, measure: Measure, category: str, estimate: Estimate, tested: Tested | None
) -> dict[str, Any]:
    record: dict[str, Any] = {
        "measure": str(measure),
        "unit": measure.quantity,
        "category": category,
        "n": estimate.n,
        "unfit": estimate.unfit,
        "value": estimate.value,
        "low": estimate.interval.low if estimate.interval else None,
        "high": estimate.interval.high if estimate.interval else None,
        "level": comparison.level,
    }
    if tested is None:
        return record | dict.fromkeys(_TESTED)
    pair = tested.paired
    interval = pair.interval
    values = (
        comparison.reference.run.id, pair.difference, interval.low if interval else None,
        interval.high if interval else None, pair.p_value, tested.p_holm, pair.by_dialogue.p_value,
        pair.by_question.p_value, pair.mcnemar, pair.effect_size, pair.wins, pair.losses, pair.ties, pair.detectable,
        tested.verdict,
    )  # fmt: skip
    return record | dict(zip(_TESTED, values, strict=True))


def to_csv(found: Sequence[dict[str, Any]]) -> str:
    """Records as CSV; None is empty, numbers keep all digits."""
    file = io.StringIO()
    writer = csv.DictWriter(file, list(found[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: escaping.csv_cell(value) for name, value in record.items()} for record in found)
    return file.getvalue()


def to_parquet(found: Sequence[dict[str, Any]], path: Path) -> None:
    """Write records as Parquet, each column of one type.

    Raises:
        RecordsError: it cannot be written.
    """
    import pandas as pd

    frame = pd.DataFrame(list(found))
    for name in frame.columns:
        present = [record[name] for record in found if record[name] is not None]
        if present and all(isinstance(value, int | float) and not isinstance(value, bool) for value in present):
            frame[name] = frame[name].astype("Int64" if all(isinstance(value, int) for value in present) else "float64")
        elif not present:
            frame[name] = pd.Series([math.nan] * len(frame), dtype="float64" if name in _TESTED else "object")
    with _explained(path):
        frame.to_parquet(path, index=False)


def to_markdown(report: Report) -> str:
    """Tables of a report with their findings, for pull requests."""
    lines = []
    for grid in report.grids:
        titles = [" ".join(part for part in heading if part) for heading in grid.headings]
        marks = [":---"] * grid.names + ["---:"] * (len(titles) - grid.names)
        lines += [f"**{escaping.markdown(grid.title)}**", "", _piped(titles), _piped(marks)]
        lines += [_piped(row) for row in grid.rows]
        lines.append("")
    lines += [f"- {escaping.markdown(finding)}" for finding in report.findings]
    lines += ["", "<details><summary>How to read this</summary>", ""]
    lines += [f"- {escaping.markdown(line)}" for line in report.legend]
    return "\n".join([*lines, "", "</details>", ""])


def _piped(cells: Sequence[str]) -> str:
    return "| " + " | ".join(escaping.markdown(cell) for cell in cells) + " |"


def to_latex(report: Report) -> str:
    """Tables of a report with findings and legend below; needs the package booktabs."""
    lines = []
    for grid in report.grids:
        columns = "l" * grid.names + "r" * (len(grid.headings) - grid.names)
        depth = max(map(len, grid.headings))
        lines += [
            r"\begin{table}", r"\centering", rf"\caption{{{escaping.latex(grid.title)}}}",
            rf"\begin{{tabular}}{{{columns}}}", r"\toprule",
        ]  # fmt: skip
        for level in range(depth):
            # Headings stand on the line below them.
            shown = [
                heading[level - depth + len(heading)] if level >= depth - len(heading) else ""
                for heading in grid.headings
            ]
            lines.append(" & ".join(map(escaping.latex, shown)) + r" \\")
        lines.append(r"\midrule")
        for index, row in enumerate(grid.rows):
            if index == grid.fixed and index:
                lines.append(r"\midrule")
            lines.append(" & ".join(map(escaping.latex, row)) + r" \\")
        lines += [r"\bottomrule", r"\end{tabular}", r"\end{table}", ""]
    lines += [escaping.latex(line) + r"\par" for line in (*report.findings, *report.legend)]
    return "\n".join(lines) + "\n"


def format_of(asked: str | None, out: Path | None) -> str:
    """The format that is asked for, else the one that the file's ending says, else `table`.

    Raises:
        ConfigError: an unknown format or ending, or Parquet without a file.
    """
    if asked is not None and asked not in FORMATS:
        raise ConfigError(f"format={asked} is unknown: choose one of {', '.join(FORMATS)}")
    chosen = asked
    if chosen is None and out is not None:
        if out.suffix not in SUFFIXES:
            raise ConfigError(f"out={out} does not say its format: end it with {', '.join(SUFFIXES)}, or add format=")
        chosen = SUFFIXES[out.suffix]
    if chosen == "parquet" and out is None:
        raise ConfigError("Parquet is not for the screen: add out=FILE.parquet")
    return chosen or "table"


def write(text: str, path: Path) -> None:
    """Write a text file.

    Raises:
        RecordsError: it cannot be written.
    """
    with _explained(path):
        path.write_text(text, encoding="utf-8", newline="\n")


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        raise RecordsError(f"{path} cannot be written ({error}): choose another file with out=FILE") from error
