"""A call of rotation-invariant RoIAlign in a data type: one of rotated RoIAlign, and how its channels are mixed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ....exact.floats import WORKING
from ...roi_align_rotated.oracle import asked as of_rotated
from ...roi_align_rotated.oracle.geometry import Rules
from .orienting import Orienting

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .....kernels.dialects.riroi_align_rotated import Dialect
    from ....exact.numbers import Array
    from .orienting import Mixture


@dataclass(frozen=True)
class Asked(of_rotated.Asked):
    """A call.

    Attributes:
        orienting: The formulas of orientations; those of rotated RoIAlign are its ``rules``.
    """

    orienting: Orienting

    @classmethod
    def made(
        cls,
        arguments: Mapping[str, Any],
        dialect: Dialect,
        dtype: str,
        rules: type[Rules] = Rules,
        orienting: type[Orienting] = Orienting,
    ) -> Asked:
        """The call that a case describes, made in a data type."""
        given = of_rotated.Asked.of(arguments, dialect.sampling, dtype, rules)
        numbers = given.pixels, given.boxes, given.grad, given.output_size, given.ratio, given.scale
        return cls(dtype, *numbers, given.rules, orienting(dialect, arguments["num_orientations"]))

    @property
    def asked_for(self) -> tuple[object, ...]:
        """All that decides the exact answer, besides arrays and the type of coordinates."""
        return (*super().asked_for, self.orienting.orientations, type(self.orienting))

    @cached_property
    def mixtures(self) -> list[Mixture | None]:
        """How each RoI mixes channels; None for one that cannot be pooled."""
        channels, type_ = self.pixels.shape[1], self.working
        return [
            self.orienting.mixture(Fraction(angle), type_, channels) if roi else None
            for roi, angle in zip(self.rois, self.boxes[:, 5].tolist(), strict=True)
        ]

    @property
    def in_working_type(self) -> Asked:
        """The same numbers, in the type of sums."""
        return self._but(dtype=WORKING[self.dtype])

    def with_arriving(self, grad: Array) -> Asked:
        """The call at whose channels of the map something else arrives."""
        return self._but(grad=grad)

    def _but(self, **change: Any) -> Asked:
        """The call with a change that leaves RoIs where they are."""
        changed = replace(self, **change)
        changed.__dict__["rois"] = self.rois
        return changed
