"""Hypothesis strategies for calls of BorderAlign and of its gradients. Needs ``pip install 'roikit[fuzz]'``.

Calls are small, corners mostly multiples of an eighth, and sides mostly divided into a power of two of parts, so that they are
exact. All boxes of a call are of one class, since one bad box hides what the others would show.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from ....chance import SPANS, drawn_rows, number, spoil
from ....operation import Operation
from ..call import SIDES

if TYPE_CHECKING:
    from collections.abc import Sequence

    DrawFn = st.DrawFn

BOXES = ("ordinary", "inverted", "tiny", "huge", "outside", "free")
"""Classes of boxes."""

_ROWS = (*range(1, 10), 17, 33)
_IMAGES = (1, 2, 3, 3)
_CHANNELS = (1, 1, 2, 3, 5, 8, 17, 33)
_POOLS = (1, 2, 2, 4, 4, 8, 16, 3, 10)
_ROIS = (1, 2, 3, 4, 7, 8)
_FEW_ROIS = (1, 2, 3, 4)  # all of them send to the same pixels
_MOST_PIXELS = 12000  # of all maps of a call
_EIGHTH = Fraction(1, 8)


@st.composite
def arguments(
    draw: DrawFn,
    *,
    modes: Sequence[str] = ("max",),
    classes: Sequence[str] = BOXES,
    operation: Operation = Operation.FORWARD,
) -> dict[str, Any]:
    """Draws the arguments of a call: the ``arguments`` of a case file. Pixels, and what arrives, are integers from −8 to 8."""
    mode, box_class = draw(st.sampled_from(modes)), draw(st.sampled_from(classes))
    is_gradient = operation != Operation.FORWARD
    rows, columns = (draw(st.sampled_from(_ROWS)) for _ in "yx")
    shape = [draw(st.sampled_from(_IMAGES)), draw(st.sampled_from(_CHANNELS)), SIDES * rows, columns]
    if math.prod(shape) > _MOST_PIXELS:
        shape[1] = 1
    boxes, arriving = [], []
    for _ in range(draw(st.sampled_from(_FEW_ROIS if is_gradient else _ROIS))):
        boxes.append([draw(st.integers(0, shape[0] - 1)), *_corners(draw, box_class, rows, columns)])
        if is_gradient:  # of each RoI by itself, so that it goes with it when the call is shrunk
            arriving += drawn_rows(draw, [shape[1], SIDES])
    invalid_rois = spoil(draw, boxes, box_class, shape[0])
    return {
        "input": {"shape": shape, "rows": drawn_rows(draw, shape)},
        **({"grad": {"shape": [len(boxes), shape[1], SIDES], "rows": arriving}} if is_gradient else {}),
        "boxes": boxes,
        "pool_size": draw(st.sampled_from(_POOLS)),
        "mode": mode,
        "invalid_rois": invalid_rois,
    }


def _corners(draw: DrawFn, box_class: str, rows: int, columns: int) -> list[int | float]:
    (y1, y2), (x1, x2) = (SPANS[box_class](draw, pixels, 1) for pixels in (rows, columns))
    finer = draw(st.integers(-3, 3)) * _EIGHTH if box_class != "free" else 0
    return [number(v) for v in (x1 + finer, y1 - finer, x2 + finer, y2)]
