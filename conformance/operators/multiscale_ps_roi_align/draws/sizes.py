"""PSRoIAlign on pyramids at the sizes of real use: calls of poolers, on maps with channels for each bin.

With one bin a large call repeats a small one (`enlarging`). With more the channels of maps are not those of the output, and a
case has all its numbers.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from .....kernels.dialects.multiscale_ps_roi_align import DIALECTS
from ....arrays import leaves
from ....operation import Operation
from ....sizing import Size, maps
from ...multiscale_roi_align.draws import sizes
from ...roi_align.draws.placements import Draw
from ..claims import rules_of
from ..oracle.answers import PsPyramidOracle

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .....kernels.dialects.multiscale_ps_roi_align import Dialect

_SIDE = 16  # pixels, so that maps are products
_FULL = {
    "sizes": (
        *(((7, 7), 1, 1), ((9, 9), 1, 1), ((1, 64), 1, 1), ((64, 1), 1, 1), ((4, 4), 17, 3), ((2, 2), 129, 3)),
        *(((20, 1), 1, 1), ((1, 20), 1, 1)),
    ),
    "sizes-gradient": (((7, 7), 1, 1), ((1, 64), 1, 1), ((64, 1), 1, 1), ((2, 4), 33, 1)),
}
"""Bins, channels of the output, and RoIs of calls that are stated in full. What is no power of two of bins has bounds."""
_MOVED = (((4, 4), 1), ((1, 16), 1), ((16, 1), 1), ((2, 2), 17))
"""Bins and channels of gradients for boxes. How a bin moves is exact for powers of two of bins."""


def blueprints() -> dict[str, list[Size]]:
    """The cases of real sizes, by the name of their file."""
    return {file: [*_of_one_bin(planned), *_of_bins(file)] for file, planned in sizes.blueprints().items()}


def _of_one_bin(planned: list[Size]) -> Iterator[Size]:
    for size in planned:
        if "-bins-" not in size.id and "-head-" not in size.id:
            yield size._replace(id=f"mp{size.id.removeprefix('ms')}", bins=(1, 1))


def _of_bins(file: str) -> Iterator[Size]:
    for bins, channels, rois in _FULL[file]:
        if file == "sizes":
            yield _full("mp-z", bins, channels, rois)
        else:
            yield _full("mp-zg", bins, channels, rois)._replace(operation=Operation.FEATURE_GRADIENT)
    for bins, channels in _MOVED if file == "sizes-gradient" else ():
        yield _full("mp-zb", bins, channels)._replace(operation=Operation.BOX_GRADIENT)


def _full(prefix: str, bins: tuple[int, int], channels: int, rois: int = 1) -> Size:
    """A call of so many bins, which is stated in full."""
    size = max(_SIDE, bins[0] + 6), max(_SIDE, bins[1] + 6)
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
        _, _, *pixels = arguments["input"]["shape"]
        channels = size.channels * math.prod(size.bins)
        arguments["input"] = maps(chance, (size.small_images, channels, *pixels), most)
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
        found = PsPyramidOracle().quick(arguments, operation, name, "float32", kinks=False, bounds=bounds)
        if not found or None in leaves(found[0].bound or 0) or not any(leaves(found[0].output)):
            return False
    return True
