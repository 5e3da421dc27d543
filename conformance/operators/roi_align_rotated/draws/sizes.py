"""Rotated RoIAlign at the sizes of real use: a large call repeats a small one (`enlarging`).

Where the output is long, RoIs are upright or turned by quarters: such an output is exact, and a product like its map. Of
gradients every call is, for the bounds of a small call know nothing of a large one. All others are turned by any angle, and have
bounds.
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
from ..claims import rules_of
from ..oracle.face import ORACLE
from .placements import QUARTERS, Spot

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .....kernels.dialects.roi_align_rotated import Dialect

_FEW = 100  # numbers of a small output that may have bounds
_MOST_BINS = 256  # of a gradient, all of whose samples are exact numbers
_LONGEST = 2000  # pixels, along a side of a map of a gradient, each of which is an exact number
_EIGHTH = Fraction(1, 8)
_BINS = (Fraction(1, 2), Fraction(1), Fraction(2))  # pixels


def blueprints() -> dict[str, list[Size]]:
    """The cases of real sizes, by the name of their file."""
    return {"sizes": list(_averages()), "sizes-gradient": list(_gradients())}


def _averages() -> Iterator[Size]:
    yield from counted("rr-z")
    yield from (of_bins("rr-z", bins)._replace(distinct=2) for bins in BINS)
    yield from (of_pixels("rr-z", pixels)._replace(distinct=2) for pixels in PIXELS)
    yield from (each._replace(distinct=1) for each in heads("rr-z"))
    title = "3 RoIs of 17 channels in 4 × 4 bins of 16 × 16 samples"
    yield Size("rr-z-heavy", title, (4, 4), 16, (15, 15), channels=17, rois=3, distinct=1)
    yield Size("rr-z-samples-64", "64 × 64 samples in a bin", (1, 1), 64, (9, 11), 1, 1, 1, distinct=1)
    yield Size("rr-z-adaptive", "as many samples as pixels, RoIs of many sizes", (2, 2), 0, (33, 35), rois=19 * ROIS)
    yield Size("rr-z-planes", "more than 65535 planes of images and channels", (1, 1), 1, (2, 2), 258, 257, 86 * ROIS)
    yield Size("rr-z-box-heads", "512 RoIs of 256 channels in 7 × 7 bins", (7, 7), 2, (20, 23), 1, 256, 512, distinct=1)
    huge: dict[str, Any] = {"size": "huge"}
    yield Size("rr-z-rois-70000", "70000 RoIs", (1, 1), rois=70_000, **huge)
    yield Size("rr-z-outputs-2-24", "more than 2²⁴ output values", (1, 1), rois=70_000, channels=240, **huge)


def _gradients() -> Iterator[Size]:
    for operation, name in ((Operation.FEATURE_GRADIENT, "rr-zg"), (Operation.BOX_GRADIENT, "rr-zb")):
        for size in sent_back(name, operation):
            if math.prod(size.bins) <= _MOST_BINS and max(size.pixels) <= _LONGEST:
                yield size._replace(operation=operation)
    crowd: dict[str, Any] = {"bins": (1, 1), "operation": Operation.FEATURE_GRADIENT}
    yield Size("rr-zg-one-pixel", "4102 RoIs over one pixel", pixels=(1, 1), rois=586 * ROIS, **crowd)
    yield Size(
        "rr-zg-planes", "more than 65535 planes", pixels=(2, 2), images=258, channels=257, rois=86 * ROIS, **crowd
    )
    yield Size("rr-zg-huge", "70000 RoIs over few pixels", rois=10_000 * ROIS, size="huge", **crowd)
    yield Size("rr-zb-rois-16387", "16387 RoIs", rois=2341 * ROIS, operation=Operation.BOX_GRADIENT)
    yield Size("rr-zb-huge", "70000 RoIs", rois=10_000 * ROIS, size="huge", operation=Operation.BOX_GRADIENT)


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
    cy, cx = (sizing.centre(chance, pixels, k, _EIGHTH) for pixels in size.pixels)
    return Spot(cy, cx, bin_y * size.bins[0], bin_x * size.bins[1], angle)


def _angle(chance: Draw, size: Size) -> float:
    if has_bounds(size):
        return number(chance.between(-3, 3, Fraction(1, 16)) + Fraction(1, 32))
    return float(chance.one((0.0, *QUARTERS[:4])))


def suits(case: Mapping[str, Any], dialects: list[Dialect]) -> bool:
    """Whether the call that a case repeats has an answer that is no constant, and is exact where quarter turns are."""
    arguments, is_exact = case["arguments"], case["claims"] == "exact"
    operation = Operation(case.get("operation", Operation.FORWARD))
    for dialect in dialects:
        answer = ORACLE.answer_in(arguments, operation, dialect, "float32")
        if answer is None or not any(leaves(answer.output)):
            return False
        if is_exact and dialect.quarter_turns == QuarterTurns.EXACT and answer.bound is not None:
            return False
        if not is_exact and None in leaves(answer.bound):
            return False
    return True
