"""A call of deformable RoI pooling in a data type: its numbers as an implementation is handed them."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from ....arrays import box_rows, feature_map, numpy_dtype
from ....exact.floats import WORKING
from ...roi_align_rotated.oracle import asked as of_points
from .geometry import Rules, roi_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .....kernels.dialects.deform_roi_pool import Dialect
    from ....exact.numbers import Array
    from .geometry import Pair, Roi

NUMBERS = 5
"""Of a row of boxes."""

GAMMA = 0.1
"""What gamma is if a case does not say."""


@dataclass(frozen=True)
class Asked(of_points.Asked):
    """A call.

    Attributes:
        scales: Of both axes, rounded to the type of coordinates, ``(y, x)``.
        gamma: Rounded likewise.
        offset: ``(K, 2, P_h, P_w)``, of float64; None if there is none.
    """

    scales: Pair
    gamma: Fraction
    offset: Array | None

    @classmethod
    def of(cls, arguments: Mapping[str, Any], dialect: Dialect, dtype: str, rules: type[Rules] = Rules) -> Asked:  # type: ignore[override]
        """The call that a case describes, made in a data type."""
        working = np.dtype(WORKING[dtype])

        def stored(name: str) -> Array | None:
            if name not in arguments:
                return None
            with np.errstate(over="ignore"):
                return feature_map(arguments[name]).astype(numpy_dtype(dtype)).astype(np.float64)

        def computed(number: Any) -> Fraction:
            return Fraction(float(working.type(float(number))))

        with np.errstate(over="ignore"):
            boxes = box_rows(arguments["boxes"], NUMBERS).astype(working).astype(np.float64)
        bins_y, bins_x = arguments["output_size"]
        ratio_y, ratio_x = arguments["sampling_ratio"]
        scale_y, scale_x = map(computed, arguments["spatial_scale"])
        pixels = stored("input")
        assert pixels is not None
        return cls(
            dtype, pixels, boxes, (bins_y, bins_x), (ratio_y, ratio_x), scale_y, stored("grad"), rules(dialect),
            scales=(scale_y, scale_x), gamma=computed(arguments.get("gamma", GAMMA)), offset=stored("offset"),
        )  # fmt: skip

    @property
    def numbers(self) -> tuple[object, ...]:
        """All that decides the exact answer: calls of 16 bits mostly have that of float32."""
        arrays = (self.pixels, self.boxes, self.grad, self.offset)
        known = ((a.shape, a.tobytes()) if a is not None else None for a in arrays)
        return (
            *known,
            self.output_size,
            self.ratio,
            self.scales,
            self.gamma,
            self.deformed.choices,
            type(self.rules),
            self.working,
        )

    @property
    def deformed(self) -> Rules:
        """The formulas."""
        assert isinstance(self.rules, Rules)
        return self.rules

    @cached_property
    def rois(self) -> list[Roi | None]:  # type: ignore[override]
        """Where the RoIs lie; None for one that cannot be pooled."""
        shape, bins, scales, ratio = self.pixels.shape, self.output_size, self.scales, self.ratio
        offsets = [None] * len(self.boxes) if self.offset is None else list(self.offset)
        return [
            roi_of(row, offset, shape, bins, scales, ratio, self.gamma, self.deformed, self.working)
            for row, offset in zip(self.boxes.tolist(), offsets, strict=True)
        ]
