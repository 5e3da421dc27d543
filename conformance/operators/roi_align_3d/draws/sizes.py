"""RoIAlign of volumes at the sizes of real use: a large call repeats a small one (`enlarging`)."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from .... import sizing
from ....draw import Draw
from ....operation import Operation
from ....placing import integers, number
from ....sizing import CHANNELS, IMAGES, MARGIN, ROIS, Size, counted, described, sent_back
from ..claims import rules_of
from ..oracle.face import ORACLE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from .....kernels.dialects.roi_align_3d import Dialect

    Triple = tuple[int, int, int]

_MANY_SAMPLES = 16  # along an axis of a bin
_CROWD = 100  # RoIs, or channels, from which what adds up is of few bits
_LONG = 100  # pixels, from which RoIs lie at both ends of an axis
_QUARTER, _HALF = Fraction(1, 4), Fraction(1, 2)
_BINS = (Fraction(1, 2), Fraction(1), Fraction(2))  # pixels
_SEVERAL_PIXELS = (Fraction(5, 2), Fraction(13, 4), Fraction(19, 4))  # of many samples, whose number is to matter

BINS: tuple[Triple, ...] = (
    (8, 8, 8), (16, 8, 16), (64, 1, 1), (1, 64, 1), (1, 1, 64), (7, 7, 5), (4, 28, 2), (9, 3, 9), (33, 2, 3), (2, 17, 8),
    (3, 2, 33),
)  # fmt: skip
PIXELS: tuple[Triple, ...] = (
    *((n, 5, 4) for n in (33, 65, 129, 257)), *((5, n, 4) for n in (33, 65, 257)), *((4, 5, n) for n in (33, 65, 257)),
    (1025, 2, 2), (2, 1025, 2), (2, 2, 1025), (4097, 1, 2), (1, 4097, 2), (1, 2, 4097),
    (40_000, 1, 1), (1, 40_000, 1), (1, 1, 40_000),
)  # fmt: skip


class VolumeSize(NamedTuple):
    """What is fixed about a case: how large its call is along each axis. ``coarse`` boxes have samples at halves of pixels."""

    id: str
    title: str
    bins: Triple = (1, 1, 2)
    ratio: int = 1
    pixels: Triple = (4, 5, 6)
    images: int = 1
    channels: int = 1
    rois: int = ROIS
    operation: Operation = Operation.FORWARD
    size: str = "real"
    distinct: int = ROIS
    mode: str = "avg"

    @classmethod
    def of(cls, size: Size, operation: Operation = Operation.FORWARD) -> VolumeSize:
        """That of a call on maps, with a few slices; its bins lie in one."""
        found = cls(size.id, size.title, (1, *size.bins), size.ratio, images=size.images, channels=size.channels)
        return found._replace(rois=size.rois, operation=operation)

    @property
    def small_images(self) -> int:
        """How many images the small call has."""
        return min(self.images, IMAGES)

    @property
    def small_channels(self) -> int:
        """How many channels the small call has: one, where those of a gradient for boxes add up."""
        return 1 if self.operation == Operation.BOX_GRADIENT else min(self.channels, CHANNELS)

    @property
    def small_rois(self) -> int:
        """How many RoIs the small call has."""
        return min(self.rois, self.distinct)

    @property
    def is_coarse(self) -> bool:
        """Whether much adds up at a voxel, or at a box."""
        if self.operation == Operation.FORWARD:
            return False
        return self.rois > _CROWD or self.channels > 1 or max(self.bins) > 2


def blueprints() -> dict[str, list[VolumeSize]]:
    """The cases of real sizes, by the name of their file."""
    return {"sizes": list(_averages()), "sizes-gradient": list(_gradients())}


def _of_bins(name: str, bins: Triple) -> VolumeSize:
    about = " × ".join(map(str, bins))
    pixels = tuple(count + MARGIN + 2 for count in bins)
    return VolumeSize(f"{name}-bins-{about.replace(' × ', 'x')}", f"{about} bins", bins, 2, cast("Triple", pixels))


def _of_pixels(name: str, pixels: Triple) -> VolumeSize:
    about = " × ".join(map(str, pixels))
    title = f"A volume of {about} pixels"
    return VolumeSize(f"{name}-volume-{about.replace(' × ', 'x')}", title, (1, 1, 1), 2, pixels, distinct=2)


def _averages() -> Iterator[VolumeSize]:
    yield from (VolumeSize.of(each) for each in counted("rv-z"))
    yield from (_of_bins("rv-z", bins)._replace(distinct=1) for bins in BINS)
    yield from (_of_pixels("rv-z", pixels) for pixels in PIXELS)
    for bins, channels, rois in (((8, 8, 8), 33, 9), ((4, 8, 8), 129, 17), ((16, 8, 8), 3, 3)):
        title = f"{rois} RoIs of {channels} channels in {bins[0]} × {bins[1]} × {bins[2]} bins"
        pixels = cast("Triple", tuple(count + 6 for count in bins))
        yield VolumeSize(f"rv-z-head-{bins[0]}-{channels}", title, bins, 2, pixels, 2, channels, rois, distinct=1)
    title = "3 RoIs of 17 channels in 3 × 3 × 3 bins of 16 × 16 × 16 samples"
    yield VolumeSize("rv-z-heavy", title, (3, 3, 3), 16, (15, 15, 15), channels=17, rois=3, distinct=1)
    yield VolumeSize(
        "rv-z-samples-64", "64 samples along each axis of a bin", (1, 1, 1), 64, (9, 11, 10), 1, 1, 1, distinct=1
    )
    title = "as many samples as pixels, RoIs of many sizes"
    yield VolumeSize("rv-z-adaptive", title, (2, 2, 2), 0, (17, 19, 18), rois=5 * ROIS)
    title = "more than 65535 planes of images and channels"
    yield VolumeSize("rv-z-planes", title, (1, 1, 1), 1, (2, 2, 2), 258, 257, 86 * ROIS)
    huge: dict[str, Any] = {"size": "huge"}
    yield VolumeSize("rv-z-rois-70000", "70000 RoIs", (1, 1, 1), rois=70_000, **huge)
    yield VolumeSize("rv-z-outputs-2-24", "more than 2²⁴ output values", (1, 1, 1), rois=70_000, channels=240, **huge)


def _gradients() -> Iterator[VolumeSize]:
    of_maps: dict[str, Any] = {"operation": Operation.FEATURE_GRADIENT}
    yield from _sent_back("rv-zg", Operation.FEATURE_GRADIENT)
    for bins in ((8, 8, 4), (64, 1, 1), (1, 64, 1), (1, 1, 64), (8, 2, 16), (2, 16, 4)):
        yield _of_bins("rv-zg", bins)._replace(images=IMAGES, rois=IMAGES, distinct=1, **of_maps)
    for pixels in ((257, 3, 2), (2, 257, 3), (3, 2, 257), (1025, 1, 2), (1, 1025, 2), (1, 2, 1025)):
        yield _of_pixels("rv-zg", pixels)._replace(**of_maps, rois=4)
    crowd: dict[str, Any] = {"bins": (1, 1, 1), "pixels": (3, 3, 3), **of_maps}
    planes: dict[str, Any] = {**crowd, "pixels": (2, 2, 2), "images": 258, "channels": 257, "rois": 86 * ROIS}
    yield VolumeSize("rv-zg-planes", "more than 65535 planes", **planes)
    yield VolumeSize("rv-zg-huge", "70000 RoIs over few voxels", rois=10_000 * ROIS, size="huge", **crowd)
    of_boxes: dict[str, Any] = {"operation": Operation.BOX_GRADIENT}
    yield from _sent_back("rv-zb", Operation.BOX_GRADIENT)
    for bins in ((16, 1, 2), (2, 16, 1), (1, 2, 16), (4, 4, 4), (64, 1, 1), (1, 1, 64)):
        yield _of_bins("rv-zb", bins)._replace(ratio=1, distinct=2, **of_boxes)
    for pixels in ((257, 5, 4), (5, 257, 4), (4, 5, 257)):
        yield _of_pixels("rv-zb", pixels)._replace(bins=(2, 2, 2), **of_boxes)
    yield VolumeSize("rv-zb-rois-16387", "16387 RoIs", rois=2341 * ROIS, **of_boxes)
    yield VolumeSize("rv-zb-huge", "70000 RoIs", rois=10_000 * ROIS, size="huge", **of_boxes)


def _sent_back(name: str, operation: Operation) -> Iterator[VolumeSize]:
    """Gradients of many RoIs, channels and images, in as many as maps are asked for."""
    for size in sent_back(name, operation):
        if any(part in size.id for part in ("-rois-", "-channels-", "-images-")):
            yield VolumeSize.of(size, operation)._replace(bins=(1, 1, 2) if size.channels == 1 else (1, 1, 1))


def draw(size: VolumeSize, attempt: int) -> dict[str, Any]:
    """The case that a size gives at an attempt, without what is computed."""
    chance = Draw("roikit", size.id, attempt)
    shape = size.small_images, size.small_channels, *size.pixels
    arguments: dict[str, Any] = {
        "input": _numbers(chance, size, shape),
        "boxes": [[k % size.small_images, *_box(chance, size, k)] for k in range(size.small_rois)],
        "output_size": list(size.bins),
        "spatial_scale": [1, 1, 1],
        "sampling_ratio": [size.ratio] * 3,
        "mode": "avg",
    }
    if size.operation != Operation.FORWARD:
        arguments["grad"] = _numbers(chance, size, (size.small_rois, size.small_channels, *size.bins))
    claims = "bounded" if has_bounds(size) else "exact"
    rules = rules_of(arguments, size.operation)
    return {**described(cast("Any", size), arguments, rules), "claims": claims}


def _numbers(chance: Draw, size: VolumeSize, shape: tuple[int, ...]) -> dict[str, Any]:
    """An array of small numbers that are not negative; where it is long, of those of a row and of a column, the same in all."""
    most = 2 if size.is_coarse and size.operation == Operation.BOX_GRADIENT else 3 if size.is_coarse else 8
    *planes, height, width = shape
    if max(height, width) < _LONG:
        return integers(chance, shape, range(1, most + 1))
    factors = [
        [[chance.one(range(1, 4)) for _ in range(period)] for period in (5, 7)] for _ in range(math.prod(planes))
    ]
    return {"shape": list(shape), "outer": factors}


def has_bounds(size: VolumeSize) -> bool:
    """Whether there are so many samples that their sum is rounded, or numbers of bins by which where they lie is."""
    return size.ratio >= _MANY_SAMPLES or any(count & (count - 1) for count in size.bins)


def _box(chance: Draw, size: VolumeSize, k: int) -> list[int | float]:
    """Corners: of the first RoI near the low end of a long axis, and of the second near its high end."""
    spans = [_span(chance, size, pixels, bins, k) for pixels, bins in zip(size.pixels, size.bins, strict=True)]
    return [number(span[n]) for n in (0, 1) for span in reversed(spans)]


def _span(chance: Draw, size: VolumeSize, pixels: int, bins: int, k: int) -> tuple[Fraction, Fraction]:
    sizes: Sequence[Fraction] = (
        _SEVERAL_PIXELS if size.ratio >= _MANY_SAMPLES else _BINS[1:] if size.is_coarse else _BINS
    )
    extent = sizing.fitting(chance, pixels, bins, sizes, 1) * bins
    step = _HALF if size.is_coarse else _QUARTER
    return (start := sizing.centre(chance, pixels, k, step, _HALF) - extent / 2), start + extent


def suits(case: Mapping[str, Any], dialects: list[Dialect]) -> bool:
    """Whether the call that a case repeats has an answer, exact if it claims that, which tells something."""
    return sizing.suits(case, dialects, ORACLE)
