"""What a call of rotated RoIAlign asks for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from ...calls import arguments
from ...calls.problem import Asked, common_parts
from ...calls.sampling import SampledProblem, sampling_ratio_pair
from ...dialects.roi_align_rotated import DIALECTS, Dialect, named_dialect

if TYPE_CHECKING:
    import numpy as np

    from ...calls.problem import Problem
    from ...staging.gathering import Macros

MODE = "avg"
"""What becomes of the samples of a bin."""

NUMBERS = arguments.CENTRES
"""What a row of boxes has after its batch index."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RotatedProblem(SampledProblem):
    """Rotated RoIAlign of some RoIs.

    Attributes:
        dialect: The rules.
    """

    dialect: Dialect

    @classmethod
    def of(cls, asked: Asked) -> Self:
        """What a call asks for, checked."""
        *sampling, aligned, clockwise = asked.options
        ((scale_y, scale_x),) = asked.scales
        if scale_y != scale_x:
            raise ValueError(
                f"spatial_scale must be one number, not {(scale_y, scale_x)}: two would shear a rotated box"
            )
        return cls(
            **common_parts(asked),
            sampling=sampling_ratio_pair(sampling),
            dialect=resolve_dialect(asked.dialect, aligned=aligned, clockwise=clockwise),
        )


def asked_for(
    dtype: np.dtype[Any],
    shape: tuple[int, ...],
    rois: int,
    output_size: Any,
    scale: Any,
    sampling_ratio: Any,
    aligned: Any,
    clockwise: Any,
    layout: Any,
    dialect: Any,
) -> Asked:
    """What a call of rotated RoIAlign asks for, unchecked."""
    options = (*arguments.pair("sampling_ratio", sampling_ratio), aligned, clockwise)
    return Asked.of(dtype, (shape,), rois, output_size, (scale,), MODE, layout, dialect, options)


def resolve_dialect(dialect: str | Dialect | None, *, aligned: bool, clockwise: bool) -> Dialect:
    """The rules that ``dialect``, ``aligned`` and ``clockwise`` of `roi_align_rotated` ask for."""
    aligned, clockwise = arguments.truth("aligned", aligned), arguments.truth("clockwise", clockwise)
    if dialect is None:
        return DIALECTS[("roikit" if aligned else "roikit-legacy") + ("-clockwise" if clockwise else "")]
    rules = named_dialect(dialect) if isinstance(dialect, str) else dialect
    if not isinstance(rules, Dialect):
        raise TypeError(f"dialect must be a roi_align_rotated.Dialect or the name of one, not {dialect!r}")
    if clockwise or not aligned:
        raise ValueError(
            f"aligned and clockwise go with no dialect, and dialect={dialect!r} says itself what they would: leave them out"
        )
    return rules


def rules_of(problem: Problem) -> Macros:
    """The macros by which a kernel knows the rules of a problem."""
    assert isinstance(problem, RotatedProblem)
    rules = problem.dialect
    return (
        ("MODE", MODE),
        ("UNIT", rules.unit),
        ("TURN", rules.turn),
        ("QUARTER_TURNS", rules.quarter_turns),
        ("OFFSET", rules.offset),
        ("MIN_SIZE", rules.min_size),
    )
