"""BorderAlign at the sizes of real use: a large call repeats a small one (`enlarging`)."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from ....arrays import leaves
from ....draw import Draw
from ....operation import Operation
from ....placing import number
from ....sizing import PIXELS, ROIS, Size, counted, described, maps, of_pixels, sent_back
from ..call import SIDES
from ..claims import rules_of
from ..oracle.face import ORACLE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .....kernels.dialects.border_align import Dialect

_QUARTER = Fraction(1, 4)
_POOL = 2  # parts of a side, where nothing else is said
_MOST_PARTS = 64  # of a side, whose points have few enough bits
_MOST_PIXELS = 4000  # of the small maps of a gradient, each of which is stated
_LONG = 30  # pixels along a side of a map both of whose ends are to be read
_MARGIN = 1  # pixel between a box and the edge of the map, where there is room


def blueprints() -> dict[str, list[Size]]:
    """The cases of real sizes, by the name of their file."""
    return {"sizes": list(_maxima()), "sizes-gradient": list(_gradients())}


def _maxima() -> Iterator[Size]:
    for size in (*counted("ba-z"), *(of_pixels("ba-z", pixels) for pixels in PIXELS)):
        yield size._replace(ratio=_POOL)
    for parts in (64, 1024):
        yield Size(f"ba-z-parts-{parts}", f"{parts} parts of a side", ratio=parts, pixels=(19, 23))
    yield Size("ba-z-planes", "more than 65535 planes of images and channels", ratio=1, pixels=(2, 2), images=258,
               channels=257, rois=86 * ROIS)  # fmt: skip
    yield Size("ba-z-head", "a box for each of 20 × 20 pixels, 64 channels, 10 parts", ratio=10, pixels=(20, 20),
               channels=64, rois=400)  # fmt: skip
    yield Size("ba-z-head-images", "3 images of 64 boxes each, 128 channels", ratio=8, pixels=(8, 8), images=3,
               channels=128, rois=192, distinct=3)  # fmt: skip
    huge: dict[str, Any] = {"size": "huge", "ratio": _POOL}
    yield Size("ba-z-rois-70000", "70000 RoIs", rois=70_000, **huge)
    yield Size("ba-z-outputs-2-24", "more than 2²⁴ output values", rois=70_000, channels=60, **huge)


def _gradients() -> Iterator[Size]:
    for operation, name in ((Operation.FEATURE_GRADIENT, "ba-zg"), (Operation.BOX_GRADIENT, "ba-zb")):
        for size in sent_back(name, operation):
            if "-bins-" not in size.id and "-head-" not in size.id and _is_stated(size):
                yield size._replace(operation=operation, ratio=_POOL)
        yield Size(f"{name}-head", "4 images of 70 boxes each, 64 channels", ratio=8, pixels=(8, 8), images=3,
                   channels=65, rois=70 * 3, distinct=7, operation=operation)  # fmt: skip
    crowd: dict[str, Any] = {"ratio": _POOL, "operation": Operation.FEATURE_GRADIENT}
    yield Size("ba-zg-one-pixel", "4102 RoIs over one pixel", pixels=(1, 1), rois=586 * ROIS, **crowd)
    planes: dict[str, Any] = {"images": 258, "channels": 257, "rois": 86 * ROIS}
    yield Size("ba-zg-planes", "more than 65535 planes", pixels=(2, 2), **planes, **crowd)
    yield Size("ba-zg-huge", "70000 RoIs over few pixels", rois=10_000 * ROIS, size="huge", **crowd)
    of_boxes: dict[str, Any] = {"ratio": _POOL, "operation": Operation.BOX_GRADIENT}
    yield Size("ba-zb-rois-16387", "16387 RoIs", rois=2341 * ROIS, **of_boxes)
    yield Size("ba-zb-huge", "70000 RoIs", rois=10_000 * ROIS, size="huge", **of_boxes)


def _is_stated(size: Size) -> bool:
    """Whether the gradient for the maps of the small call can be stated in full."""
    return size.small_images * size.small_channels * SIDES * math.prod(size.pixels) <= _MOST_PIXELS


def draw(size: Size, attempt: int) -> dict[str, Any]:
    """The case that a size gives at an attempt, without what is computed."""
    chance = Draw("roikit", size.id, attempt)
    rows, columns = size.pixels
    arguments: dict[str, Any] = {
        "input": maps(chance, (size.small_images, size.small_channels, SIDES * rows, columns)),
        "boxes": [[k % size.small_images, *_box(chance, size, k)] for k in range(size.small_rois)],
        "pool_size": size.ratio,
        "mode": "max",
    }
    if size.operation != Operation.FORWARD:
        arguments["grad"] = maps(chance, (size.small_rois, size.small_channels, 1, SIDES))
        arguments["grad"]["shape"] = [size.small_rois, size.small_channels, SIDES]
    case = described(size, arguments, rules_of(arguments, size.operation))
    case["title"] = case["title"].replace("; maxima", "")
    return {**case, "claims": "bounded" if size.ratio & (size.ratio - 1) or size.ratio > _MOST_PARTS else "exact"}


def _box(chance: Draw, size: Size, k: int) -> list[int | float]:
    """The corners of a box, the first near the low end of a long map and the second near its high end."""
    (y1, y2), (x1, x2) = (_span(chance, pixels, k) for pixels in size.pixels)
    return [number(v) for v in (x1, y1, x2, y2)]


def _span(chance: Draw, pixels: int, k: int) -> tuple[Fraction, Fraction]:
    if pixels < 2 * _MARGIN + 4:
        start = chance.between(0, max(Fraction(pixels, 2) - 1, Fraction(0)), _QUARTER)
        return start, start + chance.between(_QUARTER, max(pixels - 1 - start, _QUARTER), _QUARTER)
    length = chance.between(1, min(pixels - 2 * _MARGIN - 2, 16), _QUARTER)
    first, last = Fraction(_MARGIN), pixels - 1 - _MARGIN - length
    anywhere = chance.between(first, last, _QUARTER)
    start = {0: first, 1: last}.get(k, anywhere) if pixels >= _LONG else anywhere
    return start, start + length


def suits(case: Mapping[str, Any], dialects: list[Dialect]) -> bool:
    """Whether the call that a case repeats has an answer that is not 0, and is exact where sides have a power of two of parts."""
    arguments, operation = case["arguments"], Operation(case.get("operation", Operation.FORWARD))
    for dialect in dialects:
        answer = ORACLE.answer_in(arguments, operation, dialect, "float32")
        if answer is None or not any(leaves(answer.output)):
            return False
        if (answer.bound is not None) if case["claims"] == "exact" else None in leaves(answer.bound):
            return False
    return True
