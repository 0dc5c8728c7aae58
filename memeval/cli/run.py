"""`memeval run`."""

from collections.abc import Mapping, Sequence
from typing import Any

from memeval.cli import console
from memeval.cli.progress import Bars
from memeval.harness.compose import Cell, composer
from memeval.kit.errors import ConfigError
from memeval.records.runs import Run
from memeval.reports.gap import Gap
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
    rows, errors = run_with_bars(cells)
    print_rows(rows, errors)
    print_plots(rows, cells[0].config)
    return 1 if errors else 0


def run_with_bars(cells: Sequence[Cell]) -> tuple[list[Row], int]:
    """Run and score all cells, with progress bars and notes: see `memeval.scoring.sweeps.run_cells`."""
    from memeval.reports.plots import measures_drawn
    from memeval.scoring.sweeps import run_cells

    with Bars(cells[0].config["progress"]) as bars:
        return run_cells(cells, bars, measures_drawn(cells[0].config["plots"]))


def run_replay(cells: Sequence[Cell]) -> int:
    """Run cells in replay mode and print what they cost."""
    from memeval.cli.replay import print_replays, targets_of
    from memeval.harness.sweep import carry_out

    if any(cell.config["mode"] != "replay" for cell in cells):
        raise ConfigError("a sweep is all replay or all questions: give one mode=, e.g. mode=replay")
    runs: list[Run] = []
    with Bars(cells[0].config["progress"]) as bars:
        errors = carry_out(cells, lambda cell, run, benchmark: runs.append(run), bars)
    for folder in dict.fromkeys(run.folder.parent for run in runs):
        # Once each: targets of equal windows share a run.
        group = list({run.id: run for run in runs if run.folder.parent == folder}.values())
        print_replays(group, targets_of(cells[0].config), plots=True)
    return 1 if errors else 0


def print_plots(rows: Sequence[Row], config: Mapping[str, Any]) -> None:
    """Draw what the config asks for, into the folder of the benchmark's runs."""
    if not config["plots"]:
        return
    from memeval.cli.plot import chosen_plots, draw

    plots = chosen_plots(config["plots"])
    for folder in dict.fromkeys(row.run.folder.parent for row in rows):
        draw([row for row in rows if row.run.folder.parent == folder], plots, folder)


def print_config(config: Mapping[str, Any]) -> None:
    """The config as YAML."""
    from omegaconf import OmegaConf

    console.out().print(OmegaConf.to_yaml(OmegaConf.create(dict(config))), end="", markup=False)


def print_rows(rows: Sequence[Row], errors: int) -> None:
    """Print one table for each benchmark, and what failed."""
    from memeval.reports.comparison import setback_notes
    from memeval.reports.notes import run_notes
    from memeval.reports.table import category_table, failures, memory_line, run_table, tag_table, title_of
    from memeval.scoring.rows import MAIN

    by_benchmark: dict[str, list[Row]] = {}
    for row in rows:
        by_benchmark.setdefault(row.run.meta["benchmark"]["name"], []).append(row)
    for name, group in by_benchmark.items():
        if line := memory_line(group):
            console.out().print(line, soft_wrap=True)
        console.table(run_table(group, title_of(name, group), max(console.out().width, 100)))
        if any(MAIN in row.scores.overall and row.scores[MAIN].by_category for row in group):
            console.table(category_table(group))
            tagged = tag_table(group)
            if tagged is not None:
                console.table(tagged)
            for sentence in setback_notes(group):
                console.out().print(sentence, markup=False)
        console.say(run_notes(group))
    notes = console.notes()
    for row in rows:
        if sentence := failures(row):
            console.note([Gap(sentence)])
            notes.print(f"memeval: {sentence}", markup=False)
    out = console.out()
    if len(rows) == 1:
        out.print(f"Stored in {rows[0].run.folder}; memeval show {rows[0].run.id} looks inside.", markup=False)
    elif rows:
        out.print(f"Stored in {rows[0].run.folder.parent}; memeval show RUN looks inside one.", markup=False)
