"""The run table: a row for each run, a column for each measure, a dash where a measure does not apply."""

from collections.abc import Sequence

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from memeval.measures import EvidenceRecall, Measure, ReadSeconds
from memeval.report.rows import MAIN, Row, ordered
from memeval.scoring import Part

DASH = "–"
_SECONDS_AS_MS = (ReadSeconds,)


def show(measure: Measure, value: float | None) -> str:
    """A value in the unit of its measure: shares in percent, short times in milliseconds."""
    if value is None:
        return DASH
    if measure.quantity == "tokens":
        return f"{value:,.0f}"
    if measure.quantity == "seconds":
        return f"{value * 1000:,.2f}" if isinstance(measure, _SECONDS_AS_MS) else f"{value:,.2f}"
    return f"{value * 100:.1f}"


def unit(measure: Measure) -> str:
    """What `show` prints the measure in."""
    if measure.quantity == "seconds":
        return "ms" if isinstance(measure, _SECONDS_AS_MS) else "s"
    return {"tokens": "tokens", "share": "%"}[measure.quantity]


def heading(measure: Measure) -> str:
    """The measure's canonical name over a few short lines, with its unit."""
    name, _, rest = str(measure).partition("(")
    options, _, at = rest.partition(")")
    lines = ["".join(f"\n{part}" if part[0].isupper() and index else part for index, part in enumerate(_words(name)))]
    lines[0] += at
    lines += [
        option.partition("=")[2] if option.startswith(("unit=", "rule=")) else option
        for option in options.split(",")
        if option
    ]
    return "\n".join([*lines, f"[{unit(measure)}]"])


def _words(name: str) -> list[str]:
    words: list[str] = []
    for letter in name:
        if letter.isupper() and words and words[-1][-1].islower():
            words.append(letter)
        elif words:
            words[-1] += letter
        else:
            words.append(letter)
    # Only long names are broken.
    return words if len(name) > 9 else [name]


def run_table(rows: Sequence[Row], title: str) -> RenderableType:
    """All rows over all measures that apply to any of them, with chance and saturation below.

    The chance of recall in a context depends on how much the context covers, so it stands beside it; that of ranking
    measures depends on the data and k alone, so it stands in a line of its own.
    """
    rows = ordered(rows)
    measures = _columns(rows)
    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("strategy", vertical="bottom", no_wrap=True)
    table.add_column("retriever", vertical="bottom", no_wrap=True)
    table.add_column("budget", justify="right", vertical="bottom")
    for measure in measures:
        table.add_column(Text(heading(measure)), justify="right")
        if measure == MAIN:
            table.add_column(Text("by\nchance\n[%]"), justify="right")
    failed = any(row.scores.failed.any() for row in rows)
    if failed:
        table.add_column("failed", justify="right")
    previous: Row | None = None
    for row in rows:
        if previous is not None and previous.is_reference != row.is_reference:
            table.add_section()
        previous = row
        cells = [row.strategy, row.retriever if row.retriever != "none" else DASH, f"{row.budget:,}"]
        for measure in measures:
            score = row.scores[measure]
            cells.append(show(measure, score.value))
            if measure == MAIN:
                cells.append(show(measure, score.chance))
        if failed:
            cells.append(str(int(row.scores.failed.sum())))
        table.add_row(*cells, style="dim" if row.is_reference else "")
    _add_luck(table, rows, measures, failed)
    return Group(table, Text(_legend(rows, measures), style="dim"))


def _columns(rows: Sequence[Row]) -> list[Measure]:
    derived = any(row.scores.has_derived for row in rows)
    columns: list[Measure] = []
    for row in rows:
        for measure, score in row.scores.overall.items():
            if isinstance(measure, EvidenceRecall) and measure.segments == "all" and not derived:
                continue
            if measure not in columns and score.value is not None:
                columns.append(measure)
    order = {measure: index for index, measure in enumerate(rows[0].scores.overall)} if rows else {}
    return sorted(columns, key=lambda measure: order.get(measure, len(order)))


def _add_luck(table: Table, rows: Sequence[Row], measures: Sequence[Measure], failed: bool) -> None:
    ranking = [row for row in rows if row.scores.has_ranking]
    if not ranking:
        return
    table.add_section()
    for name, attribute in (("(a random ranking)", "chance"), ("(k covers everything)", "saturation")):
        cells = [name, "", ""]
        for measure in measures:
            value = None
            if "@" in str(measure):
                value = next((getattr(row.scores[measure], attribute) for row in ranking), None)
            cells.append("" if value is None else show(measure, value))
            if measure == MAIN:
                cells.append("")
        table.add_row(*cells, *([""] if failed else []), style="dim italic")


def _legend(rows: Sequence[Row], measures: Sequence[Measure]) -> str:
    lines = [f"{measure}: {measure.summary}; n = {_counts(rows, measure)}" for measure in measures]
    lines.append("Rows below the line are references. A dash: the measure does not apply, which is not 0.")
    return "\n".join(lines)


def _counts(rows: Sequence[Row], measure: Measure) -> str:
    counts = sorted({row.scores[measure].n for row in rows if row.scores[measure].value is not None})
    return " or ".join(f"{count:,}" for count in counts)


def category_table(rows: Sequence[Row], measure: Measure = MAIN) -> RenderableType:
    """One measure by category, the number of questions under each name."""
    rows = ordered(rows, measure)
    categories: dict[str, Part] = {}
    for row in rows:
        for category, part in row.scores[measure].by_category.items():
            if part.n:
                categories.setdefault(category, part)
    table = Table(
        title=f"{measure} by category [{unit(measure)}]".replace("[", r"\["),
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
    )
    table.add_column("strategy", vertical="bottom", no_wrap=True)
    table.add_column("retriever", vertical="bottom", no_wrap=True)
    table.add_column("budget", justify="right", vertical="bottom")
    for category, part in categories.items():
        table.add_column(f"{category}\nn={part.n}", justify="right")
    for row in rows:
        parts = row.scores[measure].by_category
        cells = [row.strategy, row.retriever if row.retriever != "none" else DASH, f"{row.budget:,}"]
        cells += [show(measure, parts[category].value if category in parts else None) for category in categories]
        table.add_row(*cells, style="dim" if row.is_reference else "")
    return table
