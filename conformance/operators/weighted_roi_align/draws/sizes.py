"""Weighted RoIAlign at the sizes of real use: RoIAlign's calls; some are divided by weights that all pixels of an image have."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

from .....kernels.dialects.weighted_roi_align import DIALECTS, MEANS
from ....arrays import leaves
from ....operation import Operation
from ....operator import rule_number
from ....sizing import IMAGES, ROIS, Size, counted, maps, of_bins, of_pixels, sent_back
from ...roi_align.draws import sizes
from ...roi_align.draws.placements import Draw
from ..claims import rules_of
from ..oracle.answers import WeightedRoiAlignOracle
from .weighing import constant

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .....kernels.dialects.roi_align import Dialect

_BINS = ((7, 7), (9, 9), (1, 64), (64, 1), (33, 17))
_PIXELS = ((257, 5), (5, 257), (40_000, 5), (5, 40_000))
_FEW = ("-rois-33", "-rois-257", "-rois-1025", "-channels-33", "-channels-257", "-images-33", "-images-257")
"""How the counts of maxima end."""
_LONG = 16  # pixels, from which on maps are products
_NAMES = (
    ("sw-zg", Operation.FEATURE_GRADIENT),
    ("sw-zw", Operation.WEIGHT_GRADIENT),
    ("sw-zb", Operation.BOX_GRADIENT),
)


def blueprints() -> dict[str, list[Size]]:
    """The cases of real sizes, by the name of their file."""
    of_rois = list(_of_rois())
    outputs = [size for size in of_rois if size.operation == Operation.FORWARD]
    return {
        "sizes": [*_outputs(), *outputs],
        "sizes-gradient": [*_gradients(), *(size for size in of_rois if size not in outputs)],
        "sizes-max": [*_maxima(), *_gradients_of_maxima()],
        "sizes-means": list(_means()),
    }


def _outputs() -> Iterator[Size]:
    yield from counted("sw-z")
    yield from (of_bins("sw-z", bins) for bins in _BINS)
    yield from (of_pixels("sw-z", pixels) for pixels in _PIXELS)
    for ratio in (16, 64):
        title = f"{ratio} × {ratio} samples in a bin"
        yield Size(f"sw-z-samples-{ratio}", title, ratio=ratio, pixels=(ratio + 6, 2 * ratio + 7))
    yield Size("sw-z-uneven", "heavy RoIs beside tiny ones", (2, 2), 0, (70, 70), rois=19 * ROIS, uneven=True)
    title = "more than 65535 planes of images and channels"
    yield Size("sw-z-planes", title, (1, 1), 1, (2, 2), 258, 257, 86 * ROIS)
    huge: dict[str, Any] = {"size": "huge", "bins": (1, 1)}
    yield Size("sw-z-rois-70000", "70000 RoIs", rois=70_000, **huge)
    yield Size("sw-z-outputs-2-24", "more than 2²⁴ output values", rois=70_000, channels=240, **huge)


def _maxima() -> Iterator[Size]:
    counts = (size for size in counted("sw-zx") if size.id.endswith(_FEW))
    bins = (of_bins("sw-zx", bins) for bins in ((1, 64), (33, 17)))
    pixels = (of_pixels("sw-zx", pixels) for pixels in _PIXELS)
    for size in (*counts, *bins, *pixels):
        yield size._replace(mode="max")
    yield Size("sw-zx-samples-8", "8 × 8 samples in a bin", ratio=8, pixels=(14, 23), mode="max")


def _means() -> Iterator[Size]:
    """Outputs: gradients add up, which has no bounds in calls that repeat a small one."""
    for name, mode, what in (("sw-zlp", "lp", "power means"), ("sw-zsm", "softmax", "softmaxes")):
        for size in counted(name):
            if size.id.endswith(("-rois-33", "-rois-1025", "-channels-33", "-channels-257", "-images-33")):
                yield size._replace(mode=mode, title=f"{size.title}; {what}")
        yield Size(f"{name}-samples-8", f"8 × 8 samples in a bin; {what}", ratio=8, pixels=(14, 23), mode=mode)


def _gradients_of_maxima() -> Iterator[Size]:
    for name, operation in _NAMES:
        channels = 65 if operation == Operation.FEATURE_GRADIENT else 33
        title = f"{5 * ROIS} RoIs of {channels} channels in 8 × 8 bins"
        about = Size(f"{name}x-8", title, (8, 8), 1, (24, 25), 1, channels, 5 * ROIS, "max", operation)
        yield about
        few: dict[str, Any] = {"bins": (1, 2), "pixels": (6, 7), "channels": 3, "rois": 77}
        yield about._replace(id=f"{name}x-images-33", title="33 images", images=33, **few)


def _gradients() -> Iterator[Size]:
    for name, operation in _NAMES:
        for size in sent_back(name, operation):
            if _has_bits(size, operation):
                yield size._replace(operation=operation)
    crowd: dict[str, Any] = {"bins": (1, 1), "operation": Operation.FEATURE_GRADIENT}
    yield Size("sw-zg-one-pixel", "4102 RoIs over one pixel", pixels=(1, 1), rois=586 * ROIS, **crowd)
    planes: dict[str, Any] = {"images": 258, "channels": 257, "rois": 86 * ROIS}
    yield Size("sw-zg-planes", "more than 65535 planes", pixels=(2, 2), **planes, **crowd)
    yield Size("sw-zg-huge", "70000 RoIs over few pixels", rois=10_000 * ROIS, size="huge", **crowd)
    of_boxes: dict[str, Any] = {"bins": (1, 1), "operation": Operation.BOX_GRADIENT}
    yield Size("sw-zb-rois-16387", "16387 RoIs", rois=2341 * ROIS, **of_boxes)
    yield Size("sw-zb-huge", "70000 RoIs", rois=10_000 * ROIS, size="huge", **of_boxes)


def _of_rois() -> Iterator[Size]:
    """Of RoIs that have weights of their own: of as many images, a RoI on each."""
    what = "RoIs that have weights of their own"
    many: dict[str, Any] = {"images": 129, "rois": 129, "distinct": IMAGES}
    for name, operation in (("sw-zr", Operation.FORWARD), *((f"{name}r", operation) for name, operation in _NAMES)):
        yield Size(f"{name}-rois-129", f"129 {what}", operation=operation, **many)
    for name, operation in (("sw-zr", Operation.FORWARD), ("sw-zgr", Operation.FEATURE_GRADIENT)):
        few: dict[str, Any] = {"images": IMAGES, "rois": IMAGES, "channels": 65, "operation": operation}
        yield Size(f"{name}-channels-65", f"65 channels, and {what}", **few)


def _has_bits(size: Size, operation: Operation) -> bool:
    """Whether float32 has bits for a gradient, which has no bounds."""
    if operation != Operation.FEATURE_GRADIENT and "-head-" in size.id:
        return False
    if "-bins-" in size.id:
        return operation != Operation.BOX_GRADIENT and not any(count & (count - 1) for count in size.bins)
    return "-map-" not in size.id or "257x" in size.id


def is_divided(size: Size) -> bool:
    """Whether the bins of a call are divided by the sums of their weights: those of some are."""
    known = [each.id for each in chain(_outputs(), _gradients())]
    return size.id in known and known.index(size.id) % 3 == 1


def draw(size: Size, attempt: int) -> dict[str, Any]:
    """The case that a size gives at an attempt, without what is computed."""
    case = sizes.draw(size, attempt)
    arguments, chance = case["arguments"], Draw("roikit", f"{size.id} weights", attempt)
    images, _, *pixels = arguments["input"]["shape"]
    shape = (images, 1, pixels[0], pixels[1])
    divided = is_divided(size)
    if divided and max(pixels) >= _LONG:
        arguments["weights"] = {"shape": list(shape), "outer": [[[2 ** (n % 3)], [1]] for n in range(images)]}
    elif divided:
        arguments["weights"] = constant(shape)
    elif max(pixels) >= _LONG:
        arguments["weights"] = maps(chance, shape, 2)
    else:
        count = images * pixels[0]
        rows = [[chance.one((1, 2, 3)) for _ in range(pixels[1])] for _ in range(count)]
        arguments["weights"] = {"shape": list(shape), "rows": rows}
    arguments["normalise"] = divided
    if size.mode in MEANS:
        case["claims"] = "bounded"
        arguments |= {"p": 2.5} if size.mode == "lp" else {"beta": -0.5}
    if size in _of_rois():
        arguments["weights_of"] = "rois"
    return {**case, "rules": sorted(rules_of(arguments, size.operation), key=rule_number)}


def suits(case: Mapping[str, Any], dialects: list[Dialect]) -> bool:
    """Whether the call that a case repeats is exact under these dialects, and zeros do not pass it.

    Where bins lie is exact in every order of operations only if their number is a power of two; of others there is a bound. A
    gradient for weights, or for boxes, is nothing where bins are divided by what all pixels weigh and these are all alike.
    """
    arguments, operation = case["arguments"], Operation(case.get("operation", Operation.FORWARD))
    bounds = arguments["mode"] in MEANS or any(count & (count - 1) for count in arguments["output_size"])
    mode = arguments["mode"]
    for name in (next(n for n, known in DIALECTS.items() if known.for_mode(mode) == dialect) for dialect in dialects):
        found = WeightedRoiAlignOracle().quick(arguments, operation, name, "float32", kinks=False, bounds=bounds)
        if not found or None in leaves(found[0].bound or 0) or not any(leaves(found[0].output)):
            return False
    return True
