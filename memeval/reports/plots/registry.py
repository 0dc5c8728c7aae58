"""What a plot is: a name, one line of help, the measures that it needs, and the function that draws it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from memeval.kit.errors import ConfigError
from memeval.kit.plugins import Registry, instance_of
from memeval.scoring.measures import Measure
from memeval.scoring.rows import Row

Draw = Callable[[Sequence[Row], Path, str], list[Path]]


@dataclass(frozen=True, slots=True)
class Plot:
    """A kind of plot.

    Attributes:
        name: what to type after `kinds=`.
        help: one line: what is drawn against what, and which runs it needs.
        draw: takes rows, a folder, the name of the files without an ending; returns the files (PNG, SVG), none where
            there is nothing to draw.
        measures: those that it needs beside the ones that are always scored.
    """

    name: str
    help: str
    draw: Draw
    measures: tuple[Measure, ...] = ()

    def __call__(self, rows: Sequence[Row], folder: Path, stem: str) -> list[Path]:
        """Draw it."""
        return self.draw(rows, folder, stem)


PLOTS: Registry[Plot] = Registry("memeval.plots", "plot", instance_of(Plot))


def plot(name: str, line: str, measures: Sequence[Measure] = ()) -> Callable[[Draw], Plot]:
    """Have a function that draws known as a plot.

    Args:
        name: what to type after `kinds=`.
        line: its help.
        measures: what it needs beside the measures that are always scored.

    Raises:
        ConfigError: there is a plot of that name.
    """

    def register(draw: Draw) -> Plot:
        if name in PLOTS.own():
            raise ConfigError(f"there is a plot {name!r} already: choose another name")
        return PLOTS.add(name, Plot(name, line, draw, tuple(measures)))

    return register


def measures_drawn(kinds: Sequence[str]) -> tuple[Measure, ...]:
    """What the plots of these kinds need beside the measures that are always scored.

    Raises:
        ConfigError: there is no such kind.
    """
    return tuple(dict.fromkeys(measure for plot in named_plots(kinds) for measure in plot.measures))


def named_plots(kinds: Sequence[str]) -> "list[Plot]":
    """The plots of these kinds, each once.

    Raises:
        ConfigError: there is no such kind, or the package that offers it cannot be imported.
    """
    if unknown := [kind for kind in kinds if kind not in PLOTS]:
        raise ConfigError(f"there is no plot {unknown[0]!r:.200}: choose kinds among {', '.join(PLOTS)}")
    return [PLOTS[kind] for kind in dict.fromkeys(kinds)]
