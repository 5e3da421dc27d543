"""Draws what a case calls: a map, its pixels shaded by their numbers, and the boxes on it with their bins."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

from ...conformance import operators
from ...conformance.arrays import box_rows, feature_map
from ..drawing import BLUE, GREEN, INK, ORANGE, PURPLE, SKY, VERMILLION, part_of_page
from ..plane import FONT, Plane, svg

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ...conformance.cases.case import Case
    from ..plane import Ends

_WIDTH, _HEIGHT = 560.0, 380.0  # of a drawing, at most
_MOST_SCALE = 42.0  # units of a pixel
_MOST_PIXELS = 600  # that are shaded
_MOST_BOXES = 12
_MOST_BINS = 8  # along an axis, whose edges are drawn
_AROUND = 3.0  # pixels around a map that are shown, at most
_LONGEST = 8  # times as long as wide is too long to be seen
_COLOURS = (VERMILLION, GREEN, PURPLE, ORANGE, SKY, INK)


class Drawing(NamedTuple):
    """A drawing and what it shows, in a sentence."""

    svg: str
    says: str


def draw(case: Case) -> Drawing | None:
    """A drawing of a case; none of a call without a map and boxes that can be drawn."""
    arguments = case.arguments
    if len(arguments["input"]["shape"]) != 4:  # a volume, or what is to be refused
        return None
    images, channels, rows, columns = arguments["input"]["shape"]
    every = rectangles(arguments, case.operator)
    image = every[0][1] if every and 0 <= every[0][1] < images else 0
    boxes = [box for box, which in every if which == image and _is_near(box, rows, columns)][:_MOST_BOXES]
    if not (images and channels and rows and columns) or max(rows, columns) > _LONGEST * max(min(rows, columns), 8):
        return None
    ends = _ends(boxes, rows, columns)
    plane = Plane(ends, min(_WIDTH / (ends[2] - ends[0]), _HEIGHT / (ends[3] - ends[1]), _MOST_SCALE))
    shaded = rows * columns <= _MOST_PIXELS
    if shaded:
        plane.shade(feature_map(arguments["input"])[image, 0], BLUE, ORANGE, strongest=0.5)
    plane.grid(rows, columns, every_pixel=shaded)
    down, across = arguments.get("output_size", (1, 1))[-2:]
    for n, box in enumerate(boxes):
        colour = _COLOURS[n % len(_COLOURS)]
        if "spatial_scale" in arguments and min(down, across) > 0 and max(down, across) <= _MOST_BINS:
            plane.bins(box, down, across, colour)
        plane.rectangle(box, colour)
    plane.axes(rows, columns)
    return Drawing(part_of_page(svg([("", plane)]), FONT), _says(arguments, image, len(boxes), shaded=shaded))


def rectangles(arguments: Mapping[str, Any], operator: str) -> list[tuple[Ends, int]]:
    """The boxes that can be drawn, x1, y1, x2, y2 in feature pixels as the scale has them, and the image of each."""
    rows, columns = arguments["input"]["shape"][-2:]
    if "spatial_scale" in arguments:
        down, along = arguments["spatial_scale"][-2:]
    elif "pool_size" in arguments:  # of the map
        down, along = 1, 1
    else:  # fractions of the image
        down, along = rows - 1, columns - 1
    first_is_y = getattr(operators.call_type(operator), "corners", "x1").startswith("y")
    found = []
    for row in arguments["boxes"]:
        numbers = box_rows([row])[0].tolist()
        if len(numbers) == 5 and all(map(math.isfinite, numbers)):
            image, a1, b1, a2, b2 = numbers
            x1, y1, x2, y2 = (b1, a1, b2, a2) if first_is_y else (a1, b1, a2, b2)
            found.append(((x1 * along, y1 * down, x2 * along, y2 * down), int(image)))
    return found


def _is_near(box: Ends, rows: int, columns: int) -> bool:
    """Whether a box reaches into what is shown around a map."""
    xs, ys = box[::2], box[1::2]
    across = max(xs) > -0.5 - _AROUND and min(xs) < columns - 0.5 + _AROUND
    return across and max(ys) > -0.5 - _AROUND and min(ys) < rows - 0.5 + _AROUND


def _ends(boxes: list[Ends], rows: int, columns: int) -> Ends:
    """What is shown: the map with the numbers of its rows and columns, and boxes, as far as a little around it."""
    xs, ys = [x for box in boxes for x in box[::2]], [y for box in boxes for y in box[1::2]]
    left = max(min([-0.6, *(x - 0.3 for x in xs)]), -0.5 - _AROUND)
    top = max(min([-0.6, *(y - 0.3 for y in ys)]), -0.5 - _AROUND)
    right = min(max([columns - 0.4, *(x + 0.3 for x in xs)]), columns - 0.5 + _AROUND)
    bottom = min(max([rows - 0.4, *(y + 0.3 for y in ys)]), rows - 0.5 + _AROUND)
    numbers = max(
        0.4, (right - left) / _WIDTH * 16, (bottom - top) / _HEIGHT * 16
    )  # where those of rows and columns stand
    return left - numbers, top, right, bottom + numbers


def _says(arguments: Mapping[str, Any], image: int, boxes: int, *, shaded: bool) -> str:
    images, channels = arguments["input"]["shape"][:2]
    which = "The map" if images * channels == 1 else f"Channel 0 of image {image}"
    pixels = ": the greater a number the stronger, below zero orange, not finite grey" if shaded else ""
    several = len(arguments["boxes"])
    shown = "" if boxes == several else f" {boxes} of {several} boxes are drawn: those of this image, near the map."
    has_bins = "spatial_scale" in arguments
    where = "times the scale, before a dialect moves them, with their bins" if has_bins else "as parts of the image"
    return f"{which}{pixels}. A pixel's centre is at its row and column; boxes are drawn {where}.{shown}"
