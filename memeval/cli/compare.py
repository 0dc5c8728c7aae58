"""`memeval compare`."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from memeval.cli import console
from memeval.kit.errors import ConfigError

if TYPE_CHECKING:
    from memeval.scoring.measures import Measure
    from memeval.scoring.rows import Row

DESCRIPTION = """\
Put stored runs side by side and say how sure the differences are.
  memeval compare 'none+*-2000-*'                         each against the best of them
  memeval compare 'none+*-2000-*' reference=none+bm25-2000   against one of them
  memeval compare none+bm25-2000 none+vector-2000 by=category
  memeval compare '*' across=budget out=table.md          also .csv, .parquet, .tex

RUN is a run's id, the start of one, a glob over ids, or a folder of runs such as results/reference/locomo.
Options: reference=RUN, measures=[...] (the first is tested), by=category, across=AXIS,... (what may differ: budget,
tokenizer, isolation, forget, judge), results=FOLDER, format=table|markdown|csv|parquet|latex, out=FILE, level=0.95,
resamples=2000, seed=0.

Runs of other data, gold, questions, tokenizer or budget are refused. docs/comparison.md says how the numbers are made.
"""
_OPTIONS = ("reference", "measures", "by", "across", "results", "format", "out", "level", "resamples", "seed")


def main(argv: Sequence[str]) -> int:
    """Carry out `memeval compare`."""
    parser = console.subparser("compare", DESCRIPTION)
    parser.add_argument("words", nargs="+", metavar="RUN", help="two or more runs, and options key=value")
    patterns, options = _split(parser.parse_args(argv).words)
    from memeval.comparison import check_comparable, compare
    from memeval.records.runs import find, finished_ones
    from memeval.reports.comparison import comparison_report, rendered
    from memeval.reports.export import format_of, records, to_csv, to_latex, to_markdown, to_parquet, write
    from memeval.reports.notes import run_notes
    from memeval.scoring.stored import scored

    out = Path(options["out"]) if "out" in options else None
    form = format_of(options.get("format"), out)
    if options.get("by", "category") != "category":
        raise ConfigError(f"by={options['by']} is unknown: the one choice is by=category")
    level, resamples, seed = (
        _number(options, "level", 0.95),
        _whole(options, "resamples", 2000),
        _whole(options, "seed", 0),
    )
    root = Path(options.get("results", "results/runs"))
    runs, unfinished = finished_ones(find(root, patterns))
    console.pass_over(unfinished)
    named = find(root, [options["reference"]]) if "reference" in options else []
    # Short for one of the runs that are compared, whatever else it could stand for.
    named = [run for run in named if run.folder in {each.folder for each in runs}] or named
    if len(named) > 1:
        raise ConfigError(
            f"reference={options['reference']} matches {len(named)} runs ({named[0].id}, {named[1].id}, ...): write "
            "more of its id"
        )
    runs += [run for run in named if run.folder not in {each.folder for each in runs}]
    across = {each.strip() for each in options.get("across", "").split(",") if each.strip()}
    check_comparable(runs, across, fixed={run.id for run in runs if run.meta["names"]["strategy"] == "full"})
    measures = _measures(options.get("measures"))
    rows = scored(runs, measures)
    reference = next((row for row in rows if named and row.run.folder == named[0].folder), None)
    comparison = compare(rows, measures, reference, "by" in options, level, resamples, seed)
    if form in ("csv", "parquet"):
        found = records(comparison, rows)
        for sentence in console.note(run_notes(rows)):
            console.notes().print(f"memeval: {sentence}")
        if form == "parquet" and out is not None:
            to_parquet(found, out)
            return 0
        text = to_csv(found)
    else:
        report = comparison_report(comparison, rows, _title(rows))
        console.note(report.findings)
        if form == "table":
            if out is None:
                console.table(rendered(report, max(console.out().width, 100)))
                return 0
            raise ConfigError(f"a table for the screen is not written to {out}: add format=markdown, csv or latex")
        text = to_markdown(report) if form == "markdown" else to_latex(report)
    if out is None:
        console.out().print(text, end="", markup=False, soft_wrap=True)
    else:
        write(text, out)
    return 0


def _split(words: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    patterns, options = [], {}
    for word in words:
        key, equals, value = word.partition("=")
        if not (equals and key.isidentifier()):
            patterns.append(word)
        elif key in _OPTIONS:
            options[key] = value
        else:
            raise ConfigError(f"memeval compare takes {'=, '.join(_OPTIONS)}=, not {key}=")
    if not patterns:
        raise ConfigError("name the runs to compare, e.g. memeval compare 'none+*-2000-*'; memeval show lists them")
    return patterns, options


def _number(options: dict[str, str], key: str, default: float) -> float:
    try:
        return float(options.get(key, default))
    except ValueError:
        raise ConfigError(f"{key}={options[key]} is not a number: for example {key}={default}") from None


def _whole(options: dict[str, str], key: str, default: int) -> int:
    number = _number(options, key, default)
    if number != int(number) or number < 0:
        raise ConfigError(f"{key}={options[key]} is not a whole number from 0: for example {key}={default}")
    return int(number)


def _measures(asked: str | None) -> tuple["Measure", ...]:
    from memeval.reports.defaults import COMPARED
    from memeval.scoring.measures import parse_list

    if asked is not None:
        given = tuple(dict.fromkeys(parse_list(asked.strip().removeprefix("[").removesuffix("]"))))
        if not given:
            raise ConfigError(
                "measures=[] compares nothing: name some, e.g. measures='[EvidenceRecall, ContextTokens]'"
            )
        return given
    return COMPARED


def _title(rows: Sequence["Row"]) -> str:
    from memeval.reports.table import title_of

    return title_of(str(rows[0].run.meta["names"]["benchmark"]), rows)
