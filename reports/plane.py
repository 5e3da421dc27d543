"""Drawings in the coordinates of a map, as SVG that is written by hand: a site has thousands, and Matplotlib takes 0.2 s for one.

Pixel (y, x) of a map is the square around the point (x, y).
"""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any

import numpy as np

from .drawing import GRID, INK, PALE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    Array = NDArray[Any]
    Ends = tuple[float, float, float, float]

_LEVELS = 8  # of a colour
_FAR = 1e4  # what lies further away is drawn there: nobody sees it, and browsers have no numbers for it
_MOST_NAMED = 8  # rows or columns that have their number
FONT = "font-family:system-ui,'DejaVu Sans',sans-serif"


class Plane:
    """A map and what lies on it, from ``left, top`` to ``right, bottom``; a pixel takes ``scale`` units of the drawing."""

    def __init__(self, ends: Ends, scale: float) -> None:
        """An empty drawing."""
        self._ends, self._scale = ends, scale
        self._parts: list[str] = []

    @property
    def size(self) -> tuple[float, float]:
        """Its width and height."""
        left, top, right, bottom = self._ends
        return (right - left) * self._scale, (bottom - top) * self._scale

    @property
    def content(self) -> str:
        """Its elements."""
        return "".join(self._parts)

    def _place(self, value: float, start: float) -> str:
        return f"{min(max((value - start) * self._scale, -_FAR), _FAR):.5g}"

    def _x(self, value: float) -> str:
        return self._place(value, self._ends[0])

    def _y(self, value: float) -> str:
        return self._place(value, self._ends[1])

    def _path(self, look: str, lines: str) -> None:
        if lines:
            self._parts.append(f'<path style="{look}" d="{lines}"/>')

    def grid(self, rows: int, columns: int, *, every_pixel: bool = True) -> None:
        """The edges of a map, and of all its pixels."""
        across = range(columns + 1) if every_pixel else (0, columns)
        down = range(rows + 1) if every_pixel else (0, rows)
        left, right, top, bottom = self._x(-0.5), self._x(columns - 0.5), self._y(-0.5), self._y(rows - 0.5)
        lines = [f"M{self._x(x - 0.5)} {top}V{bottom}" for x in across]
        lines += [f"M{left} {self._y(y - 0.5)}H{right}" for y in down]
        self._path(f"fill:none;stroke:{GRID}", "".join(lines))

    def shade(self, values: Array, positive: str, negative: str, strongest: float = 0.75) -> None:
        """Pixels, the greater their numbers the stronger; what is no finite number is grey."""
        finite = np.where(np.isfinite(values), values, 0.0)
        most = float(np.abs(finite).max(initial=0.0)) or 1.0
        levels = (np.ceil(np.abs(finite) / most * _LEVELS) * np.sign(finite)).astype(int)
        levels[~np.isfinite(values)] = _LEVELS + 1
        for level in sorted(set(levels.flat) - {0}):
            colour = INK if level > _LEVELS else positive if level > 0 else negative
            opacity = min(abs(level), _LEVELS) / _LEVELS * strongest
            squares = [self._run(*run) for run in _runs(levels == level)]
            self._path(f"fill:{colour};fill-opacity:{opacity:.2g}", "".join(squares))

    def _run(self, y: int, start: int, length: int) -> str:
        width, height = f"{length * self._scale:.5g}", f"{self._scale:.5g}"
        return f"M{self._x(start - 0.5)} {self._y(y - 0.5)}h{width}v{height}h-{width}z"

    def rectangle(self, ends: Ends, colour: str, *, width: float = 2.0, opacity: float = 0.0) -> None:
        """A box: its edges, unless they have no width, and what lies within, if that is not transparent."""
        x1, y1, x2, y2 = ends
        fill = f"fill:{colour};fill-opacity:{opacity:g}" if opacity else "fill:none"
        stroke = f";stroke:{colour};stroke-width:{width:g}" if width else ""
        self._path(fill + stroke, f"M{self._x(x1)} {self._y(y1)}H{self._x(x2)}V{self._y(y2)}H{self._x(x1)}z")

    def bins(self, ends: Ends, rows: int, columns: int, colour: str) -> None:
        """The edges between the bins of a box."""
        x1, y1, x2, y2 = ends
        lines = [f"M{self._x(x1 + (x2 - x1) * n / columns)} {self._y(y1)}V{self._y(y2)}" for n in range(1, columns)]
        lines += [f"M{self._x(x1)} {self._y(y1 + (y2 - y1) * n / rows)}H{self._x(x2)}" for n in range(1, rows)]
        self._path(f"fill:none;stroke:{colour};stroke-width:.8", "".join(lines))

    def points(self, points: Iterable[tuple[float, float]], colour: str, *, crossed: bool = False) -> None:
        """Dots, or crosses."""
        mark, width = ("m-3-3l6 6m0-6l-6 6", 1.2) if crossed else ("h0", 6)
        lines = "".join(f"M{self._x(x)} {self._y(y)}{mark}" for x, y in points)
        self._path(f"fill:none;stroke:{colour};stroke-width:{width:g};stroke-linecap:round", lines)

    def texts(self, texts: Iterable[tuple[float, float, str]], *, size: float = 10, colour: str = INK) -> None:
        """Words, each around a point."""
        words = [
            f'<text x="{self._x(x)}" y="{self._y(y)}" dy=".35em">{html.escape(text)}</text>' for x, y, text in texts
        ]
        look = f"{FONT};font-size:{size:g}px;text-anchor:middle;fill:{colour}"
        self._parts.append(f'<g style="{look}">{"".join(words)}</g>' if words else "")

    def axes(self, rows: int, columns: int) -> None:
        """Numbers of rows at the left edge, and of columns at the lower one; not all, where there are many."""
        step = next(step for step in (1, 2, 5, 10, max(rows, columns)) if max(rows, columns) <= _MOST_NAMED * step)
        left, _, _, bottom = self._ends
        within = 8 / self._scale
        self.texts(((x, bottom - within, str(x)) for x in range(0, columns, step)), colour=PALE)
        self.texts(((left + within, y, str(y)) for y in range(0, rows, step)), colour=PALE)


def _runs(flags: Array) -> list[tuple[int, int, int]]:
    """The row and column at which flags that are set begin, and how many follow each other in the row."""
    rows = np.zeros((len(flags), flags.shape[1] + 2), np.int8)  # what is not set around each row ends its runs
    rows[:, 1:-1] = flags
    edges = np.flatnonzero(np.diff(rows.reshape(-1)))
    return [(s // rows.shape[1], s % rows.shape[1], e - s) for s, e in edges.reshape(-1, 2).tolist()]


def svg(panels: Sequence[tuple[str, Plane]], gap: float = 24.0) -> str:
    """Drawings side by side, each below its title, as an SVG."""
    heading = 22.0 if any(name for name, _ in panels) else 0.0
    parts, left, height = [], 0.0, 0.0
    for name, plane in panels:
        wide, high = plane.size
        words = f'<text y="13" style="{FONT};font-size:12px;font-weight:700;fill:{INK}">{html.escape(name)}</text>'
        parts.append(
            f'<g transform="translate({left:g} 0)">{words if name else ""}'
            f'<svg y="{heading:g}" width="{wide:.5g}" height="{high:.5g}">{plane.content}</svg></g>'
        )
        left, height = left + wide + gap, max(height, heading + high)
    width = left - gap
    size = f'viewBox="0 0 {width:.5g} {height:.5g}" width="{width:.5g}" height="{height:.5g}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{"".join(parts)}</svg>'
