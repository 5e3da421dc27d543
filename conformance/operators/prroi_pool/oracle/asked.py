"""A call of PrRoIPool in a data type: its numbers as an implementation is handed them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ....asking import AskedCall, Handing
from ....exact.floats import FLOAT_TYPES, WORKING
from .geometry import Rules
from .output import Maps, all_stages

if TYPE_CHECKING:
    from collections.abc import Mapping
    from fractions import Fraction

    from .....kernels.dialects.prroi_pool import Dialect
    from ....exact.numbers import Array
    from .geometry import Stages


@dataclass(frozen=True)
class Asked(AskedCall):
    """A call.

    Attributes:
        output_size: As it is asked for.
        scale: Those of y and x, rounded to the type of coordinates.
        rules: The formulas.
        largest: The number beyond which no coordinate may be.
    """

    output_size: tuple[int, int]
    scale: tuple[Fraction, Fraction]
    rules: Rules
    largest: float

    @classmethod
    def of(cls, arguments: Mapping[str, Any], dialect: Dialect, dtype: str, rules: type[Rules] = Rules) -> Asked:
        """The call that a case describes, made in a data type."""
        handed = Handing(arguments, dtype)
        bins_y, bins_x = arguments["output_size"]
        scale_y, scale_x = map(handed.number, arguments["spatial_scale"])
        return cls(
            dtype,
            handed.array("input"),
            handed.rows(),
            handed.array_if_given("grad"),
            (bins_y, bins_x),
            (scale_y, scale_x),
            rules(dialect),
            FLOAT_TYPES[WORKING[dtype]].largest,
        )

    @property
    def asked_for(self) -> tuple[object, ...]:
        """All that decides the exact answer, besides arrays and the type of coordinates."""
        return self.output_size, self.scale, self.rules.dialect, type(self.rules), self.largest

    @cached_property
    def maps(self) -> Maps:
        """The maps, exactly."""
        return Maps.of(self.pixels)

    @cached_property
    def arriving(self) -> Array:
        """What arrives, as fractions; all of it must be finite."""
        assert self.grad is not None
        return Maps.of(self.grad).fractions()

    @cached_property
    def rois(self) -> list[Stages | None]:
        """Where the RoIs lie; None for one that cannot be pooled."""
        shape, rules = self.pixels.shape, self.rules
        return all_stages(self.boxes, shape, self.output_size, self.scale, rules, largest=self.largest)
