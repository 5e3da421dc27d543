"""What a call of rotated RoIAlign on a feature pyramid asks for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from ...calls import arguments
from ...calls.choosing import Choosing, levels_by
from ...calls.problem import Asked, common_parts
from ...calls.pyramid import scale_pairs
from ...calls.sampling import SampledProblem, sampling_ratio_pair
from ...dialects.multiscale_roi_align import LevelRule
from ...dialects.multiscale_roi_align_rotated import LEVEL_RULES, Dialect, composed, named_dialect
from ...dialects.roi_align_rotated import DIALECTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from ...calls.problem import Problem
    from ...staging.gathering import Macros

MODE = "avg"
"""What becomes of the samples of a bin."""

NUMBERS = arguments.CENTRES
"""What a row of boxes has after its batch index."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RotatedPyramidProblem(SampledProblem):
    """Rotated RoIAlign of some RoIs, each on the map of its level.

    Attributes:
        dialect: The rules, those by which levels are chosen among them; ``levels`` says all that a kernel asks of these.
    """

    dialect: Dialect

    @classmethod
    def of(cls, asked: Asked) -> Self:
        """What a call asks for, checked."""
        *sampling, level_rule, aligned, clockwise = asked.options
        for scale_y, scale_x in asked.scales:
            if scale_y != scale_x:
                raise ValueError(
                    f"each of spatial_scales must be one number, not {(scale_y, scale_x)}: two would shear a rotated box"
                )
        return cls(
            **common_parts(asked),
            sampling=sampling_ratio_pair(sampling),
            dialect=resolve_dialect(asked.dialect, level_rule, aligned=aligned, clockwise=clockwise),
        )


def asked_for(
    dtype: np.dtype[Any],
    shapes: Sequence[tuple[int, ...]],
    rois: int,
    output_size: Any,
    spatial_scales: Sequence[Any],
    sampling_ratio: Any,
    aligned: Any,
    clockwise: Any,
    choosing: Choosing,
    layout: Any,
    dialect: Any,
) -> Asked:
    """What a call asks for, unchecked but for its levels, of which there is one for each shape."""
    scales = scale_pairs(spatial_scales, len(shapes))
    rules = resolve_dialect(dialect, choosing.level_rule, aligned=aligned, clockwise=clockwise)
    levels = levels_by(rules, choosing, scales, dtype)
    options = (*arguments.pair("sampling_ratio", sampling_ratio), choosing.level_rule, aligned, clockwise)
    return Asked.of(dtype, tuple(shapes), rois, output_size, scales, MODE, layout, dialect, options, levels)


def resolve_dialect(dialect: str | Dialect | None, level_rule: Any, *, aligned: bool, clockwise: bool) -> Dialect:
    """The rules that arguments of `multiscale_roi_align_rotated` of these names ask for."""
    aligned, clockwise = arguments.truth("aligned", aligned), arguments.truth("clockwise", clockwise)
    if dialect is None:
        rule = arguments.choice("level_rule", LevelRule.AXLEARN if level_rule is None else level_rule, LEVEL_RULES)
        return composed(
            LevelRule(rule), DIALECTS[("roikit" if aligned else "roikit-legacy") + ("-clockwise" if clockwise else "")]
        )
    rules = named_dialect(dialect) if isinstance(dialect, str) else dialect
    if not isinstance(rules, Dialect):
        raise TypeError(f"dialect must be a multiscale_roi_align_rotated.Dialect or the name of one, not {dialect!r}")
    if clockwise or not aligned or level_rule is not None:
        raise ValueError(
            "aligned, clockwise and level_rule go with no dialect, "
            f"and dialect={dialect!r} says itself what they would: leave them out"
        )
    return rules


def rules_of(problem: Problem) -> Macros:
    """The macros by which a kernel knows the rules of a problem."""
    assert isinstance(problem, RotatedPyramidProblem)
    rules = problem.dialect.sampling
    return (
        ("MODE", MODE),
        ("UNIT", rules.unit),
        ("TURN", rules.turn),
        ("QUARTER_TURNS", rules.quarter_turns),
        ("OFFSET", rules.offset),
        ("MIN_SIZE", rules.min_size),
    )
