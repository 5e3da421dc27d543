"""What a call asks for, apart from the memory of its arrays: checked once, and kept for the calls that ask for the same."""

from __future__ import annotations

import math
from abc import abstractmethod
from dataclasses import dataclass
from functools import lru_cache, wraps
from typing import TYPE_CHECKING, Any, NamedTuple, ParamSpec, Self, TypeVar, get_args

from ..annotations import Layout, Mode
from ..dtypes import itemsize, name_of, wider
from . import arguments

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy as np

    from .levels import Levels

MODES: tuple[Mode, ...] = get_args(Mode)
LAYOUTS: tuple[Layout, ...] = get_args(Layout)

_KEPT = 4096  # problems, and as many launches: far more than the shapes that a program has, and a few MiB
_caches: list[Any] = []
_P = ParamSpec("_P")
_T = TypeVar("_T")


class Asked(NamedTuple):
    """What a call asks for, as it was given: the key of what is kept for calls.

    Attributes:
        dtype: Data type of the maps.
        shapes: Shape of the maps of each level, in the layout of the call.
        rois: Number of RoIs.
        numbers: Bins along y and x; the scales along y and x of each level; and what the operator takes besides.
        types: Those of the numbers. Tuples do not tell them apart, and ``True`` is not to be taken for 1.
        mode, layout, dialect: As for the operator.
        levels: How a RoI's level is chosen; None if there is one level.
    """

    dtype: np.dtype[Any]
    shapes: tuple[tuple[int, ...], ...]
    rois: int
    numbers: tuple[Any, ...]
    types: tuple[type, ...]
    mode: Any
    layout: Any
    dialect: Any
    levels: Levels | None

    @classmethod
    def of(
        cls,
        dtype: np.dtype[Any],
        shapes: tuple[tuple[int, ...], ...],
        rois: int,
        output_size: Any,
        scales: Sequence[Any],
        mode: Any,
        layout: Any,
        dialect: Any,
        options: tuple[Any, ...] = (),
        levels: Levels | None = None,
    ) -> Self:
        """What is asked for, with pairs in place of numbers that stand for both axes."""
        numbers = arguments.pair("output_size", output_size)
        for scale in scales:
            numbers += arguments.pair("spatial_scale", scale)
        numbers += options
        return cls(dtype, shapes, rois, numbers, tuple(map(type, numbers)), mode, layout, dialect, levels)

    @property
    def output_size(self) -> tuple[Any, ...]:
        """Bins along y and x."""
        return self.numbers[:2]

    @property
    def scales(self) -> list[tuple[Any, ...]]:
        """Scales along y and x of each level."""
        return [self.numbers[2 + 2 * level : 4 + 2 * level] for level in range(len(self.shapes))]

    @property
    def options(self) -> tuple[Any, ...]:
        """What the operator takes besides."""
        return self.numbers[2 + 2 * len(self.shapes) :]


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """An operator on some RoIs of the maps of one or several levels; what every operator has of it.

    Attributes:
        dtype: Name of the data type of the maps.
        images, channels, rois: N, C and K.
        heights, widths: H and W of each level.
        bins: ``(P_h, P_w)``.
        scales: ``(scale_y, scale_x)`` of each level, feature pixels per image pixel.
        mode, layout: As they are resolved.
        levels: How a RoI's level is chosen; None if there is one level.
        truncates: Whether the fraction of a batch index is left out, as all libraries do, or makes the RoI invalid.
    """

    dtype: str
    images: int
    channels: int
    rois: int
    heights: tuple[int, ...]
    widths: tuple[int, ...]
    bins: tuple[int, int]
    scales: tuple[tuple[float, float], ...]
    mode: str
    layout: str
    levels: Levels | None = None
    truncates: bool = True

    @classmethod
    @abstractmethod
    def of(cls, asked: Asked) -> Self:
        """What a call asks for, checked.

        Raises:
            TypeError: an argument has a wrong type.
            ValueError: an argument has a wrong value.
        """

    @property
    @abstractmethod
    def fields(self) -> Mapping[str, Any]:
        """The numbers of a kernel's struct that say what is asked for."""

    @property
    def samples(self) -> int:
        """What a bin reads of a channel, at least."""
        return 1

    @property
    def itemsize(self) -> int:
        """Bytes of an element of the maps."""
        return itemsize(self.dtype)

    @property
    def wide_bytes(self) -> int:
        """Bytes of a coordinate, or of a sum."""
        return itemsize(self.wide)

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
    def roi_fields(self) -> dict[str, Any]:
        """The ROIKIT_ROI_FIELDS of a kernel's struct (``cuda/library/roi.cuh``)."""
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
            "truncates": self.truncates,
        }


def common_parts(asked: Asked) -> dict[str, Any]:
    """The attributes of `Problem`, checked: what an operator makes its own problem of.

    Raises:
        TypeError: an argument has a wrong type.
        ValueError: an argument has a wrong value.
    """
    mode = arguments.choice("mode", asked.mode, MODES)
    layout = arguments.choice("layout", asked.layout, LAYOUTS)
    c, y, x = axes_of(layout)
    shapes, dtype = asked.shapes, name_of(asked.dtype)
    parts: dict[str, Any] = {
        "dtype": dtype,
        "images": shapes[0][0],
        "channels": shapes[0][c],
        "rois": asked.rois,
        "heights": tuple(shape[y] for shape in shapes),
        "widths": tuple(shape[x] for shape in shapes),
        "bins": arguments.output_size_pair(asked.output_size),
        "scales": tuple(arguments.spatial_scale_pair(scale, dtype) for scale in asked.scales),
        "mode": mode,
        "layout": layout,
        "levels": asked.levels,
        "truncates": asked.dialect is not None,
    }
    sizes = (*parts["heights"], *parts["widths"])
    if asked.rois and parts["channels"] and math.prod(parts["bins"]) and 0 in sizes:
        raise ValueError(f"input has no pixels: its shape is {shapes[0] if len(shapes) == 1 else shapes}")
    if max(parts["images"], *sizes, asked.rois) >= 2**31:
        raise ValueError(
            "input and boxes must have fewer than 2**31 images, rows, columns and RoIs; "
            f"they have {shapes[0]} and {asked.rois} RoIs"
        )
    return parts


def axes_of(layout: object) -> tuple[int, int, int]:
    """Which axes of maps are channels, rows and columns."""
    return (3, 1, 2) if layout == "NHWC" else (1, 2, 3)


def bins_of(grad: Any, layout: object) -> tuple[int, int]:
    """``(P_h, P_w)`` of what is like an output."""
    _, y, x = axes_of(layout)
    return grad.shape[y], grad.shape[x]


def forget() -> None:
    """Forgets all that was kept, as is needed when sources have changed."""
    for cached in _caches:
        cached.cache_clear()


def kept(function: Callable[_P, _T]) -> Callable[_P, _T]:
    """Keeps what ``function`` returned for equal arguments; those that cannot be kept are new each time."""
    cached = lru_cache(maxsize=_KEPT)(function)
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
