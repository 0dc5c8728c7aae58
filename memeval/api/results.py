"""What the calls of the API return."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, overload

from memeval.comparison import Comparison
from memeval.kit.errors import ConfigError
from memeval.records.runs import Run
from memeval.scoring.measures import Measure, parse
from memeval.scoring.rows import Row
from memeval.scoring.scores import Scores

if TYPE_CHECKING:
    from pandas import DataFrame

    from memeval.reports.grid import Report, Value

_WIDTH = 160


class Result:
    """A stored run and its scores. `print` shows the table of `memeval run`.

    Example:
        >>> result = memeval.run(benchmark="demo", strategy="truncation", budget=500)
        >>> result["EvidenceRecall"]
        0.31
    """

    def __init__(self, row: Row, errors: int = 0) -> None:
        """Take a scored run; `errors` is how many questions failed."""
        self.row = row
        self.errors = errors

    @property
    def run(self) -> Run:
        """The stored run: its record and its outcomes."""
        return self.row.run

    @property
    def scores(self) -> Scores:
        """All scores by measure, category and question."""
        return self.row.scores

    @property
    def id(self) -> str:
        """The run's id."""
        return self.run.id

    @property
    def folder(self) -> Path:
        """Where the run is stored."""
        return self.run.folder

    def __getitem__(self, measure: str | Measure) -> float | None:
        """The value of a measure, e.g. `result["Recall(unit=session)@5"]`; None where it does not apply.

        A measure that the run was not scored with is computed now.

        Raises:
            ConfigError: an unknown measure.
        """
        from memeval.scoring.stored import scored

        asked = parse(measure) if isinstance(measure, str) else measure
        if asked in self.scores.overall:
            return self.scores[asked].value
        return scored([self.run], [asked])[0].scores[asked].value

    def table(self) -> str:
        """The table of the run."""
        return Results([self]).table()

    def __str__(self) -> str:
        """As `table`."""
        return self.table()

    def __repr__(self) -> str:
        """The run's id."""
        return f"Result({self.id})"


class Results(Sequence[Result]):
    """Scored runs in the order in which they were given."""

    def __init__(self, results: Sequence[Result], errors: int = 0) -> None:
        """Take the runs; `errors` is how many questions failed, and one more for each kind of run that was stopped."""
        self._results = tuple(results)
        self.errors = errors

    @overload
    def __getitem__(self, index: int) -> Result: ...

    @overload
    def __getitem__(self, index: slice) -> "Results": ...

    def __getitem__(self, index: int | slice) -> "Result | Results":
        """One run, or some of them."""
        return Results(self._results[index]) if isinstance(index, slice) else self._results[index]

    def __len__(self) -> int:
        """How many runs there are."""
        return len(self._results)

    def __iter__(self) -> Iterator[Result]:
        """The runs in order."""
        return iter(self._results)

    @property
    def rows(self) -> list[Row]:
        """The runs as tables and plots take them."""
        return [result.row for result in self._results]

    @property
    def runs(self) -> list[Run]:
        """The stored runs."""
        return [result.run for result in self._results]

    def frame(self) -> "DataFrame":
        """A data frame of pandas: one line a run, a column for each measure."""
        from memeval.scoring.stored import frame

        return frame(self.rows)

    def compare(self, *, reference: str | None = None, by_category: bool = False) -> "Compared":
        """Put the runs side by side with intervals and tests: see `memeval.compare`."""
        from memeval.reports.defaults import COMPARED

        return compared(self.runs, COMPARED, reference, by_category)

    def table(self) -> str:
        """The table of `memeval run`; one for each benchmark."""
        from memeval.reports.run import run_reports

        return "\n".join(_drawn(report) for report in run_reports(self.rows))

    def __str__(self) -> str:
        """As `table`."""
        return self.table()

    def __repr__(self) -> str:
        """The ids."""
        return f"Results({', '.join(result.id for result in self._results)})"


class Compared:
    """Runs side by side: `comparison` holds the numbers, `print` shows the tables of `memeval compare`."""

    def __init__(self, comparison: Comparison, rows: Sequence[Row]) -> None:
        """Take a comparison and the rows that it was made from."""
        self.comparison = comparison
        self.rows = tuple(rows)

    def records(self) -> "list[dict[str, Value]]":
        """The numbers as `memeval compare format=csv` has them: one mapping a run, measure and category."""
        from memeval.reports.records import records

        return list(records(self.comparison, self.rows))

    def markdown(self) -> str:
        """The tables in Markdown."""
        from memeval.reports.export import to_markdown

        return to_markdown(self._report())

    def table(self) -> str:
        """The tables for a terminal."""
        return _drawn(self._report())

    def __str__(self) -> str:
        """As `table`."""
        return self.table()

    def _report(self) -> "Report":
        from memeval.reports.comparison import comparison_report
        from memeval.reports.table import title_of

        name = self.rows[0].run.record.benchmark.name
        return comparison_report(self.comparison, self.rows, title_of(name, self.rows))


def compared(
    runs: Sequence[Run],
    measures: Sequence[Measure],
    reference: str | None = None,
    by_category: bool = False,
    across: Sequence[str] = (),
    level: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
) -> Compared:
    """Score runs and put them side by side; `reference` is an id, or the start of one: see `memeval.compare`."""
    from memeval.comparison import check_comparable, compare
    from memeval.scoring.stored import scored

    check_comparable(runs, set(across), fixed={run.id for run in runs if run.record.is_full})
    named = [] if reference is None else [run for run in runs if run.id.startswith(reference)]
    if reference is not None and len(named) != 1:
        raise ConfigError(
            f"reference={reference!r} is the start of {len(named)} of the ids: choose one of "
            f"{', '.join(run.id for run in named or runs)}"
        )
    rows = scored(runs, measures)
    against = next((row for row in rows if named and row.run.folder == named[0].folder), None)
    return Compared(compare(rows, measures, against, by_category, level, resamples, seed), rows)


def _drawn(report: "Report") -> str:
    """Text without colours; what would act on a terminal is shown as text."""
    from memeval.reports.layout import report_lines

    return "\n".join(line.text for line in report_lines(report, _WIDTH, rules=True))
