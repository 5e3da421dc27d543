"""What a call asks for, apart from the memory of its arrays: checked once, and kept for the calls that ask for the same."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache, wraps
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from ..dialects.choices import Offset
from ..dialects.roi_align import DIALECTS, Dialect, named_dialect
from ..dtypes import wider
from . import arguments

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np

    from .levels import Levels

MODES = ("avg", "max")
LAYOUTS = ("NCHW", "NHWC")

_KEPT = 4096  # problems, and as many launches
_caches: list[Any] = []
_P = ParamSpec("_P")
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Problem:
    """RoIAlign of some RoIs on the maps of one or several levels.

    Attributes:
        dtype: Name of the data type of the maps.
        images, channels, rois: N, C and K.
        heights, widths: H and W of each level.
        bins: ``(P_h, P_w)``.
        scales: ``(scale_y, scale_x)`` of each level, feature pixels per image pixel.
        sampling: ``(g_y, g_x)``; 0 asks for adaptive sampling.
        mode, layout, dialect: As they are resolved.
        levels: How a RoI's level is chosen; None if there is one level.
    """

    dtype: str
    images: int
    channels: int
    rois: int
    heights: tuple[int, ...]
    widths: tuple[int, ...]
    bins: tuple[int, int]
    scales: tuple[tuple[float, float], ...]
    sampling: tuple[int, int]
    mode: str
    layout: str
    dialect: Dialect
    levels: Levels | None = None

    @property
    def itemsize(self) -> int:
        """Bytes of an element of the maps."""
        return {"float64": 8, "float32": 4}.get(self.dtype, 2)

    @property
    def wide_bytes(self) -> int:
        """Bytes of a coordinate, or of a sum."""
        return 8 if self.itemsize == 8 else 4

    @property
    def wide(self) -> str:
        """Name of the data type of boxes, coordinates and sums."""
        return wider(self.dtype)

    @property
    def output_shape(self) -> tuple[int, ...]:
        """Shape of the output, in the layout of the call."""
        if self.layout == "NCHW":
            return self.rois, self.channels, *self.bins
        return self.rois, *self.bins, self.channels

    def map_shape(self, level: int) -> tuple[int, ...]:
        """Shape of the maps of a level, in the layout of the call."""
        size = self.heights[level], self.widths[level]
        return (self.images, self.channels, *size) if self.layout == "NCHW" else (self.images, *size, self.channels)

    @property
    def fields(self) -> dict[str, Any]:
        """The fields that the structs of all operators have."""
        levels = self.levels
        return {
            "rois": self.rois,
            "images": self.images,
            "channels": self.channels,
            "scales_y": [y for y, _ in self.scales],
            "scales_x": [x for _, x in self.scales],
            "level_limits": levels.limits if levels else [0.0],
            "canonical_size": levels.canonical_size if levels else 1.0,
            "size_offset": levels.size_offset if levels else 0.0,
            "heights": self.heights,
            "widths": self.widths,
            "bins_y": self.bins[0],
            "bins_x": self.bins[1],
            "sampling_y": self.sampling[0],
            "sampling_x": self.sampling[1],
        }


def resolve_dialect(dialect: str | Dialect | None, *, aligned: bool) -> Dialect:
    """Returns the rules that ``dialect`` and ``aligned`` of `roi_align` ask for."""
    if dialect is None:
        return DIALECTS["torchvision-aligned" if aligned else "torchvision"]
    rules = named_dialect(dialect) if isinstance(dialect, str) else dialect
    if not isinstance(rules, Dialect):
        raise TypeError(f"dialect must be a Dialect or the name of one, not {dialect!r}")
    if aligned and rules.offset == Offset.NONE:
        raise ValueError(f"aligned=True contradicts dialect={dialect!r}, which does not shift boxes; leave aligned out")
    return rules


def axes_of(layout: object) -> tuple[int, int, int]:
    """Returns which axes of maps are channels, rows and columns."""
    return (3, 1, 2) if layout == "NHWC" else (1, 2, 3)


def bins_of(grad: Any, layout: object) -> tuple[int, int]:
    """Returns ``(P_h, P_w)`` of what is like an output."""
    _, y, x = axes_of(layout)
    return grad.shape[y], grad.shape[x]


def about(
    dtype: np.dtype[Any],
    shapes: Sequence[tuple[int, ...]],
    rois: int,
    output_size: Any,
    scales: Sequence[Any],
    sampling_ratio: Any,
    mode: Any,
    layout: Any,
    dialect: Any,
    aligned: Any,
    levels: Levels | None = None,
) -> tuple[Any, ...]:
    """Returns what `resolve` takes: ``scales`` and ``shapes`` of each level, and pairs taken apart, so that types show."""
    size, ratio = arguments.pair("output_size", output_size), arguments.pair("sampling_ratio", sampling_ratio)
    pairs = tuple([arguments.pair("spatial_scale", scale) for scale in scales])
    return dtype, tuple(shapes), rois, *size, *ratio, mode, layout, dialect, aligned, pairs, levels


def resolve(
    dtype: np.dtype[Any],
    shapes: tuple[tuple[int, ...], ...],
    rois: int,
    bins_y: Any,
    bins_x: Any,
    sampling_y: Any,
    sampling_x: Any,
    mode: Any,
    layout: Any,
    dialect: Any,
    aligned: Any,
    scales: tuple[tuple[Any, Any], ...],
    levels: Levels | None = None,
) -> Problem:
    """Returns the problem of a call; ``shapes`` are those of its maps, in its layout.

    Raises:
        TypeError: an argument has a wrong type.
        ValueError: an argument has a wrong value.
    """
    mode = arguments.choice("mode", mode, MODES)
    layout = arguments.choice("layout", layout, LAYOUTS)
    rules = resolve_dialect(dialect, aligned=aligned)
    c, y, x = axes_of(layout)
    problem = Problem(
        dtype=arguments.name_of(dtype),
        images=shapes[0][0],
        channels=shapes[0][c],
        rois=rois,
        heights=tuple(shape[y] for shape in shapes),
        widths=tuple(shape[x] for shape in shapes),
        bins=arguments.output_size_pair((bins_y, bins_x)),
        scales=tuple(arguments.spatial_scale_pair(scale, arguments.name_of(dtype)) for scale in scales),
        sampling=arguments.sampling_ratio_pair((sampling_y, sampling_x)),
        mode=mode,
        layout=layout,
        dialect=rules,
        levels=levels,
    )
    if math.prod(problem.output_shape) and 0 in (*problem.heights, *problem.widths):
        raise ValueError(f"input has no pixels: its shape is {shapes[0] if len(shapes) == 1 else shapes}")
    if max(problem.images, *problem.heights, *problem.widths, rois) >= 2**31:
        raise ValueError(
            "input and boxes must have fewer than 2**31 images, rows, columns and RoIs; "
            f"they have {shapes[0]} and {rois} RoIs"
        )
    return problem


def forget() -> None:
    """Forgets all that was kept, as is needed when sources have changed."""
    for cached in _caches:
        cached.cache_clear()


def kept(function: Callable[_P, _T]) -> Callable[_P, _T]:
    """Keeps what ``function`` returned for arguments of the same values and types; those that cannot be kept are new each time.

    Types are told apart in the arguments themselves, not within tuples.
    """
    cached = lru_cache(maxsize=_KEPT, typed=True)(function)
    _caches.append(cached)

    @wraps(function)
    def call(*args: _P.args, **kwargs: _P.kwargs) -> _T:
        try:
            return cached(*args, **kwargs)  # type: ignore[arg-type]  # the error below says if they are not
        except TypeError as error:
            if "unhashable" not in str(error):
                raise
            return function(*args, **kwargs)

    return call
