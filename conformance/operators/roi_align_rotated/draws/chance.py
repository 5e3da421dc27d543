"""Hypothesis strategies for calls of rotated RoIAlign and of its gradients. Needs ``pip install 'roikit[fuzz]'``.

Calls are small, and centres and sizes mostly multiples of powers of two, so that those that are turned by quarters are exact.
All boxes of a call are of one class, since one bad box hides what the others would show.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from ....chance import drawn_bins, drawn_rows, number, spoil
from ....operation import Operation
from .placements import DEGREES, QUARTERS

if TYPE_CHECKING:
    from collections.abc import Sequence

    Arguments = dict[str, Any]
    DrawFn = st.DrawFn

BOXES = ("upright", "quarters", "degrees", "free", "tiny", "huge", "outside", "mirrored")
"""Classes of boxes. *quarters* are turned by quarters in radians, *degrees* in degrees; *mirrored* have negative sizes."""

_EIGHTH = Fraction(1, 8)
_SIZES = (Fraction(1, 2), Fraction(3, 4), Fraction(1), Fraction(3, 2), Fraction(2), Fraction(4))
_TINY = (Fraction(0), Fraction(1, 4096), Fraction(1, 64), _EIGHTH)
_SCALES = (Fraction(1), Fraction(1), Fraction(1, 2), Fraction(1, 4), Fraction(1, 16), Fraction(2))
_SIDES = (*range(1, 10), 17, 33)
_IMAGES = (1, 2, 3, 3)
_CHANNELS = (1, 1, 2, 3, 5, 8, 17, 33)
_BINS = (1, 2, 2, 3, 4, 7)
_RATIOS = (0, 1, 2, 2, 3, 4)
_ROIS = (1, 2, 3, 4, 7, 8)
_FEW_ROIS = (1, 2, 3, 4)  # all of them send to the same pixels
_MOST_PIXELS = 6000  # of all maps of a call
_MOST_ARRIVING = 500  # numbers that arrive at the outputs of a call


@st.composite
def arguments(
    draw: DrawFn,
    *,
    modes: Sequence[str] = ("avg",),
    classes: Sequence[str] = BOXES,
    operation: Operation = Operation.FORWARD,
) -> Arguments:
    """Draws the arguments of a call: the ``arguments`` of a case file. Pixels, and what arrives, are integers from −8 to 8."""
    mode, box_class = draw(st.sampled_from(modes)), draw(st.sampled_from(classes))
    is_gradient = operation != Operation.FORWARD
    shape = [
        draw(st.sampled_from(_IMAGES)),
        draw(st.sampled_from(_CHANNELS)),
        *(draw(st.sampled_from(_SIDES)) for _ in "yx"),
    ]
    bins = drawn_bins(draw, _BINS)
    count = draw(st.sampled_from(_FEW_ROIS if is_gradient else _ROIS))
    if math.prod(shape) > _MOST_PIXELS or (is_gradient and count * shape[1] * math.prod(bins) > _MOST_ARRIVING):
        shape[1] = 1
    scale = draw(st.sampled_from(_SCALES))
    ratio = [draw(st.sampled_from(_RATIOS))] * 2
    if draw(st.integers(0, 7)) == 7:  # the axes differ, which few libraries can do
        ratio[1] = draw(st.sampled_from(_RATIOS))
    boxes, arriving = [], []
    for _ in range(count):
        boxes.append([draw(st.integers(0, shape[0] - 1)), *_box(draw, box_class, shape[2:], bins, scale)])
        if is_gradient:  # of each RoI by itself, so that it goes with it when the call is shrunk
            arriving += drawn_rows(draw, [shape[1], *bins])
    invalid_rois = spoil(draw, boxes, box_class, shape[0])
    return {
        "input": {"shape": shape, "rows": drawn_rows(draw, shape)},
        **({"grad": {"shape": [count, shape[1], *bins], "rows": arriving}} if is_gradient else {}),
        "boxes": boxes,
        "output_size": bins,
        "spatial_scale": [number(scale)] * 2,
        "sampling_ratio": ratio,
        "mode": mode,
        "invalid_rois": invalid_rois,
    }


def _box(
    draw: DrawFn, box_class: str, pixels: Sequence[int], bins: Sequence[int], scale: Fraction
) -> list[int | float]:
    """A row of boxes of a class, without its image."""
    centre = [draw(st.integers(-8, 8 * side + 8)) * _EIGHTH for side in reversed(pixels)]
    if box_class == "outside":
        centre[draw(st.integers(0, 1))] += draw(st.sampled_from((-64, 96)))
    sizes = {"tiny": _TINY, "huge": tuple(8 * size for size in _SIZES)}.get(box_class, _SIZES)
    extent = [draw(st.sampled_from(sizes)) * count for count in reversed(bins)]
    if box_class == "mirrored":
        extent[draw(st.integers(0, 1))] *= -1
    return [*(number(value / scale) for value in (*centre, *extent)), _angle(draw, box_class)]


def _angle(draw: DrawFn, box_class: str) -> int | float:
    match box_class:
        case "upright":
            return 0
        case "quarters":
            return draw(st.sampled_from(QUARTERS))
        case "degrees":
            return draw(st.sampled_from(DEGREES))
        case _:
            return number(Fraction(draw(st.integers(-256, 256)), 32))
