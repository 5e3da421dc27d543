"""RoIPool at the sizes of real use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ....arrays import leaves
from ....draw import Draw
from ....operation import Operation
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
from ..oracle.face import ORACLE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .....kernels.dialects.roi_pool import Dialect


def blueprints() -> dict[str, list[Size]]:
    """The cases of real sizes, by the name of their file."""
    return {"sizes": list(_maxima()), "sizes-average": list(_averages()), "sizes-gradient": list(_gradients())}


def _maxima() -> Iterator[Size]:
    for size in (*_outputs("rp-z"), *_together("rp-z")):
        yield size._replace(mode="max")


def _outputs(name: str) -> Iterator[Size]:
    yield from counted(name)
    yield from (of_bins(name, bins) for bins in BINS if max(bins) < 20 or min(bins) < 4)
    yield from (of_pixels(name, pixels) for pixels in PIXELS)
    yield from heads(name)
    yield Size(
        f"{name}-planes", "more than 65535 planes of images and channels", (1, 1), 1, (2, 2), 258, 257, 86 * ROIS
    )
    huge: dict[str, Any] = {"size": "huge", "bins": (1, 1)}
    yield Size(f"{name}-rois-70000", "70000 RoIs", rois=70_000, **huge)
    yield Size(f"{name}-outputs-2-24", "more than 2²⁴ output values", rois=70_000, channels=240, **huge)


def _averages() -> Iterator[Size]:
    """Of bins of 1, 2, 4 … pixels, that an average divides by without rounding."""
    for size in counted("rp-za"):
        if any(number in size.id for number in ("-33", "-257", "-1025", "-2050")):
            yield size
    yield from heads("rp-za")
    yield from _together("rp-za")
    yield of_pixels("rp-za", (5, 1025))


def _together(name: str) -> Iterator[Size]:
    """Calls that are large along several axes at once."""
    title = "2 RoIs of 101 channels in 16 × 16 bins"
    yield Size(f"{name}-head-16-101", title, (16, 16), 2, (38, 41), 1, 101, 2)


def _gradients() -> Iterator[Size]:
    operation = Operation.FEATURE_GRADIENT
    for size in sent_back("rp-zg", operation):
        yield size._replace(mode="max", operation=operation)
    crowd: dict[str, Any] = {"bins": (1, 1), "mode": "max", "operation": operation}
    yield Size("rp-zg-one-pixel", "4102 RoIs over one pixel", pixels=(1, 1), rois=586 * ROIS, **crowd)
    yield Size(
        "rp-zg-planes", "more than 65535 planes", pixels=(2, 2), images=258, channels=257, rois=86 * ROIS, **crowd
    )
    yield Size("rp-zg-huge", "70000 RoIs over few pixels", rois=10_000 * ROIS, size="huge", **crowd)
    yield Size(
        "rp-zg-tiles", "15 images of 40000 × 5 pixels", pixels=(40_000, 5), images=15, rois=15, distinct=3, **crowd
    )
    for name, mode in (("rp-zg", "max"), ("rp-zga", "avg")):
        kind: dict[str, Any] = {"mode": mode, "operation": operation}
        title, many = "320 channels on a map of 16 × 32 pixels", "4200000 channels"
        yield Size(f"{name}-whole", title, (4, 4), 1, (16, 32), channels=320, **kind)
        at_all: dict[str, Any] = {"channels": 4_200_000, "rois": 1, "size": "huge", **kind}
        yield Size(f"{name}-channels-4200000", many, (1, 1), pixels=(1, 1), **at_all)
    yield Size("rp-zga-channels-33", "33 channels", channels=33, operation=operation)
    yield of_bins("rp-zga", (64, 1))._replace(operation=operation)
    yield Size("rp-zga", "1029 RoIs", images=IMAGES, rois=147 * ROIS, operation=operation)


def draw(size: Size, attempt: int) -> dict[str, Any]:
    """The case that a size gives at an attempt, without what is computed."""
    chance = Draw("roikit", size.id, attempt)
    arguments: dict[str, Any] = {
        "input": maps(chance, (size.small_images, size.small_channels, *size.pixels)),
        "boxes": [_box(chance, size, k) for k in range(size.small_rois)],
        "output_size": list(size.bins),
        "spatial_scale": [1, 1],
        "mode": size.mode,
    }
    if size.operation != Operation.FORWARD:
        arguments["grad"] = maps(chance, (size.small_rois, size.small_channels, *size.bins))
    rules = ["RP-1", "RP-3", "RP-4", "RP-7" if size.mode == "max" else "RP-8"]
    return described(size, arguments, rules)


def _box(chance: Draw, size: Size, number: int) -> list[int]:
    """A box of whole pixels, the first at the low end of a long map and the second at its high end."""
    (y1, y2), (x1, x2) = (
        _span(chance, pixels, bins, number) for pixels, bins in zip(size.pixels, size.bins, strict=True)
    )
    return [number % size.small_images, x1, y1, x2, y2]


def _span(chance: Draw, pixels: int, bins: int, number: int) -> tuple[int, int]:
    """The first and the last of a power of two of pixels for each bin, where there are so many."""
    room = pixels - 2 * MARGIN
    if room < 1:
        return 0, pixels - 1
    length = bins * chance.one([count for count in (1, 2, 4) if count * bins <= room] or [1])
    last = pixels - MARGIN - length
    start = {0: MARGIN, 1: last}.get(number, int(chance.between(MARGIN, max(last, MARGIN))))
    return start, start + length - 1


def suits(case: Mapping[str, Any], dialects: list[Dialect]) -> bool:
    """Whether the call that a case repeats has one answer under these dialects, if with bounds, and zeros do not pass it."""
    operation = Operation(case.get("operation", Operation.FORWARD))
    for dialect in dialects:
        found = ORACLE.answers_in(case["arguments"], operation, dialect, "float32")
        if len(found) != 1 or None in leaves(found[0].bound or 0) or not any(leaves(found[0].output)):
            return False
    return True
