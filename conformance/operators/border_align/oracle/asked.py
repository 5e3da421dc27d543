"""A call of BorderAlign in a data type: its numbers as an implementation is handed them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from ....arrays import box_rows, feature_map, numpy_dtype
from ....exact.floats import FLOAT_TYPES, WORKING
from ..call import SIDES
from .geometry import Rules, roi_of
from .output import Maps, as_exact

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .....kernels.dialects.border_align import Dialect
    from ....exact.floats import FloatType
    from ....exact.numbers import Array
    from .geometry import Roi


@dataclass(frozen=True)
class Asked:
    """A call.

    Attributes:
        dtype: The data type of its maps.
        pixels: The numbers of its maps, ``(N, C, 4, H, W)``, of float64.
        boxes: Rows of float64, rounded to the type of coordinates.
        pool_size: As it is asked for.
        grad: What arrives, ``(K, C, 4)``, of float64.
        rules: The formulas.
    """

    dtype: str
    pixels: Array
    boxes: Array
    pool_size: int
    grad: Array | None
    rules: Rules

    @classmethod
    def of(cls, arguments: Mapping[str, Any], dialect: Dialect, dtype: str, rules: type[Rules] = Rules) -> Asked:
        """The call that a case describes, made in a data type."""

        def rounded(values: Array, kind: str) -> Array:
            with np.errstate(over="ignore"):
                return values.astype(numpy_dtype(kind)).astype(np.float64)

        maps = rounded(feature_map(arguments["input"]), dtype)
        images, channels, rows, columns = maps.shape
        return cls(
            dtype,
            maps.reshape(images, channels, SIDES, rows // SIDES, columns),
            rounded(box_rows(arguments["boxes"]), WORKING[dtype]),
            arguments["pool_size"],
            rounded(feature_map(arguments["grad"]), dtype) if "grad" in arguments else None,
            rules(dialect),
        )

    @property
    def numbers(self) -> tuple[object, ...]:
        """All that decides the exact answer: calls of 16 bits mostly have that of float32."""
        arrays = (self.pixels, self.boxes, self.grad)
        known = ((a.shape, a.tobytes()) if a is not None else None for a in arrays)
        return (*known, self.pool_size, self.rules.dialect, type(self.rules), self.working)

    @property
    def working(self) -> FloatType:
        """The type of coordinates, weights and sums."""
        return FLOAT_TYPES[WORKING[self.dtype]]

    @cached_property
    def maps(self) -> Maps:
        """The maps, exactly."""
        return Maps.of(self.pixels)

    @cached_property
    def arriving(self) -> Array:
        """What arrives, exactly."""
        assert self.grad is not None
        return as_exact(self.grad)

    @cached_property
    def rois(self) -> list[Roi | None]:
        """Where the boxes lie; None for one that cannot be pooled."""
        return [roi_of(row, self.pixels.shape, self.pool_size, self.rules, self.working) for row in self.boxes.tolist()]
