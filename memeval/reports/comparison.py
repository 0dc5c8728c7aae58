"""A comparison in words and tables."""

from collections.abc import Mapping, Sequence

from memeval.answers import judge_check
from memeval.comparison import Comparison, Estimate, Scored, Setback, Tested, setbacks
from memeval.comparison import Line as Compared
from memeval.comparison.stats import Interval
from memeval.reports.gap import Gap
from memeval.reports.grid import DASH, Cell, Column, Grid, Line, Report, number, text_column, words
from memeval.reports.notes import run_notes
from memeval.reports.records import compared
from memeval.reports.table import UNFIT, figure, marked, measure_column, naming, show, unit
from memeval.scoring.measures import EvidenceRecall, JudgedAccuracy, Measure
from memeval.scoring.rows import MAIN, Row, ordered

_MARK = "*"


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
    return Report(tuple(grids), findings, tuple(_legend(comparison, names)), (compared(comparison, rows),))


def setback_notes(rows: Sequence[Scored], measure: Measure = MAIN, level: float = 0.95) -> list[str]:
    """A sentence for each run of several retrievers that is behind the best of them alone; for tables of any kind."""
    return [_setback(each, measure) for each in setbacks(rows, measure, level)]


def _setback(each: Setback, measure: Measure) -> str:
    sure = each.interval is not None and not each.interval.holds(0.0)
    budget = each.whole.run.record.budget
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
        self.lines: list[Compared] = [by_row[id(row)] for row in self.rows]
        self.columns, cells = naming(self.rows)
        self.cells = [
            (found[0], words(row.strategy, f"{row.strategy} (reference)"), *found[2:])
            if row is comparison.reference
            else found
            for found, row in zip(cells, self.rows, strict=True)
        ]

    def grid(self, title: str, columns: Sequence[Column], figures: Sequence[Sequence[Cell] | None]) -> Grid:
        """A table of figures; lines without any are left out."""
        lines = marked(
            [Line((*cells, *(each or ()))) for cells, each in zip(self.cells, figures, strict=True)], self.rows
        )
        kept = [line for line, each in zip(lines, figures, strict=True) if each is not None]
        return Grid(title, (*self.columns, *columns), tuple(kept), len(self.columns))


def _scores(comparison: Comparison, names: _Names, title: str) -> Grid:
    measures = _shown(comparison, names)
    main = comparison.main
    has_chance = any(_chance(row, main) is not None for row in names.rows)
    columns: list[Column] = []
    for measure in measures:
        columns.append(measure_column(measure))
        if measure == main:
            columns.append(Column((_percent(comparison.level), "interval", unit(measure))))
            if has_chance:
                columns.append(measure_column(measure, by_chance=True))
    lines = []
    for line, row in zip(names.lines, names.rows, strict=True):
        cells = []
        for measure in measures:
            estimate = line.estimates[measure]
            mark = _MARK if line.timing and measure.timed and estimate.value is not None else ""
            cells.append(figure(measure, estimate.value, UNFIT if estimate.unfit else mark))
            if measure == main:
                cells.append(Cell(_interval(measure, estimate.interval)))
                if has_chance:
                    cells.append(figure(measure, _chance(row, main)))
        lines.append(cells)
    return names.grid(title, columns, lines)


def _tests(comparison: Comparison, names: _Names) -> Grid:
    main = comparison.main
    of = unit(main) if main.quantity != "share" else "points"
    columns = (
        Column(("difference", of)),
        Column((f"{_percent(comparison.level)} interval", of)),
        Column(("p",)),
        Column(("p", "Holm")),
        Column(("effect", "d_z")),
        Column(("won",)),
        Column(("lost",)),
        Column(("tied",)),
        Column(("detectable", of)),
        text_column("verdict"),
    )
    lines = [None if line.tested is None else _test_cells(main, line.tested) for line in names.lines]
    return names.grid(f"{main} against {comparison.reference.name}, question by question", columns, lines)


def _test_cells(measure: Measure, tested: Tested) -> list[Cell]:
    pair = tested.paired
    return [
        number(pair.difference, _signed(measure, pair.difference)),
        Cell(_interval(measure, pair.interval, signed=True)),
        number(pair.p_value, _p(pair.p_value)),
        number(tested.p_holm, _p(tested.p_holm)),
        number(pair.effect_size, DASH if pair.effect_size is None else f"{pair.effect_size:+.2f}"),
        *map(number, (pair.wins, pair.losses, pair.ties)),
        figure(measure, pair.detectable),
        words(tested.verdict),
    ]


def _categories(comparison: Comparison, names: _Names) -> Grid:
    main = comparison.main
    sizes = _sizes([line.categories for line in names.lines])
    lines = [[_with_interval(main, line.categories.get(name)) for name in sizes] for line in names.lines]
    title = f"{main} by category, {unit(main)}, with {_percent(comparison.level)} interval"
    return names.grid(title, _category_columns(main, sizes), lines)


def _tested_categories(comparison: Comparison, names: _Names) -> Grid:
    main = comparison.main
    sizes = _sizes([line.categories for line in names.lines])
    lines: list[list[Cell] | None] = []
    for line in names.lines:
        if not line.tested_categories:
            lines.append(None)
            continue
        cells = []
        for name in sizes:
            tested = line.tested_categories.get(name)
            if tested is None:
                cells.append(Cell(DASH))
                continue
            verdict = f" {tested.verdict}" if tested.verdict in ("better", "worse") else ""
            cells.append(number(tested.paired.difference, _signed(main, tested.paired.difference) + verdict))
        lines.append(cells)
    title = (
        f"Difference from {comparison.reference.name} by category, {_points(main).strip() or unit(main)}; better and "
        "worse: corrected for all categories together"
    )
    return names.grid(title, _category_columns(main, sizes), lines)


def _category_columns(measure: Measure, sizes: Mapping[str, int]) -> list[Column]:
    return [Column((name, f"n={n:,}"), name, measure.quantity) for name, n in sizes.items()]


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
            lines += judge_check.notes(row.run.record.judge for row in names.rows)
    if any(line.tested for line in names.lines):
        dialogues = max(line.tested.paired.dialogues for line in names.lines if line.tested)
        way = f"{dialogues:,} dialogues resampled" if dialogues >= 8 else f"Student's t over {dialogues:,} dialogues"
        lines.append(f"interval: {way}; p: t-test over dialogues, two-sided.")
        lines.append("d_z: mean difference / its deviation between questions. won, lost, tied: questions.")
        lines.append(
            "detectable: the true difference that is found with a chance of 80 %, correction included (at its most "
            "severe). undecided: not told apart, which does not mean equal."
        )
    if any(row.is_reference for row in names.rows):
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


def _with_interval(measure: Measure, estimate: Estimate | None) -> Cell:
    if estimate is None or estimate.value is None:
        return Cell(DASH)
    interval = "" if estimate.interval is None else f" ({_interval(measure, estimate.interval)})"
    return figure(measure, estimate.value, interval)


def _percent(share: float) -> str:
    return f"{share * 100:g} %"


def _p(value: float) -> str:
    return "<0.001" if value < 0.001 else f"{value:.3f}"
