"""A call of RoIAlign of volumes in a data type: its numbers as an implementation is handed them."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from ....asking import AskedCall, Handing
from ....exact.numbers import common_denominator
from .geometry import Rules, Whole, roi_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .....kernels.dialects.roi_align_3d import Dialect
    from ....exact.numbers import Array
    from .geometry import Roi

NUMBERS = 7
"""Of a row of boxes."""


@dataclass(frozen=True)
class Asked(AskedCall):
    """A call. Triples are ``(z, y, x)``.

    Attributes:
        output_size, ratios: As they are asked for.
        scales: Rounded to the type of coordinates.
        rules: The formulas.
    """

    output_size: tuple[int, ...]
    ratios: tuple[int, ...]
    scales: tuple[Fraction, ...]
    rules: Rules

    @classmethod
    def of(cls, arguments: Mapping[str, Any], dialect: Dialect, dtype: str, rules: type[Rules] = Rules) -> Asked:
        """The call that a case describes, made in a data type."""
        handed = Handing(arguments, dtype)
        return cls(
            dtype,
            handed.array("input"),
            handed.rows(NUMBERS),
            handed.array_if_given("grad"),
            tuple(arguments["output_size"]),
            tuple(arguments["sampling_ratio"]),
            tuple(map(handed.number, arguments["spatial_scale"])),
            rules(dialect),
        )

    @property
    def asked_for(self) -> tuple[object, ...]:
        """All that decides the exact answer, besides arrays and the type of coordinates."""
        return self.output_size, self.ratios, self.scales, self.rules.choices, type(self.rules)

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
