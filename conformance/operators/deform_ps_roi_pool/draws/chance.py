"""Hypothesis strategies for calls of deformable PSRoIPool and of its gradients. Needs ``pip install 'roikit[fuzz]'``.

Calls are small, and scales and offsets mostly multiples of powers of two, so that they are exact. All boxes of a call are of one
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

BOXES = ("ordinary", "still", "thrown", "tiny", "huge", "outside", "inverted", "halves", "free")
"""Classes of boxes. Of *still* ones nothing is moved, *thrown* ones have large offsets, *inverted* have no or negative sizes,
corners of *halves* lie exactly between two pixels."""

_EIGHTH, _QUARTER, _HALF = Fraction(1, 8), Fraction(1, 4), Fraction(1, 2)
_BESIDE = (Fraction(0), _QUARTER, -_QUARTER)
_SIZES = (1, 1, 2, 3, 4)
"""Image pixels of a bin."""
_SCALES = (Fraction(1), Fraction(1), _HALF, _HALF, _QUARTER, Fraction(1, 16), Fraction(2))
_GAMMAS = (0.25, 0.25, 0.5, 0.125, 1, -0.25, 0.1)
_SIDES = (*range(1, 10), 17, 33)
_IMAGES = (1, 2, 3, 3)
_CHANNELS = (1, 1, 2, 3, 5, 8, 17)
_BINS = (1, 2, 2, 3, 4, 7)
_RATIOS = (1, 2, 2, 3, 4)
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
    images, channels = draw(st.sampled_from(_IMAGES)), draw(st.sampled_from(_CHANNELS))
    size = [draw(st.sampled_from(_SIDES)) for _ in "yx"]
    bins = drawn_bins(draw, _BINS)
    groups = draw(st.sampled_from(([1, 1], [1, 1], bins, [min(n, 2) for n in bins])))
    classes_ = draw(st.sampled_from((1, 1, 2)))
    parts = draw(st.sampled_from((bins, bins, [1, 1], [min(n, 2) for n in bins], [n + 1 for n in bins])))
    count = draw(st.sampled_from(_FEW_ROIS if is_gradient else _ROIS))
    channels *= classes_
    if images * channels * math.prod([*groups, *size]) > _MOST_PIXELS or (
        is_gradient and count * channels * math.prod(bins) > _MOST_ARRIVING
    ):
        channels = classes_
        images, size = 1, [min(side, 9) for side in size]
    scale = draw(st.sampled_from(_SCALES))
    ratio = [draw(st.sampled_from(_RATIOS))] * 2
    if draw(st.integers(0, 7)) == 7:
        ratio[1] = draw(st.sampled_from(_RATIOS))
    boxes, arriving, offsets = [], [], []
    for _ in range(count):  # all of a RoI by itself, so that it goes with it when the call is shrunk
        boxes.append([draw(st.integers(0, images - 1)), *_box(draw, box_class, size, bins, scale)])
        offsets += _offsets(draw, box_class, [2 * classes_, *parts])
        if is_gradient:
            arriving += drawn_rows(draw, [channels, *bins])
    moves = operation == Operation.OFFSET_GRADIENT or box_class != "still" or classes_ > 1
    invalid_rois = spoil(draw, boxes, box_class, images)
    shape = [images, channels * math.prod(groups), *size]
    return {
        "input": {"shape": shape, "rows": drawn_rows(draw, shape)},
        **({"grad": {"shape": [count, channels, *bins], "rows": arriving}} if is_gradient else {}),
        "boxes": boxes,
        **({"offset": {"shape": [count, 2 * classes_, *parts], "rows": offsets}} if moves else {}),
        "output_size": bins,
        "group_size": groups,
        "spatial_scale": [number(scale)] * 2,
        "sampling_ratio": ratio,
        "gamma": draw(st.sampled_from(_GAMMAS)),
        "mode": mode,
        "invalid_rois": invalid_rois,
    }


def _offsets(draw: DrawFn, box_class: str, shape: Sequence[int]) -> list[list[int | float]]:
    """The rows of the offsets of a RoI: eighths, or whole numbers if they are to throw bins."""
    if box_class == "still":
        return [[0] * shape[2] for _ in range(shape[0] * shape[1])]
    unit = Fraction(1) if box_class == "thrown" else _EIGHTH
    return [[number(value * unit) for value in row] for row in drawn_rows(draw, shape)]


def _box(
    draw: DrawFn, box_class: str, pixels: Sequence[int], bins: Sequence[int], scale: Fraction
) -> list[int | float]:
    """The corners of a box of a class, in image pixels."""
    if box_class == "free":
        return [draw(st.floats(-4, 40, width=16)) for _ in range(4)]
    reach = [math.ceil(side / scale) for side in reversed(pixels)]
    start = [draw(st.integers(-2, most + 1)) for most in reach]
    if box_class == "outside":
        start[draw(st.integers(0, 1))] += draw(st.sampled_from((-1, 1))) * (2 * max(reach) + 16)
    sizes = {"tiny": (1,), "huge": (8, 16, 32)}.get(box_class, _SIZES)
    extent = [draw(st.sampled_from(sizes)) * count for count in reversed(bins)]
    if box_class == "tiny":
        extent = [draw(st.integers(1, 2)) for _ in extent]
    if box_class == "inverted":
        extent[draw(st.integers(0, 1))] = -draw(st.integers(0, 3))
    end = [first + length - 1 for first, length in zip(start, extent, strict=True)]
    beside = (_HALF, -_HALF) if box_class == "halves" else _BESIDE
    return [number(value + draw(st.sampled_from(beside))) for value in (*start, *end)]
