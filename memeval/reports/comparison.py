"""A comparison in words and tables: grids of text that the terminal, Markdown and LaTeX show alike."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from rich import box
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from memeval.answers import judge_check
from memeval.comparison import Comparison, Estimate, Line, Scored, Setback, Tested, setbacks
from memeval.comparison.stats import Interval
from memeval.kit.escaping import shown
from memeval.reports.gap import Gap
from memeval.reports.notes import run_notes
from memeval.reports.table import DASH, UNFIT, heading, show, unit
from memeval.scoring.measures import EvidenceRecall, JudgedAccuracy, Measure
from memeval.scoring.rows import MAIN, Row, axes, ordered

_MARK = "*"


@dataclass(frozen=True, slots=True)
class Grid:
    """A table of text.

    Attributes:
        headings: of each column, a few short lines each.
        names: how many columns at the left are names; the others are figures.
        rows: cells.
        fixed: from which row on they are fixed ones such as `oracle`, below a line.
    """

    title: str
    headings: tuple[tuple[str, ...], ...]
    names: int
    rows: tuple[tuple[str, ...], ...]
    fixed: int


@dataclass(frozen=True, slots=True)
class Report:
    """Tables, what they say in words, and how to read them."""

    grids: tuple[Grid, ...]
    findings: tuple[str, ...]
    legend: tuple[str, ...]


def comparison_report(comparison: Comparison, rows: Sequence[Row], title: str) -> Report:
    """The whole comparison.

    Args:
        comparison: of these rows.
        rows: as they were given to `compare`.
        title: of the first table: data, size, budget.
    """
    names = _Names(rows, comparison)
    grids = [_scores(comparison, names, title)]
    if any(line.tested for line in names.lines):
        grids.append(_tests(comparison, names))
    if any(line.categories for line in names.lines):
        grids.append(_categories(comparison, names))
        if any(line.tested_categories for line in names.lines):
            grids.append(_tested_categories(comparison, names))
    setbacks_said = setback_notes(rows, comparison.main, comparison.level)
    findings = (*_reference(comparison), *setbacks_said, *run_notes(rows), *_cautions(names))
    return Report(tuple(grids), findings, tuple(_legend(comparison, names)))


def setback_notes(rows: Sequence[Scored], measure: Measure = MAIN, level: float = 0.95) -> list[str]:
    """A sentence for each run of several retrievers that is behind the best of them alone; for tables of any kind."""
    return [_setback(each, measure) for each in setbacks(rows, measure, level)]


def _setback(each: Setback, measure: Measure) -> str:
    sure = each.interval is not None and not each.interval.holds(0.0)
    budget = each.whole.run.meta["identity"]["budget"]
    if each.interval is None:
        how_sure = "too few dialogues for an interval"
    else:
        ends = f"{_signed(measure, each.interval.low)} to {_signed(measure, each.interval.high)}"
        how_sure = f"{_percent(each.interval.level)} {ends}"
    return (
        f"{each.whole.name} is {'worse' if sure else 'not better'} than {each.part.name} at budget {budget:,}: "
        f"{_signed(measure, each.difference)}{_points(measure)} ({how_sure})"
    )


class _Names:
    """The lines in the order they are shown, and the cells that name them."""

    def __init__(self, rows: Sequence[Row], comparison: Comparison) -> None:
        by_row = {id(line.row): line for line in comparison.lines}
        self.rows = ordered(rows, comparison.main)
        self.lines: list[Line] = [by_row[id(row)] for row in self.rows]
        self.fixed = sum(not row.is_reference for row in self.rows)
        told = axes(self.rows)
        cells = [
            (row.strategy, row.retriever if row.retriever != "none" else DASH, *(row.on(axis) for axis in told))
            for row in self.rows
        ]
        self.headings: tuple[tuple[str, ...], ...] = (("strategy",), ("retriever",), *((axis,) for axis in told))
        if len(set(cells)) < len(cells):
            ids = [row.run.id for row in self.rows]
            same = len(set(ids)) < len(ids)
            cells = [
                (*cell, str(row.run.folder) if same else row.run.id) for cell, row in zip(cells, self.rows, strict=True)
            ]
            self.headings = (*self.headings, ("run",))
        self.cells = [
            (f"{cell[0]} (reference)" if row is comparison.reference else cell[0], *cell[1:])
            for cell, row in zip(cells, self.rows, strict=True)
        ]


def _scores(comparison: Comparison, names: _Names, title: str) -> Grid:
    measures = _shown(comparison, names)
    main = comparison.main
    has_chance = any(_chance(row, main) is not None for row in names.rows)
    headings: list[tuple[str, ...]] = []
    for measure in measures:
        headings.append(tuple(heading(measure).split("\n")))
        if measure == main:
            headings.append((_percent(comparison.level), "interval", unit(measure)))
            if has_chance:
                headings.append(tuple(heading(measure, by_chance=True).split("\n")))
    rows = []
    for line, row, cell in zip(names.lines, names.rows, names.cells, strict=True):
        cells = list(cell)
        for measure in measures:
            estimate = line.estimates[measure]
            mark = _MARK if line.timing and measure.timed and estimate.value is not None else ""
            cells.append(show(measure, estimate.value) + (UNFIT if estimate.unfit else mark))
            if measure == main:
                cells.append(_interval(measure, estimate.interval))
                if has_chance:
                    cells.append(show(measure, _chance(row, main)))
        rows.append(tuple(cells))
    return Grid(title, (*names.headings, *headings), len(names.headings), tuple(rows), names.fixed)


def _tests(comparison: Comparison, names: _Names) -> Grid:
    main = comparison.main
    of = unit(main) if main.quantity != "share" else "points"
    headings = (
        ("difference", of),
        (f"{_percent(comparison.level)} interval", of),
        ("p",),
        ("p", "Holm"),
        ("effect", "d_z"),
        ("won",),
        ("lost",),
        ("tied",),
        ("detectable", of),
        ("verdict",),
    )
    rows = tuple(
        (*cell, *_test_cells(main, line.tested))
        for line, cell in zip(names.lines, names.cells, strict=True)
        if line.tested is not None
    )
    title = f"{main} against {comparison.reference.name}, question by question"
    return Grid(title, (*names.headings, *headings), len(names.headings), rows, len(rows))


def _test_cells(measure: Measure, tested: Tested) -> tuple[str, ...]:
    found = tested.paired
    return (
        _signed(measure, found.difference),
        _interval(measure, found.interval, signed=True),
        _p(found.p_value),
        _p(tested.p_holm),
        DASH if found.effect_size is None else f"{found.effect_size:+.2f}",
        f"{found.wins:,}",
        f"{found.losses:,}",
        f"{found.ties:,}",
        show(measure, found.detectable),
        tested.verdict,
    )


def _categories(comparison: Comparison, names: _Names) -> Grid:
    main = comparison.main
    sizes = _sizes([line.categories for line in names.lines])
    rows = tuple(
        (*cell, *(_with_interval(main, line.categories.get(name)) for name in sizes))
        for line, cell in zip(names.lines, names.cells, strict=True)
    )
    headings = tuple((name, f"n={n:,}") for name, n in sizes.items())
    title = f"{main} by category, {unit(main)}, with {_percent(comparison.level)} interval"
    return Grid(title, (*names.headings, *headings), len(names.headings), rows, names.fixed)


def _tested_categories(comparison: Comparison, names: _Names) -> Grid:
    main = comparison.main
    sizes = _sizes([line.categories for line in names.lines])
    rows = []
    for line, cell in zip(names.lines, names.cells, strict=True):
        if not line.tested_categories:
            continue
        cells = []
        for name in sizes:
            tested = line.tested_categories.get(name)
            said = "" if tested is None or tested.verdict not in ("better", "worse") else f" {tested.verdict}"
            cells.append(DASH if tested is None else _signed(main, tested.paired.difference) + said)
        rows.append((*cell, *cells))
    headings = tuple((name, f"n={n:,}") for name, n in sizes.items())
    title = (
        f"Difference from {comparison.reference.name} by category, {_points(main).strip() or unit(main)}; better and "
        "worse: corrected for all categories together"
    )
    return Grid(title, (*names.headings, *headings), len(names.headings), tuple(rows), len(rows))


def _sizes(groups: Sequence[Mapping[str, Estimate]]) -> dict[str, int]:
    sizes: dict[str, int] = {}
    for group in groups:
        for name, estimate in group.items():
            sizes[name] = max(sizes.get(name, 0), estimate.n)
    return sizes


def _shown(comparison: Comparison, names: _Names) -> list[Measure]:
    """Measures that say something of some row; of derived text where there is some, of dollars where any are paid."""

    def says(measure: Measure) -> bool:
        values = [line.estimates[measure].value for line in names.lines]
        if measure == comparison.main:
            return True
        if measure.quantity == "dollars":
            return any(values) or any(line.estimates[measure].unfit for line in names.lines)
        return any(value is not None for value in values) and (derived or not _is_of_derived(measure))

    derived = any(row.scores.has_derived for row in names.rows)
    return [measure for measure in comparison.measures if says(measure)]


def _is_of_derived(measure: Measure) -> bool:
    return isinstance(measure, EvidenceRecall) and measure.segments == "all"


def _chance(row: Scored, measure: Measure) -> float | None:
    score = row.scores.overall.get(measure)
    return None if score is None else score.chance


def _reference(comparison: Comparison) -> list[str]:
    name, main = comparison.reference.name, comparison.main
    tested = sum(line.tested is not None for line in comparison.lines)
    if not tested:
        return ["Nothing was tested: a test needs two runs beside the fixed ones with values of the first measure."]
    if not comparison.picked:
        return [f"Tested against {name}, as asked; Holm's correction counts {_tests_of(comparison.family)}."]
    if comparison.family == 1:
        return [f"Tested against {name}, the better of the two by {main}."]
    return [
        f"Tested against {name}, the best of these by {main}. Any of them could have come out on top, so Holm's "
        f"correction counts {_tests_of(comparison.family)}, one for each pair; reference=RUN names one beforehand and "
        f"counts {tested}."
    ]


def _tests_of(count: int) -> str:
    return "1 test" if count == 1 else f"{count:,} tests"


def _cautions(names: _Names) -> list[str]:
    said = []
    dialogues = len(names.rows[0].scores.dialogues)
    if dialogues == 1:
        said.append(
            "All questions are of one dialogue: nothing is known of other dialogues, so there are no intervals, and p "
            "holds for more questions of this dialogue only."
        )
    timing = list(dict.fromkeys(reason for line in names.lines for reason in line.timing))
    if timing:
        said.append(
            f"{_MARK} made otherwise than the reference run ({', '.join(timing)}): hold these times against each other "
            "only with care."
        )
    targets = dict.fromkeys(row.priced_at for row in names.rows)
    if len(targets) > 1:
        said.append(f"Dollars are at the prices of different targets: {', '.join(targets)}.")
    for row in names.rows:
        if failed := int(row.scores.failed.sum()):
            said.append(
                Gap(f"{row.name}: {failed:,} questions failed and count with their worst value ({row.run.id}).")
            )
    return said


def _legend(comparison: Comparison, names: _Names) -> list[str]:
    lines = []
    for measure in _shown(comparison, names):
        counts = sorted({line.estimates[measure].n for line in names.lines if line.estimates[measure].n})
        short = " ".join(measure.heading())
        # A baseline keeps one number of a time.
        n = f"; n = {' or '.join(f'{count:,}' for count in counts)}" if counts else ""
        lines.append(f"{short}: {measure}, {measure.summary}{n}")
        if isinstance(measure, JudgedAccuracy):
            lines += judge_check.notes([row.run.meta for row in names.rows])
    if any(line.tested for line in names.lines):
        dialogues = max(line.tested.paired.dialogues for line in names.lines if line.tested)
        way = f"{dialogues:,} dialogues resampled" if dialogues >= 8 else f"Student's t over {dialogues:,} dialogues"
        lines.append(f"interval: {way}; p: t-test over dialogues, two-sided.")
        lines.append("d_z: mean difference / its deviation between questions. won, lost, tied: questions.")
        lines.append(
            "detectable: the true difference that is found with a chance of 80 %, correction included (at its most "
            "severe). undecided: not told apart, which does not mean equal."
        )
    if names.fixed < len(names.rows):
        lines.append("none, full, oracle and random at the end say what can be reached at all; they are not tested.")
    lines.append("A dash: does not apply or cannot be known, which is not 0.")
    return lines


def _points(measure: Measure) -> str:
    if measure.quantity == "share":
        return " points"
    return f" {unit(measure)}" if unit(measure) else ""


def _signed(measure: Measure, value: float) -> str:
    text = show(measure, abs(value))
    if not text.strip("0.,"):
        return text
    return ("-" if value < 0 else "+") + text


def _interval(measure: Measure, interval: Interval | None, signed: bool = False) -> str:
    if interval is None:
        return DASH
    if signed:
        return f"{_signed(measure, interval.low)} to {_signed(measure, interval.high)}"
    return f"{show(measure, interval.low)} to {show(measure, interval.high)}"


def _with_interval(measure: Measure, estimate: Estimate | None) -> str:
    if estimate is None or estimate.value is None:
        return DASH
    if estimate.interval is None:
        return show(measure, estimate.value)
    return f"{show(measure, estimate.value)} ({_interval(measure, estimate.interval)})"


def _percent(share: float) -> str:
    return f"{share * 100:g} %"


def _p(value: float) -> str:
    return "<0.001" if value < 0.001 else f"{value:.3f}"


def rendered(report: Report, width: int = 200) -> RenderableType:
    """For the terminal; columns that do not fit the width go into a table below."""
    parts: list[RenderableType] = []
    measuring = Console(width=10_000, markup=False)
    for grid in report.grids:
        parts.append(Text(grid.title, style="bold"))
        first = grid.names
        while first < len(grid.headings):
            last = len(grid.headings)
            while measuring.measure(table := _table(grid, first, last)).maximum > width and last > first + 1:
                last -= 1
            parts.append(table)
            first = last
    parts += [Text(line) for line in report.findings]
    parts += ["", Text("\n".join(report.legend), style="dim")]
    return Group(*parts)


def _table(grid: Grid, first: int, last: int) -> Table:
    """The names of a grid, and its columns from `first` to before `last`."""
    columns = [*range(grid.names), *range(first, last)]
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for index in columns:
        side: Literal["left", "right"] = "left" if index < grid.names else "right"
        heading = Text("\n".join(map(shown, grid.headings[index])))
        table.add_column(heading, justify=side, vertical="bottom", no_wrap=True)
    for number, row in enumerate(grid.rows):
        if number == grid.fixed and number:
            table.add_section()
        table.add_row(*(Text(shown(row[index])) for index in columns), style="dim" if number >= grid.fixed else "")
    return table
