"""Hypothesis strategies for calls of RoIAlign of volumes and of its gradients. Needs ``pip install 'roikit[fuzz]'``.

Calls are small, and corners mostly multiples of powers of two, so that they are exact. All boxes of a call are of one class,
since one bad box hides what the others would show.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from ....chance import drawn_rows, number, spoil
from ....operation import Operation

if TYPE_CHECKING:
    from collections.abc import Sequence

    Arguments = dict[str, Any]
    DrawFn = st.DrawFn

BOXES = ("ordinary", "tiny", "huge", "outside", "inverted", "free")
"""Classes of boxes; *inverted* ones have a negative size along an axis."""

_EIGHTH = Fraction(1, 8)
_SIZES = (Fraction(1, 2), Fraction(3, 4), Fraction(1), Fraction(3, 2), Fraction(2), Fraction(4))
_TINY = (Fraction(0), Fraction(1, 4096), Fraction(1, 64), _EIGHTH)
_SCALES = (Fraction(1), Fraction(1), Fraction(1, 2), Fraction(1, 4), Fraction(2))
_SIDES = (*range(1, 8), 17)
_IMAGES = (1, 2, 3)
_CHANNELS = (1, 1, 2, 3, 5, 8, 17)
_BINS = (1, 1, 2, 2, 3, 4)
_RATIOS = (0, 1, 2, 2, 4)
_ROIS = (1, 2, 3, 4, 7, 8)
_FEW_ROIS = (1, 2, 3)  # all of them send to the same voxels
_MOST_PIXELS = 4000  # of all volumes of a call
_MOST_ARRIVING = 400  # numbers that arrive at the outputs of a call


@st.composite
def arguments(
    draw: DrawFn,
    *,
    modes: Sequence[str] = ("avg",),
    classes: Sequence[str] = BOXES,
    operation: Operation = Operation.FORWARD,
) -> Arguments:
    """Draws the arguments of a call: the ``arguments`` of a case file. Voxels, and what arrives, are integers from −8 to 8."""
    mode, box_class = draw(st.sampled_from(modes)), draw(st.sampled_from(classes))
    is_gradient = operation != Operation.FORWARD
    size = [draw(st.sampled_from(_SIDES)) for _ in "zyx"]
    shape = [draw(st.sampled_from(_IMAGES)), draw(st.sampled_from(_CHANNELS)), *size]
    bins = [draw(st.sampled_from(_BINS)) for _ in "zyx"]
    count = draw(st.sampled_from(_FEW_ROIS if is_gradient else _ROIS))
    if math.prod(shape) > _MOST_PIXELS or (is_gradient and count * shape[1] * math.prod(bins) > _MOST_ARRIVING):
        shape[:2] = 1, 1
    scales, ratios = [draw(st.sampled_from(_SCALES))] * 3, [draw(st.sampled_from(_RATIOS))] * 3
    if draw(st.integers(0, 7)) == 7:
        scales = [draw(st.sampled_from(_SCALES)) for _ in "zyx"]
        ratios = [draw(st.sampled_from(_RATIOS)) for _ in "zyx"]
    boxes, arriving = [], []
    for _ in range(count):  # all of a RoI by itself, so that it goes with it when the call is shrunk
        boxes.append([draw(st.integers(0, shape[0] - 1)), *_box(draw, box_class, size, bins, scales)])
        if is_gradient:
            arriving += drawn_rows(draw, [shape[1], *bins])
    invalid_rois = spoil(draw, boxes, box_class, shape[0])
    return {
        "input": {"shape": shape, "rows": drawn_rows(draw, shape)},
        **({"grad": {"shape": [count, shape[1], *bins], "rows": arriving}} if is_gradient else {}),
        "boxes": boxes,
        "output_size": bins,
        "spatial_scale": list(map(number, scales)),
        "sampling_ratio": ratios,
        "mode": mode,
        "invalid_rois": invalid_rois,
    }


def _box(
    draw: DrawFn, box_class: str, pixels: Sequence[int], bins: Sequence[int], scales: Sequence[Fraction]
) -> list[int | float]:
    """The corners of a box of a class."""
    if box_class == "free":
        return [draw(st.floats(-4, 20, width=16)) for _ in range(6)]
    start = [draw(st.integers(-16, 8 * side + 8)) * _EIGHTH for side in pixels]
    if box_class == "outside":
        start[draw(st.integers(0, 2))] += draw(st.sampled_from((-64, 96)))
    sizes = {"tiny": _TINY, "huge": tuple(8 * size for size in _SIZES)}.get(box_class, _SIZES)
    extent = [draw(st.sampled_from(sizes)) * count for count in bins]
    if box_class == "inverted":
        extent[draw(st.integers(0, 2))] *= -1
    end = [first + size for first, size in zip(start, extent, strict=True)]
    corners = [[at / scale for at, scale in zip(corner, scales, strict=True)] for corner in (start, end)]
    return [number(value) for corner in corners for value in reversed(corner)]
