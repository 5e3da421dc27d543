"""Hypothesis strategies for calls of deformable RoI pooling and of its gradients. Needs ``pip install 'roikit[fuzz]'``.

Calls are small, and corners and offsets mostly multiples of powers of two, so that they are exact. All boxes of a call are of one
class, since one bad box hides what the others would show.
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

BOXES = ("ordinary", "still", "thrown", "tiny", "huge", "outside", "inverted", "free")
"""Classes of boxes. Of *still* ones there are no offsets, *thrown* ones have large ones, *inverted* have negative sizes."""

_EIGHTH = Fraction(1, 8)
_SIZES = (Fraction(1, 2), Fraction(3, 4), Fraction(1), Fraction(3, 2), Fraction(2), Fraction(4))
_TINY = (Fraction(0), Fraction(1, 4096), Fraction(1, 64), _EIGHTH)
_SCALES = (Fraction(1), Fraction(1), Fraction(1, 2), Fraction(1, 4), Fraction(1, 16), Fraction(2))
_GAMMAS = (0.25, 0.25, 0.5, 0.125, 1, -0.25, 0.1)
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
    if draw(st.integers(0, 7)) == 7:
        ratio[1] = draw(st.sampled_from(_RATIOS))
    boxes, arriving, offsets = [], [], []
    for _ in range(count):  # all of a RoI by itself, so that it goes with it when the call is shrunk
        boxes.append([draw(st.integers(0, shape[0] - 1)), *_box(draw, box_class, shape[2:], bins, scale)])
        offsets += _offsets(draw, box_class, bins)
        if is_gradient:
            arriving += drawn_rows(draw, [shape[1], *bins])
    moves = operation == Operation.OFFSET_GRADIENT or box_class != "still"
    invalid_rois = spoil(draw, boxes, box_class, shape[0])
    return {
        "input": {"shape": shape, "rows": drawn_rows(draw, shape)},
        **({"grad": {"shape": [count, shape[1], *bins], "rows": arriving}} if is_gradient else {}),
        "boxes": boxes,
        **({"offset": {"shape": [count, 2, *bins], "rows": offsets}} if moves else {}),
        "output_size": bins,
        "spatial_scale": [number(scale)] * 2,
        "sampling_ratio": ratio,
        "gamma": draw(st.sampled_from(_GAMMAS)),
        "mode": mode,
        "invalid_rois": invalid_rois,
    }


def _offsets(draw: DrawFn, box_class: str, bins: Sequence[int]) -> list[list[int | float]]:
    """The rows of the offsets of a RoI: eighths, or whole numbers if they are to throw bins."""
    if box_class == "still":
        return [[0] * bins[1] for _ in range(2 * bins[0])]
    unit = Fraction(1) if box_class == "thrown" else _EIGHTH
    return [[number(value * unit) for value in row] for row in drawn_rows(draw, [2, *bins])]


def _box(
    draw: DrawFn, box_class: str, pixels: Sequence[int], bins: Sequence[int], scale: Fraction
) -> list[int | float]:
    """The corners of a box of a class."""
    if box_class == "free":
        return [draw(st.floats(-4, 40, width=16)) for _ in range(4)]
    start = [draw(st.integers(-16, 8 * side + 8)) * _EIGHTH for side in reversed(pixels)]
    if box_class == "outside":
        start[draw(st.integers(0, 1))] += draw(st.sampled_from((-64, 96)))
    sizes = {"tiny": _TINY, "huge": tuple(8 * size for size in _SIZES)}.get(box_class, _SIZES)
    extent = [draw(st.sampled_from(sizes)) * count for count in reversed(bins)]
    if box_class == "inverted":
        extent[draw(st.integers(0, 1))] *= -1
    end = [first + size for first, size in zip(start, extent, strict=True)]
    return [number(value / scale) for value in (*start, *end)]
