"""A call of PrRoIPool in a data type: its numbers as an implementation is handed them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from ....arrays import box_rows, feature_map, numpy_dtype
from ....exact.floats import FLOAT_TYPES, WORKING
from .geometry import Rules
from .output import Maps, all_stages

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .....kernels.dialects.prroi_pool import Dialect
    from ....exact.floats import FloatType
    from ....exact.numbers import Array
    from .geometry import Stages


@dataclass(frozen=True)
class Asked:
    """A call.

    Attributes:
        dtype: The data type of its maps.
        pixels: The numbers of its maps, of float64.
        boxes: Rows of float64, rounded to the type of coordinates.
        output_size, scale: As they are asked for; the scale rounded likewise.
        grad: What arrives, of float64.
        rules: The formulas.
    """

    dtype: str
    pixels: Array
    boxes: Array
    output_size: Sequence[int]
    scale: Sequence[float]
    grad: Array | None
    rules: Rules

    @classmethod
    def of(cls, arguments: Mapping[str, Any], dialect: Dialect, dtype: str) -> Asked:
        """The call that a case describes, made in a data type."""
        working = np.dtype(WORKING[dtype])

        def rounded(data: Mapping[str, Any]) -> Array:
            with np.errstate(over="ignore"):
                return feature_map(data).astype(numpy_dtype(dtype)).astype(np.float64)

        with np.errstate(over="ignore"):
            boxes = box_rows(arguments["boxes"]).astype(working).astype(np.float64)
        return cls(
            dtype,
            rounded(arguments["input"]),
            boxes,
            arguments["output_size"],
            [float(working.type(float(s))) for s in arguments["spatial_scale"]],
            rounded(arguments["grad"]) if "grad" in arguments else None,
            Rules(dialect),
        )

    @cached_property
    def maps(self) -> Maps:
        """The maps, exactly."""
        return Maps.of(self.pixels)

    @property
    def working(self) -> FloatType:
        """The type of coordinates, weights and sums."""
        return FLOAT_TYPES[WORKING[self.dtype]]

    def rois(self) -> list[Stages | None]:
        """Where the RoIs lie; None for one that cannot be pooled."""
        return all_stages(
            self.boxes, self.maps.shape, self.output_size, self.scale, self.rules, largest=self.working.largest
        )

    def exact_grad(self) -> Array:
        """What arrives, as fractions; all of it must be finite."""
        assert self.grad is not None
        return Maps.of(self.grad).fractions()
