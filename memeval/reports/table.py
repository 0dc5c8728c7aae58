"""The run table: a row for each run, a column for each measure, a dash where a measure does not apply."""

import math
from collections.abc import Mapping, Sequence

from rich import box
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from memeval.answers import judge_check
from memeval.kit.escaping import shown
from memeval.scoring.measures import EvidenceRecall, JudgedAccuracy, Measure, QuestionMeasure, Recall
from memeval.scoring.rows import MAIN, Row, axes, ordered
from memeval.scoring.scores import Part

DASH = "–"
# Beside the dash of a price: prompts do not fit the window of the target.
UNFIT = "*"


def show(measure: Measure, value: float | None) -> str:
    """A value in the unit of its measure: shares in percent, short times in milliseconds."""
    if value is None:
        return DASH
    scale, decimals = measure.printed.scale, measure.printed.decimals
    return money(value * scale) if decimals is None else f"{value * scale:,.{decimals}f}"


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


def unit(measure: Measure) -> str:
    """What `show` prints the measure in."""
    return measure.printed.unit


def heading(measure: Measure, by_chance: bool = False) -> str:
    """A few short lines: name, what distinguishes it, unit; the legend gives the whole name."""
    return "\n".join([*measure.heading(), *(["chance"] if by_chance else []), unit(measure)])


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
            cells.append(show(measure, score.value) + (UNFIT if score.unfit else ""))
            if measure == MAIN:
                cells.append(show(measure, score.chance))
        if failed:
            cells.append(str(int(row.scores.failed.sum())))
        table.add_row(*cells, style="dim" if row.is_reference else "")
    _add_common(table, rows, measures, 2 + len(told))
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
            if measure not in columns and (score.value is not None or score.unfit):
                columns.append(measure)
    order = {measure: index for index, measure in enumerate(rows[0].scores.overall)} if rows else {}
    return sorted(columns, key=lambda measure: order.get(measure, len(order)))


def _add_common(table: Table, rows: Sequence[Row], measures: Sequence[Measure], names: int) -> None:
    """Chance, saturation and missing positions of ranking measures in lines of their own, a dash where rows differ."""
    lines = _common(rows, measures)
    if not lines:
        return
    table.add_section()
    for name, values in lines.items():
        cells = [f"({name})"] + [""] * (names - 1)
        for measure in measures:
            texts = set(values.get(measure, ()))
            cells.append("" if not texts else texts.pop() if len(texts) == 1 else DASH)
            if measure == MAIN:
                cells.append("")
        table.add_row(*cells, style="dim italic")


def _common(rows: Sequence[Row], measures: Sequence[Measure]) -> dict[str, dict[Measure, list[str]]]:
    """By line and ranking measure: what is shown for each row that ranks. `short` is there where it is not 0."""
    ranking = [row for row in rows if row.scores.has_ranking]
    lines: dict[str, dict[Measure, list[str]]] = {"chance": {}, "saturated": {}, "short": {}}
    for measure in measures:
        if not measure.ranked:
            continue
        for row in ranking:
            score = row.scores[measure]
            for line, value in (("chance", score.chance), ("saturated", score.saturation), ("short", score.short)):
                if value is not None:
                    lines[line].setdefault(measure, []).append(show(measure, value))
    free = show(Recall(k=1), 0.0)
    if all(text == free for texts in lines["short"].values() for text in texts):
        del lines["short"]
    return {line: values for line, values in lines.items() if values}


def _legend(rows: Sequence[Row], measures: Sequence[Measure]) -> str:
    lines = []
    for measure in measures:
        short = " ".join(measure.heading())
        lines.append(f"{short}: {measure}, {measure.summary}; n = {_counts(rows, measure)}")
        if isinstance(measure, JudgedAccuracy):
            lines += judge_check.notes([row.run.meta for row in rows])
    common = _common(rows, measures)
    if common:
        lines.append(
            "chance: a uniformly random ranking; saturated: share of questions where k reaches all that was written."
        )
    if "short" in common:
        lines.append(
            "short: share of questions whose ranking ends before k although more was written; a longer one could only "
            "raise their values."
        )
    for line, by_measure in common.items():
        for measure, texts in by_measure.items():
            if len(set(texts)) > 1:
                values = ", ".join(texts)
                lines.append(
                    f"{line} of {' '.join(measure.heading())} differs, by row that ranks, from above: {values}."
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
    counts: dict[str, set[int]] = {}
    for parts in groups:
        for name, part in parts.items():
            if part.n:
                counts.setdefault(name, set()).add(part.n)
    told = axes(rows)
    table = _grid(told)
    for name, ns in counts.items():
        n = f"n={min(ns):,}" if len(ns) == 1 else "n by row"
        table.add_column(Text("\n".join([*_folded(shown(name)), n])), justify="right", vertical="bottom")
    previous: Row | None = None
    for row, parts in zip(rows, groups, strict=True):
        if previous is not None and previous.is_reference != row.is_reference:
            table.add_section()
        previous = row
        cells = []
        for name, ns in counts.items():
            part = parts.get(name, Part(None, 0))
            n = "" if len(ns) == 1 or part.value is None else f" n={part.n:,}"
            cells.append(show(measure, part.value) + n)
        table.add_row(*_names(row, told), *cells, style="dim" if row.is_reference else "")
    return Group(Text(f"{measure} by {by}, {unit(measure)}", style="bold"), table)


def _folded(category: str) -> list[str]:
    """A long name in two lines, broken at a hyphen."""
    head, hyphen, tail = category.rpartition("-")
    return [head + hyphen, tail] if len(category) > 12 and hyphen else [category]


def memory_line(rows: Sequence[Row]) -> str:
    """What the rows are made of: which window and which retriever have which part of the budget."""
    found: dict[tuple[str, str], dict[str, None]] = {}
    for row in rows:
        if row.is_reference:
            continue
        budget = f"{row.budget:,}"
        if row.retriever == "none":
            found.setdefault((row.strategy, f"alone with all {budget} tokens"), {})
        elif row.strategy == "none":
            found.setdefault(("", f"alone with all {budget} tokens"), {})[row.retriever] = None
        else:
            share = float(row.run.meta["identity"]["memory"].get("retrieved_share", 0.5))
            window = row.budget - int(row.budget * share)
            part = f"with at least {window:,} of {budget} tokens (retrieved_share={share:g}) beside "
            found.setdefault((row.strategy, part), {})[row.retriever] = None
    told = []
    for (strategy, part), retrievers in found.items():
        names = ", ".join(retrievers)
        told.append(f"{strategy} {part}{names}" if strategy else f"{names} {part}")
    return f"Memory: {'; '.join(told)}." if told else ""


def title_of(name: str, rows: Sequence[Row]) -> str:
    """What was run: benchmark, size, tokenizer."""
    meta = rows[0].run.meta
    questions = len(rows[0].scores.questions)
    tokenizer = meta["identity"]["tokenizer"].get("name", "tokens")
    budgets = ", ".join(f"{budget:,}" for budget in sorted({row.budget for row in rows if not row.is_reference}))
    size = f"{meta['dialogues']:,} dialogues, {questions:,} questions"
    return f"{name}: {size}; {f'budget {budgets} ' if budgets else ''}tokens of {tokenizer}"


def failures(row: Row) -> str:
    """How many questions of a run failed, and why the first one did; else the first error of a dialogue, if any."""
    failed = int(row.scores.failed.sum())
    if not failed:
        error = next((record.error for record in row.run.records() if record.error), "")
        return error and f"{row.run.id}: {error}"
    for result in row.run.results():
        for outcome in result.outcomes:
            if outcome.error:
                return f"{row.run.id}: {failed} questions failed, the first ({outcome.question}) with {outcome.error}"
    return f"{row.run.id}: {failed} questions have no outcome"
