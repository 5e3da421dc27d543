"""What a call of rotation-invariant RoIAlign asks for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from ...calls import arguments
from ...calls.problem import Asked, common_parts
from ...calls.sampling import SampledProblem, sampling_ratio_pair
from ...dialects.riroi_align_rotated import DIALECTS, Dialect, named_dialect

if TYPE_CHECKING:
    import numpy as np

    from ...calls.problem import Problem
    from ...staging.gathering import Macros

MODE = "avg"
"""What becomes of the samples of a bin."""

NUMBERS = arguments.CENTRES
"""What a row of boxes has after its batch index."""

MAX_ORIENTATIONS = 2**20
"""So many have quarters that whole numbers count, and floats, too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RotationInvariantProblem(SampledProblem):
    """Rotation-invariant RoIAlign of some RoIs.

    Attributes:
        orientations: Of each feature.
        dialect: The rules.
    """

    orientations: int
    dialect: Dialect

    @classmethod
    def of(cls, asked: Asked) -> Self:
        """What a call asks for, checked."""
        *sampling, orientations, clockwise = asked.options
        ((scale_y, scale_x),) = asked.scales
        if scale_y != scale_x:
            raise ValueError(
                f"spatial_scale must be one number, not {(scale_y, scale_x)}: two would shear a rotated box"
            )
        parts = common_parts(asked)
        return cls(
            **parts,
            sampling=sampling_ratio_pair(sampling),
            orientations=checked_orientations(orientations, parts["channels"]),
            dialect=resolve_dialect(asked.dialect, clockwise=clockwise),
        )

    @property
    def fields(self) -> dict[str, Any]:
        """The numbers of a kernel's struct that say what is asked for."""
        sampled = super(RotationInvariantProblem, self).fields  # of slots there is a class made anew
        return {**sampled, "orientations": self.orientations}


def asked_for(
    dtype: np.dtype[Any],
    shape: tuple[int, ...],
    rois: int,
    output_size: Any,
    scale: Any,
    sampling_ratio: Any,
    num_orientations: Any,
    clockwise: Any,
    layout: Any,
    dialect: Any,
) -> Asked:
    """What a call of rotation-invariant RoIAlign asks for, unchecked."""
    options = (*arguments.pair("sampling_ratio", sampling_ratio), num_orientations, clockwise)
    return Asked.of(dtype, (shape,), rois, output_size, (scale,), MODE, layout, dialect, options)


def checked_orientations(value: object, channels: int) -> int:
    """``num_orientations``, a whole number of channels that divides all of them."""
    orientations = arguments.integer("num_orientations", value)
    if not 1 <= orientations <= MAX_ORIENTATIONS:
        raise ValueError(f"num_orientations must be from 1 to {MAX_ORIENTATIONS}, not {orientations}")
    if channels % orientations:
        raise ValueError(
            f"num_orientations must divide the channels of input: {channels} are no multiple of {orientations}"
        )
    return orientations


def resolve_dialect(dialect: str | Dialect | None, *, clockwise: bool) -> Dialect:
    """The rules that ``dialect`` and ``clockwise`` of `riroi_align_rotated` ask for."""
    clockwise = arguments.truth("clockwise", clockwise)
    if dialect is None:
        return DIALECTS["roikit-clockwise" if clockwise else "roikit"]
    rules = named_dialect(dialect) if isinstance(dialect, str) else dialect
    if not isinstance(rules, Dialect):
        raise TypeError(f"dialect must be a riroi_align_rotated.Dialect or the name of one, not {dialect!r}")
    if clockwise:
        raise ValueError(
            f"clockwise goes with no dialect, and dialect={dialect!r} says itself what it would: leave it out"
        )
    return rules


def rules_of(problem: Problem) -> Macros:
    """The macros by which a kernel knows the rules of a problem: those of rotated RoIAlign (RI-1)."""
    assert isinstance(problem, RotationInvariantProblem)
    rules = problem.dialect.sampling
    return (
        ("MODE", MODE),
        ("UNIT", rules.unit),
        ("TURN", rules.turn),
        ("QUARTER_TURNS", rules.quarter_turns),
        ("OFFSET", rules.offset),
        ("MIN_SIZE", rules.min_size),
    )
