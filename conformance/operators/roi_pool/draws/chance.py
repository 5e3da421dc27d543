"""Hypothesis strategies for calls of RoIPool and of its gradient. Needs ``pip install 'roikit[fuzz]'``.

Calls are small, and mostly made of multiples of powers of two, so that corners are exact. All boxes of a call are of one class,
since one bad box hides what the others would show.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from ....chance import SPANS, as_long, drawn_bins, drawn_rows, number, ordinary, spoil
from ....operation import Operation

if TYPE_CHECKING:
    from collections.abc import Sequence

    Arguments = dict[str, Any]
    DrawFn = st.DrawFn

BOXES = ("ordinary", "inverted", "tiny", "huge", "outside", "halves", "edges", "free")
"""Classes of boxes. Those of *halves* are exactly between pixels, those of *edges* so long that roundings of ``p · h / P`` show;
those that are *free* are at coordinates that are no multiples of anything."""

_SCALES = (Fraction(1), Fraction(1), Fraction(1, 2), Fraction(1, 4), Fraction(1, 16), Fraction(2))
_FREE_SCALES = (0.3, 1 / 3, 1 / 16, 0.7, 1.7)
_SIDES = (*range(1, 10), 17, 33, 64)
_IMAGES = (1, 2, 3, 3)
_CHANNELS = (1, 1, 2, 3, 5, 8, 17, 33)
_BINS = (1, 2, 2, 3, 4, 6, 7, 7, 9, 14)
_EXTENTS = ((7, 5), (7, 29), (7, 57), (7, 58), (14, 62), (6, 13), (9, 13), (10, 1), (14, 1), (21, 3), (28, 4))
"""Bins and pixels of which some arithmetic has another edge."""
_ROIS = (1, 2, 3, 4, 7, 8, 12)
_FEW_ROIS = (1, 2, 3, 4)  # all of them send to the same pixels
_AGAIN = 20  # times that all of them are there, in some calls: more than a block takes at once
_MOST_PIXELS = 6000  # of all maps of a call
_MOST_ARRIVING = 1000  # numbers that arrive at the outputs of a call


@st.composite
def arguments(
    draw: DrawFn,
    *,
    modes: Sequence[str] = ("avg", "max"),
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
    count, again = draw(st.sampled_from(_FEW_ROIS if is_gradient else _ROIS)), 1
    if is_gradient and draw(st.integers(0, 11)) == 11:
        again = _AGAIN
    spans = [SPANS.get(box_class, ordinary)] * 2
    if box_class == "edges":
        bins[1], pixels = draw(st.sampled_from(_EXTENTS))
        spans = [ordinary, as_long(pixels)]
    if math.prod(shape) > _MOST_PIXELS or (
        is_gradient and count * again * math.prod([shape[1], *bins]) > _MOST_ARRIVING
    ):
        shape[1] = 1
    scale = _scales(draw, box_class)
    boxes, arriving = [], []
    for _ in range(count):
        y1, y2 = spans[0](draw, shape[2], bins[0])
        x1, x2 = spans[1](draw, shape[3], bins[1])
        corners = [x1 / scale[1], y1 / scale[0], x2 / scale[1], y2 / scale[0]]
        boxes.append([draw(st.integers(0, shape[0] - 1)), *(number(corner) for corner in corners)])
        if is_gradient:  # of each RoI by itself, so that it goes with it when the call is shrunk
            arriving += drawn_rows(draw, [shape[1], *bins])
    invalid_rois = spoil(draw, boxes, box_class, shape[0])
    grad = {"shape": [count * again, shape[1], *bins], "rows": arriving * again}
    return {
        "input": {"shape": shape, "rows": drawn_rows(draw, shape)},
        **({"grad": grad} if is_gradient else {}),
        "boxes": boxes * again,
        "output_size": bins,
        "spatial_scale": [number(s) for s in scale],
        "mode": mode,
        "invalid_rois": [k + n * count for n in range(again) for k in invalid_rois],
    }


def _scales(draw: DrawFn, box_class: str) -> list[Fraction | float]:
    scales: Sequence[Fraction | float] = _FREE_SCALES if box_class == "free" else _SCALES
    scale = [draw(st.sampled_from(scales))] * 2
    if draw(st.integers(0, 7)) == 7:  # the axes differ, which few libraries can do
        scale[1] = draw(st.sampled_from(scales))
    return scale
