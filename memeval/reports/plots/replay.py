"""Curves of replayed dialogues against the turn number: cumulated dollars, tokens per request, hit rate."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING

import numpy as np

from memeval.kit.plain_names import as_file_name
from memeval.pricing import Target
from memeval.records.replacing import replacing
from memeval.reports.plots.labels import label_ends
from memeval.reports.plots.style import COLOURS, DASHES, MARKERS, SOFT, as_written, tidy
from memeval.reports.replay import Replayed, rules
from memeval.scoring.measures.base import Floats
from memeval.scoring.replay_costs import Course

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_POINTS = 24


@as_written
def draw(replays: Sequence[Replayed], target: Target, folder: Path) -> Path:
    """Draw one figure for a target: dollars without and with the provider's cache, tokens per request, hit rate.

    Dialogues differ in length: each turn's value is the mean over those that are that long, as far as at least half
    of them are.
    """
    import matplotlib

    matplotlib.use("Agg", force=False)
    from matplotlib import pyplot

    courses = {replay.name: replay.courses[target.name] for replay in replays}
    caching = target.cache is not None
    end = _end(replays[0].any_course)
    edges = np.linspace(0, end, min(_POINTS, max(1, end // 4)) + 1)
    plain = {name: _cumulated(found, False, edges) for name, found in courses.items()}
    cached = {name: _cumulated(found, True, edges) for name, found in courses.items()} if caching else {}
    panels = [_Panel("money so far, no prompt cache", "dollars", plain, _from_zero(plain))]
    if caching:
        panels.append(
            _Panel(
                "money so far, with the provider's prompt cache", "dollars (another scale)", cached, _from_zero(cached)
            )
        )
    tokens = {name: _per_bin(found, edges, cached=False) for name, found in courses.items()}
    panels.append(_Panel("prompt of a request", "tokens, log scale", tokens, None))
    if caching:
        hits = {name: 100 * _per_bin(found, edges, cached=True) for name, found in courses.items()}
        panels.append(_Panel("hit rate: prompt tokens read from the provider's cache", "%", hits, (-3.0, 103.0)))
    rows = len(panels) // 2
    figure, grid = pyplot.subplots(rows, 2, figsize=(14, 5 * rows), layout="constrained")
    for axes, panel in zip(np.ravel(grid), panels, strict=True):
        _draw(axes, panel, edges)
    figure.suptitle(f"{target.name}: dialogues lived through turn by turn")
    figure.supxlabel(_caption(replays, target, end), fontsize=8, color=SOFT)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"replay-{as_file_name(target.name.replace('/', '_'))}.png"
    with replacing(path) as beside:
        figure.savefig(beside, format="png", dpi=110, metadata={"Software": None})
    pyplot.close(figure)
    return path


@dataclass(frozen=True, slots=True)
class _Panel:
    """Lines by name against the upper edges of the bins; without limits the scale is logarithmic."""

    title: str
    unit: str
    lines: dict[str, Floats]
    limits: tuple[float, float] | None


def _from_zero(lines: dict[str, Floats]) -> tuple[float, float]:
    return 0.0, 1.05 * max((float(np.nanmax(line, initial=0.0)) for line in lines.values()), default=0.0) or 1.0


def _end(courses: Sequence[Course]) -> int:
    """The turn that at least half of the dialogues reach."""
    lengths = sorted((each.life.length for each in courses), reverse=True)
    return max(4, lengths[(len(lengths) - 1) // 2])


def _cumulated(courses: Sequence[Course], cache: bool, edges: Floats) -> Floats:
    """Dollars up to each edge: the mean price of each turn over the dialogues that reach it, added up."""
    end = int(edges[-1])
    spent = np.zeros(end + 1)
    alive = np.zeros(end + 1)
    for each in courses:
        alive[1 : each.life.length + 1] += 1
        inside = each.turns <= end
        np.add.at(spent, each.turns[inside].astype(np.int64), each.dollars(cache)[inside])
    summed = np.cumsum(np.divide(spent, alive, out=np.zeros_like(spent), where=alive > 0))
    values: Floats = summed[edges[1:].astype(np.int64)]
    return values


def _per_bin(courses: Sequence[Course], edges: Floats, *, cached: bool) -> Floats:
    """Tokens per request between two edges, or the share of them that was cached."""
    turns = np.concatenate([each.turns for each in courses])
    tokens = np.concatenate([each.tokens for each in courses])
    total, _ = np.histogram(turns, edges, weights=tokens)
    if not cached:
        count, _ = np.histogram(turns, edges)
        return _ratio(total, count.astype(np.float64))
    read, _ = np.histogram(turns, edges, weights=np.concatenate([each.cached for each in courses]))
    return _ratio(read, total)


def _ratio(above: Floats, below: Floats) -> Floats:
    values: Floats = np.divide(above, below, out=np.full_like(below, np.nan), where=below > 0)
    return values


def _draw(axes: "Axes", panel: _Panel, edges: Floats) -> None:
    looks = zip(cycle(COLOURS), cycle(MARKERS), cycle(DASHES))  # noqa: B905 (all three are endless)
    ends = []
    for (name, values), (colour, marker, dashes) in zip(panel.lines.items(), looks, strict=False):
        axes.plot(
            edges[1:], values, color=colour, marker=marker, markersize=4, markevery=3, linestyle=dashes, linewidth=1.4
        )
        known = np.flatnonzero(~np.isnan(values))
        if known.size:
            ends.append((name, float(edges[1:][known[-1]]), float(values[known[-1]]), colour))
    if panel.limits is None:
        axes.set_yscale("log")
    else:
        axes.set_ylim(*panel.limits)
    axes.set_xlim(0, edges[-1])
    axes.set_title(panel.title, fontsize=10)
    axes.set_xlabel("turn of the dialogue")
    axes.set_ylabel(panel.unit)
    tidy(axes)
    label_ends(axes, ends)


def _caption(replays: Sequence[Replayed], target: Target, end: int) -> str:
    record = replays[0].run.record
    made = max(each.run.record.made_on for each in replays)
    courses = replays[0].any_course
    requests = sum(each.tokens.size for each in courses)
    lines = wrap(rules(target), 170)
    facts = (
        f"{record.benchmark.name}: {len(courses):,} dialogues, n = {requests:,} requests; mean over the dialogues "
        f"that reach a turn, up to turn {end:,}, which half of them reach; tokens of {record.tokenizer}; "
        f"memeval {record.environment.memeval}, {made}"
    )
    if target.price.write_premium:
        lines.append("A strategy that loses by writing into the cache is drawn as if it did so all the same.")
    # A dollar sign would begin a formula.
    return "\n".join([facts, *lines]).replace("$", r"\$")
