"""crop_and_resize at the sizes of real use. A large call repeats a small one (`enlarging`).

The last pixel of most images is a power of two, so that every position that is a multiple of a quarter of a pixel is one in
fractions of the image that few bits hold.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

from ....arrays import leaves
from ....draw import Draw
from ....operation import Operation
from ....placing import number
from ....sizing import BINS, IMAGES, PIXELS, ROIS, Size, counted, described, maps, of_bins, of_pixels, sent_back
from ..oracle.answers import answers_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .....kernels.dialects.crop_and_resize import Dialect

_CROPS = (((7, 7), 257, 64), ((14, 14), 256, 16), ((7, 7), 8, 512), ((28, 28), 5, 9), ((14, 14), 33, 17))
"""Points, channels and boxes: what detectors ask for."""
_OF_BOXES = (17, 17), (9, 33), (33, 5), (65, 1), (1, 65)
"""Points of which the gradient for boxes is exact: one more than a power of two."""
_MODE = "bilinear"


def blueprints() -> dict[str, list[Size]]:
    """The cases of real sizes, by the name of their file."""
    return {
        "sizes": list(map(_fitted, _outputs())),
        "sizes-gradient": list(map(_fitted, _image_gradients())),
        "sizes-box-gradient": list(map(_fitted, _box_gradients())),
    }


def _fitted(size: Size) -> Size:
    """With sides that are one more than a power of two, but for the longest, and room for all points of a box."""
    pixels = [
        side if side > 2**15 else 2 ** max(side - 2, points, 1).bit_length() + 1
        for side, points in zip(size.pixels, size.bins, strict=True)
    ]
    return size._replace(pixels=(pixels[0], pixels[1]), ratio=1, mode=size.mode if size.mode == "nearest" else _MODE)


def _outputs() -> Iterator[Size]:
    yield from counted("cr-z")
    yield from (of_bins("cr-z", bins) for bins in BINS)
    yield from (of_pixels("cr-z", pixels) for pixels in PIXELS)
    for bins, channels, rois in _CROPS:
        title = f"{rois} boxes of {channels} channels, {bins[0]} × {bins[1]} points"
        yield Size(f"cr-z-crop-{bins[0]}-{channels}", title, bins, 1, (bins[0] + 9, bins[1] + 9), 2, channels, rois)
    nearest: dict[str, Any] = {"mode": "nearest"}
    yield Size(
        "cr-zn-crop-7-65", "31 boxes of 65 channels, 7 × 7 points, nearest", (7, 7), 1, (9, 9), 2, 65, 31, **nearest
    )
    yield Size(
        "cr-zn-crop-14-3", "9 boxes of 3 channels, 14 × 14 points, nearest", (14, 14), 1, (17, 33), 2, 3, 9, **nearest
    )
    yield Size("cr-z-planes", "more than 65535 planes of images and channels", (1, 1), 1, (2, 2), 258, 257, 86 * ROIS)
    huge: dict[str, Any] = {"size": "huge", "bins": (1, 1)}
    yield Size("cr-z-rois-70000", "70000 boxes", rois=70_000, **huge)
    yield Size("cr-z-outputs-2-24", "more than 2²⁴ output values", rois=70_000, channels=240, **huge)


def _image_gradients() -> Iterator[Size]:
    operation = Operation.FEATURE_GRADIENT
    yield from (size._replace(operation=operation) for size in sent_back("cr-zg", operation))
    crowd: dict[str, Any] = {"bins": (1, 1), "operation": operation}
    yield Size("cr-zg-one-pixel", "4102 boxes over few pixels", pixels=(2, 2), rois=586 * ROIS, **crowd)
    yield Size(
        "cr-zg-planes", "more than 65535 planes", pixels=(2, 2), images=258, channels=257, rois=86 * ROIS, **crowd
    )
    yield Size("cr-zg-huge", "70000 boxes over few pixels", rois=10_000 * ROIS, size="huge", **crowd)
    yield Size(
        "cr-zg-tiles", "15 images of 40000 × 5 pixels", pixels=(40_000, 5), images=15, rois=15, distinct=3, **crowd
    )
    yield Size(
        "cr-zgn-7", "147 boxes, 7 × 7 points, nearest", (7, 7), 1, (9, 9), IMAGES, 1, 21 * ROIS, "nearest", operation
    )


def _box_gradients() -> Iterator[Size]:
    operation = Operation.BOX_GRADIENT
    for size in sent_back("cr-zx", operation):
        if "-bins-" not in size.id and "-head-" not in size.id:
            yield size._replace(operation=operation, bins=(2, 2) if size.bins == (2, 2) else (1, 2))
    yield from (of_bins("cr-zx", bins)._replace(operation=operation) for bins in _OF_BOXES)
    for bins, channels in (((9, 9), 65), ((17, 17), 33)):
        title = f"{channels} channels, {bins[0]} × {bins[1]} points"
        yield Size(
            f"cr-zx-crop-{bins[0]}-{channels}", title, bins, 1, (24, 25), 1, channels, 2 * ROIS, _MODE, operation
        )
    yield Size("cr-zx-huge", "70000 boxes", rois=10_000 * ROIS, size="huge", operation=operation)


def draw(size: Size, attempt: int) -> dict[str, Any]:
    """The case that a size gives at an attempt, without what is computed."""
    chance = Draw("roikit", size.id, attempt)
    arguments: dict[str, Any] = {
        "input": maps(chance, (size.small_images, size.small_channels, *size.pixels)),
        "boxes": [_box(chance, size, k) for k in range(size.small_rois)],
        "output_size": list(size.bins),
        "mode": size.mode,
        "extrapolation_value": 0,
    }
    if size.operation != Operation.FORWARD:
        arguments["grad"] = maps(chance, (size.small_rois, size.small_channels, *size.bins))
    gradients = {Operation.FEATURE_GRADIENT: "CR-7", Operation.BOX_GRADIENT: "CR-8"}
    between = "CR-5" if size.mode == "nearest" else "CR-4"
    return described(size, arguments, ["CR-1", "CR-2", between, *filter(None, [gradients.get(size.operation)])])


def _box(chance: Draw, size: Size, number_: int) -> list[int | float]:
    """A box within the image, the first at the low end of a long side and the second at its high end."""
    (y1, y2), (x1, x2) = (
        _span(chance, pixels, points, number_) for pixels, points in zip(size.pixels, size.bins, strict=True)
    )
    return [number_ % size.small_images, *(number(v) for v in (y1, x1, y2, x2))]


def _span(chance: Draw, pixels: int, points: int, number_: int) -> tuple[Fraction, Fraction]:
    """Where a box begins and ends along a side: whole steps of a quarter of a pixel, or of an eighth of the longest sides."""
    last, steps = pixels - 1, max(points - 1, 1)
    if last & (last - 1):
        first = {0: Fraction(0), 1: Fraction(7, 8)}.get(number_, chance.between(0, Fraction(7, 8), Fraction(1, 8)))
        return first, first + Fraction(1, 8)
    quarter = Fraction(1, 4)
    most = min(Fraction(last, steps), Fraction(2))
    step = chance.between(min(quarter, most), most, quarter)
    room = last - steps * step
    start = {0: Fraction(0), 1: room}.get(number_, chance.between(0, room, quarter))
    return start / last, (start + steps * step) / last


def suits(case: Mapping[str, Any], dialects: list[Dialect]) -> bool:
    """Whether the call that a case repeats has one answer under these dialects, if with bounds, and zeros do not pass it."""
    operation = Operation(case.get("operation", Operation.FORWARD))
    for dialect in dialects:
        found = answers_in(case["arguments"], operation, dialect, "float32")
        if len(found) != 1 or None in leaves(0 if found[0].bound is None else found[0].bound):
            return False
        if not any(leaves(found[0].output)):
            return False
    return True
