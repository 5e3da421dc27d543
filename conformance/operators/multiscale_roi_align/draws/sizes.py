"""Poolers at the sizes of real use: RoIAlign's calls, their map that of the first of two levels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .....kernels.dialects.multiscale_roi_align import DIALECTS
from ....arrays import leaves
from ....operation import Operation
from ....sizing import ROIS, Size, counted, maps, of_bins, of_pixels, sent_back
from ...roi_align.draws import sizes
from ...roi_align.draws.placements import Draw
from ..claims import rules_of
from ..oracle.answers import MultiscaleRoiAlignOracle
from .pyramids import Setting, placed, size_of, whole_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .....kernels.dialects.multiscale_roi_align import Dialect

_BINS = ((7, 7), (9, 9), (1, 64), (64, 1), (33, 17))
_PIXELS = ((257, 5), (5, 257), (40_000, 5), (5, 40_000))
_LONG = 30_000
_RATIOS = (1.1, 1.3, 0.8, 1.9, 0.6)


def blueprints() -> dict[str, list[Size]]:
    """The cases of real sizes, by the name of their file."""
    return {"sizes": list(_averages()), "sizes-gradient": list(_gradients())}


def _averages() -> Iterator[Size]:
    yield from counted("ms-z")
    yield from (of_bins("ms-z", bins) for bins in _BINS)
    yield from (of_pixels("ms-z", pixels) for pixels in _PIXELS)
    for ratio in (16, 64):
        title = f"{ratio} × {ratio} samples in a bin"
        yield Size(f"ms-z-samples-{ratio}", title, ratio=ratio, pixels=(ratio + 6, 2 * ratio + 7))
    yield Size("ms-z-uneven", "heavy RoIs beside tiny ones", (2, 2), 0, (70, 70), rois=19 * ROIS, uneven=True)
    title = "more than 65535 planes of images and channels"
    yield Size("ms-z-planes", title, (1, 1), 1, (4, 4), 258, 257, 86 * ROIS)
    huge: dict[str, Any] = {"size": "huge", "bins": (1, 1)}
    yield Size("ms-z-rois-70000", "70000 RoIs", rois=70_000, **huge)
    yield Size("ms-z-outputs-2-24", "more than 2²⁴ output values", rois=70_000, channels=240, **huge)


def _gradients() -> Iterator[Size]:
    for operation, name in ((Operation.FEATURE_GRADIENT, "ms-zg"), (Operation.BOX_GRADIENT, "ms-zb")):
        for size in sent_back(name, operation):
            if "-map-" not in size.id or "257x" in size.id:
                yield size._replace(operation=operation)
    crowd: dict[str, Any] = {"bins": (1, 1), "operation": Operation.FEATURE_GRADIENT}
    yield Size("ms-zg-one-pixel", "4102 RoIs over few pixels", pixels=(2, 2), rois=586 * ROIS, **crowd)
    planes: dict[str, Any] = {"images": 258, "channels": 257, "rois": 86 * ROIS}
    yield Size("ms-zg-planes", "more than 65535 planes", pixels=(4, 4), **planes, **crowd)
    yield Size("ms-zg-huge", "70000 RoIs over few pixels", rois=10_000 * ROIS, size="huge", **crowd)
    of_boxes: dict[str, Any] = {"bins": (1, 1), "operation": Operation.BOX_GRADIENT}
    yield Size("ms-zb-rois-16387", "16387 RoIs", rois=2341 * ROIS, **of_boxes)
    yield Size("ms-zb-huge", "70000 RoIs", rois=10_000 * ROIS, size="huge", **of_boxes)


def draw(size: Size, attempt: int) -> dict[str, Any]:
    """The case that a size gives at an attempt, without what is computed."""
    case = sizes.draw(size, attempt)
    arguments, chance = case["arguments"], Draw("roikit", f"{size.id} pyramid", attempt)
    sizes_ = sorted(map(size_of, arguments["boxes"]))
    # Of a very long map, whose end boxes are to reach, all are on the first level.
    typical = sizes_[-1] if max(size.pixels) > _LONG else sizes_[len(sizes_) // 2]
    arguments = placed(
        arguments, Setting(0, 2, ratio=1.1 if max(size.pixels) > _LONG else chance.one(_RATIOS)), typical
    )
    images, channels, *_ = arguments["input"]["shape"]
    most = 2 if size.operation == Operation.BOX_GRADIENT else 3
    arguments["input"] = maps(chance, (images, channels, *whole_of(arguments["level_sizes"])), most)
    return {**case, "rules": rules_of(arguments, size.operation), "arguments": arguments}


def suits(case: Mapping[str, Any], dialects: list[Dialect]) -> bool:
    """Whether the call that a case repeats is exact under these dialects, and zeros do not pass it.

    Where bins lie is exact in every order of operations only if their number is a power of two; of others there is a bound.
    """
    arguments, operation = case["arguments"], Operation(case.get("operation", Operation.FORWARD))
    bounds = any(count & (count - 1) for count in arguments["output_size"])
    for name in (next(n for n, known in DIALECTS.items() if known == dialect) for dialect in dialects):
        found = MultiscaleRoiAlignOracle().quick(arguments, operation, name, "float32", kinks=False, bounds=bounds)
        if not found or None in leaves(found[0].bound or 0) or not any(leaves(found[0].output)):
            return False
    return True
