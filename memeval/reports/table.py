"""The run table: a row for each run, a column for each measure, a dash where a measure does not apply."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from memeval.answers import judge_check
from memeval.kit import escaping
from memeval.reports.grid import DASH, Cell, Column, Grid, Line, hidden, number, text_column, words
from memeval.scoring.measures import EvidenceRecall, JudgedAccuracy, Measure, QuestionMeasure, Recall
from memeval.scoring.rows import MAIN, Row, axes, ordered
from memeval.scoring.scores import Part

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


def run_grid(rows: Sequence[Row], title: str) -> Grid:
    """All rows over all measures that apply to any of them, with chance and saturation below.

    The chance of recall in a context depends on how much the context covers, so it stands beside it; that of ranking
    measures depends on the data and k alone, so it stands in a line of its own.
    """
    measures = _columns(rows)
    rows = _in_order(rows, measures)
    first, names = naming(rows)
    failed = any(row.scores.failed.any() for row in rows)
    columns = list(first)
    for measure in measures:
        columns.append(measure_column(measure))
        if measure == MAIN:
            columns.append(measure_column(measure, by_chance=True))
    columns += [Column(("failed",))] if failed else []
    lines = []
    for row, cells in zip(rows, names, strict=True):
        figures = []
        for measure in measures:
            score = row.scores[measure]
            figures.append(figure(measure, score.value, UNFIT if score.unfit else ""))
            if measure == MAIN:
                figures.append(figure(measure, score.chance))
        figures += [number(int(row.scores.failed.sum()))] if failed else []
        lines.append(Line((*cells, *figures)))
    lines = [*marked(lines, rows), *_common_lines(rows, measures, columns)]
    return Grid(title, tuple(columns), tuple(lines), len(first), key="scores")


def _in_order(rows: Sequence[Row], measures: Sequence[Measure]) -> list[Row]:
    return ordered(rows, MAIN if MAIN in measures or not measures else measures[0])


def naming(
    rows: Sequence[Row], always: Sequence[str] = (), without: Sequence[str] = ()
) -> tuple[tuple[Column, ...], list[tuple[Cell, ...]]]:
    """The columns that name rows, and their cells: strategy, retriever, what else tells them apart.

    The benchmark is shown where they are of several. Rows that nothing tells apart are named by their ids, or by their
    folders where the ids are the same.

    Args:
        rows: in the order of the lines.
        always: settings that are shown even where all rows agree.
        without: settings that are not shown.
    """
    settings = [axis for axis in dict.fromkeys([*always, *axes(rows)]) if axis not in without]
    benchmarks = [row.run.record.benchmark.name for row in rows]
    found: list[tuple[Cell, ...]] = [
        (
            words(benchmark),
            words(row.strategy),
            words(row.retriever, DASH if row.retriever == "none" else None),
            *(number(row.budget) if axis == "budget" else words(row.on(axis)) for axis in settings),
        )
        for row, benchmark in zip(rows, benchmarks, strict=True)
    ]
    alike = len({tuple(cell.text for cell in cells) for cells in found}) < len(rows)
    ids = [row.run.id for row in rows]
    named = [str(row.run.folder) for row in rows] if len(set(ids)) < len(ids) else ids
    columns = (
        text_column("benchmark") if len(set(benchmarks)) > 1 else hidden("benchmark"),
        text_column("strategy"),
        text_column("retriever"),
        *(Column((axis,), unit="tokens") if axis == "budget" else text_column(axis) for axis in settings),
        text_column("run") if alike else hidden("run"),
    )
    return columns, [(*cells, words(name)) for cells, name in zip(found, named, strict=True)]


def measure_column(measure: Measure, by_chance: bool = False) -> Column:
    """The column of a measure; programs read its canonical name and its own unit."""
    name = f"{measure} by chance" if by_chance else str(measure)
    return Column(tuple(heading(measure, by_chance).split("\n")), name, measure.quantity)


def figure(measure: Measure, value: float | None, mark: str = "") -> Cell:
    """A value of a measure, as `show` prints it, with a mark behind it."""
    return number(value, show(measure, value) + mark)


def marked(lines: Sequence[Line], rows: Sequence[Row]) -> list[Line]:
    """The lines of rows, reference rows set apart below the others."""
    first = next((place for place, row in enumerate(rows) if row.is_reference), len(rows))
    return [
        replace(line, style="dim", apart=place == first) if place >= first else line for place, line in enumerate(lines)
    ]


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


def _common_lines(rows: Sequence[Row], measures: Sequence[Measure], columns: Sequence[Column]) -> Iterator[Line]:
    """Chance, saturation and missing positions of ranking measures in lines of their own, a dash where rows differ."""
    for place, (name, values) in enumerate(_common(rows, measures).items()):
        shown = {str(measure): set(texts) for measure, texts in values.items()}
        cells = [words(None), words(f"({name})")]
        for column in columns[2:]:
            texts = shown.get(column.name, set())
            cells.append(Cell("" if not texts else next(iter(texts)) if len(texts) == 1 else DASH))
        yield Line(tuple(cells), "dim italic", apart=not place)


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


def run_legend(rows: Sequence[Row]) -> list[str]:
    """How to read `run_grid`."""
    measures = _columns(rows)
    rows = _in_order(rows, measures)
    lines = []
    for measure in measures:
        short = " ".join(measure.heading())
        lines.append(f"{short}: {measure}, {measure.summary}; n = {_counts(rows, measure)}")
        if isinstance(measure, JudgedAccuracy):
            lines += judge_check.notes(row.run.record.judge for row in rows)
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
    if any(row.is_reference for row in rows):
        lines.append("none, full, oracle and random at the end are references: they say what can be reached at all.")
    lines.append("A dash: the measure does not apply, which is not 0.")
    return lines


def _counts(rows: Sequence[Row], measure: Measure) -> str:
    counts = sorted({row.scores[measure].n for row in rows if row.scores[measure].value is not None})
    return " or ".join(f"{count:,}" for count in counts)


def category_grid(rows: Sequence[Row], measure: Measure = MAIN) -> Grid:
    """One measure by category, the number of questions under each name."""
    rows = ordered(rows, measure)
    return _group_grid(rows, [row.scores[measure].by_category for row in rows], measure, "category")


def tag_grid(rows: Sequence[Row], measure: QuestionMeasure = MAIN) -> Grid | None:
    """One measure by the questions' tags, of which a question may have several; None where there are fewer than two."""
    rows = ordered(rows, measure)
    groups = [row.scores.by_tag(measure) for row in rows]
    if len({tag for parts in groups for tag, part in parts.items() if part.n}) < 2:
        return None
    return _group_grid(rows, groups, measure, "tag")


def _group_grid(rows: Sequence[Row], groups: Sequence[Mapping[str, Part]], measure: Measure, by: str) -> Grid:
    counts: dict[str, set[int]] = {}
    for parts in groups:
        for name, part in parts.items():
            if part.n:
                counts.setdefault(name, set()).add(part.n)
    first, names = naming(rows)
    columns = [
        Column((name, f"n={min(ns):,}" if len(ns) == 1 else "n by row"), name, measure.quantity)
        for name, ns in counts.items()
    ]
    lines = []
    for cells, parts in zip(names, groups, strict=True):
        figures = []
        for name, ns in counts.items():
            part = parts.get(name, Part(None, 0))
            figures.append(figure(measure, part.value, "" if len(ns) == 1 or part.value is None else f" n={part.n:,}"))
        lines.append(Line((*cells, *figures)))
    title = f"{measure} by {by}, {unit(measure)}"
    return Grid(title, (*first, *columns), tuple(marked(lines, rows)), len(first), key=by)


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
            share = float(row.run.record.memory.get("retrieved_share", 0.5))
            window = row.budget - int(row.budget * share)
            part = f"with at least {window:,} of {budget} tokens (retrieved_share={share:g}) beside "
            found.setdefault((row.strategy, part), {})[row.retriever] = None
    told = []
    for (strategy, part), retrievers in found.items():
        names = ", ".join(retrievers)
        told.append(f"{strategy} {part}{names}" if strategy else f"{names} {part}")
    return escaping.shown(f"Memory: {'; '.join(told)}.") if told else ""


def title_of(name: str, rows: Sequence[Row]) -> str:
    """What was run: benchmark, size, tokenizer."""
    scores = rows[0].scores
    budgets = ", ".join(f"{budget:,}" for budget in sorted({row.budget for row in rows if not row.is_reference}))
    size = f"{len(scores.dialogues):,} dialogues, {len(scores.questions):,} questions"
    return f"{name}: {size}; {f'budget {budgets} ' if budgets else ''}tokens of {rows[0].run.record.tokenizer}"


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
