"""`memeval run`."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from memeval.cli import console
from memeval.cli.pace import rare_collections
from memeval.cli.progress import Bars
from memeval.harness.compose import Cell, composer
from memeval.harness.plan import Plan
from memeval.kit.errors import ConfigError, MemevalError
from memeval.kit.protocols import Benchmark
from memeval.records.runs import Run
from memeval.scoring.measures import DEFAULT_MEASURES, EvidenceAge, Measure
from memeval.scoring.rows import Row

DESCRIPTION = """\
Run a memory strategy over a benchmark and print what it remembers.

Options are Hydra overrides, key=value; memeval list shows what there is:
  memeval run benchmark=locomo strategy=sliding_window retriever=bm25 budget=2000
  memeval run -m strategy=truncation,sliding_window retriever=none,bm25,vector    every combination
  memeval run experiment=demo                                                     a sweep from a file
  memeval run benchmark=jsonl benchmark.path=my.jsonl strategy._target_=my.module.Strategy

Often used: budget=TOKENS, limit=DIALOGUES, workers=N, top_k=K, writing=turns|rounds|sessions|windows,
embedder=minilm|wordllama, measures='[Recall(unit=session,rule=any)@5]', overwrite=true, progress=off, results=FOLDER.

A run that was killed goes on where it stopped; one that is finished is not run again.
"""


def main(argv: Sequence[str]) -> int:
    """Carry out `memeval run`."""
    parser = console.subparser("run", DESCRIPTION)
    parser.add_argument("-m", "--multirun", action="store_true", help="run every combination of comma-separated values")
    parser.add_argument("--cfg", action="store_true", help="print the composed config of the first cell and stop")
    parser.add_argument("overrides", nargs="*", metavar="KEY=VALUE", help="Hydra overrides")
    arguments = parser.parse_intermixed_args(argv)
    with composer() as hydra:
        cells = hydra.cells(arguments.overrides, arguments.multirun)
    if arguments.cfg:
        print_config(cells[0].config)
        return 0
    if any(cell.config["mode"] == "replay" for cell in cells):
        return run_replay(cells)
    rows, errors = run_cells(cells)
    print_rows(rows, errors)
    print_plots(rows, cells[0].config)
    return 1 if errors else 0


def run_replay(cells: Sequence[Cell]) -> int:
    """Run cells in replay mode and print what they cost."""
    from memeval.cli.replay import print_replays, targets_of

    if any(cell.config["mode"] != "replay" for cell in cells):
        raise ConfigError("a sweep is all replay or all questions: give one mode=, e.g. mode=replay")
    runs: list[Run] = []
    errors = carry_out(cells, lambda cell, run, benchmark: runs.append(run))
    for folder in dict.fromkeys(run.folder.parent for run in runs):
        group = [run for run in runs if run.folder.parent == folder]
        print_replays(group, targets_of(cells[0].config), plots=True)
    return 1 if errors else 0


def print_plots(rows: Sequence[Row], config: Mapping[str, Any]) -> None:
    """Draw what the config asks for, into the folder of the benchmark's runs."""
    if not config["plots"]:
        return
    from memeval.cli.plot import draw

    for folder in dict.fromkeys(row.run.folder.parent for row in rows):
        draw([row for row in rows if row.run.folder.parent == folder], config["plots"], folder)


def print_config(config: Mapping[str, Any]) -> None:
    """The config as YAML."""
    from omegaconf import OmegaConf

    console.out().print(OmegaConf.to_yaml(OmegaConf.create(dict(config))), end="", markup=False)


def run_cells(cells: Sequence[Cell]) -> tuple[list[Row], int]:
    """Run all cells, each once, and score them.

    Returns:
        the rows in the order of the cells, and the number of questions that failed.

    Raises:
        MemevalError: what stops a run. The other cells are run first, so that nothing that can be measured is missed.
    """
    from memeval.scoring.evaluate import evaluate

    rows: list[Row] = []

    def rate(cell: Cell, run: Run, benchmark: Benchmark) -> None:
        rows.append(Row(run, evaluate(run, measures_of(cell.config), benchmark=benchmark)))

    errors = carry_out(cells, rate)
    return rows, errors


def carry_out(cells: Sequence[Cell], then: Callable[[Cell, Run, Benchmark], None]) -> int:
    """Run all cells, each once, and do something with each run.

    Returns:
        the number of questions that failed.

    Raises:
        MemevalError: as `run_cells`.
    """
    from memeval.harness.once import Settings, run_plan
    from memeval.options.build import build

    benchmarks: dict[str, Benchmark] = {}
    planned: dict[tuple[str, str], tuple[Cell, Plan, Benchmark]] = {}
    for cell in cells:
        node = cell.config["benchmark"]
        key = json.dumps(node, sort_keys=True)
        if key not in benchmarks:
            benchmarks[key] = build(node, "benchmark")
        plan = cell.plan(benchmarks[key])
        planned.setdefault((str(cell.config["results"]), plan.run_id), (cell, plan, benchmarks[key]))
    planned = {key: found for key, found in planned.items() if _can_run(*found[:2])}
    if not planned:
        raise ConfigError("no store of the sweep answers: memeval stores says what is installed and reachable")
    done = errors = 0
    stopped: MemevalError | None = None
    notes = console.notes()
    first = cells[0].config
    with rare_collections(), Bars(first["progress"], len(planned)) as bars:
        for cell, plan, benchmark in planned.values():
            bars.start(plan.run_id)
            settings = Settings(Path(cell.config["results"]), cell.config["workers"], cell.config["overwrite"])
            try:
                finished = run_plan(plan, benchmark, cell.config, settings, bars, cell.overrides)
            except MemevalError as error:
                if len(planned) == 1:
                    raise
                notes.print(f"memeval: {plan.run_id}: {error}", markup=False)
                stopped = error
                continue
            errors += finished.errors
            then(cell, finished.run, benchmark)
            done += 1
            bars.end()
    if stopped is not None and not done:
        raise stopped
    if stopped is not None:
        notes.print("memeval: some runs of the sweep were stopped (see above); the table has the others", markup=False)
        errors += 1
    return errors


def _can_run(cell: Cell, plan: Plan) -> bool:
    """False, with a line that says why, where a store does not answer and the config wants that passed over.

    What has been run already needs no store.
    """
    from memeval.harness.once import unreachable
    from memeval.records.runs import RUN_FILE, load

    if not cell.config["skip_unreachable"]:
        return True
    folder = Path(cell.config["results"]) / plan.names["benchmark"] / plan.run_id
    if not cell.config["overwrite"] and (folder / RUN_FILE).is_file() and load(folder).finished:
        return True
    why = unreachable(plan)
    if why is not None:
        said = [word for word in cell.overrides if "_store" in word.partition("=")[0]]
        console.notes().print(f"memeval: passed over {' '.join(said) or plan.run_id}: {why}", markup=False)
    return why is None


def measures_of(config: Mapping[str, Any]) -> Sequence[Measure]:
    """The measures that a config asks for.

    Raises:
        ConfigError: one that does not exist.
    """
    from memeval.scoring.measures import parse

    asked = config["measures"]
    if asked is None:
        return (*DEFAULT_MEASURES, EvidenceAge()) if "evidence-age" in config["plots"] else DEFAULT_MEASURES
    if not asked:
        raise ConfigError("measures=[] scores nothing: name some, e.g. measures='[ContextTokens]', or leave it out")
    return tuple(dict.fromkeys(parse(name) for name in asked))


def print_rows(rows: Sequence[Row], errors: int) -> None:
    """Print one table for each benchmark, and what failed."""
    from memeval.reports.comparison import setback_notes
    from memeval.reports.data_notes import data_notes
    from memeval.reports.gaps import gap_notes
    from memeval.reports.table import category_table, run_table, tag_table
    from memeval.scoring.rows import MAIN

    by_benchmark: dict[str, list[Row]] = {}
    for row in rows:
        by_benchmark.setdefault(row.run.meta["benchmark"]["name"], []).append(row)
    for name, group in by_benchmark.items():
        console.table(run_table(group, title_of(name, group), max(console.out().width, 100)))
        if any(MAIN in row.scores.overall and row.scores[MAIN].by_category for row in group):
            console.table(category_table(group))
            tagged = tag_table(group)
            if tagged is not None:
                console.table(tagged)
            for sentence in setback_notes(group):
                console.out().print(sentence, markup=False)
        for sentence in data_notes(group):
            console.out().print(sentence, soft_wrap=True)
        for sentence in gap_notes(group):
            console.out().print(sentence, soft_wrap=True)
    notes = console.notes()
    for row in rows:
        message = _first_error(row)
        if message:
            notes.print(f"memeval: {row.run.id}: {message}", markup=False)
    out = console.out()
    if len(rows) == 1:
        out.print(f"Stored in {rows[0].run.folder}; memeval show {rows[0].run.id} looks inside.", markup=False)
    elif rows:
        out.print(f"Stored in {rows[0].run.folder.parent}; memeval show RUN looks inside one.", markup=False)


def title_of(name: str, rows: Sequence[Row]) -> str:
    """What was run: benchmark, size, tokenizer."""
    meta = rows[0].run.meta
    questions = len(rows[0].scores.questions)
    tokenizer = meta["identity"]["tokenizer"].get("name", "tokens")
    budgets = ", ".join(f"{budget:,}" for budget in sorted({row.budget for row in rows if not row.is_reference}))
    size = f"{meta['dialogues']:,} dialogues, {questions:,} questions"
    return f"{name}: {size}; {f'budget {budgets} ' if budgets else ''}tokens of {tokenizer}"


def _first_error(row: Row) -> str:
    failed = int(row.scores.failed.sum())
    if not failed:
        return next((record.error for record in row.run.records() if record.error), "")
    for result in row.run.results():
        for outcome in result.outcomes:
            if outcome.error:
                return f"{failed} questions failed, the first ({outcome.question}) with {outcome.error}"
    return f"{failed} questions have no outcome"
