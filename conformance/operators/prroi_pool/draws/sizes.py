"""PrRoIPool at the sizes of real use: a large call repeats a small one (`enlarging`)."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from typing import TYPE_CHECKING, Any

from ....arrays import leaves
from ....draw import Draw
from ....operation import Operation
from ....placing import number
from ....sizing import (
    BINS,
    IMAGES,
    MARGIN,
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

    from .....kernels.dialects.prroi_pool import Dialect

_POWERS = tuple(Fraction(2) ** n for n in range(-2, 12))
_WIDE = (2100, 6501)  # pixels, of maps that are read from end to end


def blueprints() -> dict[str, list[Size]]:
    """The cases of real sizes, by the name of their file."""
    return {"sizes": list(_averages()), "sizes-gradient": list(_gradients())}


def _averages() -> Iterator[Size]:
    yield from counted("pr-z")
    yield from (of_bins("pr-z", bins) for bins in BINS)
    yield from (of_pixels("pr-z", pixels) for pixels in PIXELS)
    yield from heads("pr-z")
    for bins, ratio in product((7, 14), (1, 2)):
        pixels = bins * ratio + 2 * MARGIN + 1
        about = f"{bins} × {bins} bins, {ratio} pixels wide, from pixel to pixel"
        yield Size(
            f"pr-z-coarse-{bins}-{ratio}",
            about,
            (bins, bins),
            ratio,
            (pixels, pixels),
            channels=24,
            coarse=True,
            distinct=1,
        )
    title = "3 RoIs of 17 channels in 8 × 8 bins, each of 32 × 32 pixels"
    yield Size("pr-z-heavy", title, (8, 8), 0, (262, 262), channels=17, rois=3, distinct=1)
    yield Size("pr-z-uneven", "heavy RoIs beside tiny ones", (2, 2), 0, (70, 70), rois=19 * ROIS, uneven=True)
    for rois in (ROIS, 152 * ROIS):
        title = f"{rois} RoIs of thousands of columns"
        yield Size(f"pr-z-long-5x6501-{rois}", title, (1, 1), 0, (5, 6501), rois=rois, distinct=1)
    yield Size("pr-z-planes", "more than 65535 planes of images and channels", (1, 1), 1, (2, 2), 258, 257, 86 * ROIS)
    yield Size("pr-z-box-heads", "512 RoIs of 256 channels in 7 × 7 bins", (7, 7), 2, (20, 23), 1, 256, 512)
    huge: dict[str, Any] = {"size": "huge"}
    yield Size(
        "pr-z-mask-heads", "512 RoIs of 256 channels in 14 × 14 bins", (14, 14), 2, (40, 40), 1, 256, 512, **huge
    )
    yield Size("pr-z-rois-70000", "70000 RoIs", (1, 1), rois=70_000, **huge)
    yield Size("pr-z-outputs-2-24", "more than 2²⁴ output values", (1, 1), rois=70_000, channels=240, **huge)


def _gradients() -> Iterator[Size]:
    for operation, name in ((Operation.FEATURE_GRADIENT, "pr-zg"), (Operation.BOX_GRADIENT, "pr-zb")):
        for size in sent_back(name, operation):
            yield size._replace(operation=operation)
        channels = 320 if operation == Operation.FEATURE_GRADIENT else 160
        title = f"{channels} channels on a map of 16 × 32 pixels"
        yield Size(f"{name}-whole", title, (4, 4), 1, (16, 32), channels=channels, operation=operation)
    crowd: dict[str, Any] = {"bins": (1, 1), "operation": Operation.FEATURE_GRADIENT}
    yield Size("pr-zg-one-pixel", "4102 RoIs over one pixel", pixels=(1, 1), rois=586 * ROIS, **crowd)
    yield Size(
        "pr-zg-planes", "more than 65535 planes", pixels=(2, 2), images=258, channels=257, rois=86 * ROIS, **crowd
    )
    yield Size("pr-zg-huge", "70000 RoIs over few pixels", rois=10_000 * ROIS, size="huge", **crowd)
    yield Size(
        "pr-zg-tiles", "15 images of 40000 × 5 pixels", pixels=(40_000, 5), images=15, rois=15, distinct=3, **crowd
    )
    yield Size("pr-zg", "1029 RoIs", images=IMAGES, rois=147 * ROIS, **crowd)
    yield Size("pr-zb-rois-16387", "16387 RoIs", rois=2341 * ROIS, operation=Operation.BOX_GRADIENT)
    yield Size("pr-zb-huge", "70000 RoIs", rois=10_000 * ROIS, size="huge", operation=Operation.BOX_GRADIENT)


def draw(size: Size, attempt: int) -> dict[str, Any]:
    """The case that a size gives at an attempt, without what is computed."""
    chance = Draw("roikit", size.id, attempt)
    # The gradient for a box is a sum over all bins, and over how each moves: in float32 there are bits for small numbers.
    most, most_arriving = (2, 1) if size.operation == Operation.BOX_GRADIENT else (3, 3)
    arguments: dict[str, Any] = {
        "input": maps(chance, (size.small_images, size.small_channels, *size.pixels), most),
        "boxes": [_box(chance, size, k) for k in range(size.small_rois)],
        "output_size": list(size.bins),
        "spatial_scale": [1, 1],
        "mode": "avg",
    }
    if size.operation != Operation.FORWARD:
        arguments["grad"] = maps(chance, (size.small_rois, size.small_channels, *size.bins), most_arriving)
    return described(size, arguments, rules_of(arguments, size.operation))


def _box(chance: Draw, size: Size, k: int) -> list[int | float]:
    """A box, the first at the low end of a long map and the second at its high end."""
    (y1, y2), (x1, x2) = (
        _span(chance, pixels, bins, size, k) for pixels, bins in zip(size.pixels, size.bins, strict=True)
    )
    return [k % size.small_images, *map(number, (x1, y1, x2, y2))]


def _span(chance: Draw, pixels: int, bins: int, size: Size, k: int) -> tuple[Fraction, Fraction]:
    room = pixels - 2 * MARGIN
    if room < 1:  # all of the map, and what it fades to
        return Fraction(-1), next(b for b in _POWERS if b * bins > pixels) * bins - 1
    fitting = [b for b in _POWERS if Fraction(1, 2) <= b * bins <= room]
    if size.operation == Operation.BOX_GRADIENT:  # whose bits are few
        fitting = [b for b in fitting if b >= 1] or fitting
    is_wide = k == 0 or not size.uneven
    wanted = [Fraction(size.ratio)] if size.coarse else fitting[-1:] if size.ratio == 0 and is_wide else fitting[-4:]
    extent = (Fraction(1, 2) if size.uneven and k else chance.one(wanted or [Fraction(1, bins)])) * bins
    step = Fraction(1) if size.coarse or size.operation == Operation.BOX_GRADIENT else Fraction(1, 4)
    last = pixels - MARGIN - extent
    start = {0: Fraction(MARGIN), 1: last}.get(k, chance.between(MARGIN, max(last, MARGIN), step))
    return start // step * step, start // step * step + extent


def suits(case: Mapping[str, Any], dialects: list[Dialect]) -> bool:
    """Whether the call that a case repeats is exact in float32 under these dialects, or of a map that is read from end to end.

    Zeros do not pass it.
    """
    arguments = case["arguments"]
    operation = Operation(case.get("operation", Operation.FORWARD))
    for dialect in dialects:
        answer = ORACLE.answer_in(arguments, operation, dialect, "float32")
        if answer is None or None in leaves(answer.bound or 0) or not any(leaves(answer.output)):
            return False
        if answer.bound is not None and max(arguments["input"]["shape"]) not in _WIDE:
            return False
    return True
