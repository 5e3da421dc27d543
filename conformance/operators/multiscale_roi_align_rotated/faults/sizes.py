"""Wrong ways to say how large a rotated box is, before its level is chosen as it is due."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from .....kernels.dialects.roi_align_rotated import Unit
from ...multiscale_roi_align.faults.choosing import Steps
from ..oracle.levels import choosing, upright

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from .....kernels.dialects.multiscale_roi_align_rotated import Dialect
    from ...multiscale_roi_align.faults.choosing import Chooser

    Arguments = Mapping[str, Any]
    Levels = tuple[int | None, ...]
    OfRotated = Callable[[Arguments, Dialect], Levels]

_DUE = Steps()


def as_of_upright(chooser: Chooser) -> OfRotated:
    """A way to choose levels of upright boxes, for boxes as large as the rotated ones."""
    return lambda arguments, dialect: chooser(upright(arguments), choosing(dialect))


def of_sides(sides: Callable[[Sequence[float], Dialect], tuple[float, float]]) -> OfRotated:
    """The levels that are due to boxes of other widths and heights, by the five numbers of a box."""

    def choose(arguments: Arguments, dialect: Dialect) -> Levels:
        boxes = []
        for image, *numbers in arguments["boxes"]:
            w, h = sides([float(number) for number in numbers], dialect)
            boxes.append([image, 0, 0, w, h])
        return _DUE({**arguments, "boxes": boxes}, choosing(dialect))

    return choose


def around(box: Sequence[float], dialect: Dialect) -> tuple[float, float]:
    """Those of the upright box around it."""
    _, _, w, h, angle = box
    turn = math.radians(angle) if dialect.unit == Unit.DEGREES else angle
    if not math.isfinite(turn):
        return w, h
    cos, sin = abs(math.cos(turn)), abs(math.sin(turn))
    return abs(w) * cos + abs(h) * sin, abs(w) * sin + abs(h) * cos


def by_corners(box: Sequence[float], _dialect: Dialect) -> tuple[float, float]:
    """Centre and size taken for two corners."""
    cx, cy, w, h, _ = box
    return w - cx, h - cy


def of_centre(box: Sequence[float], _dialect: Dialect) -> tuple[float, float]:
    """The centre taken for the size."""
    return box[0], box[1]


def height_and_angle(box: Sequence[float], _dialect: Dialect) -> tuple[float, float]:
    """The columns after the size: height and angle."""
    return box[3], box[4]


def halves(box: Sequence[float], _dialect: Dialect) -> tuple[float, float]:
    """From the centre on."""
    return box[2] / 2, box[3] / 2
