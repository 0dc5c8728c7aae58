"""`memeval report`."""

from collections.abc import Sequence

from memeval.cli import console, tables, words
from memeval.kit.errors import ConfigError, RecordsError
from memeval.kit.escaping import shown

OUT = words.path("out", None, "folder of the pages: new, empty, or an earlier report", "FOLDER")
MEASURES = words.measures("what to show; the first is the main one")
ACROSS = words.names("across", "what may differ beside the budget: tokenizer, isolation, forget, judge", "AXIS,...")
COMMAND = words.Command(
    "report",
    "Write stored runs of one benchmark into a folder of pages that opens in a browser, with no network. The folder "
    "holds the dialogues' texts: mind their licence before you pass it on.",
    (
        ("memeval report 'locomo/none+*' out=report", "some runs; without any, all that are finished"),
        ("memeval report results/runs/locomo out=report", "a folder of runs"),
        ("memeval report 'locomo/sliding_window*' across=tokenizer out=report", "runs with several tokenizers"),
    ),
    words.Words(
        "[RUN...]", "a run's id, the start of one, a glob over ids, or a folder; left out, all finished runs", most=None
    ),
    (OUT, MEASURES, ACROSS, tables.RESULTS, tables.STRICT),
    notes="docs/report.md has more. Tables into files are written by memeval score and memeval compare.",
)


def main(argv: Sequence[str]) -> int:
    """Carry out `memeval report`."""
    given = COMMAND.parse(argv)
    console.be_strict(given[tables.STRICT])
    folder = given[OUT]
    if folder is None:
        raise ConfigError("name the folder to write the report to: memeval report RUN... out=report")

    from memeval.comparison import check_comparable
    from memeval.records.runs import OUTCOMES_FILE, finished_ones
    from memeval.reports.defaults import REPORTED
    from memeval.reports.html import write_report
    from memeval.reports.notes import run_notes
    from memeval.reports.table import title_of
    from memeval.scoring.measures import ContextTokens, Measure, ReadSeconds
    from memeval.scoring.stored import chosen, scored

    found, replays = chosen(given[tables.RESULTS], given.words)
    if replays:
        console.out().print(f"Replays left out: {replays:,} (memeval replay shows what they cost).")
    found, unfinished = finished_ones(found)
    console.pass_over(unfinished)
    for run in found:
        if not (run.folder / OUTCOMES_FILE).is_file():
            raise RecordsError(f"{run.folder} keeps scores only, and a report shows contexts: name the run itself")
    check_comparable(found, {"budget", *given[ACROSS]})
    measures: tuple[Measure, ...] = REPORTED
    asked = given[MEASURES]
    if asked is not None:
        if not asked:
            raise ConfigError("measures=[] shows nothing: name some, e.g. measures='[EvidenceRecall, ContextTokens]'")
        measures = tuple(dict.fromkeys((*asked, ContextTokens(), ReadSeconds(p=95))))
    rows = scored(found, measures)
    title = title_of(rows[0].run.record.benchmark.name, rows)
    written = write_report(rows, measures, folder, title)
    console.out().print(
        f"Report of {len(rows):,} runs: {written.index.resolve()}\n"
        f"{written.files:,} data files, {written.all_bytes / 1e6:,.1f} MB, of which the first page loads "
        f"{written.first_bytes / 1e6:,.2f} MB. It holds the dialogues' texts (licence: "
        f"{shown(rows[0].run.record.benchmark.licence)}).",
        markup=False,
        soft_wrap=True,
    )
    console.say(run_notes(rows))
    return 0
