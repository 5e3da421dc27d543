"""Hypothesis strategies for calls of crop_and_resize and of its gradients. Needs ``pip install 'roikit[fuzz]'``.

Calls are small, and mostly of corners that are multiples of powers of two. All boxes of a call are of one class, since one bad
box hides what the others would show.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from ....chance import drawn_bins, drawn_rows, number, spoil
from ....operation import Operation

if TYPE_CHECKING:
    from collections.abc import Sequence

    Arguments = dict[str, Any]
    DrawFn = st.DrawFn
    Span = tuple[Fraction | float, Fraction | float]

BOXES = ("ordinary", "flipped", "points", "huge", "outside", "knots", "halves", "free")
"""Classes of boxes. The points of *knots* are on pixels, those of *halves* exactly between two; *free* corners are multiples of
nothing, and *points* are boxes without extent."""

_SIDES = (*range(1, 10), 17, 33, 65)
_ON_GRID = (2, 3, 5, 9, 17)
_POINTS = (1, 2, 2, 3, 4, 5, 7, 9)
_IMAGES = (1, 2, 3, 3)
_CHANNELS = (1, 1, 2, 3, 5, 8, 17)
_ROIS = (1, 2, 3, 4, 7, 8, 12)
_FEW_ROIS = (1, 2, 3, 4)  # all of them send to the same pixels
_OUTSIDE = (0, 0, 1, -1, 2.5)
_MOST_PIXELS = 6000  # of all images of a call
_MOST_ARRIVING = 1000  # numbers that arrive at the outputs of a call
_SMALL = 5  # pixels along the sides of images that would otherwise be too large
_UNIT = 8  # corners are multiples of one over this


@st.composite
def arguments(
    draw: DrawFn,
    *,
    modes: Sequence[str] = ("bilinear", "nearest"),
    classes: Sequence[str] = BOXES,
    operation: Operation = Operation.FORWARD,
) -> Arguments:
    """Draws the arguments of a call: the ``arguments`` of a case file. Pixels, and what arrives, are integers from −8 to 8."""
    mode, box_class = draw(st.sampled_from(modes)), draw(st.sampled_from(classes))
    is_gradient, on_grid = operation != Operation.FORWARD, box_class in ("knots", "halves")
    images, channels = draw(st.sampled_from(_IMAGES)), draw(st.sampled_from(_CHANNELS))
    pixels = [draw(st.sampled_from(_ON_GRID if on_grid else _SIDES)) for _ in "yx"]
    size = drawn_bins(draw, _POINTS)
    count = draw(st.sampled_from(_FEW_ROIS if is_gradient else _ROIS))
    if images * channels * math.prod([*size, *pixels]) > _MOST_PIXELS or (
        is_gradient and count * channels * math.prod(size) > _MOST_ARRIVING
    ):
        images, channels = 1, 1
        pixels = [min(side, _SMALL) for side in pixels]
    boxes, sent = [], []
    for _ in range(count):
        (y1, y2), (x1, x2) = (_span(draw, box_class, *each) for each in zip(pixels, size, strict=True))
        boxes.append([draw(st.integers(0, images - 1)), *(number(corner) for corner in (y1, x1, y2, x2))])
        if is_gradient:  # of each box by itself, so that it goes with it when the call is shrunk
            sent += drawn_rows(draw, [channels, *size])
    invalid_rois = spoil(draw, boxes, box_class, images)
    shape = [images, channels, *pixels]
    return {
        "input": {"shape": shape, "rows": drawn_rows(draw, shape)},
        **({"grad": {"shape": [count, channels, *size], "rows": sent}} if is_gradient else {}),
        "boxes": boxes,
        "output_size": size,
        "mode": mode,
        "extrapolation_value": draw(st.sampled_from(_OUTSIDE)),
        "invalid_rois": invalid_rois,
    }


def _span(draw: DrawFn, box_class: str, pixels: int, points: int) -> Span:
    """How a box of a class lies along a side."""
    if box_class in ("knots", "halves"):
        return _on_grid(draw, pixels, points, Fraction(box_class == "halves", 2))
    if box_class == "free":
        low = draw(st.floats(-0.5, 1.25, width=16))
        return low, low + draw(st.floats(-1, 1.5, width=16))
    start = draw(st.integers(-_UNIT // 2, _UNIT))
    end = draw(st.integers(start, start + 3 * _UNIT // 2))
    match box_class:
        case "flipped":
            start, end = end, start
        case "points":
            end = start
        case "huge":
            start, end = start - _UNIT * draw(st.integers(1, 40)), end + _UNIT * draw(st.integers(1, 40))
        case "outside":
            away = draw(st.sampled_from((-4, 4))) * _UNIT
            start, end = start + away, end + away
    return Fraction(start, _UNIT), Fraction(end, _UNIT)


def _on_grid(draw: DrawFn, pixels: int, points: int, beside: Fraction) -> Span:
    """Points that are whole steps apart, the first at a pixel or ``beside`` it."""
    last, steps = pixels - 1, max(points - 1, 1)
    start = draw(st.integers(-2, last)) + beside
    end = start + steps * draw(st.integers(-1, max(1, last // steps)))
    return start / last, end / last
