"""A call of RoIAlign of volumes in a data type: its numbers as an implementation is handed them."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from ....arrays import box_rows, feature_map, numpy_dtype
from ....exact.floats import FLOAT_TYPES, WORKING
from ....exact.numbers import common_denominator
from .geometry import Rules, Whole, roi_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .....kernels.dialects.roi_align_3d import Dialect
    from ....exact.floats import FloatType
    from ....exact.numbers import Array
    from .geometry import Roi

NUMBERS = 7
"""Of a row of boxes."""


@dataclass(frozen=True)
class Asked:
    """A call. Triples are ``(z, y, x)``.

    Attributes:
        dtype: The data type of its volumes.
        pixels: The numbers of its volumes, of float64.
        boxes: Rows of float64, rounded to the type of coordinates.
        output_size, ratios: As they are asked for.
        scales: Rounded to the type of coordinates.
        grad: What arrives, of float64.
        rules: The formulas.
    """

    dtype: str
    pixels: Array
    boxes: Array
    output_size: tuple[int, ...]
    ratios: tuple[int, ...]
    scales: tuple[Fraction, ...]
    grad: Array | None
    rules: Rules

    @classmethod
    def of(cls, arguments: Mapping[str, Any], dialect: Dialect, dtype: str, rules: type[Rules] = Rules) -> Asked:
        """The call that a case describes, made in a data type."""
        working = np.dtype(WORKING[dtype])

        def stored(data: Mapping[str, Any]) -> Array:
            with np.errstate(over="ignore"):
                return feature_map(data).astype(numpy_dtype(dtype)).astype(np.float64)

        with np.errstate(over="ignore"):
            boxes = box_rows(arguments["boxes"], NUMBERS).astype(working).astype(np.float64)
        return cls(
            dtype,
            stored(arguments["input"]),
            boxes,
            tuple(arguments["output_size"]),
            tuple(arguments["sampling_ratio"]),
            tuple(Fraction(float(working.type(float(scale)))) for scale in arguments["spatial_scale"]),
            stored(arguments["grad"]) if "grad" in arguments else None,
            rules(dialect),
        )

    @property
    def numbers(self) -> tuple[object, ...]:
        """All that decides the exact answer: calls of 16 bits mostly have that of float32."""
        arrays = (self.pixels, self.boxes, self.grad)
        known = ((a.shape, a.tobytes()) if a is not None else None for a in arrays)
        asked = (self.output_size, self.ratios, self.scales, self.rules.choices, type(self.rules), self.working)
        return (*known, *asked)

    @property
    def working(self) -> FloatType:
        """The type of coordinates, weights and sums."""
        return FLOAT_TYPES[WORKING[self.dtype]]

    @cached_property
    def whole_pixels(self) -> Whole:
        """The volumes, exactly; 0 where they are not finite."""
        return exactly(self.pixels)

    @cached_property
    def arriving(self) -> Whole:
        """What arrives, exactly."""
        assert self.grad is not None
        return exactly(self.grad)

    @cached_property
    def rois(self) -> list[Roi | None]:
        """Where the RoIs lie; None for one that cannot be pooled."""
        shape, rules, type_ = self.pixels.shape, self.rules, self.working
        return [
            roi_of(row, shape, self.output_size, self.scales, self.ratios, rules, type_) for row in self.boxes.tolist()
        ]


def exactly(values: Array) -> Whole:
    """The numbers of an array of float64 as integers over one denominator; 0 where they are not finite."""
    numbers, places = np.unique(np.where(np.isfinite(values), values, 0.0), return_inverse=True)
    fractions: Array = np.empty(len(numbers), object)
    fractions[:] = [Fraction(number) for number in numbers.tolist()]
    integers, denominator = common_denominator(fractions)
    return Whole(np.asarray(integers, object)[places].reshape(values.shape), denominator)
