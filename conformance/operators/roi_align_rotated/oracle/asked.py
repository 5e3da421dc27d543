"""A call of rotated RoIAlign in a data type: its numbers as an implementation is handed them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ....asking import AskedCall, Handing
from .geometry import Rules, roi_of
from .output import Maps

if TYPE_CHECKING:
    from collections.abc import Mapping
    from fractions import Fraction

    from .....kernels.dialects.roi_align_rotated import Dialect
    from .geometry import Roi

NUMBERS = 6
"""Of a row of boxes."""


@dataclass(frozen=True)
class Asked(AskedCall):
    """A call.

    Attributes:
        output_size, ratio: As they are asked for.
        scale: The one of both axes, rounded to the type of coordinates.
        rules: The formulas.
    """

    output_size: tuple[int, int]
    ratio: tuple[int, int]
    scale: Fraction
    rules: Rules

    @classmethod
    def of(cls, arguments: Mapping[str, Any], dialect: Dialect, dtype: str, rules: type[Rules] = Rules) -> Asked:
        """The call that a case describes, made in a data type."""
        handed = Handing(arguments, dtype)
        bins_y, bins_x = arguments["output_size"]
        ratio_y, ratio_x = arguments["sampling_ratio"]
        return cls(
            dtype,
            handed.array("input"),
            handed.rows(NUMBERS),
            handed.array_if_given("grad"),
            (bins_y, bins_x),
            (ratio_y, ratio_x),
            handed.number(arguments["spatial_scale"][0]),
            rules(dialect),
        )

    @property
    def asked_for(self) -> tuple[object, ...]:
        """All that decides the exact answer, besides arrays and the type of coordinates."""
        return self.output_size, self.ratio, self.scale, self.rules.dialect, type(self.rules)

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
