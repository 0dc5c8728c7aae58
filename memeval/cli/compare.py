"""`memeval compare`."""

from collections.abc import Sequence
from pathlib import Path

from memeval.cli import console, tables, words
from memeval.kit.errors import ConfigError

MEASURES = words.measures("what to show; the first is tested and has to be a mean")
REFERENCE = words.run("reference", "what the others are tested against; left out, the best by the first measure")
BY = words.text("by", None, "by=category tests within categories, too", "category", choices=["category"])
ACROSS = words.names("across", "what may differ: budget, tokenizer, isolation, forget, judge", "AXIS,...")
LEVEL = words.decimal("level", 0.95, "of intervals and tests, between 0 and 1")
RESAMPLES = words.whole("resamples", 2000, "of the bootstrap")
SEED = words.whole("seed", 0, "of the bootstrap; equal arguments give equal numbers")
COMMAND = words.Command(
    "compare",
    "Put stored runs side by side and say how sure the differences are. Runs of other data, gold, questions, tokenizer "
    "or budget are refused.",
    (
        ("memeval compare 'locomo/none+*-2000-*'", "each against the best of them"),
        ("memeval compare 'locomo/none+*-2000-*' reference=none+bm25-2000", "against one of them"),
        ("memeval compare locomo/none+bm25-2000 locomo/none+vector-2000 by=category", "within categories, too"),
        ("memeval compare 'locomo/none+*' across=budget out=table.md", "into a file"),
    ),
    words.Words(
        "RUN...",
        "two or more: a run's id, the start of one (bm25-2000: of its retriever), a glob over ids, or a folder of runs "
        "such as results/reference/locomo; locomo/ in front leaves out other benchmarks",
        least=1,
        most=None,
        missing="name the runs to compare, e.g. memeval compare 'locomo/none+*'; memeval show lists them",
    ),
    (
        MEASURES, REFERENCE, BY, ACROSS, LEVEL, RESAMPLES, SEED, tables.RESULTS, tables.FORMAT, tables.OUT,
        tables.STRICT,
    ),
    notes="docs/comparison.md says how the numbers are made.",
)  # fmt: skip


def main(argv: Sequence[str]) -> int:
    """Carry out `memeval compare`."""
    given = COMMAND.parse(argv)
    output = tables.Output(given)

    from memeval.comparison import check_comparable, compare
    from memeval.records.runs import find, finished_ones
    from memeval.reports.comparison import comparison_report
    from memeval.reports.defaults import COMPARED
    from memeval.reports.table import title_of
    from memeval.scoring.stored import scored

    root: Path = given[tables.RESULTS]
    runs, unfinished = finished_ones(find(root, given.words))
    console.pass_over(unfinished)
    reference = given[REFERENCE]
    named = find(root, [reference]) if reference is not None else []
    # Short for one of the runs that are compared, whatever else it could stand for.
    named = [run for run in named if run.folder in {each.folder for each in runs}] or named
    if len(named) > 1:
        raise ConfigError(
            f"reference={reference} matches {len(named)} runs ({named[0].id}, {named[1].id}, ...): write more of its id"
        )
    runs += [run for run in named if run.folder not in {each.folder for each in runs}]
    check_comparable(runs, set(given[ACROSS]), fixed={run.id for run in runs if run.record.is_full})
    measures = given[MEASURES]
    if measures == ():
        raise ConfigError("measures=[] compares nothing: name some, e.g. measures='[EvidenceRecall, ContextTokens]'")
    measures = measures or COMPARED
    rows = scored(runs, measures)
    against = next((row for row in rows if named and row.run.folder == named[0].folder), None)
    comparison = compare(rows, measures, against, given[BY] is not None, given[LEVEL], given[RESAMPLES], given[SEED])
    title = title_of(rows[0].run.record.benchmark.name, rows)
    output.report([comparison_report(comparison, rows, title)])
    return 0
