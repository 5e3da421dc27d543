"""Deformable RoI pooling at the sizes of real use: a large call repeats a small one (`enlarging`).

What a bin's offset gets adds up over channels, and no rule says how often: such calls repeat none, and have all their channels.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from .... import sizing
from ....draw import Draw
from ....operation import Operation
from ....placing import number
from ....sizing import (
    BINS,
    IMAGES,
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

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .....kernels.dialects.deform_roi_pool import Dialect

_MOST_BINS = 256  # of a gradient, all of whose samples are exact numbers
_LONGEST = 2000  # pixels, along a side of a map of a gradient, each of which is an exact number
_LONG = 16  # pixels, or bins, along an axis, from which outputs are products
_MOST_ADDED = 2050  # numbers that arrive at a RoI: of more the sum is not exact, however they are added up
_CROWD = 1000  # RoIs
_FEW_CHANNELS = 8
_USUAL_BINS = (1, 2)
_MANY_SAMPLES = 16  # along an axis of a bin
_EIGHTH, _QUARTER, _HALF = Fraction(1, 8), Fraction(1, 4), Fraction(1, 2)
_BINS = (Fraction(1, 2), Fraction(1), Fraction(2))  # pixels
_SEVERAL_PIXELS = (Fraction(5, 2), Fraction(13, 4), Fraction(19, 4))  # of many samples, whose number is to matter


def blueprints() -> dict[str, list[Size]]:
    """The cases of real sizes, by the name of their file."""
    return {"sizes": list(_averages()), "sizes-gradient": list(_gradients())}


def _averages() -> Iterator[Size]:
    yield from counted("dp-z")
    yield from (of_bins("dp-z", bins)._replace(distinct=2) for bins in BINS)
    yield from (of_pixels("dp-z", pixels)._replace(distinct=2) for pixels in PIXELS)
    yield from (each._replace(distinct=1) for each in heads("dp-z"))
    title = "3 RoIs of 17 channels in 4 × 4 bins of 16 × 16 samples"
    yield Size("dp-z-heavy", title, (4, 4), 16, (15, 15), channels=17, rois=3, distinct=1)
    yield Size("dp-z-samples-64", "64 × 64 samples in a bin", (1, 1), 64, (9, 11), 1, 1, 1, distinct=1)
    yield Size("dp-z-adaptive", "as many samples as pixels, RoIs of many sizes", (2, 2), 0, (33, 35), rois=19 * ROIS)
    yield Size("dp-z-planes", "more than 65535 planes of images and channels", (1, 1), 1, (2, 2), 258, 257, 86 * ROIS)
    yield Size("dp-z-box-heads", "512 RoIs of 256 channels in 7 × 7 bins", (7, 7), 2, (20, 23), 1, 256, 512, distinct=1)
    huge: dict[str, Any] = {"size": "huge"}
    yield Size("dp-z-rois-70000", "70000 RoIs", (1, 1), rois=70_000, **huge)
    yield Size("dp-z-outputs-2-24", "more than 2²⁴ output values", (1, 1), rois=70_000, channels=240, **huge)


def _gradients() -> Iterator[Size]:
    for operation, name in ((Operation.FEATURE_GRADIENT, "dp-zg"), (Operation.BOX_GRADIENT, "dp-zb")):
        for size in sent_back(name, operation):
            if math.prod(size.bins) <= _MOST_BINS and max(size.pixels) <= _LONGEST:
                yield from _as_exact(size._replace(operation=operation))
    crowd: dict[str, Any] = {"bins": (1, 1), "operation": Operation.FEATURE_GRADIENT}
    yield Size("dp-zg-one-pixel", "4102 RoIs over one pixel", pixels=(1, 1), rois=586 * ROIS, **crowd)
    yield Size(
        "dp-zg-planes", "more than 65535 planes", pixels=(2, 2), images=258, channels=257, rois=86 * ROIS, **crowd
    )
    yield Size("dp-zg-huge", "70000 RoIs over few pixels", rois=10_000 * ROIS, size="huge", **crowd)
    yield Size("dp-zb-rois-16387", "16387 RoIs", rois=2341 * ROIS, operation=Operation.BOX_GRADIENT)
    yield Size("dp-zb-huge", "70000 RoIs", rois=10_000 * ROIS, size="huge", operation=Operation.BOX_GRADIENT)
    yield from _of_offsets()


def _as_exact(size: Size) -> Iterator[Size]:
    """A size of a gradient: of many channels of a box fewer bins, and no head at all."""
    if size.operation != Operation.BOX_GRADIENT or size.channels * math.prod(size.bins) <= _MOST_ADDED:
        yield size
    elif size.bins == _USUAL_BINS:
        yield size._replace(bins=(1, 1), rois=1)


def _of_offsets() -> Iterator[Size]:
    of: dict[str, Any] = {"operation": Operation.OFFSET_GRADIENT}
    for rois in (9, 33, 129, 257, 1025, 4097):
        yield Size(f"dp-zo-rois-{rois}", f"{rois} RoIs", images=IMAGES, rois=rois, **of)
    for images in (33, 257, 2050):
        rois = ROIS * (images // IMAGES)
        yield Size(f"dp-zo-images-{images}", f"{images} images", (1, 1), images=images, rois=rois, **of)
    for channels in (17, 65, 257, 513):
        about = f"{channels} channels"
        yield Size(f"dp-zo-channels-{channels}", about, (1, 2), 1, (17, 18), 1, channels, 1, **of)
    for bins in ((7, 7), (14, 14), (33, 17), (8, 64), (64, 1)):
        yield of_bins("dp-zo", bins)._replace(rois=2, **of)
    for pixels in ((257, 7), (7, 257), (1025, 5), (5, 1025)):
        yield of_pixels("dp-zo", pixels)._replace(rois=2, **of)
    yield Size("dp-zo-huge", "70000 RoIs", (1, 1), rois=70_000, size="huge", **of)


def channels_of(size: Size) -> int:
    """How many channels the small call has."""
    return size.channels if size.operation == Operation.OFFSET_GRADIENT else size.small_channels


def draw(size: Size, attempt: int) -> dict[str, Any]:
    """The case that a size gives at an attempt, without what is computed."""
    chance = Draw("roikit", size.id, attempt)
    most = 2 if size.operation in (Operation.BOX_GRADIENT, Operation.OFFSET_GRADIENT) else 3
    channels = channels_of(size)
    boxes, sides = zip(*(_box(chance, size, k) for k in range(size.small_rois)), strict=True)
    arguments: dict[str, Any] = {
        "input": maps(chance, (size.small_images, channels, *size.pixels), most),
        "boxes": [[k % size.small_images, *box] for k, box in enumerate(boxes)],
        "offset": _offsets(chance, size, sides),
        "output_size": list(size.bins),
        "spatial_scale": [1, 1],
        "sampling_ratio": [size.ratio] * 2,
        "gamma": 0.25,
        "mode": "avg",
    }
    if size.operation != Operation.FORWARD:
        arguments["grad"] = maps(chance, (size.small_rois, channels, *size.bins), most)
    claims = "bounded" if has_bounds(size) else "exact"
    return {**described(size, arguments, rules_of(arguments, size.operation)), "claims": claims}


def is_crowded(size: Size) -> bool:
    """Whether very many RoIs send to the same pixels, or many channels to the same box."""
    if size.operation == Operation.BOX_GRADIENT:
        return size.channels > _FEW_CHANNELS
    return size.operation == Operation.FEATURE_GRADIENT and size.rois > _CROWD


def has_bounds(size: Size) -> bool:
    """Whether there are so many samples that their sum is rounded."""
    return size.ratio >= _MANY_SAMPLES


def _offsets(chance: Draw, size: Size, sides: tuple[tuple[Fraction, Fraction], ...]) -> dict[str, Any]:
    """Offsets that move bins by about a pixel at the most; of long outputs all bins of a RoI alike, so that they are products."""
    rows, columns = size.bins
    is_long = max(*size.bins, *size.pixels) >= _LONG
    values = []
    for pair in sides:
        for side in reversed(pair):  # that along x comes first
            # Where much adds up at a pixel, by quarters of it, so that all of it is exact.
            unit = 1 / side if is_crowded(size) else _EIGHTH
            most = max(int(4 / max(side, Fraction(1)) / unit), 1)
            if is_long:
                values += [[number(chance.between(-most, most) * unit)] * columns] * rows
            else:
                values += [[number(chance.between(-most, most) * unit) for _ in range(columns)] for _ in range(rows)]
    return {"shape": [len(sides), 2, rows, columns], "rows": values}


def _box(chance: Draw, size: Size, k: int) -> tuple[list[int | float], tuple[Fraction, Fraction]]:
    """Corners, and height and width: the first RoI near the low end of a long map and the second near its high end."""
    bins = _SEVERAL_PIXELS if has_bounds(size) else _BINS
    sides = [
        sizing.fitting(chance, pixels, count, bins) * count
        for pixels, count in zip(size.pixels, size.bins, strict=True)
    ]
    centres = [sizing.centre(chance, pixels, k, _QUARTER, _HALF) for pixels in size.pixels]
    (y1, y2), (x1, x2) = ((c - s / 2, c + s / 2) for c, s in zip(centres, sides, strict=True))
    return [number(v) for v in (x1, y1, x2, y2)], (sides[0], sides[1])


def suits(case: Mapping[str, Any], dialects: list[Dialect]) -> bool:
    """Whether the call that a case repeats has an answer, exact if it claims that, which tells something."""
    return sizing.suits(case, dialects, ORACLE)
