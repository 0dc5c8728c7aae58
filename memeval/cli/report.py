"""`memeval report`."""

from collections.abc import Sequence
from pathlib import Path

from memeval.cli import console
from memeval.kit.errors import ConfigError, RecordsError

DESCRIPTION = """\
Write stored runs of one benchmark into a folder of pages that opens in a browser, with no network.
  memeval report out=report                       all finished runs, if they are of one benchmark
  memeval report 'results/runs/locomo' out=report
  memeval report 'sliding_window*' across=tokenizer out=report

RUN is a run's id, the start of one, a glob over ids, or a folder of runs. Options: out=FOLDER, results=FOLDER,
measures=[...] (the first is the main one), across=AXIS,... (what may differ beside the budget: tokenizer, isolation,
forget, judge). The folder holds the dialogues' texts: mind their licence before you pass it on.
docs/report.md has more.
"""
_OPTIONS = {"out", "results", "measures", "across"}


def main(argv: Sequence[str]) -> int:
    """Carry out `memeval report`."""
    parser = console.subparser("report", DESCRIPTION)
    parser.add_argument("words", nargs="*", metavar="RUN", help="runs, and options key=value")
    patterns, options = _split(parser.parse_args(argv).words)
    if not options.get("out"):
        raise ConfigError("name the folder to write the report to: memeval report RUN... out=report")

    from memeval.comparison import check_comparable
    from memeval.records.runs import OUTCOMES_FILE, finished_ones
    from memeval.reports.defaults import REPORTED
    from memeval.reports.html import write_report
    from memeval.reports.notes import run_notes
    from memeval.reports.table import title_of
    from memeval.scoring.measures import ContextTokens, Measure, ReadSeconds, parse_list
    from memeval.scoring.stored import chosen, scored

    root = Path(options.get("results", "results/runs"))
    found, replays = chosen(root, patterns)
    if replays:
        console.out().print(f"Replays left out: {replays:,} (memeval replay shows what they cost).")
    found, unfinished = finished_ones(found)
    console.pass_over(unfinished)
    for run in found:
        if not (run.folder / OUTCOMES_FILE).is_file():
            raise RecordsError(f"{run.folder} keeps scores only, and a report shows contexts: name the run itself")
    across = {each.strip() for each in options.get("across", "").split(",") if each.strip()}
    check_comparable(found, {"budget", *across})
    measures: tuple[Measure, ...] = REPORTED
    if "measures" in options:
        asked = parse_list(options["measures"].strip().removeprefix("[").removesuffix("]"))
        if not asked:
            raise ConfigError("measures=[] shows nothing: name some, e.g. measures='[EvidenceRecall, ContextTokens]'")
        measures = tuple(dict.fromkeys((*asked, ContextTokens(), ReadSeconds(p=95))))
    rows = scored(found, measures)
    title = title_of(str(rows[0].run.meta["names"]["benchmark"]), rows)
    written = write_report(rows, measures, Path(options["out"]), title)
    console.out().print(
        f"Report of {len(rows):,} runs: {written.index.resolve()}\n"
        f"{written.files:,} data files, {written.all_bytes / 1e6:,.1f} MB, of which the first page loads "
        f"{written.first_bytes / 1e6:,.2f} MB. It holds the dialogues' texts (licence: "
        f"{rows[0].run.meta['benchmark']['licence']}).",
        markup=False,
        soft_wrap=True,
    )
    console.say(run_notes(rows))
    return 0


def _split(words: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    patterns: list[str] = []
    options: dict[str, str] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not (equals and key.isidentifier()):
            patterns.append(word)
        elif key in _OPTIONS:
            options[key] = value
        else:
            raise ConfigError(f"memeval report takes {', '.join(f'{name}=' for name in sorted(_OPTIONS))}, not {key}=")
    return patterns, options
