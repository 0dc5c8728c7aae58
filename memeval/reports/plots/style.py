"""What all plots share: colours, markers, captions, files."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import wraps
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from memeval.kit.escaping import shown
from memeval.records.replacing import replacing
from memeval.reports.notes import tuned
from memeval.scoring.rows import MAIN, Row

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

P = ParamSpec("P")
R = TypeVar("R")

# Okabe and Ito (2008): told apart with any kind of colour vision; the two lightest are left out.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#000000", "#56B4E9", "#E69F00", "#7F7F7F", "#8C564B", "#5D3A9B")
MARKERS = "osD^vP*X<>hpd8"
DASHES: tuple[Any, ...] = ("-", "--", ":", "-.", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 3)), (0, (8, 3)), (0, (3, 1, 1, 1)))
SOFT = "0.35"


def as_written(draw: "Callable[P, R]") -> "Callable[P, R]":
    """Have a function that draws take no text for formulas: names of data may hold dollar signs."""

    @wraps(draw)
    def drawn(*arguments: P.args, **options: P.kwargs) -> R:
        from matplotlib import rc_context

        with rc_context({"text.parse_math": False}):
            return draw(*arguments, **options)

    return drawn


def canvas(
    columns: int = 1, width: float = 8.0, height: float = 5.5, lines: int = 1, **options: Any
) -> "tuple[Figure, Any]":
    """A figure with its axes in so many lines, drawn without a screen; `options` as of pyplot.subplots."""
    import matplotlib

    matplotlib.use("Agg", force=False)
    from matplotlib import pyplot

    return pyplot.subplots(lines, columns, figsize=(width, height), layout="constrained", **options)


def finish(figure: "Figure", rows: Sequence[Row], folder: Path, stem: str, note: str = "") -> list[Path]:
    """Put the caption under a figure and write it as PNG and SVG.

    Returns:
        the files, PNG first.
    """
    from matplotlib import pyplot, rc_context
    from matplotlib.text import Text

    figure.supxlabel("\n".join(filter(None, (note, caption(rows)))), fontsize=8, color=SOFT)
    for text in figure.findobj(Text):
        text.set_text(shown(text.get_text(), lines=True))
    folder.mkdir(parents=True, exist_ok=True)
    files = [folder / f"{stem}.png", folder / f"{stem}.svg"]
    # Ids from a fixed salt and no date: the same runs give the same file.
    with (
        rc_context({"svg.hashsalt": "memeval", "svg.fonttype": "none"}),
        replacing(files[0]) as png,
        replacing(files[1]) as svg,
    ):
        figure.savefig(png, format="png", dpi=130, metadata={"Software": None})
        figure.savefig(svg, format="svg", metadata={"Date": None, "Creator": None})
    pyplot.close(figure)
    return files


def caption(rows: Sequence[Row]) -> str:
    """Data, number of questions, tokenizer, when the last of the runs was made, and what was tuned on the data."""
    record, scores = rows[0].run.record, rows[0].scores
    made = max(row.run.record.made_on for row in rows)
    chosen = dict.fromkeys(name.replace("/", "=") for row in rows for name in tuned(row))
    return (
        f"{record.benchmark.name}: {len(scores.dialogues):,} dialogues, n = {len(scores.questions):,} questions; "
        f"tokens of {record.tokenizer}; memeval {record.environment.memeval}{', ' + made if made else ''}"
        + "".join(f"\nthe default settings of {name} were chosen on this data" for name in chosen)
    )


class Look:
    """One colour and line a retriever, one marker a strategy, the same in every panel."""

    def __init__(self, rows: Iterable[Row]) -> None:
        """Give each a look, in order of name."""
        found = list(rows)
        self._retrievers = sorted({row.retriever for row in found})
        self._strategies = sorted({row.strategy for row in found})

    def colour(self, row: Row) -> str:
        """By retriever."""
        return COLOURS[self._retrievers.index(row.retriever) % len(COLOURS)]

    def dashes(self, row: Row) -> Any:
        """By retriever."""
        return DASHES[self._retrievers.index(row.retriever) % len(DASHES)]

    def marker(self, row: Row) -> str:
        """By strategy."""
        return MARKERS[self._strategies.index(row.strategy) % len(MARKERS)]

    def legend(self, place: "Figure | Axes", loc: Any = "outside right center") -> None:
        """Name colours and markers, at the right side of a figure or inside of axes."""
        from matplotlib.lines import Line2D

        handles = [
            Line2D(
                [], [], linestyle="", marker="s", color=COLOURS[i % len(COLOURS)], label=_named(name, "window alone")
            )
            for i, name in enumerate(self._retrievers)
        ]
        handles += [
            Line2D([], [], linestyle="", marker=marker, color="0.4", label=_named(name, "no window"))
            for name, marker in zip(self._strategies, cycle(MARKERS), strict=False)
        ]
        place.legend(handles=handles, loc=loc, frameon=False, fontsize=8.5)


def _named(name: str, nothing: str) -> str:
    return nothing if name == "none" else name


def tidy(axes: "Axes") -> None:
    """Light grid, no box."""
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)


def frontier(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """The points that no other beats in both respects: less of x, more of y (Pareto); in order of x."""
    best: list[tuple[float, float]] = []
    for x, y in sorted(points, key=lambda point: (point[0], -point[1])):
        if not best or y > best[-1][1]:
            best.append((x, y))
    return best


def best_by_retriever(rows: Sequence[Row]) -> tuple[list[Row], int]:
    """Of rows ordered best first, the first of each retriever at the budget that most rows have, and that budget.

    Of budgets that equally many rows have it is the one in the middle.
    """
    compared = [row for row in rows if not row.is_reference and row.scores[MAIN].value is not None]
    counts = Counter(row.budget for row in compared)
    if not counts:
        return [], 0
    most = sorted(size for size, count in counts.items() if count == max(counts.values()))
    size = most[(len(most) - 1) // 2]
    first: dict[str, Row] = {}
    for row in compared:
        if row.budget == size:
            first.setdefault(row.retriever, row)
    return list(first.values()), size


def number(value: float, position: float = 0) -> str:
    """A tick as a plain number; the position is what matplotlib hands over."""
    return f"{value:,.0f}" if value >= 1 else f"{value:g}"


def plain(axis: "Axis") -> None:
    """Ticks of a logarithmic axis as plain numbers."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    low, high = axis.get_view_interval()
    subs = (1.0,) if high > 100 * low else (1.0, 2.0, 5.0)
    axis.set_major_locator(LogLocator(10, subs=subs, numticks=12))
    axis.set_major_formatter(FuncFormatter(number))
    axis.set_minor_formatter(NullFormatter())
