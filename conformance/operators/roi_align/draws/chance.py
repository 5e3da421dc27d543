"""Hypothesis strategies for calls of RoIAlign and of its gradients. Needs ``pip install 'roikit[fuzz]'``.

Calls are small, and mostly made of multiples of powers of two, so that they are exact. All boxes of a call are of one class,
since one bad box hides what the others would show.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from ....operation import Operation

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Arguments = dict[str, Any]
    DrawFn = st.DrawFn

BOXES = ("ordinary", "inverted", "tiny", "huge", "outside", "free")
"""Classes of boxes; those that are *free* are at coordinates that are no multiples of anything."""

INVALID = ("nan", "infinite", "no-image")
"""Classes of boxes that cannot be pooled."""

_EIGHTH = Fraction(1, 8)
_SCALES = (Fraction(1), Fraction(1), Fraction(1, 2), Fraction(1, 4), Fraction(1, 16), Fraction(2))
_FREE_SCALES = (0.3, 1 / 3, 1 / 16, 1.7)
_SIDES = (*range(1, 10), 17, 33)
_IMAGES = (1, 2, 3, 3)
_CHANNELS = (1, 1, 2, 3, 5, 8, 17, 33)
_BINS = (1, 2, 2, 3, 4, 7, 14)
_POWERS = (1, 2, 2, 4)  # the positions of other bins have no exact motion
_RATIOS = (0, 1, 2, 4)
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
    mode = draw(st.sampled_from(modes))
    is_gradient, of_boxes = operation != Operation.FORWARD, operation == Operation.BOX_GRADIENT
    if of_boxes or (is_gradient and mode == "max"):  # these have no bounds
        classes = [name for name in classes if name != "free"] or classes
    box_class = draw(st.sampled_from(classes))
    shape = [
        draw(st.sampled_from(_IMAGES)),
        draw(st.sampled_from(_CHANNELS)),
        *(draw(st.sampled_from(_SIDES)) for _ in "yx"),
    ]
    is_free = box_class == "free"
    if math.prod(shape) > _MOST_PIXELS or is_free:  # the bound of an element takes longer than its value
        shape[1] = 1
    bins = _bins(draw, _POWERS if of_boxes else _BINS)
    scales: Sequence[Fraction | float] = _FREE_SCALES if is_free else _SCALES
    scale = [draw(st.sampled_from(scales))] * 2
    ratio = [draw(st.sampled_from((*_RATIOS, 3) if is_free else _RATIOS))] * 2
    if draw(st.integers(0, 7)) == 7:  # the axes differ, which few libraries can do
        scale[1], ratio[1] = draw(st.sampled_from(_SCALES)), draw(st.sampled_from(_RATIOS))
    span = _free_span if is_free else _SPANS.get(box_class, _ordinary)
    count, again = draw(st.sampled_from((1, 2) if is_free else _FEW_ROIS if is_gradient else _ROIS)), 1
    if operation == Operation.FEATURE_GRADIENT and draw(st.integers(0, 11)) == 11:
        again = _AGAIN
    if is_gradient and count * again * math.prod([shape[1], *bins]) > _MOST_ARRIVING:
        shape[1] = 1
    boxes, arriving = [], []
    for _ in range(count):
        (y1, y2), (x1, x2) = (span(draw, pixels, count) for pixels, count in zip(shape[2:], bins, strict=True))
        corners = [x1 / scale[1], y1 / scale[0], x2 / scale[1], y2 / scale[0]]
        boxes.append([draw(st.integers(0, shape[0] - 1)), *(_number(corner) for corner in corners)])
        if is_gradient:  # of each RoI by itself, so that it goes with it when the call is shrunk
            arriving += _rows(draw, [shape[1], *bins])
    invalid_rois = _spoil(draw, boxes, box_class, shape[0])
    grad = {"shape": [count * again, shape[1], *bins], "rows": arriving * again}
    return {
        "input": {"shape": shape, "rows": _rows(draw, shape)},
        **({"grad": grad} if is_gradient else {}),
        "boxes": boxes * again,
        "output_size": bins,
        "spatial_scale": [_number(s) for s in scale],
        "sampling_ratio": ratio,
        "mode": mode,
        "invalid_rois": [k + n * count for n in range(again) for k in invalid_rois],
    }


def _bins(draw: DrawFn, counts: Sequence[int]) -> list[int]:
    """Rows and columns of bins: as many, as often as not."""
    rows = draw(st.sampled_from(counts))
    return [rows, draw(st.sampled_from(counts)) if draw(st.booleans()) else rows]


def _number(value: Fraction | float) -> int | float:
    return int(value) if Fraction(value).denominator == 1 else float(value)


def _rows(draw: DrawFn, shape: Sequence[int]) -> list[list[int]]:
    """Draws the rows of a map from as many bytes, which take one draw, and shrink to zeros."""
    data = draw(st.binary(min_size=math.prod(shape), max_size=math.prod(shape)))
    values = [(byte % 17 + 1) // 2 * (1 if byte % 2 else -1) for byte in data]  # 0, 1, -1, 2, …
    return [values[i : i + shape[-1]] for i in range(0, len(values), shape[-1])]


def _eighths(draw: DrawFn, low: Fraction | int, high: Fraction | int) -> Fraction:
    return draw(st.integers(math.ceil(low / _EIGHTH), math.floor(high / _EIGHTH))) * _EIGHTH


def _ordinary(draw: DrawFn, pixels: int, bins: int) -> tuple[Fraction, Fraction]:
    """Bins of up to 4 pixels, from the map's low edge or beyond it to its high edge or beyond."""
    start = _eighths(draw, -3, pixels + 1)
    return start, start + bins * _eighths(draw, 0, 4)


def _inverted(draw: DrawFn, pixels: int, bins: int) -> tuple[Fraction, Fraction]:
    start, end = _ordinary(draw, pixels, bins)
    return (end, start) if draw(st.booleans()) else (start, end)


def _tiny(draw: DrawFn, pixels: int, bins: int) -> tuple[Fraction, Fraction]:
    start = _eighths(draw, -1, pixels)
    return start, start + draw(st.sampled_from((Fraction(0), _EIGHTH, Fraction(1, 2), Fraction(1)))) * draw(
        st.sampled_from((1, bins))
    )


def _huge(draw: DrawFn, pixels: int, bins: int) -> tuple[Fraction, Fraction]:
    start = _eighths(draw, -40, pixels - 2)
    return start, start + bins * draw(st.sampled_from((4, 8, 16, 32)))


def _outside(draw: DrawFn, pixels: int, bins: int) -> tuple[Fraction, Fraction]:
    start, end = _ordinary(draw, pixels, bins)
    away = draw(st.sampled_from((-1, 1))) * Fraction(pixels + 4 * bins)
    return start + away, end + away


def _free_span(draw: DrawFn, pixels: int, bins: int) -> tuple[Any, Any]:
    low = draw(st.floats(-4, pixels + 2, width=16))
    return low, low + draw(st.floats(0, 4 * bins, width=16))


_SPANS: dict[str, Callable[[DrawFn, int, int], tuple[Any, Any]]] = {
    "inverted": _inverted,
    "tiny": _tiny,
    "huge": _huge,
    "outside": _outside,
}


def _spoil(draw: DrawFn, boxes: list[list[Any]], box_class: str, images: int) -> list[int]:
    """Makes one box invalid, if the class is one of those; returns which."""
    if box_class not in INVALID:
        return []
    which = draw(st.integers(0, len(boxes) - 1))
    if box_class == "no-image":
        boxes[which][0] = draw(st.sampled_from((-1, images, images + 7)))
    else:
        boxes[which][draw(st.integers(1, 4))] = "nan" if box_class == "nan" else draw(st.sampled_from(("inf", "-inf")))
    return [which]
