"""The run table: a row for each run, a column for each measure, a dash where a measure does not apply."""

import math
from collections.abc import Mapping, Sequence

from rich import box
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from memeval.answers import judge_check
from memeval.kit.escaping import shown
from memeval.scoring.measures import (
    EvidenceRecall,
    IncrementSeconds,
    JudgedAccuracy,
    Measure,
    QuestionMeasure,
    ReadSeconds,
    StartSeconds,
    WriteSeconds,
)
from memeval.scoring.rows import MAIN, Row, axes, ordered
from memeval.scoring.scores import Part

DASH = "–"
# Words that a column of figures is wide enough for.
_SHORT = {
    "EvidenceRecall": ("evidence", "recall"),
    "AnswerInContext": ("answer", "in text"),
    "EvidenceDensity": ("evidence", "density"),
    "ContextTokens": ("context",),
    "ContextShare": ("context", "share"),
    "InputDollars": ("input",),
    "QuestionDollars": ("money",),
    "WriteDollars": ("write",),
    "ReadSeconds": ("read",),
    "WriteSeconds": ("write",),
    "IncrementSeconds": ("one more", "turn"),
    "StartSeconds": ("start",),
    "WriteRate": ("turns", "written/s"),
    "IndexBytes": ("index", "bytes"),
    "JudgedAccuracy": ("judged", "correct"),
    "JudgeAgreement": ("judge", "agrees"),
    "TokenF1": ("token", "F1"),
    "ExactMatch": ("exact", "match"),
    "RougeL": ("ROUGE-L",),
    "AbstentionPrecision": ("abstention", "precision"),
    "AbstentionRecall": ("abstention", "recall"),
    "LeakRate": ("leaks",),
    "NewestInContext": ("newest", "value"),
    "OnlyStaleInContext": ("stale", "only"),
    "NeitherInContext": ("neither", "value"),
}
_UNSAID = {("unit", "turn"), ("rule", "fraction")}


def show(measure: Measure, value: float | None) -> str:
    """A value in the unit of its measure: shares in percent, short times in milliseconds."""
    if value is None:
        return DASH
    if measure.quantity == "tokens":
        return f"{value:,.0f}"
    if measure.quantity == "seconds":
        return f"{value * 1000:,.2f}" if _in_ms(measure) else f"{value:,.2f}"
    if measure.quantity == "count":
        return f"{value:,.0f}"
    if measure.quantity == "dollars":
        return money(value * 1000)
    if measure.quantity == "ratio":
        return f"{value:,.2f}"
    return f"{value * 100:.1f}"


def money(dollars: float | None) -> str:
    """Dollars with three figures that count, a dash where they are not known; only what is free is 0."""
    if dollars is None:
        return DASH
    if abs(dollars) >= 100 or dollars == 0:
        return f"{dollars:,.0f}"
    if abs(dollars) < 1e-6:
        return f"{dollars:.3g}"
    digits = 2 if abs(dollars) >= 1 else 2 - math.floor(math.log10(abs(dollars)))
    return f"{dollars:.{digits}f}"


def _in_ms(measure: Measure) -> bool:
    """Times of one query or one turn, or of connecting."""
    return isinstance(measure, ReadSeconds | IncrementSeconds | StartSeconds) or (
        isinstance(measure, WriteSeconds) and measure.per == "turn"
    )


def unit(measure: Measure) -> str:
    """What `show` prints the measure in."""
    if measure.quantity == "seconds":
        return "ms" if _in_ms(measure) else "s"
    return {"tokens": "tokens", "share": "%", "dollars": "$/1,000"}.get(measure.quantity, "")


def heading(measure: Measure, by_chance: bool = False) -> str:
    """A few short lines: name, what distinguishes it, unit; the legend gives the whole name."""
    name, _, rest = str(measure).partition("(")
    options, _, at = rest.partition(")")
    given = dict(option.split("=") for option in options.split(",") if option)
    lines = list(_SHORT.get(name.partition("@")[0], (name.partition("@")[0],)))
    lines[-1] += at or name.partition("@")[1] + name.partition("@")[2]
    lines += [
        f"p{value}" if option == "p" else value for option, value in given.items() if (option, value) not in _UNSAID
    ]
    if by_chance:
        lines.append("by luck")
    return "\n".join([*lines, unit(measure)])


def run_table(rows: Sequence[Row], title: str, width: int = 200) -> RenderableType:
    """All rows over all measures that apply to any of them, with chance and saturation below.

    The chance of recall in a context depends on how much the context covers, so it stands beside it; that of ranking
    measures depends on the data and k alone, so it stands in a line of its own. Columns that do not fit the width go
    into a table below.
    """
    measures = _columns(rows)
    rows = ordered(rows, MAIN if MAIN in measures or not measures else measures[0])
    tables: list[RenderableType] = []
    console = Console(width=10_000, markup=False)
    while measures:
        count = len(measures)
        while True:
            table = _table(rows, measures[:count])
            if count == 1 or console.measure(table).maximum <= width:
                break
            count -= 1
        tables.append(table)
        measures = measures[count:]
    return Group(Text(title, style="bold"), *tables, "", Text(_legend(rows, _columns(rows)), style="dim"))


def _table(rows: Sequence[Row], measures: Sequence[Measure]) -> Table:
    told = axes(rows)
    failed = any(row.scores.failed.any() for row in rows)
    table = _grid(told)
    for measure in measures:
        table.add_column(Text(heading(measure)), justify="right", no_wrap=True)
        if measure == MAIN:
            table.add_column(Text(heading(measure, by_chance=True)), justify="right", no_wrap=True)
    if failed:
        table.add_column("failed", justify="right", vertical="bottom")
    previous: Row | None = None
    for row in rows:
        if previous is not None and previous.is_reference != row.is_reference:
            table.add_section()
        previous = row
        cells: list[RenderableType] = [*_names(row, told)]
        for measure in measures:
            score = row.scores[measure]
            cells.append(show(measure, score.value))
            if measure == MAIN:
                cells.append(show(measure, score.chance))
        if failed:
            cells.append(str(int(row.scores.failed.sum())))
        table.add_row(*cells, style="dim" if row.is_reference else "")
    _add_luck(table, rows, measures, 2 + len(told))
    return table


def _grid(told: Sequence[str]) -> Table:
    """An empty table with the columns that name a row."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("strategy", vertical="bottom", no_wrap=True)
    table.add_column("retriever", vertical="bottom", no_wrap=True)
    for axis in told:
        table.add_column(axis, justify="right", vertical="bottom", no_wrap=True)
    return table


def _names(row: Row, told: Sequence[str]) -> list[RenderableType]:
    names = [row.strategy, row.retriever if row.retriever != "none" else DASH, *(row.on(axis) for axis in told)]
    return [Text(shown(name)) for name in names]


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


def _add_luck(table: Table, rows: Sequence[Row], measures: Sequence[Measure], names: int) -> None:
    ranking = [row for row in rows if row.scores.has_ranking]
    if not ranking or not any("@" in str(measure) for measure in measures):
        return
    table.add_section()
    for name, attribute in (("(by luck)", "chance"), ("(saturated)", "saturation")):
        cells = [name] + [""] * (names - 1)
        for measure in measures:
            value = None
            if "@" in str(measure):
                value = next((getattr(row.scores[measure], attribute) for row in ranking), None)
            cells.append("" if value is None else show(measure, value))
            if measure == MAIN:
                cells.append("")
        table.add_row(*cells, style="dim italic")


def _legend(rows: Sequence[Row], measures: Sequence[Measure]) -> str:
    lines = []
    for measure in measures:
        short = " ".join(heading(measure).split("\n")[:-1])
        lines.append(f"{short}: {measure}, {measure.summary}; n = {_counts(rows, measure)}")
        if isinstance(measure, JudgedAccuracy):
            lines += judge_check.notes([row.run.meta for row in rows])
    if any("@" in str(measure) for measure in measures):
        lines.append(
            "by luck: a uniformly random ranking; saturated: share of questions where k reaches all that was written."
        )
    lines.append("Rows below the line are references. A dash: the measure does not apply, which is not 0.")
    return "\n".join(lines)


def _counts(rows: Sequence[Row], measure: Measure) -> str:
    counts = sorted({row.scores[measure].n for row in rows if row.scores[measure].value is not None})
    return " or ".join(f"{count:,}" for count in counts)


def category_table(rows: Sequence[Row], measure: Measure = MAIN) -> RenderableType:
    """One measure by category, the number of questions under each name."""
    rows = ordered(rows, measure)
    return _group_table(rows, [row.scores[measure].by_category for row in rows], measure, "category")


def tag_table(rows: Sequence[Row], measure: QuestionMeasure = MAIN) -> RenderableType | None:
    """One measure by the questions' tags, of which a question may have several; None where there are fewer than two."""
    rows = ordered(rows, measure)
    groups = [row.scores.by_tag(measure) for row in rows]
    if len({tag for parts in groups for tag, part in parts.items() if part.n}) < 2:
        return None
    return _group_table(rows, groups, measure, "tag")


def _group_table(
    rows: Sequence[Row], groups: Sequence[Mapping[str, Part]], measure: Measure, by: str
) -> RenderableType:
    counts: dict[str, int] = {}
    for parts in groups:
        for name, part in parts.items():
            if part.n:
                counts.setdefault(name, part.n)
    told = axes(rows)
    table = _grid(told)
    for name, n in counts.items():
        table.add_column(Text("\n".join([*_folded(shown(name)), f"n={n:,}"])), justify="right", vertical="bottom")
    previous: Row | None = None
    for row, parts in zip(rows, groups, strict=True):
        if previous is not None and previous.is_reference != row.is_reference:
            table.add_section()
        previous = row
        cells = [show(measure, parts[name].value if name in parts else None) for name in counts]
        table.add_row(*_names(row, told), *cells, style="dim" if row.is_reference else "")
    return Group(Text(f"{measure} by {by}, {unit(measure)}", style="bold"), table)


def _folded(category: str) -> list[str]:
    """A long name in two lines, broken at a hyphen."""
    head, hyphen, tail = category.rpartition("-")
    return [head + hyphen, tail] if len(category) > 12 and hyphen else [category]


def title_of(name: str, rows: Sequence[Row]) -> str:
    """What was run: benchmark, size, tokenizer."""
    meta = rows[0].run.meta
    questions = len(rows[0].scores.questions)
    tokenizer = meta["identity"]["tokenizer"].get("name", "tokens")
    budgets = ", ".join(f"{budget:,}" for budget in sorted({row.budget for row in rows if not row.is_reference}))
    size = f"{meta['dialogues']:,} dialogues, {questions:,} questions"
    return f"{name}: {size}; {f'budget {budgets} ' if budgets else ''}tokens of {tokenizer}"
