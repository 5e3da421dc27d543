"""Rotation-invariant RoIAlign at the sizes of real use: a large call repeats a small one (`enlarging`).

The small call has three orientations of one feature, so that a large one has as many of each, and its channels are a multiple of
three. It has one orientation where an answer is long: a mixture of two channels is no product of rows and columns; and of a
gradient for boxes, since how an angle mixes several is irrational.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from .....kernels.dialects.roi_align_rotated import QuarterTurns
from .... import sizing
from ....arrays import leaves
from ....draw import Draw
from ....operation import Operation
from ....placing import number
from ....sizing import (
    BINS,
    PIXELS,
    ROIS,
    Size,
    counted,
    described,
    heads,
    maps,
    of_bins,
    of_pixels,
    sent_back,
)
from ...roi_align_rotated.draws.placements import QUARTERS, Spot
from ..claims import rules_of
from ..oracle.face import ORACLE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .....kernels.dialects.riroi_align_rotated import Dialect

_ORIENTATIONS = 3  # as many as a small call has channels
_LONG = 16  # pixels, or bins, along an axis, from which maps are products
_FEW = 100  # numbers of a small output that may have bounds
_MOST_BINS = 256  # of a gradient, all of whose samples are exact numbers
_LONGEST = 2000  # pixels, along a side of a map of a gradient, each of which is an exact number
_MOST_ADDED = 2050  # numbers that arrive at a RoI: of more the sum is not exact, however they are added up
_USUAL_BINS = (1, 2)
_CROWD = 1000  # RoIs that send to the same pixels
_FEW_CHANNELS = 8
_EIGHTH, _HALF = Fraction(1, 8), Fraction(1, 2)
_BINS = (Fraction(1, 2), Fraction(1), Fraction(2))  # pixels
_WHOLE_TURNS = (0.0, 2 * math.pi)


def blueprints() -> dict[str, list[Size]]:
    """The cases of real sizes, by the name of their file."""
    return {"sizes": [*map(_of_features, _averages())], "sizes-gradient": [*map(_of_features, _gradients())]}


def _of_features(size: Size) -> Size:
    """A size of as many channels as whole features have, or of one more or less than it would have."""
    if orientations_of(size) == 1:
        return size
    channels = max(round(size.channels / _ORIENTATIONS), 1) * _ORIENTATIONS
    return size._replace(
        id=f"{size.id.removesuffix(f'-{size.channels}')}-{channels}"
        if size.id.endswith(f"-{size.channels}")
        else size.id,
        channels=channels,
        title=size.title.replace(f"{size.channels} channels", f"{channels} channels"),
    )


def orientations_of(size: Size) -> int:
    """How many orientations a size has."""
    answer = size.pixels if size.operation == Operation.FEATURE_GRADIENT else size.bins
    is_of_one = size.channels == 1 or size.operation == Operation.BOX_GRADIENT or max(answer) >= _LONG
    return 1 if is_of_one else _ORIENTATIONS


def _averages() -> Iterator[Size]:
    yield from counted("ri-z")
    yield from (of_bins("ri-z", bins)._replace(distinct=2) for bins in BINS)
    yield from (of_pixels("ri-z", pixels)._replace(distinct=2, channels=_ORIENTATIONS) for pixels in PIXELS)
    yield from (each._replace(distinct=1) for each in heads("ri-z"))
    title = "3 RoIs of 18 channels in 4 × 4 bins of 16 × 16 samples"
    yield Size("ri-z-heavy", title, (4, 4), 16, (15, 15), channels=18, rois=3, distinct=1)
    yield Size("ri-z-samples-64", "64 × 64 samples in a bin", (1, 1), 64, (9, 11), 1, 1, 1, distinct=1)
    yield Size("ri-z-adaptive", "as many samples as pixels, RoIs of many sizes", (2, 2), 0, (33, 35), rois=19 * ROIS)
    yield Size("ri-z-planes", "more than 65535 planes of images and channels", (1, 1), 1, (2, 2), 258, 258, 86 * ROIS)
    yield Size("ri-z-box-heads", "512 RoIs of 258 channels in 7 × 7 bins", (7, 7), 2, (20, 23), 1, 258, 512, distinct=1)
    huge: dict[str, Any] = {"size": "huge"}
    yield Size("ri-z-rois-70000", "70000 RoIs", (1, 1), rois=70_000, **huge)
    yield Size("ri-z-outputs-2-24", "more than 2²⁴ output values", (1, 1), rois=70_000, channels=240, **huge)


def _gradients() -> Iterator[Size]:
    for operation, name in ((Operation.FEATURE_GRADIENT, "ri-zg"), (Operation.BOX_GRADIENT, "ri-zb")):
        for size in sent_back(name, operation):
            if math.prod(size.bins) <= _MOST_BINS and max(size.pixels) <= _LONGEST:
                yield from _as_exact(size._replace(operation=operation))
    crowd: dict[str, Any] = {"bins": (1, 1), "operation": Operation.FEATURE_GRADIENT}
    yield Size("ri-zg-one-pixel", "4102 RoIs over one pixel", pixels=(1, 1), rois=586 * ROIS, **crowd)
    yield Size(
        "ri-zg-planes", "more than 65535 planes", pixels=(2, 2), images=258, channels=258, rois=86 * ROIS, **crowd
    )
    yield Size("ri-zg-huge", "70000 RoIs over few pixels", rois=10_000 * ROIS, size="huge", **crowd)
    yield Size("ri-zb-rois-16387", "16387 RoIs", rois=2341 * ROIS, operation=Operation.BOX_GRADIENT)
    yield Size("ri-zb-huge", "70000 RoIs", rois=10_000 * ROIS, size="huge", operation=Operation.BOX_GRADIENT)


def _as_exact(size: Size) -> Iterator[Size]:
    """A size of a gradient: of many channels of a box fewer bins, and no head at all."""
    if size.operation != Operation.BOX_GRADIENT or size.channels * math.prod(size.bins) <= _MOST_ADDED:
        yield size
    elif size.bins == _USUAL_BINS:
        yield size._replace(bins=(1, 1), rois=1)


def draw(size: Size, attempt: int) -> dict[str, Any]:
    """The case that a size gives at an attempt, without what is computed."""
    chance = Draw("roikit", size.id, attempt)
    most = 2 if size.operation == Operation.BOX_GRADIENT else 3
    arguments: dict[str, Any] = {
        "input": maps(chance, (size.small_images, size.small_channels, *size.pixels), most),
        "boxes": [_spot(chance, size, k).row(k % size.small_images, Fraction(1)) for k in range(size.small_rois)],
        "output_size": list(size.bins),
        "spatial_scale": [1, 1],
        "sampling_ratio": [size.ratio] * 2,
        "num_orientations": orientations_of(size),
        "mode": "avg",
    }
    if size.operation != Operation.FORWARD:
        arguments["grad"] = maps(chance, (size.small_rois, size.small_channels, *size.bins), most)
    claims = "bounded" if has_bounds(size) else "exact"
    return {**described(size, arguments, rules_of(arguments, size.operation)), "claims": claims}


def has_bounds(size: Size) -> bool:
    """Whether the RoIs of a size are turned by any angle; those of coarse ones are not."""
    outputs = size.small_rois * size.small_channels * math.prod(size.bins)
    is_small = outputs <= _FEW and max(size.pixels) < 100
    return size.operation == Operation.FORWARD and is_small and not size.coarse


def _spot(chance: Draw, size: Size, k: int) -> Spot:
    """A RoI, the first near the low end of a long map and the second near its high end."""
    bin_y, bin_x = (
        sizing.fitting(chance, pixels, bins, _BINS) for pixels, bins in zip(size.pixels, size.bins, strict=True)
    )
    angle = _angle(chance, size)
    step = _HALF if is_crowded(size) else _EIGHTH
    cy, cx = (sizing.centre(chance, pixels, k, step) for pixels in size.pixels)
    return Spot(cy, cx, bin_y * size.bins[0], bin_x * size.bins[1], angle)


def is_crowded(size: Size) -> bool:
    """Whether very many RoIs send to the same pixels, or many channels to the same box."""
    if size.operation == Operation.BOX_GRADIENT:
        return size.channels > _FEW_CHANNELS
    return size.operation == Operation.FEATURE_GRADIENT and size.rois > _CROWD


def _angle(chance: Draw, size: Size) -> float:
    if has_bounds(size):
        return number(chance.between(-3, 3, Fraction(1, 16)) + Fraction(1, 32))
    # Of whole turns the weights of orientations take no bits.
    return float(chance.one(_WHOLE_TURNS if is_crowded(size) else (0.0, *QUARTERS[:4])))


def suits(case: Mapping[str, Any], dialects: list[Dialect]) -> bool:
    """Whether the call that a case repeats has an answer that is no constant, and is exact where quarter turns are."""
    arguments, is_exact = case["arguments"], case["claims"] == "exact"
    operation = Operation(case.get("operation", Operation.FORWARD))
    if is_exact and not sizing.adds_up_exactly(case, operation, dialects[0], ORACLE):
        return False
    for dialect in dialects:
        answer = ORACLE.answer_in(arguments, operation, dialect, "float32")
        if answer is None or not any(leaves(answer.output)):
            return False
        if is_exact and dialect.quarter_turns == QuarterTurns.EXACT and answer.bound is not None:
            return False
        if not is_exact and None in leaves(answer.bound):
            return False
    return True
