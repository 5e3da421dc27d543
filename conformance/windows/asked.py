"""A call of an operator whose bins are whole pixels, in a data type: its numbers as an implementation is handed them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from ..asking import AskedCall, Handing
from .geometry import Stages, WindowRules, all_stages
from .pixels import exact_pixels

if TYPE_CHECKING:
    from collections.abc import Mapping
    from fractions import Fraction

    from ..exact.numbers import Array

R = TypeVar("R", bound=WindowRules)


@dataclass(frozen=True)
class WindowCall(AskedCall, Generic[R]):
    """A call.

    Attributes:
        output_size, mode: As they are asked for.
        scale: Those of y and x, rounded to the type of coordinates.
        rules: The formulas.
    """

    output_size: tuple[int, int]
    scale: tuple[Fraction, Fraction]
    mode: str
    rules: R

    @classmethod
    def of(cls, arguments: Mapping[str, Any], dtype: str, rules: R) -> WindowCall[R]:
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
            arguments["mode"],
            rules,
        )

    @property
    def asked_for(self) -> tuple[object, ...]:
        """All that decides the exact answer, besides arrays and the type of coordinates."""
        return self.output_size, self.scale, self.mode, self.rules

    @cached_property
    def maps(self) -> Array:
        """The maps, exactly."""
        return exact_pixels(self.pixels)

    @cached_property
    def arriving(self) -> Array:
        """What arrives, exactly."""
        assert self.grad is not None
        return exact_pixels(self.grad)

    @cached_property
    def rois(self) -> list[Stages | None]:
        """Where the RoIs lie; None for one that cannot be pooled."""
        return all_stages(self.boxes, self.pixels.shape, self.output_size, self.scale, self.rules)
