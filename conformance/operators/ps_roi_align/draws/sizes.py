"""PSRoIAlign at the sizes of real use: RoIAlign's boxes, on maps with channels for each bin.

With one bin a large call repeats a small one (`enlarging`). With more the channels of maps are not those of the output, and a
case has all its numbers.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from .....kernels.dialects.ps_roi_align import DIALECTS
from ....arrays import leaves
from ....operation import Operation
from ....sizing import PIXELS, ROIS, Size, counted, maps, of_pixels, sent_back
from ...roi_align.draws import sizes
from ...roi_align.draws.placements import Draw
from ..claims import rules_of
from ..oracle.answers import PsRoiAlignOracle

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .....kernels.dialects.ps_roi_align import Dialect

_SIDE = 16  # pixels, so that maps are products
_ONE = (1, 1)
_SHAPES = ((7, 7), (14, 14), (9, 9), (7, 14), (1, 64), (64, 1), (8, 8), (16, 16), (4, 32), (32, 2), (20, 1), (1, 20))
_HEADS = (((7, 7), 3, 2), ((8, 8), 16, 3), ((4, 4), 65, 3), ((16, 16), 5, 2), ((2, 2), 257, 3), ((2, 4), 129, 3))
"""Bins, channels of the output, and RoIs. What is no power of two of bins has bounds, which takes the oracle long."""
_BACK = {
    Operation.FEATURE_GRADIENT: (((7, 7), 1), ((8, 32), 1), ((64, 1), 1), ((1, 64), 1), ((8, 8), 8), ((2, 4), 65)),
    Operation.BOX_GRADIENT: (((4, 8), 1), ((1, 16), 1), ((16, 1), 1), ((8, 4), 1), ((4, 4), 17), ((2, 2), 65)),
}
"""Bins and channels of gradients that are stated in full. How a bin moves is exact for powers of two of bins."""


def blueprints() -> dict[str, list[Size]]:
    """The cases of real sizes, by the name of their file."""
    return {"sizes": list(_averages()), "sizes-gradient": list(_gradients())}


def _averages() -> Iterator[Size]:
    for size in (*counted("pa-z"), *(of_pixels("pa-z", pixels) for pixels in PIXELS)):
        yield size._replace(bins=_ONE)
    yield Size("pa-z-planes", "more than 65535 planes of images and channels", _ONE, 1, (2, 2), 258, 257, 86 * ROIS)
    for ratio in (4, 16, 64):
        title = f"{ratio} × {ratio} samples in a bin"
        yield Size(f"pa-z-samples-{ratio}", title, _ONE, ratio, (ratio + 6, 2 * ratio + 7))
    yield Size("pa-z-uneven", "heavy RoIs beside tiny ones", _ONE, 0, (70, 70), rois=19 * ROIS, uneven=True)
    yield from (_full("pa-z", bins) for bins in _SHAPES)
    yield from (_full("pa-z", bins, channels, rois, (20, 23)) for bins, channels, rois in _HEADS)
    huge: dict[str, Any] = {"size": "huge", "bins": _ONE}
    yield Size("pa-z-rois-70000", "70000 RoIs", rois=70_000, **huge)
    yield Size("pa-z-outputs-2-24", "more than 2²⁴ output values", rois=70_000, channels=240, **huge)


def _gradients() -> Iterator[Size]:
    for operation, name in ((Operation.FEATURE_GRADIENT, "pa-zg"), (Operation.BOX_GRADIENT, "pa-zb")):
        for size in sent_back(name, operation):
            if "-bins-" not in size.id and "-head-" not in size.id:
                yield size._replace(bins=_ONE, operation=operation)
        for bins, channels in _BACK[operation]:
            yield _full(name, bins, channels)._replace(operation=operation)
    crowd: dict[str, Any] = {"bins": _ONE, "operation": Operation.FEATURE_GRADIENT}
    yield Size("pa-zg-one-pixel", "4102 RoIs over one pixel", pixels=_ONE, rois=586 * ROIS, **crowd)
    planes: dict[str, Any] = {"images": 258, "channels": 257, "rois": 86 * ROIS}
    yield Size("pa-zg-planes", "more than 65535 planes", pixels=(2, 2), **planes, **crowd)
    yield Size("pa-zg-huge", "70000 RoIs over few pixels", rois=10_000 * ROIS, size="huge", **crowd)
    tiles: dict[str, Any] = {"images": 15, "rois": 15, "distinct": 3}
    yield Size("pa-zg-tiles", "15 images of 40000 × 5 pixels", pixels=(40_000, 5), **tiles, **crowd)
    of_boxes: dict[str, Any] = {"bins": _ONE, "operation": Operation.BOX_GRADIENT}
    yield Size("pa-zb-rois-16387", "16387 RoIs", rois=2341 * ROIS, **of_boxes)
    yield Size("pa-zb-huge", "70000 RoIs", rois=10_000 * ROIS, size="huge", **of_boxes)


def _full(
    prefix: str, bins: tuple[int, int], channels: int = 1, rois: int = 1, pixels: tuple[int, int] | None = None
) -> Size:
    """A call of so many bins, which is stated in full."""
    size = pixels or (max(_SIDE, bins[0] + 6), max(_SIDE, bins[1] + 6))
    name = f"{prefix}-bins-{bins[0]}x{bins[1]}" + (f"-{channels}" if channels > 1 else "")
    title = f"{rois} RoIs of {channels} channels in {bins[0]} × {bins[1]} bins"
    return Size(name, title if channels > 1 else f"{bins[0]} × {bins[1]} bins", bins, 1, size, 1, channels, rois)


def draw(size: Size, attempt: int) -> dict[str, Any]:
    """The case that a size gives at an attempt, without what is computed."""
    case = sizes.draw(size, attempt)
    arguments = case["arguments"]
    if math.prod(size.bins) > 1:
        chance = Draw("roikit", f"{size.id} channels", attempt)
        # The gradient for a box is a sum over all bins, and over how each moves: in float32 there are bits for small numbers.
        most, most_arriving = (2, 1) if size.operation == Operation.BOX_GRADIENT else (3, 3)
        channels = size.channels * math.prod(size.bins)
        arguments["input"] = maps(chance, (size.small_images, channels, *size.pixels), most)
        if "grad" in arguments:
            arguments["grad"] = maps(chance, (size.small_rois, size.channels, *size.bins), most_arriving)
        del case["enlarged"]
    case["rules"] = rules_of(arguments, size.operation)
    return case


def suits(case: Mapping[str, Any], dialects: list[Dialect]) -> bool:
    """Whether the call that a case repeats is exact under these dialects, and zeros do not pass it.

    Where bins lie is exact in every order of operations only if their number is a power of two; of others there is a bound.
    """
    arguments, operation = case["arguments"], Operation(case.get("operation", Operation.FORWARD))
    bounds = any(count & (count - 1) for count in arguments["output_size"])
    for name in (next(n for n, known in DIALECTS.items() if known == dialect) for dialect in dialects):
        found = PsRoiAlignOracle().quick(arguments, operation, name, "float32", kinks=False, bounds=bounds)
        if not found or None in leaves(found[0].bound or 0) or not any(leaves(found[0].output)):
            return False
    return True
