"""`memeval gate`."""

import sys
import textwrap
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from memeval.cli import console, tables, words
from memeval.cli.progress import Bars
from memeval.cli.words import Given
from memeval.gating import Check, Gate, Verdict, Verdicts, load_rules, open_gate, stored
from memeval.kit.errors import BaselineError, ConfigError, MemevalError, RecordsError
from memeval.kit.errors import words as said
from memeval.kit.escaping import log_line, shown
from memeval.options import overrides
from memeval.records.runs import Run, find
from memeval.reports.export import FORMATS as TABLES
from memeval.scoring.rows import Row

# The gate's own formats come first; those of all tables stand beside them. Its Markdown is that of a job summary.
FORMATS = ("terminal", "markdown", "json", "junit", *(form for form in TABLES if form != "terminal"))
_SUFFIXES = {".xml": "junit", ".md": "markdown", ".json": "json"}
BASELINE = words.path("baseline", Path(), "folder of the baselines", "FOLDER", required=True)
RULES = words.path("rules", None, "rules in YAML; left out, nothing may get worse")
ONLY = words.names("only", "gate only these runs and baselines", "GLOB,...", several=True)
FORMAT = words.text("format", "terminal", "of the output and of files whose ending says none", "NAME", choices=FORMATS)
OUT = words.paths(
    "out", "write it there as well, by ending: .md, .xml (JUnit), .json, .txt, .csv, .jsonl, .parquet, .tex"
)
UPDATE = words.flag("update", "write the runs as the new baseline")
RATCHET = words.flag("ratchet", "after a pass, raise the baseline of what got better")
MULTIRUN = words.flag("multirun", "run every combination of comma-separated values", short="-m")
COMMAND = words.Command(
    "gate",
    "Hold runs against a baseline: fail where a memory got worse.",
    (
        (
            "memeval gate baseline=gate/baseline --update benchmark=demo retriever=bm25",
            "run, and make the baseline; commit it",
        ),
        ("memeval gate baseline=gate/baseline benchmark=demo retriever=bm25", "run again, and compare: for CI"),
        ("memeval gate baseline=gate/baseline 'demo/sliding_window+bm25*'", "compare runs that are stored already"),
        ("memeval gate baseline=gate/baseline", "those with the baselines' ids"),
    ),
    words.Words("[RUN...]", "stored runs: ids, starts of ids, globs, folders", most=None),
    (BASELINE, RULES, ONLY, FORMAT, OUT, UPDATE, RATCHET, MULTIRUN, tables.RESULTS, tables.STRICT),
    overrides="All other words key=value are options of memeval run: these runs are made afresh, whatever is stored. A "
    "baseline without a run fails; only= leaves others out.",
    notes="""
Without rules= nothing may get worse: evidence recall, answers in context, Recall@10, nDCG@10, MRR@10 and tokens of the
context are compared exactly; with confidence 0.95 where a language model is in the run. Rules in YAML:
  rules:
    - {measure: EvidenceRecall, max_drop: 0.01}
    - {measure: EvidenceRecall, max_drop: 5%, by: category, confidence: 0.95, runs: '*bm25*'}
    - {measure: ReadSeconds(p=50), max_ratio: 3}

Exit codes: 0 passed; 1 a regression: worse, broken, missing; 2 cannot decide: no baseline, or not comparable.
""",
)


def main(argv: Sequence[str]) -> int:
    """Carry out `memeval gate`."""
    given = COMMAND.parse(argv)
    console.be_strict(given[tables.STRICT])
    if given[UPDATE] and given[RATCHET]:
        raise ConfigError("--update writes everything, --ratchet only what got better: give one of the two")
    if given[FORMAT] == "parquet":
        raise ConfigError("Parquet is not for the screen: give out=FILE.parquet instead of format=parquet")
    try:
        return _carry_out(given)
    except BaseException as error:
        _write_undecided(error, given)
        raise


def _carry_out(given: Given) -> int:
    # Read first: nobody wants to learn after the runs that a rule is misspelt.
    file, baseline = given[RULES], given[BASELINE]
    rules = None if file is None else load_rules(file)
    gate = open_gate(baseline, _runs(given), rules, given[ONLY])
    if given[UPDATE]:
        return _update(gate)
    again = [*(["-m"] if given[MULTIRUN] else []), *(given.words or given.overrides or ["RUN..."])]
    verdicts = gate.verdicts(f"memeval gate --update --baseline {baseline} {' '.join(again)}")
    _write(verdicts, given)
    try:
        _print(verdicts, "terminal" if given[OUT] else given[FORMAT])
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read it is gone; the exit code still says how it ended.
        console.discard_output()
    _say(gate, on_screen=not given[OUT] and given[FORMAT] == "terminal")
    if given[RATCHET] and verdicts:
        _ratchet(gate)
    return verdicts.exit_code


def _runs(given: Given) -> list[Run]:
    if given.overrides and given.words:
        raise ConfigError(
            f"{given.words[0]!r} names a stored run, {given.overrides[0]!r} something to run: give the one or the other"
        )
    if given.overrides:
        return _run(given)
    if given[MULTIRUN]:
        raise ConfigError("-m runs combinations: name them, e.g. -m strategy=truncation,sliding_window")
    root = given[tables.RESULTS]
    return find(root, given.words) if given.words else stored(root, given[BASELINE])


def _run(given: Given) -> list[Run]:
    from memeval.scoring.sweeps import run_afresh

    # One option for both: where stored runs lie, and where new ones go.
    place = [f"results={overrides.text(str(given[tables.RESULTS]))}"] if tables.RESULTS in given else []
    with Bars(overrides.settings(given.overrides).get("progress", "auto")) as bars:
        return run_afresh([*given.overrides, *place], given[MULTIRUN], bars)


def _say(gate: Gate, on_screen: bool) -> None:
    """What weakens the runs; beside a file or a format for programs on standard error."""
    from memeval.reports.notes import run_notes

    by_benchmark: dict[str, list[Row]] = {}
    for row in gate.rows:
        by_benchmark.setdefault(row.run.record.benchmark.name, []).append(row)
    file = sys.stdout if on_screen else sys.stderr
    with suppress(BrokenPipeError):
        for rows in by_benchmark.values():
            for sentence in console.note(run_notes(rows)):
                for line in textwrap.wrap(
                    shown(sentence), console.width(), break_long_words=False, break_on_hyphens=False
                ):
                    print(log_line(line), file=file)
        file.flush()


def _update(gate: Gate) -> int:
    from memeval.reports.gate import updated

    console.out().print(updated(gate.update()), markup=False, soft_wrap=True)
    return 0


def _ratchet(gate: Gate) -> None:
    from memeval.reports.gate import updated

    if raised := gate.ratchet():
        console.notes().print(f"The baseline was raised; commit it:\n{updated(raised)}", markup=False)


def _write_undecided(error: BaseException, given: Given) -> None:
    """Where there is no verdict, the files say so: one of an earlier gate would be taken for this one's."""
    reason = str(error) if isinstance(error, MemevalError) else f"{type(error).__name__}: {said(error)}"
    verdicts = Verdicts((Check("gate", "", "no verdict", Verdict.INCOMPARABLE, reason),))
    with suppress(BaselineError):
        _write(verdicts, given)


def _print(verdicts: Verdicts, form: str) -> None:
    from memeval.reports.gate import terminal

    if form == "terminal" and sys.stdout.isatty():
        lines = terminal(verdicts, console.width())
        console.show(replace(line, text=log_line(line.text)) for line in lines)
    elif form == "terminal":
        print("\n".join(log_line(line.text) for line in terminal(verdicts, console.width(), rules=False)))
    else:
        print("\n".join(map(log_line, render(verdicts, form).split("\n"))), end="")


def _write(verdicts: Verdicts, given: Given) -> None:
    from memeval.reports.export import SUFFIXES, write, write_text
    from memeval.reports.gate import gate_report

    for file in given[OUT]:
        form = _SUFFIXES.get(file.suffix) or SUFFIXES.get(file.suffix) or given[FORMAT]
        try:
            if form == "parquet":
                write(gate_report(verdicts), form, file)
            else:
                write_text(render(verdicts, form), file)
        except RecordsError as error:
            raise BaselineError(str(error)) from error


def render(verdicts: Verdicts, form: str) -> str:
    """The verdicts as text, in any format but Parquet."""
    from memeval.reports import gate
    from memeval.reports.export import text_of

    if form in ("markdown", "md"):
        return gate.markdown(verdicts)
    if form == "junit":
        return gate.junit(verdicts)
    if form == "json":
        return gate.to_json(verdicts)
    if form in TABLES and form != "terminal":
        return text_of(gate.gate_report(verdicts), form)
    return "".join(f"{line.text}\n" for line in gate.terminal(verdicts, 160, rules=False))
