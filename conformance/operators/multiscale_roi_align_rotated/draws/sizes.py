"""Poolers of rotated boxes at the sizes of real use: rotated RoIAlign's calls, their map that of the first of two levels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ....arrays import leaves
from ....draw import Draw
from ....operation import Operation
from ....sizing import ROIS, Size, counted, maps, of_bins, of_pixels
from ...multiscale_roi_align.draws.pyramids import Setting, placed, whole_of
from ...roi_align_rotated.draws import sizes
from ..claims import rules_of
from ..oracle.answers import ORACLE
from .turned import size_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .....kernels.dialects.multiscale_roi_align_rotated import Dialect

_ROIS = (33, 257, 4097)
_CHANNELS = (33, 65, 257, 2050)
_IMAGES = (33, 2050)
_BINS = ((7, 7), (14, 14), (64, 1), (1, 64), (33, 17))
_PIXELS = ((257, 5), (5, 257), (40_000, 5), (5, 40_000))
_LONG = 30_000
_RATIOS = (1.1, 1.3, 0.8, 1.9, 0.6)


def blueprints() -> dict[str, list[Size]]:
    """The cases of real sizes, by the name of their file."""
    return {"sizes": list(_averages()), "sizes-gradient": list(_gradients())}


def _sent_back(name: str, **how: Any) -> Iterator[Size]:
    """What is added up in each pixel comes from as many RoIs, and in each box from as many channels."""
    for rois in _ROIS:
        yield Size(f"{name}-rois-{rois * ROIS}", f"{rois * ROIS} RoIs", images=3, rois=rois * ROIS, **how)
    for channels in _CHANNELS:
        yield Size(f"{name}-channels-{channels}", f"{channels} channels", channels=channels, **how)
    for images in _IMAGES:
        rois = ROIS * (images // 3)
        yield Size(f"{name}-images-{images}", f"{images} images", (1, 1), images=images, rois=rois, **how)


def _averages() -> Iterator[Size]:
    yield from counted("mr-z")
    yield from (of_bins("mr-z", bins)._replace(distinct=2) for bins in _BINS)
    yield from (of_pixels("mr-z", pixels)._replace(distinct=2) for pixels in _PIXELS)
    yield Size("mr-z-head", "23 RoIs of 64 channels in 7 × 7 bins", (7, 7), 2, (20, 23), 2, 64, 23, distinct=1)
    yield Size("mr-z-adaptive", "as many samples as pixels, RoIs of many sizes", (2, 2), 0, (33, 35), rois=19 * ROIS)
    yield Size("mr-z-planes", "more than 65535 planes of images and channels", (1, 1), 1, (4, 4), 258, 257, 86 * ROIS)
    yield Size("mr-z-samples-64", "64 × 64 samples in a bin", (1, 1), 64, (9, 11), 1, 1, 1, distinct=1)
    yield Size("mr-z-rois-70000", "70000 RoIs", (1, 1), rois=70_000, size="huge")
    title = "more than 2²⁴ output values"
    yield Size("mr-z-outputs-2-24", title, (1, 1), rois=70_000, channels=240, size="huge")


def _gradients() -> Iterator[Size]:
    alone: dict[str, Any] = {"images": 3, "rois": 3}  # what one RoI sends is a product
    sent: dict[str, Any] = {"operation": Operation.FEATURE_GRADIENT}
    yield from _sent_back("mr-zg", **sent)
    yield of_bins("mr-zg", (7, 7))._replace(**alone, **sent)
    yield of_pixels("mr-zg", (257, 5))._replace(**alone, **sent)
    yield Size("mr-zg-planes", "more than 65535 planes", (1, 1), 1, (4, 4), 258, 257, 86 * ROIS, **sent)
    yield Size("mr-zg-crowd", "4102 RoIs over few pixels", (1, 1), pixels=(2, 2), rois=586 * ROIS, **sent)
    yield Size("mr-zg-huge", "70000 RoIs over few pixels", (1, 1), rois=10_000 * ROIS, size="huge", **sent)
    moved: dict[str, Any] = {"operation": Operation.BOX_GRADIENT}
    yield from _sent_back("mr-zb", **moved)
    yield of_bins("mr-zb", (16, 16))._replace(ratio=1, **moved)
    yield of_pixels("mr-zb", (257, 7))._replace(**moved)
    yield Size("mr-zb-huge", "70000 RoIs", rois=10_000 * ROIS, size="huge", **moved)


def draw(size: Size, attempt: int) -> dict[str, Any]:
    """The case that a size gives at an attempt, without what is computed."""
    case = sizes.draw(size, attempt)
    arguments, chance = case["arguments"], Draw("roikit", f"{size.id} pyramid", attempt)
    found = sorted(map(size_of, arguments["boxes"]))
    # Of a very long map, whose end boxes are to reach, all are on the first level.
    is_long = max(size.pixels) > _LONG
    typical = found[-1 if is_long else len(found) // 2]
    arguments = placed(arguments, Setting(0, 2, ratio=1.1 if is_long else chance.one(_RATIOS)), typical)
    images, channels, *_ = arguments["input"]["shape"]
    most = 2 if size.operation == Operation.BOX_GRADIENT else 3
    arguments["input"] = maps(chance, (images, channels, *whole_of(arguments["level_sizes"])), most)
    return {**case, "rules": rules_of(arguments, size.operation), "arguments": arguments}


def suits(case: Mapping[str, Any], dialects: list[Dialect]) -> bool:
    """Whether the call that a case repeats has an answer that is no constant, and is exact where it says so."""
    arguments, operation = case["arguments"], Operation(case.get("operation", Operation.FORWARD))
    for dialect in dialects:
        answer = ORACLE.answer_in(arguments, operation, dialect, "float32")
        if answer is None or not any(leaves(answer.output)) or None in leaves(answer.bound or 0):
            return False
        is_exact = case["claims"] == "exact" and dialect.quarter_turns == "exact"
        if is_exact and answer.bound is not None:
            return False
    return True
