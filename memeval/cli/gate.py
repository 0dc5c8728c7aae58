"""`memeval gate`."""

import argparse
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from memeval.cli import console
from memeval.cli.progress import Bars
from memeval.gating import Check, Gate, Verdict, Verdicts, load_rules, open_gate, stored
from memeval.kit.errors import BaselineError, ConfigError, MemevalError, words
from memeval.kit.escaping import log_line, shown
from memeval.records.runs import Run, find
from memeval.scoring.rows import Row

DESCRIPTION = """\
Hold runs against a baseline: fail where a memory got worse.

  memeval gate --baseline gate/baseline --update benchmark=demo strategy=mine   run, and make the baseline; commit it
  memeval gate --baseline gate/baseline benchmark=demo strategy=mine            run again, and compare: for CI
  memeval gate --baseline gate/baseline 'sliding_window*'                       compare runs that are stored already
  memeval gate --baseline gate/baseline                                         those with the baselines' ids

Words with = are overrides of memeval run (-m for combinations); they are run afresh, whatever is stored. Other words
are stored runs: ids, starts of ids, globs, folders. A baseline without a run fails; --only leaves others out.

Without --rules nothing may get worse: evidence recall, answers in context, Recall@10, nDCG@10, MRR@10 and tokens of the
context are compared exactly; with confidence 0.95 where a language model is in the run. Rules in YAML:
  rules:
    - {measure: EvidenceRecall, max_drop: 0.01}
    - {measure: EvidenceRecall, max_drop: 5%, by: category, confidence: 0.95, runs: '*bm25*'}
    - {measure: ReadSeconds(p=50), max_ratio: 3}

Exit codes: 0 passed; 1 a regression: worse, broken, missing; 2 cannot decide: no baseline, or not comparable.
"""
_BY_SUFFIX = {".xml": "junit", ".md": "markdown", ".json": "json", ".txt": "terminal"}
FORMATS = ("terminal", "markdown", "junit", "json")


def main(argv: Sequence[str]) -> int:
    """Carry out `memeval gate`."""
    parser = console.subparser("gate", DESCRIPTION)
    parser.add_argument("--baseline", required=True, type=Path, metavar="FOLDER", help="folder of the baselines")
    parser.add_argument("--rules", type=Path, metavar="FILE", help="rules in YAML; without: nothing may get worse")
    parser.add_argument(
        "--only", action="append", default=[], metavar="GLOB", help="gate only these runs and baselines"
    )
    parser.add_argument(
        "--format", choices=FORMATS, default="terminal", help="of the output and of FILEs without suffix"
    )
    parser.add_argument(
        "--out",
        action="append",
        default=[],
        type=Path,
        metavar="FILE",
        help="write it there as well, by suffix: .md, .xml (JUnit), .json, .txt; may be given several times",
    )
    parser.add_argument("--update", action="store_true", help="write the runs as the new baseline")
    parser.add_argument("--ratchet", action="store_true", help="after a pass, raise the baseline of what got better")
    parser.add_argument("-m", "--multirun", action="store_true", help="run every combination of comma-separated values")
    parser.add_argument("--results", default="results/runs", help="folder of the stored runs")
    parser.add_argument("runs", nargs="*", metavar="RUN", help="stored runs, or overrides to run")
    arguments = parser.parse_intermixed_args(argv)
    if arguments.update and arguments.ratchet:
        raise ConfigError("--update writes everything, --ratchet only what got better: give one of the two")
    try:
        return _carry_out(arguments)
    except BaseException as error:
        _write_undecided(error, arguments.format, arguments.out)
        raise


def _carry_out(arguments: argparse.Namespace) -> int:
    # Read first: nobody wants to learn after the runs that a rule is misspelt.
    rules = None if arguments.rules is None else load_rules(arguments.rules)
    runs = _runs(arguments.runs, arguments.multirun, Path(arguments.results), arguments.baseline)
    gate = open_gate(arguments.baseline, runs, rules, arguments.only)
    if arguments.update:
        return _update(gate)
    words = " ".join(["-m"] * arguments.multirun + (arguments.runs or ["RUN..."]))
    verdicts = gate.verdicts(f"memeval gate --update --baseline {arguments.baseline} {words}")
    _write(verdicts, arguments.format, arguments.out)
    try:
        _print(verdicts, "terminal" if arguments.out else arguments.format)
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read it is gone; the exit code still says how it ended.
        console.discard_output()
    _say(gate, on_screen=not arguments.out and arguments.format == "terminal")
    if arguments.ratchet and verdicts:
        _ratchet(gate)
    return verdicts.exit_code


def _runs(words: Sequence[str], multirun: bool, root: Path, baseline: Path) -> list[Run]:
    overrides = [word for word in words if "=" in word and not Path(word).exists()]
    if overrides and len(overrides) < len(words):
        other = next(word for word in words if word not in overrides)
        raise ConfigError(f"{other!r} names a stored run, {overrides[0]!r} something to run: give the one or the other")
    if overrides:
        return _run(overrides, multirun)
    if multirun:
        raise ConfigError("-m runs combinations: name them, e.g. -m strategy=truncation,sliding_window")
    return find(root, words) if words else stored(root, baseline)


def _run(overrides: Sequence[str], multirun: bool) -> list[Run]:
    from memeval.scoring.sweeps import run_afresh

    mode = next((word.partition("=")[2] for word in reversed(overrides) if word.startswith("progress=")), "auto")
    with Bars(mode) as bars:
        return run_afresh(overrides, multirun, bars)


def _say(gate: Gate, on_screen: bool) -> None:
    """What weakens the runs; beside a file or a format for programs on standard error."""
    from memeval.reports.notes import run_notes

    by_benchmark: dict[str, list[Row]] = {}
    for row in gate.rows:
        by_benchmark.setdefault(row.run.meta["benchmark"]["name"], []).append(row)
    file = sys.stdout if on_screen else sys.stderr
    with suppress(BrokenPipeError):
        for rows in by_benchmark.values():
            for sentence in console.note(run_notes(rows)):
                print(log_line(shown(sentence)), file=file)
        file.flush()


def _update(gate: Gate) -> int:
    from memeval.reports.gate import updated

    console.out().print(updated(gate.update()), markup=False, soft_wrap=True)
    return 0


def _ratchet(gate: Gate) -> None:
    from memeval.reports.gate import updated

    if raised := gate.ratchet():
        console.notes().print(f"The baseline was raised; commit it:\n{updated(raised)}", markup=False)


def _write_undecided(error: BaseException, format_: str, files: Sequence[Path]) -> None:
    """Where there is no verdict, the files say so: one of an earlier gate would be taken for this one's."""
    reason = str(error) if isinstance(error, MemevalError) else f"{type(error).__name__}: {words(error)}"
    verdicts = Verdicts((Check("gate", "", "no verdict", Verdict.INCOMPARABLE, reason),))
    with suppress(BaselineError):
        _write(verdicts, format_, files)


def _print(verdicts: Verdicts, shown: str) -> None:
    from memeval.reports.gate import terminal

    out = console.out()
    if shown == "terminal":
        out.width = max(out.width, 100)
        with out.capture() as captured:
            out.print(terminal(verdicts))
        print("\n".join(map(log_line, captured.get().split("\n"))), end="")
    else:
        print("\n".join(map(log_line, render(verdicts, shown).split("\n"))), end="")


def _write(verdicts: Verdicts, format_: str, files: Sequence[Path]) -> None:
    for file in files:
        text = render(verdicts, _BY_SUFFIX.get(file.suffix, format_))
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        except OSError as error:
            raise BaselineError(f"{file} cannot be written ({error}): choose another file") from error


def render(verdicts: Verdicts, format_: str) -> str:
    """The verdicts as text."""
    from memeval.reports import gate

    if format_ == "markdown":
        return gate.markdown(verdicts)
    if format_ == "junit":
        return gate.junit(verdicts)
    if format_ == "json":
        return gate.to_json(verdicts)
    console_ = console.Plain(width=160, no_color=True)
    with console_.capture() as captured:
        console_.print(gate.terminal(verdicts))
    return captured.get()
