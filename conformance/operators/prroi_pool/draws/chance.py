"""Hypothesis strategies for calls of PrRoIPool and of its gradients. Needs ``pip install 'roikit[fuzz]'``.

Calls are small, and mostly made of multiples of powers of two, so that many are exact. All boxes of a call are of one class,
since one bad box hides what the others would show.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from ....chance import drawn_bins, drawn_rows, number, spoil
from ....operation import Operation

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Arguments = dict[str, Any]
    DrawFn = st.DrawFn

BOXES = ("ordinary", "inverted", "tiny", "huge", "outside", "free")
"""Classes of boxes; those that are *free* are at coordinates that are no multiples of anything."""

_EIGHTH = Fraction(1, 8)
_SIZES = (_EIGHTH, Fraction(1, 4), Fraction(1, 2), Fraction(3, 4), Fraction(1), Fraction(2), Fraction(4))
_SCALES = (Fraction(1), Fraction(1), Fraction(1, 2), Fraction(1, 4), Fraction(1, 16), Fraction(2))
_FREE_SCALES = (0.3, 1 / 3, 1 / 16, 1.7)
_SIDES = (*range(1, 10), 17, 33)
_IMAGES = (1, 2, 3, 3)
_CHANNELS = (1, 1, 2, 3, 5, 8, 17, 33)
_BINS = (1, 2, 2, 3, 4, 7)
_ROIS = (1, 2, 3, 4, 7, 8, 12)
_FEW_ROIS = (1, 2, 3, 4)  # all of them send to the same pixels
_AGAIN = 20  # times that all of them are there, in some calls: more than a block takes at once
_MOST_PIXELS = 6000  # of all maps of a call
_MOST_ARRIVING = 1000  # numbers that arrive at the outputs of a call


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
    is_gradient, is_free = operation != Operation.FORWARD, box_class == "free"
    shape = [
        draw(st.sampled_from(_IMAGES)),
        draw(st.sampled_from(_CHANNELS)),
        *(draw(st.sampled_from(_SIDES)) for _ in "yx"),
    ]
    bins = drawn_bins(draw, _BINS)
    count, again = draw(st.sampled_from(_FEW_ROIS if is_gradient else _ROIS)), 1
    if operation == Operation.FEATURE_GRADIENT and draw(st.integers(0, 11)) == 11:
        again = _AGAIN
    if math.prod(shape) > _MOST_PIXELS or (is_gradient and count * again * shape[1] * math.prod(bins) > _MOST_ARRIVING):
        shape[1] = 1
    scales: Sequence[Fraction | float] = _FREE_SCALES if is_free else _SCALES
    scale = [draw(st.sampled_from(scales))] * 2
    if draw(st.integers(0, 7)) == 7:  # the axes differ, which few libraries can do
        scale[1] = draw(st.sampled_from(scales))
    span = _SPANS.get(box_class, _ordinary)
    boxes, arriving = [], []
    for _ in range(count):
        (y1, y2), (x1, x2) = (span(draw, pixels, count) for pixels, count in zip(shape[2:], bins, strict=True))
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


def _eighths(draw: DrawFn, low: int, high: int) -> Fraction:
    return draw(st.integers(8 * low, 8 * high)) * _EIGHTH


def _ordinary(draw: DrawFn, pixels: int, bins: int) -> tuple[Any, Any]:
    """Bins of up to 4 pixels, from the map's low edge or beyond it to its high edge or beyond."""
    start = _eighths(draw, -3, pixels + 1)
    return start, start + bins * draw(st.sampled_from(_SIZES))


def _inverted(draw: DrawFn, pixels: int, bins: int) -> tuple[Any, Any]:
    start, end = _ordinary(draw, pixels, bins)
    return (end, start) if draw(st.booleans()) else (start, end)


def _tiny(draw: DrawFn, pixels: int, bins: int) -> tuple[Any, Any]:
    start = _eighths(draw, -1, pixels)
    sizes = (Fraction(0), Fraction(1, 4096), Fraction(1, 64), _EIGHTH)
    return start, start + bins * draw(st.sampled_from(sizes))


def _huge(draw: DrawFn, pixels: int, bins: int) -> tuple[Any, Any]:
    start = _eighths(draw, -40, pixels - 1)
    return start, start + bins * draw(st.sampled_from((8, 32, 1024, 2**40)))


def _outside(draw: DrawFn, pixels: int, bins: int) -> tuple[Any, Any]:
    start, end = _ordinary(draw, pixels, bins)
    away = draw(st.sampled_from((-1, 1))) * (pixels + 4 * bins)
    return start + away, end + away


def _free(draw: DrawFn, pixels: int, bins: int) -> tuple[Any, Any]:
    low = draw(st.floats(-4, pixels + 2, width=16))
    return low, low + draw(st.floats(-1, 4 * bins, width=16))


_SPANS: dict[str, Callable[[DrawFn, int, int], tuple[Any, Any]]] = {
    "inverted": _inverted,
    "tiny": _tiny,
    "huge": _huge,
    "outside": _outside,
    "free": _free,
}
