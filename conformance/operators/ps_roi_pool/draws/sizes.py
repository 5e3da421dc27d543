"""PSRoIPool at the sizes of real use.

With one bin a large call repeats a small one (`enlarging`). With more the channels of maps are not those of the output, and a
case has all its numbers, of maps that are products of factors.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from ....arrays import leaves
from ....draw import Draw
from ....operation import Operation
from ....sizing import IMAGES, MARGIN, PIXELS, ROIS, Size, counted, described, maps, of_pixels, sent_back
from ..oracle.face import ORACLE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .....kernels.dialects.ps_roi_pool import Dialect

_SIDE = 16  # pixels, so that maps are products
_ONE = (1, 1)
_SCALE = 0.5  # at which rounding before it and after it can come to the same


def blueprints() -> dict[str, list[Size]]:
    """The cases of real sizes, by the name of their file."""
    return {"sizes": list(_averages()), "sizes-gradient": list(_gradients())}


def _averages() -> Iterator[Size]:
    for size in counted("pp-z"):
        yield size._replace(bins=_ONE)
    yield from (of_pixels("pp-z", pixels)._replace(bins=_ONE) for pixels in PIXELS)
    yield Size("pp-z-planes", "more than 65535 planes of images and channels", _ONE, 1, (2, 2), 258, 257, 86 * ROIS)
    for rows, columns in ((7, 7), (14, 14), (28, 28), (1, 64), (64, 1), (7, 14), (9, 9), (33, 17), (20, 60)):
        pixels = max(_SIDE, rows + 6), max(_SIDE, columns + 6)
        yield _full(f"pp-z-bins-{rows}x{columns}", f"{rows} × {columns} bins", (rows, columns), pixels)
    for bins, channels, rois in (((7, 7), 8, 5), ((7, 7), 21, 2), ((3, 3), 65, 3), ((14, 14), 5, 2), ((2, 2), 257, 2)):
        title = f"{rois} RoIs of {channels} channels in {bins[0]} × {bins[1]} bins"
        yield _full(f"pp-z-head-{bins[0]}-{channels}", title, bins, (20, 23), channels, rois)
    huge: dict[str, Any] = {"size": "huge", "bins": _ONE}
    yield Size("pp-z-rois-70000", "70000 RoIs", rois=70_000, **huge)
    yield Size("pp-z-outputs-2-24", "more than 2²⁴ output values", rois=70_000, channels=240, **huge)


def _gradients() -> Iterator[Size]:
    operation = Operation.FEATURE_GRADIENT
    for size in sent_back("pp-zg", operation):
        if size.bins == _ONE or "-rois-" in size.id or "-channels-" in size.id or "-map-" in size.id:
            yield size._replace(bins=_ONE, operation=operation)
    crowd: dict[str, Any] = {"bins": _ONE, "operation": operation}
    yield Size("pp-zg-one-pixel", "4102 RoIs over one pixel", pixels=(2, 2), rois=586 * ROIS, **crowd)
    yield Size(
        "pp-zg-planes", "more than 65535 planes", pixels=(2, 2), images=258, channels=257, rois=86 * ROIS, **crowd
    )
    yield Size("pp-zg-huge", "70000 RoIs over few pixels", rois=10_000 * ROIS, size="huge", **crowd)
    yield Size(
        "pp-zg-tiles", "15 images of 40000 × 5 pixels", pixels=(40_000, 5), images=15, rois=15, distinct=3, **crowd
    )
    yield Size("pp-zg", "1029 RoIs", images=IMAGES, rois=147 * ROIS, **crowd)
    for rows, columns in ((7, 7), (14, 14), (8, 40), (64, 1)):
        pixels = max(_SIDE, rows + 6), max(_SIDE, columns + 6)
        of_bins = _full(f"pp-zg-bins-{rows}x{columns}", f"{rows} × {columns} bins", (rows, columns), pixels)
        yield of_bins._replace(operation=operation)
    for bins, channels in (((7, 7), 8), ((3, 3), 65)):
        title = f"{channels} channels in {bins[0]} × {bins[1]} bins"
        yield _full(f"pp-zg-head-{bins[0]}-{channels}", title, bins, (20, 23), channels)._replace(operation=operation)


def _full(
    name: str, title: str, bins: tuple[int, int], pixels: tuple[int, int], channels: int = 1, rois: int = 1
) -> Size:
    """A call of so many bins, which is stated in full."""
    return Size(name, title, bins, 1, pixels, 1, channels, rois)


def draw(size: Size, attempt: int) -> dict[str, Any]:
    """The case that a size gives at an attempt, without what is computed."""
    chance = Draw("roikit", size.id, attempt)
    repeats = math.prod(size.bins) == 1
    rois, channels = (size.small_rois, size.small_channels) if repeats else (size.rois, size.channels)
    arguments: dict[str, Any] = {
        "input": maps(chance, (size.small_images, channels * math.prod(size.bins), *size.pixels)),
        "boxes": [_box(chance, size, k) for k in range(rois)],
        "output_size": list(size.bins),
        "spatial_scale": [_SCALE, _SCALE],
        "mode": "avg",
    }
    if size.operation != Operation.FORWARD:
        arguments["grad"] = maps(chance, (rois, channels, *size.bins))
    case = described(size, arguments, ["PP-1", "PP-2", "PP-4", "PP-5", "PP-7" if "grad" not in arguments else "PP-8"])
    if not repeats:
        del case["enlarged"]
    return case


def _box(chance: Draw, size: Size, number: int) -> list[int]:
    """A box of whole feature pixels, the first at the low end of a long map and the second at its high end.

    It ends half a feature pixel before the pixel that it does not have, which all dialects round to that.
    """
    (y1, y2), (x1, x2) = (
        _span(chance, pixels, bins, number) for pixels, bins in zip(size.pixels, size.bins, strict=True)
    )
    return [number % size.small_images, 2 * x1, 2 * y1, 2 * x2 - 1, 2 * y2 - 1]


def _span(chance: Draw, pixels: int, bins: int, number: int) -> tuple[int, int]:
    """Where a box begins, and where it ends, a power of two of pixels for each bin later where there are so many."""
    room = pixels - 2 * MARGIN
    if room < 1:
        return 0, max(pixels - 1, 1)
    length = bins * chance.one([count for count in (1, 2, 4) if count * bins <= room] or [1])
    last = max(pixels - MARGIN - length, 0)
    start = {0: min(MARGIN, last), 1: last}.get(number, int(chance.between(min(MARGIN, last), last)))
    return start, start + length


def suits(case: Mapping[str, Any], dialects: list[Dialect]) -> bool:
    """Whether the call that a case repeats has one answer under these dialects, if with bounds, and zeros do not pass it."""
    operation = Operation(case.get("operation", Operation.FORWARD))
    for dialect in dialects:
        found = ORACLE.answers_in(case["arguments"], operation, dialect, "float32")
        if len(found) != 1 or None in leaves(found[0].bound or 0) or not any(leaves(found[0].output)):
            return False
    return True
