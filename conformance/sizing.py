"""Calls at the sizes of real use: those that repeat a small one (`enlarging`), or are long along an axis of map or bins.

Maps that are long, or read by many bins, are products of a factor for each row and one for each column, and so is what is
expected of them: a few numbers say all of it. No pixel is negative, so that this holds of maxima, too.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

from .arrays import feature_map, leaves
from .enlarging import Enlarged
from .operation import Operation

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from .answering import AnsweringOracle
    from .draw import Draw

IMAGES, CHANNELS, ROIS = 3, 3, 7
"""Of the small call: prime to all powers of two."""

MARGIN = 2
"""Pixels between boxes and the edges of the map, so that nothing that is read is outside."""

_LONG = 16  # pixels, or bins, along an axis, from which maps are products
_VERY_LONG = 100  # pixels along an axis from which RoIs lie near both of its ends
_PERIODS = 5, 7  # of the factors of rows and columns
_ONE = Fraction(1)

Pair = tuple[int, int]


class Size(NamedTuple):
    """What is fixed about a case: how large its call is along each axis. `coarse` boxes are whole pixels."""

    id: str
    title: str
    bins: Pair = (1, 2)
    ratio: int = 1
    pixels: Pair = (6, 7)
    images: int = 1
    channels: int = 1
    rois: int = ROIS
    mode: str = "avg"
    operation: Operation = Operation.FORWARD
    size: str = "real"
    uneven: bool = False
    coarse: bool = False
    distinct: int = ROIS

    @property
    def small_images(self) -> int:
        """How many images the small call has."""
        return min(self.images, IMAGES)

    @property
    def small_channels(self) -> int:
        """How many channels the small call has: one, where those of a gradient for boxes, or for weights, add up."""
        add_up = self.operation in (Operation.BOX_GRADIENT, Operation.WEIGHT_GRADIENT)
        return 1 if add_up else min(self.channels, CHANNELS)

    @property
    def small_rois(self) -> int:
        """How many RoIs the small call has."""
        return min(self.rois, self.distinct)


_ROI_COUNTS = (9, 31, 33, 127, 129, 255, 257, 1023, 1025, 4097)
_CHANNEL_COUNTS = (9, 31, 33, 63, 65, 129, 255, 257, 513, 1025, 2050)
_IMAGE_COUNTS = (9, 33, 129, 257, 2050)
BINS = ((7, 7), (14, 14), (28, 28), (64, 64), (1, 64), (64, 1), (7, 14), (28, 3), (9, 9), (33, 17), (15, 16))
PIXELS = tuple(pair for length in (33, 65, 257, 1025, 4097, 32769, 40000) for pair in ((length, 5), (5, length)))


def counted(name: str) -> Iterator[Size]:
    """Sizes on both sides of those of blocks and of small integers."""
    for rois in _ROI_COUNTS:
        yield Size(f"{name}-rois-{rois}", f"{rois} RoIs", images=IMAGES, rois=rois)
    for channels in _CHANNEL_COUNTS:
        yield Size(f"{name}-channels-{channels}", f"{channels} channels", channels=channels)
    for images in _IMAGE_COUNTS:
        rois = ROIS * (images // IMAGES)
        yield Size(f"{name}-images-{images}", f"{images} images", (1, 1), images=images, rois=rois)


def of_bins(name: str, bins: Pair) -> Size:
    """Of so many bins, each about a pixel wide."""
    pixels = tuple(count + 2 * MARGIN + 2 for count in bins)
    about = f"{bins[0]} × {bins[1]} bins"
    return Size(f"{name}-bins-{bins[0]}x{bins[1]}", about, bins, 2, (pixels[0], pixels[1]))


def of_pixels(name: str, pixels: Pair) -> Size:
    """Of a map of so many pixels."""
    about = f"a map of {pixels[0]} × {pixels[1]} pixels"
    return Size(f"{name}-map-{pixels[0]}x{pixels[1]}", about, (1, 1) if min(pixels) < 6 else (2, 2), 2, pixels)


def heads(name: str) -> Iterator[Size]:
    """What the heads of detectors ask for, with fewer RoIs."""
    for bins, channels, rois in (((7, 7), 64, 23), ((7, 7), 257, 9), ((14, 14), 33, 17), ((28, 28), 5, 9)):
        title = f"{rois} RoIs of {channels} channels in {bins[0]} × {bins[1]} bins"
        pixels = bins[0] * 2 + 6, bins[1] * 2 + 9
        yield Size(f"{name}-head-{bins[0]}-{channels}", title, bins, 2, pixels, 2, channels, rois)


def sent_back(name: str, operation: Operation) -> Iterator[Size]:
    """Gradients of which each RoI sends as much."""
    is_of_boxes = operation == Operation.BOX_GRADIENT
    for rois in (37, 147, 586):
        yield Size(f"{name}-rois-{rois * ROIS}", f"{rois * ROIS} RoIs", images=IMAGES, rois=rois * ROIS)
    for channels in (33, 65, 257, 1025, 2050):
        yield Size(f"{name}-channels-{channels}", f"{channels} channels", channels=channels)
    for images in (33, 257, 2050):
        rois = ROIS * (images // IMAGES)
        yield Size(f"{name}-images-{images}", f"{images} images", (1, 1), images=images, rois=rois)
    # How a bin moves with its box is exact for powers of two of bins, and takes bits.
    of_maps = (7, 7), (14, 14), (28, 28), (64, 64), (8, 64), (64, 1)
    of_boxes = (16, 16), (8, 32), (32, 4), (64, 1), (1, 64)
    alone: dict[str, Any] = {} if is_of_boxes else {"images": IMAGES, "rois": IMAGES}  # what one RoI sends is a product
    for bins in of_boxes if is_of_boxes else of_maps:
        yield of_bins(name, bins)._replace(ratio=1 if is_of_boxes else 2, **alone)
    for pixels in PIXELS:
        if max(pixels) not in (33, 4097, 32769):
            size = of_pixels(name, (max(pixels[0], 7), max(pixels[1], 7)) if is_of_boxes else pixels)
            yield size._replace(**alone)
    for bins, channels, rois in (((8, 8), 65, 3), ((16, 16), 33, 2)):
        title = f"{rois * ROIS} RoIs of {channels} channels in {bins[0]} × {bins[1]} bins"
        yield Size(f"{name}-head-{bins[0]}-{channels}", title, bins, 1, (24, 25), 1, channels, rois * ROIS)


def maps(chance: Draw, shape: tuple[int, int, int, int], most: int = 3) -> dict[str, Any]:
    """Maps of small numbers that are not negative; of long ones each factor is no more than ``most``."""
    images, channels, height, width = shape
    if max(height, width) < _LONG:
        rows = [[chance.one(range(1, 9)) for _ in range(width)] for _ in range(images * channels * height)]
        return {"shape": list(shape), "rows": rows}
    planes = [
        [[chance.one(range(1, most + 1)) for _ in range(period)] for period in _PERIODS]
        for _ in range(images * channels)
    ]
    return {"shape": list(shape), "outer": planes}


def described(size: Size, arguments: dict[str, Any], rules: Iterable[str]) -> dict[str, Any]:
    """The case of a size, without what is computed."""
    what = {
        Operation.FEATURE_GRADIENT: "Gradient for the map: ",
        Operation.BOX_GRADIENT: "Gradient for the box: ",
        Operation.WEIGHT_GRADIENT: "Gradient for the weights: ",
        Operation.OFFSET_GRADIENT: "Gradient for the offsets: ",
    }
    title = f"{what.get(size.operation, '')}{size.title}{'; maxima' if size.mode == 'max' else ''}."
    return {
        "id": size.id,
        "title": title[0].upper() + title[1:],
        "rules": list(rules),
        "claims": "exact",
        "kind": "value",
        **({} if size.operation == Operation.FORWARD else {"operation": size.operation.value}),
        "size": size.size,
        "enlarged": Enlarged(size.images, size.channels, size.rois)._asdict(),
        "arguments": arguments,
    }


def fitting(chance: Draw, pixels: int, bins: int, sizes: Sequence[Fraction], margin: int = MARGIN) -> Fraction:
    """The size of a bin, one of these, so that all fit the map if there is room; otherwise the first."""
    found = [size for size in sizes if size * bins <= pixels - margin]
    return Fraction(chance.one(found or sizes[:1]))


def centre(chance: Draw, pixels: int, k: int, step: Fraction, reach: Fraction = _ONE) -> Fraction:
    """Along an axis the centre of RoI ``k``: about that of the map; of a long one near its ends, or anywhere."""
    if pixels < _VERY_LONG:
        return Fraction(pixels, 2) + chance.between(-reach, reach, step)
    ends = {0: Fraction(8), 1: Fraction(pixels - 8)}
    return ends.get(k, chance.between(8, pixels - 8)) + chance.between(-1, 1, step)


def suits(case: Mapping[str, Any], dialects: Sequence[Any], oracle: AnsweringOracle[Any, Any]) -> bool:
    """Whether the call that a case repeats has an answer, exact if it claims that, which tells something."""
    operation, is_exact = Operation(case.get("operation", Operation.FORWARD)), case["claims"] == "exact"
    if is_exact and not all(adds_up_exactly(case, operation, dialect, oracle) for dialect in dialects):
        return False
    for dialect in dialects:
        answer = oracle.answer_in(case["arguments"], operation, dialect, "float32", bounds=not is_exact)
        if answer is None or None in leaves(answer.bound or 0) or not any(leaves(answer.output)):
            return False
    return True


def adds_up_exactly(
    case: Mapping[str, Any], operation: Operation, dialect: Any, oracle: AnsweringOracle[Any, Any]
) -> bool:
    """Whether what adds up in the large call is exact in any order: at once it may have factors of 2 that its parts have not."""
    arguments = case["arguments"]
    if operation == Operation.FORWARD or "enlarged" not in case:
        return True
    (images, channels), rois = arguments["input"]["shape"][:2], len(arguments["boxes"])
    count = Enlarged(**case["enlarged"]).sent(operation, images, channels, rois)
    grad = feature_map(arguments["grad"]) * (count | 1)
    given = {**arguments, "grad": {"shape": list(grad.shape), "rows": grad.reshape(-1, grad.shape[-1]).tolist()}}
    return oracle.answer_in(given, operation, dialect, "float32", bounds=False) is not None
