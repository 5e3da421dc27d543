"""A call of deformable RoI pooling in a data type: its numbers as an implementation is handed them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ....asking import Handing
from ...roi_align_rotated.oracle import asked as of_points
from .geometry import Rules, roi_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from fractions import Fraction

    from .....kernels.dialects.deform_roi_pool import Dialect
    from ....exact.numbers import Array
    from .geometry import Pair, Roi

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
        handed = Handing(arguments, dtype)
        bins_y, bins_x = arguments["output_size"]
        ratio_y, ratio_x = arguments["sampling_ratio"]
        scale_y, scale_x = map(handed.number, arguments["spatial_scale"])
        return cls(
            dtype,
            handed.array("input"),
            handed.rows(),
            handed.array_if_given("grad"),
            (bins_y, bins_x),
            (ratio_y, ratio_x),
            scale_y,
            rules(dialect),
            (scale_y, scale_x),
            handed.number(arguments.get("gamma", GAMMA)),
            handed.array_if_given("offset"),
        )

    @property
    def arrays(self) -> dict[str, Array]:
        """Those that have the data type of the call, under their names in a case."""
        return super().arrays | ({} if self.offset is None else {"offset": self.offset})

    @property
    def asked_for(self) -> tuple[object, ...]:
        """All that decides the exact answer, besides arrays and the type of coordinates."""
        return self.output_size, self.ratio, self.scales, self.gamma, self.deformed.choices, type(self.rules)

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
