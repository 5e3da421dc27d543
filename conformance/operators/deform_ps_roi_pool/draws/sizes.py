"""Deformable PSRoIPool at the sizes of real use.

Where all bins read all channels, a large call repeats a small one (`enlarging`). Where each group has its own, the channels of
maps are not those of the output, and a case has all its numbers, of maps that are products of factors. What an offset gets adds
up over channels, and no rule says how often: such calls repeat none, and have all their channels.
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

    from .....kernels.dialects.deform_ps_roi_pool import Dialect

_MOST_BINS = 256  # of a gradient, all of whose samples are exact numbers
_LONGEST = 2000  # pixels, along a side of a map of a gradient, each of which is an exact number
_LONG = 16  # pixels, or bins, along an axis, from which outputs are products
_MOST_PARTS = 7  # along an axis
_CROWD = 1000  # RoIs
_MANY_SAMPLES = 16  # along an axis of a bin
_EIGHTH, _QUARTER, _HALF = Fraction(1, 8), Fraction(1, 4), Fraction(1, 2)
_BINS = (_HALF, Fraction(1), Fraction(2))  # pixels
_SEVERAL_PIXELS = (Fraction(5, 2), Fraction(13, 4), Fraction(19, 4))  # of many samples, whose number is to matter
_OWN = "dq-zf"
"""How ids begin of calls each of whose bins reads channels of its own."""


def blueprints() -> dict[str, list[Size]]:
    """The cases of real sizes, by the name of their file."""
    return {"sizes": list(_averages()), "sizes-gradient": list(_gradients())}


def _averages() -> Iterator[Size]:
    yield from counted("dq-z")
    yield from (of_bins("dq-z", bins)._replace(distinct=2) for bins in BINS)
    yield from (of_pixels("dq-z", pixels)._replace(distinct=2) for pixels in PIXELS)
    yield from (each._replace(distinct=1) for each in heads("dq-z"))
    title = "3 RoIs of 17 channels in 4 × 4 bins of 16 × 16 samples"
    yield Size("dq-z-heavy", title, (4, 4), 16, (15, 15), channels=17, rois=3, distinct=1)
    yield Size("dq-z-samples-64", "64 × 64 samples in a bin", (1, 1), 64, (9, 11), 1, 1, 1, distinct=1)
    yield Size("dq-z-planes", "more than 65535 planes of images and channels", (1, 1), 1, (2, 2), 258, 257, 86 * ROIS)
    yield Size("dq-z-box-heads", "512 RoIs of 256 channels in 7 × 7 bins", (7, 7), 2, (20, 23), 1, 256, 512, distinct=1)
    for bins, ratio, channels, rois in (((7, 7), 2, 2, 2), ((7, 7), 1, 21, 1), ((3, 3), 2, 65, 1), ((14, 14), 1, 2, 1)):
        title = f"{rois} RoIs of {channels} channels in {bins[0]} × {bins[1]} bins, each of which reads its own"
        yield _full(f"{_OWN}-head-{bins[0]}-{channels}", title, bins, ratio, channels, rois)
    huge: dict[str, Any] = {"size": "huge"}
    yield Size("dq-z-rois-70000", "70000 RoIs", (1, 1), rois=70_000, **huge)
    yield Size("dq-z-outputs-2-24", "more than 2²⁴ output values", (1, 1), rois=70_000, channels=240, **huge)


def _full(name: str, title: str, bins: tuple[int, int], ratio: int, channels: int, rois: int) -> Size:
    """A call that is stated in full."""
    return Size(name, title, bins, ratio, (20, 23), 1, channels, rois)


def _gradients() -> Iterator[Size]:
    of: dict[str, Any] = {"operation": Operation.FEATURE_GRADIENT}
    for size in sent_back("dq-zg", Operation.FEATURE_GRADIENT):
        if math.prod(size.bins) <= _MOST_BINS and max(size.pixels) <= _LONGEST:
            yield size._replace(**of)
    crowd: dict[str, Any] = {"bins": (1, 1), **of}
    yield Size("dq-zg-one-pixel", "4102 RoIs over one pixel", pixels=(1, 1), rois=586 * ROIS, **crowd)
    yield Size(
        "dq-zg-planes", "more than 65535 planes", pixels=(2, 2), images=258, channels=257, rois=86 * ROIS, **crowd
    )
    yield Size("dq-zg-huge", "70000 RoIs over few pixels", rois=10_000 * ROIS, size="huge", **crowd)
    for bins, channels in (((7, 7), 1), ((3, 3), 5)):
        title = f"{channels} channel{'s' if channels > 1 else ''} in {bins[0]} × {bins[1]} bins, each of which reads its own"
        yield _full(f"{_OWN}g-head-{bins[0]}-{channels}", title, bins, 1, channels, 2)._replace(pixels=(9, 10), **of)
    yield from _of_offsets()


def _of_offsets() -> Iterator[Size]:
    of: dict[str, Any] = {"operation": Operation.OFFSET_GRADIENT}
    for rois in (9, 33, 129, 257, 1025, 4097):
        yield Size(f"dq-zo-rois-{rois}", f"{rois} RoIs", images=IMAGES, rois=rois, **of)
    for images in (33, 257, 2050):
        rois = ROIS * (images // IMAGES)
        yield Size(f"dq-zo-images-{images}", f"{images} images", (1, 1), images=images, rois=rois, **of)
    for channels in (17, 65, 257, 513):
        about = f"{channels} channels"
        yield Size(f"dq-zo-channels-{channels}", about, (1, 2), 1, (17, 18), 1, channels, 1, **of)
    for bins in ((7, 7), (14, 14), (33, 17), (8, 64), (64, 1)):
        yield of_bins("dq-zo", bins)._replace(rois=2, **of)
    for pixels in ((257, 7), (7, 257), (1025, 5), (5, 1025)):
        yield of_pixels("dq-zo", pixels)._replace(rois=2, **of)
    for bins, channels in (((7, 7), 1), ((3, 3), 5)):
        title = f"{channels} channel{'s' if channels > 1 else ''} in {bins[0]} × {bins[1]} bins, each of which reads its own"
        yield _full(f"{_OWN}o-head-{bins[0]}-{channels}", title, bins, 1, channels, 2)._replace(pixels=(9, 10), **of)
    yield Size("dq-zo-huge", "70000 RoIs", (1, 1), rois=70_000, size="huge", **of)


def draw(size: Size, attempt: int) -> dict[str, Any]:
    """The case that a size gives at an attempt, without what is computed."""
    chance = Draw("roikit", size.id, attempt)
    most = 2 if size.operation == Operation.OFFSET_GRADIENT else 3
    is_full = size.id.startswith(_OWN)
    groups, rois = (size.bins, size.rois) if is_full else ((1, 1), size.small_rois)
    own = is_full or size.operation == Operation.OFFSET_GRADIENT
    channels = size.channels if own else size.small_channels
    boxes, sides = zip(*(_box(chance, size, k) for k in range(rois)), strict=True)
    arguments: dict[str, Any] = {
        "input": maps(chance, (size.small_images, channels * math.prod(groups), *size.pixels), most),
        "boxes": [[k % size.small_images, *box] for k, box in enumerate(boxes)],
        "offset": _offsets(chance, size, sides),
        "output_size": list(size.bins),
        "group_size": list(groups),
        "spatial_scale": [number(_QUARTER)] * 2,
        "sampling_ratio": [size.ratio] * 2,
        "gamma": 0.25,
        "mode": "avg",
    }
    if size.operation != Operation.FORWARD:
        arguments["grad"] = maps(chance, (rois, channels, *size.bins), most)
    claims = "bounded" if has_bounds(size) else "exact"
    case = {**described(size, arguments, rules_of(arguments, size.operation)), "claims": claims}
    if is_full:
        del case["enlarged"]
    return case


def is_crowded(size: Size) -> bool:
    """Whether very many RoIs send to the same pixels."""
    return size.operation == Operation.FEATURE_GRADIENT and size.rois > _CROWD


def has_bounds(size: Size) -> bool:
    """Whether there are so many samples that their sum is rounded."""
    return size.ratio >= _MANY_SAMPLES


def _offsets(chance: Draw, size: Size, sides: tuple[tuple[Fraction, Fraction], ...]) -> dict[str, Any]:
    """Offsets that move bins by about a pixel at the most; of long outputs all bins of a RoI alike, so that they are products."""
    rows, columns = (min(count, _MOST_PARTS) for count in size.bins)
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
    (y1, y2), (x1, x2) = (_pixels(c, side) for c, side in zip(centres, sides, strict=True))
    return [x1, y1, x2, y2], (sides[0], sides[1])


def _pixels(centre: Fraction, side: Fraction) -> tuple[int, int]:
    """The first and the last image pixel of a RoI that lies about there, in feature pixels."""
    first = round((centre - side / 2) / _QUARTER)
    return first, first + int(side / _QUARTER) - 1


def suits(case: Mapping[str, Any], dialects: list[Dialect]) -> bool:
    """Whether the call that a case repeats has an answer, exact if it claims that, which tells something."""
    return sizing.suits(case, dialects, ORACLE)
