"""`memeval replay`, and the tables of replays that `memeval run mode=replay` prints."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from memeval.cli import console
from memeval.kit.errors import ConfigError
from memeval.pricing import Target
from memeval.records.runs import Run

DESCRIPTION = """\
Price stored replays on other targets, without running anything:
  memeval replay 'replay*' target=gpt-4o,claude-sonnet-4

A replay is made by mode=replay: each dialogue is lived through turn by turn, and every user turn is a query.
  memeval run experiment=replay benchmark=locomo

RUN is a run's id, the start of one, a glob over ids, or a folder; memeval list target shows the targets, and any model
of litellm's price map is one. Prints dollars per 100 turns, hit rates of the provider's prompt cache and the turn up to
which full history costs no more than another strategy, and draws the curves; plot=off leaves them out.
"""
_OPTIONS = {"target", "results", "plot"}


def main(argv: Sequence[str]) -> int:
    """Carry out `memeval replay`."""
    parser = console.subparser("replay", DESCRIPTION)
    parser.add_argument("words", nargs="+", metavar="RUN", help="runs, and target=A,B,C, results=FOLDER, plot=off")
    words = parser.parse_args(argv).words
    options = {key: value for key, equals, value in (word.partition("=") for word in words) if equals}
    patterns = [word for word in words if "=" not in word]
    unknown = set(options) - _OPTIONS
    if unknown:
        raise ConfigError(f"memeval replay takes target=, results= and plot=, not {', '.join(sorted(unknown))}=")
    if options.get("plot", "on") not in ("on", "off"):
        raise ConfigError(f"plot={options['plot']!r} is unknown: choose plot=on or plot=off")
    if not patterns:
        raise ConfigError(
            "name the runs to price, e.g. memeval replay 'replay*' target=gpt-4o; memeval show lists them"
        )

    from memeval.pricing import find_target
    from memeval.records.runs import find

    found = find(Path(options.get("results", "results/runs")), patterns)
    asked = [name for name in options["target"].split(",") if name] if "target" in options else None
    for folder in dict.fromkeys(run.folder.parent for run in found):
        group = [run for run in found if run.folder.parent == folder]
        targets = targets_of(group[0].meta["config"]) if asked is None else [find_target(name) for name in asked]
        print_replays(group, targets, plots=options.get("plot") != "off")
    return 0


def targets_of(config: Mapping[str, Any]) -> list[Target]:
    """The target that a config runs for, as it describes it, and the others that it wants prices of.

    Raises:
        ConfigError: an unknown name.
    """
    from memeval.pricing import find_target, read_target

    own = read_target(config["target"])
    return [own, *(target for target in map(find_target, config["targets"]) if target.name != own.name)]


def print_replays(runs: Sequence[Run], targets: Sequence[Target], plots: bool) -> None:
    """Tables and plots of replays of one benchmark on some targets.

    Raises:
        ConfigError: a run that is no replay.
    """
    from memeval.reports.plots.replay import draw
    from memeval.reports.replay import missing, price, tables

    replays = price(runs, targets)
    console.table(tables(replays, targets))
    console.note(missing(replays, targets))
    out = console.out()
    if plots:
        folder = runs[0].folder.parent
        for target in filter(lambda each: each.price.known, targets):
            out.print(f"Curves: {draw(replays, target, folder).resolve()}", markup=False, soft_wrap=True)
    for run in runs:
        out.print(f"Stored in {run.folder}", markup=False, soft_wrap=True)
