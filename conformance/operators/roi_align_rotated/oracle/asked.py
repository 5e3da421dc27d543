"""A call of rotated RoIAlign in a data type: its numbers as an implementation is handed them."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from ....arrays import box_rows, feature_map, numpy_dtype
from ....exact.floats import FLOAT_TYPES, WORKING
from .geometry import Rules, roi_of
from .output import Maps

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .....kernels.dialects.roi_align_rotated import Dialect
    from ....exact.floats import FloatType
    from ....exact.numbers import Array
    from .geometry import Roi

NUMBERS = 6
"""Of a row of boxes."""


@dataclass(frozen=True)
class Asked:
    """A call.

    Attributes:
        dtype: The data type of its maps.
        pixels: The numbers of its maps, of float64.
        boxes: Rows of float64, rounded to the type of coordinates.
        output_size, ratio: As they are asked for.
        scale: The one of both axes, rounded likewise.
        grad: What arrives, of float64.
        rules: The formulas.
    """

    dtype: str
    pixels: Array
    boxes: Array
    output_size: tuple[int, int]
    ratio: tuple[int, int]
    scale: Fraction
    grad: Array | None
    rules: Rules

    @classmethod
    def of(cls, arguments: Mapping[str, Any], dialect: Dialect, dtype: str, rules: type[Rules] = Rules) -> Asked:
        """The call that a case describes, made in a data type."""
        working = np.dtype(WORKING[dtype])

        def rounded(data: Mapping[str, Any]) -> Array:
            with np.errstate(over="ignore"):
                return feature_map(data).astype(numpy_dtype(dtype)).astype(np.float64)

        with np.errstate(over="ignore"):
            boxes = box_rows(arguments["boxes"], NUMBERS).astype(working).astype(np.float64)
        bins_y, bins_x = arguments["output_size"]
        ratio_y, ratio_x = arguments["sampling_ratio"]
        return cls(
            dtype,
            rounded(arguments["input"]),
            boxes,
            (bins_y, bins_x),
            (ratio_y, ratio_x),
            Fraction(float(working.type(float(arguments["spatial_scale"][0])))),
            rounded(arguments["grad"]) if "grad" in arguments else None,
            rules(dialect),
        )

    @property
    def numbers(self) -> tuple[object, ...]:
        """All that decides the exact answer: calls of 16 bits mostly have that of float32."""
        arrays = (self.pixels, self.boxes, self.grad)
        known = ((a.shape, a.tobytes()) if a is not None else None for a in arrays)
        return (*known, self.output_size, self.ratio, self.scale, self.rules.dialect, type(self.rules), self.working)

    @property
    def working(self) -> FloatType:
        """The type of coordinates, weights and sums."""
        return FLOAT_TYPES[WORKING[self.dtype]]

    @cached_property
    def maps(self) -> Maps:
        """The maps, exactly."""
        return Maps.of(self.pixels)

    @cached_property
    def arriving(self) -> Maps:
        """What arrives, exactly."""
        assert self.grad is not None
        return Maps.of(self.grad)

    @cached_property
    def rois(self) -> list[Roi | None]:
        """Where the RoIs lie; None for one that cannot be pooled."""
        shape, rules, type_ = self.pixels.shape, self.rules, self.working
        return [
            roi_of(row, shape, self.output_size, self.scale, self.ratio, rules, type_) for row in self.boxes.tolist()
        ]
