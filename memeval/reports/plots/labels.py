"""Names beside points and lines that keep out of each other's way."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.path import Path
    from matplotlib.transforms import Bbox

_FONT = 8.5
# Where a label may stand beside its point, in points of 1/72 inch, the best place first.
_HEIGHTS = (0, *(sign * 11 * step for step in range(1, 13) for sign in (1, -1)))
_WIDTHS = (9, 24, 48, 80)
# Half a marker, in pixels; how far from its point the line to a label ends.
_MARKER = 8
_SHRINK = 5
# Not an outline: that would turn the text of an SVG into a megabyte of paths.
_HALO = {"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 0.4}


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a label would stand: offset in points, extent in pixels, the line from its point where there is one."""

    dx: float
    dy: float
    box: "Bbox"
    line: "Path | None"

    def crossings(self, others: "Sequence[_Place]") -> int:
        """How many labels and lines of others it crosses, or is crossed by."""
        found = 0
        for other in others:
            if self.line is not None:
                found += self.line.intersects_bbox(other.box, filled=False)
                found += other.line is not None and self.line.intersects_path(other.line, filled=False)
            found += other.line is not None and other.line.intersects_bbox(self.box, filled=False)
        return found


def label_points(
    axes: "Axes", points: Sequence[tuple[str, float, float]], unnamed: Sequence[tuple[float, float]] = ()
) -> None:
    """Write each label (name, x, y) beside its point, moved until it covers no other; one without room is left out.

    Of the places with room it is the first whose line to the point crosses nothing, else one where it crosses least.
    Points without a name are not covered either.
    """
    from matplotlib.transforms import Bbox

    figure = axes.figure
    figure.canvas.draw()
    markers = []
    for x, y in (*((x, y) for _, x, y in points), *unnamed):
        px, py = axes.transData.transform((x, y))
        markers.append(Bbox.from_extents(px - _MARKER, py - _MARKER, px + _MARKER, py + _MARKER))
    placed: list[_Place] = []
    for name, x, y in sorted(points, key=lambda point: -point[2]):
        best: tuple[int, _Place] | None = None
        for place in _places(axes, name, x, y):
            if not any(place.box.overlaps(other) for other in (*markers, *(other.box for other in placed))):
                crossings = place.crossings(placed)
                if best is None or crossings < best[0]:
                    best = crossings, place
                if not crossings:
                    break
        if best is not None:
            placed.append(best[1])
            _write(axes, name, (x, y), best[1])


def _places(axes: "Axes", name: str, x: float, y: float) -> "Sequence[_Place]":
    """Where there is room in the frame, the best first."""
    from matplotlib.path import Path
    from matplotlib.transforms import Bbox

    renderer = axes.figure.canvas.get_renderer()  # type: ignore[attr-defined]
    frame = axes.get_window_extent(renderer)
    scale = axes.figure.dpi / 72
    px, py = axes.transData.transform((x, y))
    probe = axes.text(x, y, name, fontsize=_FONT)
    size = probe.get_window_extent(renderer)
    probe.remove()
    found = []
    for dx, dy in ((side * dx, dy) for dy in _HEIGHTS for side in (1, -1) for dx in _WIDTHS):
        near, middle = px + dx * scale, py + dy * scale
        left = near if dx > 0 else near - size.width
        half = size.height / 2 + 1
        box = Bbox.from_extents(left - 1, middle - half, left + size.width + 1, middle + half)
        if box.x0 >= frame.x0 and box.x1 <= frame.x1 + 4 and box.y0 >= frame.y0 and box.y1 <= frame.y1:
            away = _SHRINK * scale / ((near - px) ** 2 + (middle - py) ** 2) ** 0.5
            start = (px + (near - px) * away, py + (middle - py) * away)
            far = abs(dy) > _HEIGHTS[1] or abs(dx) > _WIDTHS[0]
            found.append(_Place(dx, dy, box, Path([start, (near, middle)]) if far else None))
    return found


def _write(axes: "Axes", name: str, point: tuple[float, float], place: _Place) -> None:
    right = place.dx > 0
    line = {"arrowstyle": "-", "color": "0.5", "linewidth": 0.6, "shrinkA": 0, "shrinkB": _SHRINK}
    axes.annotate(
        name,
        point,
        xytext=(place.dx, place.dy),
        textcoords="offset points",
        ha="left" if right else "right",
        va="center",
        fontsize=_FONT,
        bbox=_HALO,
        arrowprops=None if place.line is None else {**line, "relpos": (0 if right else 1, 0.5)},
    )


def label_ends(axes: "Axes", ends: Sequence[tuple[str, float, float, str]], gap: float = 10.5) -> None:
    """Write names of lines at their right ends (name, x, y, colour), pushed apart to at least `gap` points."""
    figure = axes.figure
    figure.canvas.draw()
    scale = figure.dpi / 72
    placed = sorted(
        ((axes.transData.transform((x, y))[1] / scale, name, x, y, colour) for name, x, y, colour in ends),
        key=lambda each: each[0],
    )
    heights = [height for height, *_ in placed]
    for index in range(1, len(heights)):
        heights[index] = max(heights[index], heights[index - 1] + gap)
    # What was pushed over the top goes down again, all together.
    top = axes.get_window_extent().y1 / scale
    for index in reversed(range(len(heights))):
        heights[index] = min(heights[index], top)
        top = heights[index] - gap
    for height, (own, name, x, y, colour) in zip(heights, placed, strict=True):
        axes.annotate(
            name,
            (x, y),
            xytext=(12, height - own),
            textcoords="offset points",
            va="center",
            fontsize=_FONT,
            color=colour,
            annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": "0.6", "linewidth": 0.6, "relpos": (0, 0.5)}
            if abs(height - own) > 2
            else None,
        )
