"""RoIAlign at the sizes of real use: calls that repeat a small one (`enlarging`), or are long along an axis of map or bins.

Maps that are long, or read by many bins, are products of a factor for each row and one for each column, and so is what is
expected of them: a few numbers say all of it. No pixel is negative, so that this holds of maxima, too.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

from .....kernels.dialects.roi_align import DIALECTS
from ....arrays import leaves
from ....call import Operation
from ....enlarging import Enlarged
from ..oracle.answers import RoiAlignOracle
from .placements import BINS_OF_POWERS, Draw

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .....kernels.dialects.roi_align import Dialect

_CHANNELS, _IMAGES, _ROIS = 3, 3, 7  # of the small call: prime to all powers of two
_MARGIN = 2  # pixels between boxes and the edges of the map, so that no sample of any dialect is outside
_LONG = 16  # pixels, or bins, along an axis, from which maps are products
_PERIODS = 5, 7  # of the factors of rows and columns

_EIGHTH = Fraction(1, 8)

Pair = tuple[int, int]


class Size(NamedTuple):
    """What is fixed about a case: how large its call is along each axis."""

    id: str
    title: str
    bins: Pair = (1, 2)
    ratio: int = 1
    pixels: Pair = (6, 7)
    images: int = 1
    channels: int = 1
    rois: int = _ROIS
    mode: str = "avg"
    operation: Operation = Operation.FORWARD
    size: str = "real"
    uneven: bool = False


_ROI_COUNTS = (9, 31, 33, 127, 129, 255, 257, 1023, 1025, 4097)
_CHANNEL_COUNTS = (9, 31, 33, 63, 65, 129, 255, 257, 513, 1025, 2050)
_IMAGE_COUNTS = (9, 33, 129, 257, 1025, 2050)
_BINS = ((7, 7), (14, 14), (28, 28), (64, 64), (1, 64), (64, 1), (7, 14), (28, 3), (9, 9), (33, 17), (15, 16))
_PIXELS = tuple(pair for length in (33, 65, 257, 1025, 4097, 32769, 40000) for pair in ((length, 5), (5, length)))
_SAMPLES = (4, 8, 16, 32, 64)


def blueprints() -> dict[str, list[Size]]:
    """The cases of real sizes, by the name of their file."""
    return {"sizes": list(_averages()), "sizes-max": list(_maxima()), "sizes-gradient": list(_gradients())}


def _averages() -> Iterator[Size]:
    yield from _counted("z")
    yield from (_of_bins("z", bins) for bins in _BINS)
    yield from (_of_pixels("z", pixels) for pixels in _PIXELS)
    for ratio in _SAMPLES:
        pixels = ratio + 6, 2 * ratio + 7
        yield Size(f"z-samples-{ratio}", f"{ratio} × {ratio} samples in a bin", ratio=ratio, pixels=pixels)
    for pixels in ((70, 70), (2100, 5), (5, 1100)):
        extent = f"z-adaptive-{pixels[0]}x{pixels[1]}"
        yield Size(
            extent, f"as many samples as a bin of most of {pixels[0]} × {pixels[1]} pixels has", (1, 1), 0, pixels
        )
    yield Size("z-uneven", "heavy RoIs beside tiny ones", (2, 2), 0, (70, 70), rois=19 * _ROIS, uneven=True)
    yield from _detectors("z")
    yield Size("z-planes", "more than 65535 planes of images and channels", (1, 1), 1, (2, 2), 258, 257, 86 * _ROIS)
    huge = {"size": "huge", "bins": (1, 1)}
    yield Size("z-rois-70000", "70000 RoIs", rois=70_000, **huge)
    yield Size("z-outputs-2-24", "more than 2²⁴ output values", rois=70_000, channels=240, **huge)
    yield Size(
        "z-mask-heads", "512 RoIs of 256 channels in 14 × 14 bins", (14, 14), 2, (40, 40), 1, 256, 512, size="huge"
    )


def _maxima() -> Iterator[Size]:
    bins = (_of_bins("zm", bins) for bins in ((7, 7), (14, 14), (1, 64), (64, 1), (33, 17)))
    pixels = (_of_pixels("zm", pixels) for pixels in _PIXELS if max(pixels) not in (33, 4097, 32769))
    for size in (*_counted("zm"), *bins, *pixels, *_detectors("zm")):
        if not any(number in size.id for number in ("-31", "-63", "-255", "-1023", "-129", "-513", "-28")):
            yield size._replace(mode="max")
    yield Size("zm-samples-8", "8 × 8 samples in a bin", ratio=8, pixels=(14, 23), mode="max")


def _gradients() -> Iterator[Size]:
    for operation, name in ((Operation.FEATURE_GRADIENT, "zg"), (Operation.BOX_GRADIENT, "zb")):
        for size in _sent_back(name):
            yield size._replace(operation=operation)
    crowd = {"bins": (1, 1), "operation": Operation.FEATURE_GRADIENT}
    yield Size("zg-one-pixel", "4102 RoIs over one pixel", pixels=(1, 1), rois=586 * _ROIS, **crowd)
    yield Size("zg-planes", "more than 65535 planes", pixels=(2, 2), images=258, channels=257, rois=86 * _ROIS, **crowd)
    yield Size("zg-huge", "70000 RoIs over few pixels", rois=10_000 * _ROIS, size="huge", **crowd)
    yield Size("zb-rois-16387", "16387 RoIs", rois=2341 * _ROIS, operation=Operation.BOX_GRADIENT)
    yield Size("zb-huge", "70000 RoIs", rois=10_000 * _ROIS, size="huge", operation=Operation.BOX_GRADIENT)
    for bins, channels, rois in (((7, 7), 65, 5), ((14, 14), 33, 3), ((2, 2), 3, 147)):
        title = f"{rois * _ROIS} RoIs of {channels} channels in {bins[0]} × {bins[1]} bins"
        about = Size(f"zgm-{bins[0]}", title, bins, 1, (24, 25), 1, channels, rois * _ROIS)
        yield about._replace(mode="max", operation=Operation.FEATURE_GRADIENT)


def _counted(name: str) -> Iterator[Size]:
    """Sizes on both sides of those of blocks and of small integers."""
    for rois in _ROI_COUNTS:
        yield Size(f"{name}-rois-{rois}", f"{rois} RoIs", images=_IMAGES, rois=rois)
    for channels in _CHANNEL_COUNTS:
        yield Size(f"{name}-channels-{channels}", f"{channels} channels", channels=channels)
    for images in _IMAGE_COUNTS:
        rois = _ROIS * (images // _IMAGES)
        yield Size(f"{name}-images-{images}", f"{images} images", (1, 1), images=images, rois=rois)


def _of_bins(name: str, bins: Pair) -> Size:
    pixels = tuple(count + 2 * _MARGIN + 2 for count in bins)
    about = f"{bins[0]} × {bins[1]} bins"
    return Size(f"{name}-bins-{bins[0]}x{bins[1]}", about, bins, 2, (pixels[0], pixels[1]))


def _of_pixels(name: str, pixels: Pair) -> Size:
    about = f"a map of {pixels[0]} × {pixels[1]} pixels"
    return Size(f"{name}-map-{pixels[0]}x{pixels[1]}", about, (1, 1) if min(pixels) < 6 else (2, 2), 2, pixels)


def _detectors(name: str) -> Iterator[Size]:
    """What the heads of detectors ask for, with fewer RoIs."""
    for bins, channels, rois in (((7, 7), 64, 23), ((7, 7), 257, 9), ((14, 14), 33, 17), ((28, 28), 5, 9)):
        title = f"{rois} RoIs of {channels} channels in {bins[0]} × {bins[1]} bins"
        pixels = bins[0] * 2 + 6, bins[1] * 2 + 9
        yield Size(f"{name}-head-{bins[0]}-{channels}", title, bins, 2, pixels, 2, channels, rois)


def _sent_back(name: str) -> Iterator[Size]:
    """Gradients of which each RoI sends as much."""
    for rois in (37, 147, 586):
        yield Size(f"{name}-rois-{rois * _ROIS}", f"{rois * _ROIS} RoIs", images=_IMAGES, rois=rois * _ROIS)
    for channels in (33, 65, 257, 1025, 2050):
        yield Size(f"{name}-channels-{channels}", f"{channels} channels", channels=channels)
    for images in (33, 257, 2050):
        rois = _ROIS * (images // _IMAGES)
        yield Size(f"{name}-images-{images}", f"{images} images", (1, 1), images=images, rois=rois)
    for bins in ((7, 7), (14, 14), (28, 28), (16, 16), (64, 64), (8, 64), (64, 1)):
        if name == "zg" or all(count & (count - 1) == 0 for count in bins):  # else no motion of a bin is exact
            yield _of_bins(name, bins)
    yield from (_of_pixels(name, pixels) for pixels in _PIXELS if max(pixels) not in (33, 4097, 32769))
    for bins, channels, rois in (((8, 8), 65, 3), ((16, 16), 33, 2)):
        title = f"{rois * _ROIS} RoIs of {channels} channels in {bins[0]} × {bins[1]} bins"
        yield Size(f"{name}-head-{bins[0]}-{channels}", title, bins, 1, (24, 25), 1, channels, rois * _ROIS)


def draw(size: Size, attempt: int) -> dict[str, Any]:
    """The case that a size gives at an attempt, without what is computed."""
    chance = Draw("roikit", size.id, attempt)
    images, channels = min(size.images, _IMAGES), _small_channels(size)
    rois = min(size.rois, _ROIS)
    arguments: dict[str, Any] = {
        "input": _maps(chance, (images, channels, *size.pixels)),
        "boxes": [_box(chance, size, k, images) for k in range(rois)],
        "output_size": list(size.bins),
        "spatial_scale": [1, 1],
        "sampling_ratio": [size.ratio] * 2,
        "mode": size.mode,
    }
    if size.operation != Operation.FORWARD:
        arguments["grad"] = _maps(chance, (rois, channels, *size.bins))
    large = Enlarged(size.images, size.channels, size.rois)
    rules = {"RA-3", "RA-5", "RA-7", "RA-8" if size.mode == "avg" else "RA-9", *(["RA-12"] if size.images > 1 else [])}
    rules |= {Operation.FEATURE_GRADIENT: {"RA-15"}, Operation.BOX_GRADIENT: {"RA-16"}}.get(size.operation, set())
    what = {Operation.FEATURE_GRADIENT: "Gradient for the map: ", Operation.BOX_GRADIENT: "Gradient for the box: "}
    title = f"{what.get(size.operation, '')}{size.title}{'; maxima' if size.mode == 'max' else ''}."
    return {
        "id": size.id,
        "title": title[0].upper() + title[1:],
        "rules": sorted(rules, key=lambda rule: int(rule[3:])),
        "claims": "exact",
        "kind": "value",
        **({} if size.operation == Operation.FORWARD else {"operation": size.operation.value}),
        "size": size.size,
        "enlarged": large._asdict(),
        "arguments": arguments,
    }


def _small_channels(size: Size) -> int:
    """How many channels the small call has: one, where those of a box's gradient add up."""
    return 1 if size.operation == Operation.BOX_GRADIENT else min(size.channels, _CHANNELS)


def _maps(chance: Draw, shape: tuple[int, int, int, int]) -> dict[str, Any]:
    images, channels, height, width = shape
    if max(height, width) < _LONG:
        rows = [[chance.one(range(1, 9)) for _ in range(width)] for _ in range(images * channels * height)]
        return {"shape": list(shape), "rows": rows}
    planes = [
        [[chance.one(range(1, 4)) for _ in range(period)] for period in _PERIODS] for _ in range(images * channels)
    ]
    return {"shape": list(shape), "outer": planes}


def _box(chance: Draw, size: Size, number: int, images: int) -> list[int | float]:
    """A box, the first at the low end of a long map and the second at its high end."""
    spans = [_span(chance, pixels, bins, size, number) for pixels, bins in zip(size.pixels, size.bins, strict=True)]
    (y1, y2), (x1, x2) = spans
    return [number % images, *(int(v) if v.denominator == 1 else float(v) for v in (x1, y1, x2, y2))]


def _span(chance: Draw, pixels: int, bins: int, size: Size, number: int) -> tuple[Fraction, Fraction]:
    room = pixels - 2 * _MARGIN
    if room < 1:
        return Fraction(0), Fraction(pixels)
    # A box has no gradient where its extent is one pixel, or a sample is on one: all of them are on odd eighths.
    for_box = size.operation == Operation.BOX_GRADIENT
    sizes = (*BINS_OF_POWERS, *map(Fraction, (32, 64, 1024, 2048)))
    fitting = [b for b in sizes if 1 <= b * bins <= room]
    if for_box:
        fitting = [b for b in fitting if b * bins > 1 and b % Fraction(size.ratio, 2) == 0]
    is_wide = number == 0 or not size.uneven
    wanted = fitting[-1:] if size.ratio in (0, *_SAMPLES) and is_wide else fitting
    extent = (Fraction(1, 2) if size.uneven and number else chance.one(wanted or [Fraction(1, bins)])) * bins
    last = pixels - _MARGIN - extent
    start = {0: Fraction(_MARGIN), 1: last}.get(number, chance.between(_MARGIN, last))
    start -= for_box * _EIGHTH
    return start, start + extent


def suits(case: Mapping[str, Any], dialects: list[Dialect]) -> bool:
    """Whether the call that a case repeats is exact under these dialects, and zeros do not pass it."""
    names = [
        next(n for n, known in DIALECTS.items() if known.for_mode(case["arguments"]["mode"]) == d) for d in dialects
    ]
    operation = Operation(case.get("operation", Operation.FORWARD))
    for name in names:
        found = RoiAlignOracle().quick(case["arguments"], operation, name, "float32", kinks=False, bounds=False)
        if not found or found[0].bound is not None or not any(leaves(found[0].output)):
            return False
    return True
