"""RoIAlign at the sizes of real use."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import product
from typing import TYPE_CHECKING, Any

from .....kernels.dialects.roi_align import DIALECTS
from ....arrays import leaves
from ....operation import Operation
from ....sizing import (
    BINS,
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
from ..oracle.answers import RoiAlignOracle
from .placements import BINS_OF_POWERS, Draw

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .....kernels.dialects.roi_align import Dialect

_EIGHTH = Fraction(1, 8)
_SAMPLES = (4, 8, 16, 32, 64)
_WIDE = (2100, 6501)  # pixels, of maps that are read from end to end


def blueprints() -> dict[str, list[Size]]:
    """The cases of real sizes, by the name of their file."""
    return {"sizes": list(_averages()), "sizes-max": list(_maxima()), "sizes-gradient": list(_gradients())}


def _averages() -> Iterator[Size]:
    yield from counted("z")
    yield from (of_bins("z", bins) for bins in BINS)
    yield from (of_pixels("z", pixels) for pixels in PIXELS)
    for ratio in _SAMPLES:
        pixels = ratio + 6, 2 * ratio + 7
        yield Size(f"z-samples-{ratio}", f"{ratio} × {ratio} samples in a bin", ratio=ratio, pixels=pixels)
    for pixels in ((70, 70), (2100, 5), (5, 1100)):
        extent = f"z-adaptive-{pixels[0]}x{pixels[1]}"
        yield Size(
            extent, f"as many samples as a bin of most of {pixels[0]} × {pixels[1]} pixels has", (1, 1), 0, pixels
        )
    yield Size("z-uneven", "heavy RoIs beside tiny ones", (2, 2), 0, (70, 70), rois=19 * ROIS, uneven=True)
    yield from heads("z")
    yield from _together("z", 8)
    title = "17 channels in 16 × 16 bins of 8 × 8 samples, each of 32 × 32 pixels"
    yield Size("z-rows-16", title, (16, 16), 8, (518, 518), channels=17, rois=3, distinct=1)
    yield from _in_few_bits("z")
    yield Size("z-planes", "more than 65535 planes of images and channels", (1, 1), 1, (2, 2), 258, 257, 86 * ROIS)
    huge: dict[str, Any] = {"size": "huge", "bins": (1, 1)}
    yield Size("z-rois-70000", "70000 RoIs", rois=70_000, **huge)
    yield Size("z-outputs-2-24", "more than 2²⁴ output values", rois=70_000, channels=240, **huge)
    yield Size(
        "z-mask-heads", "512 RoIs of 256 channels in 14 × 14 bins", (14, 14), 2, (40, 40), 1, 256, 512, size="huge"
    )


def _maxima() -> Iterator[Size]:
    bins = (of_bins("zm", bins) for bins in ((7, 7), (14, 14), (1, 64), (64, 1), (33, 17)))
    pixels = (of_pixels("zm", pixels) for pixels in PIXELS if max(pixels) not in (33, 4097, 32769))
    for size in (*counted("zm"), *bins, *pixels, *heads("zm")):
        if not any(number in size.id for number in ("-31", "-63", "-255", "-1023", "-129", "-513", "-28")):
            yield size._replace(mode="max")
    yield Size("zm-samples-8", "8 × 8 samples in a bin", ratio=8, pixels=(14, 23), mode="max")
    yield Size("zm-channels-64", "64 channels", channels=64, mode="max")
    yield from (size._replace(mode="max") for size in _together("zm", 16))


def _in_few_bits(name: str) -> Iterator[Size]:
    """The usual bins and samples, so placed that 16 bits have room for the answer."""
    for bins, ratio in product((7, 14), (1, 2)):
        pixels = bins + 2 * MARGIN + 1
        about = f"{bins} × {bins} bins of {ratio} × {ratio} samples, a pixel wide"
        yield Size(
            f"{name}-coarse-{bins}-{ratio}",
            about,
            (bins, bins),
            ratio,
            (pixels, pixels),
            channels=24,
            coarse=True,
            distinct=1,
        )


def _together(name: str, ratio: int) -> Iterator[Size]:
    """Calls that are large along several axes at once; with ``ratio`` samples a bin reads too much to be gathered."""
    few = f"{ratio} × {ratio} samples"
    title = "2 RoIs of 101 channels in 16 × 16 bins"
    yield Size(f"{name}-head-16-101", title, (16, 16), 2, (38, 41), 1, 101, 2)
    title = f"17 channels in 8 × 8 bins of {few}, each of 32 × 32 pixels"
    yield Size(f"{name}-rows", title, (8, 8), ratio, (262, 262), channels=17, rois=3, distinct=1)
    yield Size(f"{name}-far-apart", f"{few} of bins of 1024 pixels", (1, 2), ratio, (14, 2100), distinct=2)
    title = "3 RoIs of 17 channels in 8 × 8 bins, each of 32 × 32 pixels"
    yield Size(f"{name}-heavy", title, (8, 8), 0, (262, 262), channels=17, rois=3, distinct=1)
    for rois in (ROIS, 152 * ROIS):
        title = f"{rois} RoIs of thousands of columns"
        yield Size(f"{name}-adaptive-5x6501-{rois}", title, (1, 1), 0, (5, 6501), rois=rois, distinct=1)


def _gradients() -> Iterator[Size]:
    for operation, name in ((Operation.FEATURE_GRADIENT, "zg"), (Operation.BOX_GRADIENT, "zb")):
        for size in sent_back(name, operation):
            yield size._replace(operation=operation)
    yield from _together_back()
    crowd: dict[str, Any] = {"bins": (1, 1), "operation": Operation.FEATURE_GRADIENT}
    yield Size("zg-one-pixel", "4102 RoIs over one pixel", pixels=(1, 1), rois=586 * ROIS, **crowd)
    yield Size("zg-planes", "more than 65535 planes", pixels=(2, 2), images=258, channels=257, rois=86 * ROIS, **crowd)
    yield Size("zg-huge", "70000 RoIs over few pixels", rois=10_000 * ROIS, size="huge", **crowd)
    yield Size("zb-rois-16387", "16387 RoIs", rois=2341 * ROIS, operation=Operation.BOX_GRADIENT)
    yield Size("zb-huge", "70000 RoIs", rois=10_000 * ROIS, size="huge", operation=Operation.BOX_GRADIENT)
    for bins, channels, rois in (((8, 8), 65, 5), ((16, 16), 33, 3), ((2, 2), 3, 147)):
        title = f"{rois * ROIS} RoIs of {channels} channels in {bins[0]} × {bins[1]} bins"
        about = Size(f"zgm-{bins[0]}", title, bins, 1, (24, 25), 1, channels, rois * ROIS)
        yield about._replace(mode="max", operation=Operation.FEATURE_GRADIENT)


def _together_back() -> Iterator[Size]:
    """Gradients of whole vectors of channels, on whole tiles; of many tiles; of more channels than CUDA has blocks for."""
    for name, mode, operation in (
        ("zg", "avg", Operation.FEATURE_GRADIENT),
        ("zgm", "max", Operation.FEATURE_GRADIENT),
        ("zb", "avg", Operation.BOX_GRADIENT),
        ("zbm", "max", Operation.BOX_GRADIENT),
    ):
        channels = 320 if operation == Operation.FEATURE_GRADIENT else 160
        title = f"{channels} channels on a map of 16 × 32 pixels"
        yield Size(f"{name}-whole", title, (4, 4), 1, (16, 32), channels=channels, mode=mode, operation=operation)
    for name, mode in (("zg", "avg"), ("zgm", "max")):
        about: dict[str, Any] = {"bins": (1, 1), "mode": mode, "operation": Operation.FEATURE_GRADIENT}
        title, many = "15 images of 40000 × 5 pixels", "4200000 channels"
        if mode == "avg":
            yield Size(f"{name}-tiles", title, pixels=(40_000, 5), images=15, rois=15, distinct=3, **about)
        yield Size(f"{name}-channels-4200000", many, pixels=(1, 1), channels=4_200_000, rois=1, size="huge", **about)


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
        "sampling_ratio": [size.ratio] * 2,
        "mode": size.mode,
    }
    if size.operation != Operation.FORWARD:
        arguments["grad"] = maps(chance, (size.small_rois, size.small_channels, *size.bins), most_arriving)
    return described(size, arguments, _rules(size))


def _rules(size: Size) -> Iterator[str]:
    yield from ("RA-3", "RA-5", "RA-7", "RA-8" if size.mode == "avg" else "RA-9")
    if size.images > 1:
        yield "RA-12"
    if size.operation != Operation.FORWARD:
        yield "RA-15" if size.operation == Operation.FEATURE_GRADIENT else "RA-16"


def _box(chance: Draw, size: Size, number: int) -> list[int | float]:
    """A box, the first at the low end of a long map and the second at its high end."""
    spans = [_span(chance, pixels, bins, size, number) for pixels, bins in zip(size.pixels, size.bins, strict=True)]
    (y1, y2), (x1, x2) = spans
    return [number % size.small_images, *(int(v) if v.denominator == 1 else float(v) for v in (x1, y1, x2, y2))]


def _span(chance: Draw, pixels: int, bins: int, size: Size, number: int) -> tuple[Fraction, Fraction]:
    room = pixels - 2 * MARGIN
    if room < 1:
        return Fraction(0), Fraction(pixels)
    # A box has no gradient where its extent is one pixel, or a sample is on one: all of them are on odd eighths.
    for_box = size.operation == Operation.BOX_GRADIENT
    sizes = (*BINS_OF_POWERS, *map(Fraction, (32, 64, 1024, 2048)))
    fitting = [b for b in sizes if 1 <= b * bins <= room]
    if for_box:
        fitting = [b for b in fitting if b * bins > 1 and b % Fraction(size.ratio, 2) == 0]
    is_wide = number == 0 or not size.uneven
    wanted = fitting[-1:] if size.coarse or (size.ratio in (0, *_SAMPLES) and is_wide) else fitting
    extent = (Fraction(1, 2) if size.uneven and number else chance.one(wanted or [Fraction(1, bins)])) * bins
    last = pixels - MARGIN - extent
    start = {0: Fraction(MARGIN), 1: last}.get(number, chance.between(MARGIN, last))
    start = Fraction(math.floor(start)) if size.coarse else start - for_box * _EIGHTH
    return start, start + extent


def suits(case: Mapping[str, Any], dialects: list[Dialect]) -> bool:
    """Whether the call that a case repeats is exact under these dialects, and zeros do not pass it.

    Where bins lie is exact in every order of operations only if their number is a power of two; of others there is a bound, and
    of boxes that are as wide as a long map.
    """
    arguments = case["arguments"]
    bounds = any(count & (count - 1) for count in arguments["output_size"]) or max(arguments["input"]["shape"]) in _WIDE
    names = [
        next(n for n, known in DIALECTS.items() if known.for_mode(case["arguments"]["mode"]) == d) for d in dialects
    ]
    operation = Operation(case.get("operation", Operation.FORWARD))
    for name in names:
        found = RoiAlignOracle().quick(case["arguments"], operation, name, "float32", kinks=False, bounds=bounds)
        if not found or None in leaves(found[0].bound or 0) or not any(leaves(found[0].output)):
            return False
    return True
