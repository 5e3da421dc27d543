"""A call of BorderAlign in a data type: its numbers as an implementation is handed them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ....asking import AskedCall, Handing
from ..call import SIDES
from .geometry import Rules, roi_of
from .output import Maps, as_exact

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .....kernels.dialects.border_align import Dialect
    from ....exact.numbers import Array
    from .geometry import Roi


@dataclass(frozen=True)
class Asked(AskedCall):
    """A call. Its pixels are ``(N, C, 4, H, W)``, and what arrives is ``(K, C, 4)``.

    Attributes:
        pool_size: As it is asked for.
        rules: The formulas.
    """

    pool_size: int
    rules: Rules

    @classmethod
    def of(cls, arguments: Mapping[str, Any], dialect: Dialect, dtype: str, rules: type[Rules] = Rules) -> Asked:
        """The call that a case describes, made in a data type."""
        handed = Handing(arguments, dtype)
        maps = handed.array("input")
        images, channels, rows, columns = maps.shape
        return cls(
            dtype,
            maps.reshape(images, channels, SIDES, rows // SIDES, columns),
            handed.rows(),
            handed.array_if_given("grad"),
            arguments["pool_size"],
            rules(dialect),
        )

    @property
    def asked_for(self) -> tuple[object, ...]:
        """All that decides the exact answer, besides arrays and the type of coordinates."""
        return self.pool_size, self.rules.dialect, type(self.rules)

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
