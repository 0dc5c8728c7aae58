"""Tables for files and programs: Markdown and LaTeX as on the screen, CSV, JSON lines and Parquet with all digits."""

import csv
import io
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from memeval.kit import escaping
from memeval.kit.errors import ConfigError, RecordsError
from memeval.records.replacing import replacing
from memeval.reports.grid import Column, Grid, Report, Value
from memeval.reports.layout import report_lines

FORMATS = ("terminal", "md", "csv", "jsonl", "parquet", "latex")
# For programs: values with all digits, and nothing else in the file.
DATA_FORMATS = ("csv", "jsonl", "parquet")
ALIASES: Mapping[str, str] = {"markdown": "md"}
SUFFIXES: Mapping[str, str] = {
    ".txt": "terminal", ".md": "md", ".csv": "csv", ".jsonl": "jsonl", ".parquet": "parquet", ".tex": "latex",
}  # fmt: skip
# Of a screen that nobody knows the width of: a pipe, a file.
WIDTH = 200


def format_of(asked: str | None, out: Path | None) -> str:
    """The format that is asked for, else the one that the file's ending says, else `terminal`.

    Raises:
        ConfigError: an unknown format or ending, or Parquet without a file.
    """
    chosen = None if asked is None else ALIASES.get(asked, asked)
    if chosen is not None and chosen not in FORMATS:
        raise ConfigError(f"format={asked} is unknown: choose one of {', '.join(FORMATS)}")
    if chosen is None and out is not None:
        if out.suffix not in SUFFIXES:
            raise ConfigError(f"out={out} does not say its format: end it with {', '.join(SUFFIXES)}, or add format=")
        chosen = SUFFIXES[out.suffix]
    if chosen == "parquet" and out is None:
        raise ConfigError("Parquet is not for the screen: add out=FILE.parquet")
    return chosen or "terminal"


def text_of(report: Report, form: str, width: int = WIDTH) -> str:
    """A report as text in one of the formats, all but Parquet."""
    if form == "md":
        return to_markdown(report)
    if form == "latex":
        return to_latex(report)
    if form == "csv":
        return to_csv(report.one)
    if form == "jsonl":
        return to_json_lines(report.one)
    return "".join(f"{line.text}\n" for line in report_lines(report, width, rules=False))


def write(report: Report, form: str, out: Path) -> None:
    """Write a report into a file: beside the old file first, which is replaced when all is written.

    Raises:
        ConfigError: Parquet without pyarrow.
        RecordsError: it cannot be written.
    """
    with _explained(out):
        if form == "parquet":
            with replacing(out) as path:
                to_parquet(report.one, path)
        else:
            write_text(text_of(report, form), out)


def write_text(text: str, out: Path) -> None:
    """Write a text into a file, as `write` does.

    Raises:
        RecordsError: it cannot be written.
    """
    with _explained(out), replacing(out) as path:
        path.write_text(text, encoding="utf-8", newline="\n")


def to_csv(grid: Grid) -> str:
    """A table as CSV; what is missing is empty, numbers keep all digits."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow([escaping.csv_cell(column.key) for column in grid.columns])
    for record in grid.records:
        writer.writerow([escaping.csv_cell(_finite(value)) for value in record.values()])
    return file.getvalue()


def to_json_lines(grid: Grid) -> str:
    """A table as JSON lines, an object a line; what is missing is null, numbers keep all digits."""
    records = ({key: _finite(value) for key, value in record.items()} for record in grid.records)
    return "".join(f"{json.dumps(record, allow_nan=False)}\n" for record in records)


def _finite(value: Value) -> Value:
    """None for what no format has a number for."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def to_parquet(grid: Grid, path: Path) -> None:
    """Write a table as Parquet, each column of one type.

    Raises:
        ConfigError: pyarrow is not installed.
        RecordsError: it cannot be written.
    """
    try:
        import pyarrow  # type: ignore[import-untyped]  # noqa: F401
    except ImportError as error:
        raise ConfigError(
            "Parquet needs the package pyarrow: pip install 'memeval[parquet]', or choose format=csv"
        ) from error
    import pandas as pd

    records = grid.records
    frame = pd.DataFrame(
        {
            _storable(column.key): pd.Series(*_typed(column, [_finite(record[column.key]) for record in records]))
            for column in grid.columns
        }
    )
    with _explained(path):
        frame.to_parquet(path, index=False)


def _typed(column: Column, values: Sequence[Value]) -> tuple[list[Any], None, str]:
    """The values of a column and their common type, in the words of pandas."""
    present = [value for value in values if value is not None]
    if any(isinstance(value, str) for value in present) or (column.is_text and not present):
        # Half of a surrogate pair is no text of any file.
        return (
            [None if value is None else str(value).encode("utf-8", "replace").decode() for value in values],
            None,
            "string",
        )
    if present and all(isinstance(value, bool) for value in present):
        return list(values), None, "boolean"
    whole = bool(present) and all(isinstance(value, int) for value in present)
    return list(values), None, "Int64" if whole else "float64"


def _storable(text: str) -> str:
    """Half of a surrogate pair is no text of any file."""
    return text.encode("utf-8", "backslashreplace").decode()


def to_markdown(report: Report) -> str:
    """Tables of GitHub's Markdown, findings below, how to read them folded away."""
    lines = [escaping.markdown(report.first), ""] if report.first else []
    for grid in report.grids:
        if grid.title:
            lines += [f"**{escaping.markdown(grid.title)}**", ""]
        columns = [grid.columns[place] for place in grid.shown]
        lines.append(_piped(["\n".join(column.heading) for column in columns]))
        lines.append("| " + " | ".join(":---" if column.is_text else "---:" for column in columns) + " |")
        lines += [*map(_piped, grid.texts), ""]
    lines += [f"- {escaping.markdown(finding)}" for finding in report.findings]
    if report.legend:
        lines += ["", "<details><summary>How to read this</summary>", ""]
        lines += [f"- {escaping.markdown(line)}" for line in report.legend]
        lines += ["", "</details>"]
    return "\n".join([*lines, ""])


def _piped(cells: Sequence[str]) -> str:
    return "| " + " | ".join(escaping.markdown(cell) for cell in cells) + " |"


def to_latex(report: Report) -> str:
    """Tables of a report with findings and legend below; needs the package booktabs."""
    lines = [escaping.latex(report.first) + r"\par", ""] if report.first else []
    for grid in report.grids:
        columns = [grid.columns[place] for place in grid.shown]
        headings = [column.heading for column in columns]
        depth = max(map(len, headings), default=0)
        sides = "".join("l" if column.is_text else "r" for column in columns)
        lines += [r"\begin{table}", r"\centering"]
        lines += [rf"\caption{{{escaping.latex(grid.title)}}}"] if grid.title else []
        lines += [rf"\begin{{tabular}}{{{sides}}}", r"\toprule"]
        for level in range(depth):
            # Headings stand on the line below them.
            shown = [
                heading[level - depth + len(heading)] if level >= depth - len(heading) else "" for heading in headings
            ]
            lines.append(" & ".join(map(escaping.latex, shown)) + r" \\")
        lines.append(r"\midrule")
        for number, (line, texts) in enumerate(zip(grid.lines, grid.texts, strict=True)):
            if line.apart and number:
                lines.append(r"\midrule")
            lines.append(" & ".join(map(escaping.latex, texts)) + r" \\")
        lines += [r"\bottomrule", r"\end{tabular}", r"\end{table}", ""]
    lines += [escaping.latex(line) + r"\par" for line in (*report.findings, *report.legend)]
    return "\n".join(lines) + "\n"


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        raise RecordsError(f"{path} cannot be written ({error}): choose another file with out=FILE") from error
