"""`memeval replay`, and the tables of replays that `memeval run mode=replay` prints."""

from collections.abc import Sequence

from memeval.cli import tables, words
from memeval.cli.tables import Output
from memeval.kit.errors import ConfigError
from memeval.pricing import Target
from memeval.records.runs import Run

TARGETS = words.names("target", "models whose prices apply; left out, those of the run")
PLOT = words.text("plot", "on", "draw curves into the folder of the runs", "on|off", choices=["on", "off"])
COMMAND = words.Command(
    "replay",
    "Price stored replays on other targets, without running anything: dollars per 100 turns, hit rates of the "
    "provider's "
    "prompt cache, and the turn up to which full history costs no more than another strategy.",
    (
        ("memeval run experiment=replay benchmark=locomo", "make replays: every user turn is a query"),
        ("memeval replay 'replay*' target=gpt-4o,claude-sonnet-4", "price them on two models"),
        ("memeval replay 'locomo/replay*' plot=off out=replay.csv", "into a file, without curves"),
    ),
    words.Words(
        "RUN...",
        "a run's id, the start of one, a glob over ids, or a folder; the run was made with mode=replay",
        least=1,
        most=None,
        missing="name the runs to price, e.g. memeval replay 'replay*' target=gpt-4o; memeval show lists them",
    ),
    (TARGETS, PLOT, tables.RESULTS, tables.FORMAT, tables.OUT, tables.STRICT),
    notes="memeval list target shows the targets, and any model of litellm's price map is one.",
)


def main(argv: Sequence[str]) -> int:
    """Carry out `memeval replay`."""
    given = COMMAND.parse(argv)
    output = tables.Output(given)

    from memeval.pricing import find_target
    from memeval.records.runs import find
    from memeval.scoring.evaluate import target_of

    found = find(given[tables.RESULTS], given.words)
    named = [find_target(name) for name in given[TARGETS]]
    groups = []
    for folder in dict.fromkeys(run.folder.parent for run in found):
        group = [run for run in found if run.folder.parent == folder]
        groups.append((group, named or targets_of(target_of(group[0]), group[0].record.targets)))
    print_replays(groups, output, plots=given[PLOT] == "on")
    return 0


def targets_of(own: Target | None, others: Sequence[str]) -> list[Target]:
    """The target that a run is made for, and the others that it wants prices of.

    Raises:
        ConfigError: an unknown name, or no target.
    """
    from memeval.pricing import find_target

    if own is None:
        raise ConfigError("the run names no target: name some, e.g. memeval replay RUN target=gpt-4o")
    return [own, *(target for target in map(find_target, others) if target.name != own.name)]


def print_replays(groups: Sequence[tuple[Sequence[Run], Sequence[Target]]], output: Output, plots: bool) -> None:
    """Tables and plots of replays, each group of one benchmark and on some targets.

    Raises:
        ConfigError: a run that is no replay.
    """
    from memeval.reports.plots.replay import draw
    from memeval.reports.replay import price, replay_report

    priced = [price(runs, targets) for runs, targets in groups]
    output.report([replay_report(replays, targets) for replays, (_, targets) in zip(priced, groups, strict=True)])
    for replays, (runs, targets) in zip(priced, groups, strict=True):
        if plots:
            folder = runs[0].folder.parent
            for target in filter(lambda each: each.price.known, targets):
                output.say(f"Curves: {draw(replays, target, folder).resolve()}")
        for run in runs:
            output.say(f"Stored in {run.folder}")
