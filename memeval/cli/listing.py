"""`memeval list`."""

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from importlib import import_module
from importlib.resources import files
from importlib.resources.abc import Traversable

from memeval.cli import tables, words
from memeval.kit.errors import ConfigError
from memeval.kit.escaping import shortened
from memeval.kit.plugins import offered_by, packages
from memeval.options.identity import config_packages
from memeval.reports.grid import Grid, Line, Report, hidden, text_column
from memeval.reports.grid import words as words_of

COMMAND = words.Command(
    "list",
    "List what there is to choose from, from the configs of memeval and of installed plug-ins.",
    (
        ("memeval list", "every group"),
        ("memeval list retriever", "one group"),
        ("memeval list measures", "what can be measured; memeval list presets: definitions of others"),
        ("memeval list plots", "what memeval plot draws"),
        ("memeval list commands", "commands that installed packages add"),
        ("memeval list format=csv out=options.csv", "everything, in a file"),
    ),
    words.Words("[GROUP]", "strategy, retriever, benchmark, ...; left out: all", most=1),
    (tables.FORMAT, tables.OUT),
)


def main(argv: Sequence[str]) -> int:
    """Carry out `memeval list`."""
    given = COMMAND.parse(argv)
    output = tables.Output(given)
    groups = options()
    groups["measures"] = sorted(_measures())
    groups["presets"] = sorted(_presets())
    groups["plots"] = sorted(_plots())
    groups["commands"] = [
        (name, f"a command of the package {offered_by(points[0])}")
        for name, points in packages("memeval.commands").items()
    ]
    asked = given.words[0] if given.words else None
    if asked is not None and asked not in groups:
        close = get_close_matches(asked, groups, n=1)
        meant = f", did you mean {close[0]}?" if close else ""
        raise ConfigError(f"there is no group {shortened(asked, most=60)!r}{meant}: choose one of {', '.join(groups)}")
    shown = {group: entries for group, entries in groups.items() if asked in (None, group)}
    output.report([Report(tuple(_grid(group, entries) for group, entries in shown.items()))])
    return 0


def _grid(group: str, entries: Sequence[tuple[str, str]]) -> Grid:
    lines = tuple(Line((words_of(group), words_of(name), words_of(line))) for name, line in entries)
    return Grid(f"{group}:", (hidden("group"), text_column("option"), text_column("what it is")), lines, names=2)


def options() -> dict[str, list[tuple[str, str]]]:
    """Options by config group: (name, the comment in the first line of its file)."""
    groups: dict[str, dict[str, str]] = {}
    for package in config_packages():
        for group, name, line in _entries(package):
            groups.setdefault(group, {}).setdefault(name, line)
    return {group: sorted(entries.items()) for group, entries in sorted(groups.items())}


def _entries(package: str) -> Iterator[tuple[str, str, str]]:
    try:
        import_module(package)
        root: Traversable = files(package)
    except ImportError as error:
        raise ConfigError(
            f"the configs of the plug-in {package} cannot be read ({error}): install it again or remove it"
        ) from error
    for folder in root.iterdir():
        if not folder.is_dir() or folder.name.startswith(("_", ".")):
            continue
        for file in folder.iterdir():
            if file.name.endswith(".yaml"):
                lines = file.read_text(encoding="utf-8").splitlines()
                # Hydra's own directives (`# @package ...`) have to stand above the description.
                first = next((line for line in lines if line.startswith("#") and not line.startswith("# @")), "")
                yield folder.name, file.name.removesuffix(".yaml"), first.lstrip("# ")


def _measures() -> Iterator[tuple[str, str]]:
    from memeval.scoring.measures import KNOWN

    for name, kind in KNOWN.available():
        if isinstance(kind, ConfigError):
            yield name, str(kind)
            continue
        given = ",".join(f"{option}={'|'.join(map(str, choices))}" for option, choices in kind.options().items())
        yield name + (f"({given})" if given else "") + ("@k" if kind.has_cutoff() else ""), kind.summary


def _presets() -> Iterator[tuple[str, str]]:
    from memeval.scoring.measures.presets import PRESETS

    for name, preset in PRESETS.available():
        yield name, str(preset) if isinstance(preset, ConfigError) else preset.summary


def _plots() -> Iterator[tuple[str, str]]:
    from memeval.reports.plots import PLOTS

    for name, plot in PLOTS.available():
        yield name, str(plot) if isinstance(plot, ConfigError) else plot.help
