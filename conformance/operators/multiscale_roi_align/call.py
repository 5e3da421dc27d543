"""A call of a pooler of feature pyramids, as adapters receive it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ...call import Call, Unsupported
from ...operation import Operation

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Pair = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class MultiscaleRoiAlignCall(Call):
    """One call of a pooler, or of its gradient.

    The maps of all levels lie in one array, one below the other: that of level l has ``level_sizes[l]`` rows and columns, and
    begins below that of the level before, in the first column. What is beside a narrow map belongs to none.

    Attributes:
        input: The maps of all levels, ``(N, C, H, W)`` or ``(N, H, W, C)`` as ``layout`` says. May have any strides.
        boxes: ``(K, 5)`` rows ``[batch_index, x1, y1, x2, y2]``, the corners in image pixels; float32 for 16-bit maps,
            otherwise the data type of ``input``.
        output_size: ``(P_h, P_w)``, the number of bins.
        level_sizes: Rows and columns of the map of each level, finest first; none: the array is the one map that there is.
        spatial_scale: Feature pixels of the first map per image pixel, ``(scale_y, scale_x)``, both alike; each further map has
            half of the one before. None: it is to be found from ``image_size``.
        image_size: Rows and columns of the images; None if the scale is given.
        canonical_size: Side of a square box of the canonical level, image pixels.
        canonical_level: The level of such a box; a map of scale 2**-k is that of level k.
        sampling_ratio: Samples per bin, ``(g_y, g_x)``; 0 asks for adaptive sampling.
        mode: ``"avg"``.
        grad: For a gradient, the one that arrives at the output: of the output's shape, layout and data type.
    """

    operator: ClassVar[str] = "multiscale_roi_align"
    axes: ClassVar[Mapping[str, str]] = {"input": "N C H W", "boxes": "K 5", "grad": "K C P_h P_w"}
    answers: ClassVar[Mapping[Operation, str]] = {
        Operation.FORWARD: "K C P_h P_w",
        Operation.FEATURE_GRADIENT: "N C H W",
        Operation.BOX_GRADIENT: "K 4",
    }

    input: np.ndarray
    boxes: np.ndarray
    output_size: Pair
    sampling_ratio: Pair
    level_sizes: list[Pair]
    spatial_scale: tuple[float, float] | None = None
    image_size: list[int] | None = None
    canonical_size: float = 224.0
    canonical_level: int = 4
    mode: str = "avg"
    grad: np.ndarray | None = None

    def __post_init__(self) -> None:
        """Makes lists of what a message has as tuples, and as lists."""
        object.__setattr__(self, "level_sizes", [(size[0], size[1]) for size in self.level_sizes])
        object.__setattr__(self, "image_size", None if self.image_size is None else list(self.image_size))

    @classmethod
    def parameters_of(cls, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """The parameters of the arguments of a case."""
        scale, image = arguments.get("spatial_scale"), arguments.get("image_size")
        return {
            "output_size": tuple(arguments["output_size"]),
            "level_sizes": list(arguments.get("level_sizes", ())),
            "spatial_scale": None if scale is None else tuple(map(float, scale)),
            "image_size": image,
            "canonical_size": float(arguments.get("canonical_size", 224)),
            "canonical_level": arguments.get("canonical_level", 4),
            "sampling_ratio": tuple(arguments["sampling_ratio"]),
            "mode": arguments["mode"],
        }

    def plain_arguments(self) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """``output_size, spatial_scales, sampling_ratio``, and by name what sizes are related to."""
        ratio = self.single_sampling_ratio()
        related = {"canonical_size": self.canonical_size, "canonical_level": self.canonical_level}
        return (self.output_size, self.scales(), ratio if ratio > 0 else -1), related

    def levels(self, maps: Any = None) -> list[Any]:
        """The map of each level, of an array or tensor as ``input`` is; of that itself unless another is given.

        Views, which lie as the array lies.
        """
        maps = self.input if maps is None else maps
        found, first = [], 0
        for rows, columns in self.level_sizes:
            here = (slice(first, first + rows), slice(0, columns))
            found.append(maps[:, *here] if self.layout == "NHWC" else maps[:, :, *here])
            first += rows
        return found or [maps]

    def joined(self, maps: Sequence[np.ndarray]) -> np.ndarray:
        """An array as ``input`` is, of the maps of all levels: 0 beside them."""
        array = np.zeros(self.input.shape, maps[0].dtype)
        for level, values in zip(self.levels(array), maps, strict=True):
            level[...] = values
        return array

    def single_scale(self) -> float:
        """The one scale of the first map, along both axes, for libraries that are told it."""
        if self.spatial_scale is None:
            raise Unsupported("scales that are found from the size of images")
        if self.spatial_scale[0] != self.spatial_scale[1]:
            raise Unsupported("one spatial scale for both axes")
        return self.spatial_scale[0]

    def scales(self) -> list[float]:
        """The scale of each map."""
        return [self.single_scale() / 2**level for level in range(max(len(self.level_sizes), 1))]

    def single_sampling_ratio(self) -> int:
        """The one sampling ratio of both axes (0: adaptive), for libraries that take only one."""
        if self.sampling_ratio[0] != self.sampling_ratio[1]:
            raise Unsupported("one sampling ratio for both axes")
        return self.sampling_ratio[0]

    def first_level(self) -> int:
        """The level of the first map."""
        return round(-math.log2(self.single_scale()))

    def finest_size(self) -> float:
        """The side of a square box whose size asks for the first level, for libraries that relate sizes to that."""
        return self.canonical_size * 2.0 ** (self.first_level() - self.canonical_level)


CALL = MultiscaleRoiAlignCall
