"""All that a reader of scores should know beside them: the sentences below a table, the same in every command."""

from collections.abc import Iterator, Sequence

from memeval.options.identity import tuned_on
from memeval.reports.data_notes import data_notes
from memeval.reports.gaps import gap_notes
from memeval.scoring.rows import Row


def run_notes(rows: Sequence[Row]) -> list[str]:
    """What weakens these rows: their data, what is missing in them, settings that were chosen on the same data.

    Args:
        rows: of one benchmark, over the same questions.

    Returns:
        sentences; those about something missing are a `Gap`.
    """
    return [*data_notes(rows), *gap_notes(rows), *tuned_notes(rows)]


def tuned(row: Row) -> list[str]:
    """The options of a row whose default settings were chosen on the row's own benchmark, such as `retriever/graph`."""
    benchmark = row.run.record.benchmark.name
    return [name for name, benchmarks in tuned_on(row.run.record.identity).items() if benchmark in benchmarks]


def tuned_notes(rows: Sequence[Row]) -> Iterator[str]:
    """A sentence for each option that was tuned on the data of the table."""
    names: dict[str, dict[str, None]] = {}
    for row in rows:
        for option in tuned(row):
            names.setdefault(option, {})[row.name] = None
    for option, held in names.items():
        data = rows[0].run.record.benchmark.name
        yield (
            f"The default settings of {option.replace('/', '=')} were chosen on {data}: what {', '.join(held)} reach"
            f"{'es' if len(held) == 1 else ''} here is too good, and does not show what other data would give."
        )
