"""`memeval run`."""

from collections.abc import Mapping, Sequence
from typing import Any

from memeval.cli import console, tables, words
from memeval.cli.progress import Bars
from memeval.cli.tables import Output
from memeval.harness.compose import Cell, composer
from memeval.kit.errors import ConfigError
from memeval.records.runs import Run
from memeval.reports.gap import Gap
from memeval.scoring.rows import Row

MULTIRUN = words.flag("multirun", "run every combination of comma-separated values", short="-m")
CFG = words.flag("cfg", "print the composed config of the first run and stop")
OVERRIDES = (
    "All other words key=value are options of the run; memeval list shows the groups and their choices. Often used: "
    "budget=TOKENS, limit=DIALOGUES, workers=N, top_k=K, writing=turns|rounds|sessions|windows, "
    "embedder=minilm|wordllama, measures=[...], overwrite=true, progress=off, results=FOLDER. They are overrides of "
    "Hydra: +key=value adds a setting, ~key takes one away."
)
COMMAND = words.Command(
    "run",
    "Run a memory strategy over a benchmark and print what it remembers. A run that was killed goes on where it "
    "stopped; "
    "one that is finished is not run again.",
    (
        ("memeval run benchmark=locomo strategy=sliding_window retriever=bm25 budget=2000", "one memory"),
        ("memeval run -m strategy=truncation,sliding_window retriever=none,bm25,vector", "every combination"),
        ("memeval run experiment=demo", "a sweep from a file"),
        ("memeval run benchmark=locomo measures='[Recall(unit=session,rule=any)@5, MRR@10]'", "other measures"),
        ("memeval run benchmark=jsonl benchmark.path=~/my.jsonl out=scores.csv", "data of your own; scores in a file"),
        ("PYTHONPATH=. memeval run strategy=none strategy._target_=mine.Memory", "class Memory in your mine.py"),
    ),
    options=(MULTIRUN, CFG, tables.FORMAT, tables.OUT, tables.STRICT),
    overrides=OVERRIDES,
)


def main(argv: Sequence[str]) -> int:
    """Carry out `memeval run`."""
    given = COMMAND.parse(argv)
    output = tables.Output(given)
    with composer() as hydra:
        cells = hydra.cells(given.overrides, given[MULTIRUN])
    if given[CFG]:
        print_config(cells[0].config)
        return 0
    return carry_out_and_print(cells, output)


def carry_out_and_print(cells: Sequence[Cell], output: Output) -> int:
    """Run cells and print what is found."""
    if any(cell.config["mode"] == "replay" for cell in cells):
        return run_replay(cells, output)
    rows, errors = run_with_bars(cells)
    print_rows(rows, output)
    print_plots(rows, cells[0].config, output)
    return 1 if errors else 0


def run_with_bars(cells: Sequence[Cell]) -> tuple[list[Row], int]:
    """Run and score all cells, with progress bars and notes: see `memeval.scoring.sweeps.run_cells`."""
    from memeval.reports.plots import measures_drawn
    from memeval.scoring.sweeps import run_cells

    with Bars(cells[0].config["progress"]) as bars:
        return run_cells(cells, bars, measures_drawn(cells[0].config["plots"]))


def run_replay(cells: Sequence[Cell], output: Output) -> int:
    """Run cells in replay mode and print what they cost."""
    from memeval.cli.replay import print_replays, targets_of
    from memeval.harness.sweep import carry_out
    from memeval.pricing import read_target

    if any(cell.config["mode"] != "replay" for cell in cells):
        raise ConfigError("a sweep is all replay or all questions: give one mode=, e.g. mode=replay")
    runs: list[Run] = []
    config = cells[0].config
    with Bars(config["progress"]) as bars:
        errors = carry_out(cells, lambda cell, run, benchmark: runs.append(run), bars)
    groups = []
    for folder in dict.fromkeys(run.folder.parent for run in runs):
        # Once each: targets of equal windows share a run.
        group = list({run.id: run for run in runs if run.folder.parent == folder}.values())
        groups.append((group, targets_of(read_target(config["target"]), config["targets"])))
    print_replays(groups, output, plots=True)
    return 1 if errors else 0


def print_plots(rows: Sequence[Row], config: Mapping[str, Any], output: Output) -> None:
    """Draw what the config asks for, into the folder of the benchmark's runs."""
    if not config["plots"]:
        return
    from memeval.cli.plot import chosen_plots, draw

    plots = chosen_plots(config["plots"])
    for folder in dict.fromkeys(row.run.folder.parent for row in rows):
        draw([row for row in rows if row.run.folder.parent == folder], plots, folder, output.say)


def print_config(config: Mapping[str, Any]) -> None:
    """The config as YAML."""
    from omegaconf import OmegaConf

    console.out().print(OmegaConf.to_yaml(OmegaConf.create(dict(config))), end="", markup=False)


def print_rows(rows: Sequence[Row], output: Output) -> None:
    """Print the tables of each benchmark, and what failed."""
    from memeval.reports.run import run_reports
    from memeval.reports.table import failures

    output.report(run_reports(rows))
    notes = console.notes()
    for row in rows:
        if sentence := failures(row):
            console.note([Gap(sentence)])
            notes.print(f"memeval: {sentence}", markup=False)
    if len(rows) == 1:
        output.say(f"Stored in {rows[0].run.folder}; memeval show {rows[0].run.id} looks inside.")
    elif rows:
        output.say(f"Stored in {rows[0].run.folder.parent}; memeval show RUN looks inside one.")
