"""What a call of deformable RoI pooling asks for."""

from __future__ import annotations

import math
from dataclasses import dataclass
from numbers import Real
from typing import TYPE_CHECKING, Any, Self

from ...calls import arguments
from ...calls.problem import Asked, common_parts
from ...calls.sampling import SampledProblem, sampling_ratio_pair
from ...dialects.deform_roi_pool import DIALECTS, Dialect, named_dialect
from ...staging.rows import BOX_NUMBERS

if TYPE_CHECKING:
    import numpy as np

    from ...calls.problem import Problem
    from ...staging.gathering import Macros

MODE = "avg"
"""What becomes of the samples of a bin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeformedProblem(SampledProblem):
    """Deformable RoI pooling of some RoIs.

    Attributes:
        gamma: By how much of the size of a RoI an offset of 1 moves a bin.
        moves: Whether there are offsets.
        dialect: The rules.
    """

    gamma: float
    moves: bool
    dialect: Dialect

    @classmethod
    def of(cls, asked: Asked) -> Self:
        """What a call asks for, checked."""
        *sampling, gamma, moves = asked.options
        return cls(
            **common_parts(asked),
            sampling=sampling_ratio_pair(sampling),
            gamma=checked_gamma(gamma),
            moves=moves,
            dialect=resolve_dialect(asked.dialect),
        )

    @property
    def offsets(self) -> int:
        """How many numbers the offsets of a RoI are."""
        return 2 * math.prod(self.bins) if self.moves else 0

    @property
    def fields(self) -> dict[str, Any]:
        """The numbers of a kernel's struct that say what is asked for."""
        sampled = super(DeformedProblem, self).fields  # of slots there is a class made anew
        return {**sampled, "row_numbers": BOX_NUMBERS + self.offsets, "gamma": self.gamma}


def asked_for(
    dtype: np.dtype[Any],
    shape: tuple[int, ...],
    rois: int,
    output_size: Any,
    scale: Any,
    sampling_ratio: Any,
    gamma: Any,
    layout: Any,
    dialect: Any,
    *,
    moves: bool,
) -> Asked:
    """What a call of deformable RoI pooling asks for, unchecked; it ``moves`` bins if there are offsets."""
    options = (*arguments.pair("sampling_ratio", sampling_ratio), gamma, moves)
    return Asked.of(dtype, (tuple(shape),), rois, output_size, (scale,), MODE, layout, dialect, options)


def checked_gamma(gamma: object) -> float:
    """``gamma``, a finite number."""
    if isinstance(gamma, bool) or not isinstance(gamma, Real):
        raise TypeError(f"gamma must be a number, not {gamma!r}")
    if not math.isfinite(gamma):
        raise ValueError(f"gamma must be finite, not {gamma!r}")
    return float(gamma)


def resolve_dialect(dialect: str | Dialect | None) -> Dialect:
    """The rules that ``dialect`` of `deform_roi_pool` asks for."""
    if dialect is None:
        return DIALECTS["roikit"]
    rules = named_dialect(dialect) if isinstance(dialect, str) else dialect
    if not isinstance(rules, Dialect):
        raise TypeError(f"dialect must be a deform_roi_pool.Dialect or the name of one, not {dialect!r}")
    return rules


def rules_of(problem: Problem) -> Macros:
    """The macros by which a kernel knows the rules of a problem: of what it pools all dialects say the same."""
    assert isinstance(problem, DeformedProblem)
    return (("MODE", MODE),)
