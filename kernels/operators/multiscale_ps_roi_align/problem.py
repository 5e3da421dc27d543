"""What a call of PSRoIAlign on a feature pyramid asks for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from ...calls import arguments
from ...calls.choosing import Choosing, levels_by
from ...calls.problem import Asked, common_parts
from ...calls.pyramid import scale_pairs
from ...calls.sampling import SampledProblem, sampling_ratio_pair
from ...calls.selected import SelectedGradient, channels_of
from ...dialects.multiscale_ps_roi_align import Dialect, composed, named_dialect
from ...dialects.multiscale_roi_align import LevelRule
from ...dialects.ps_roi_align import DIALECTS
from ...staging import sampling

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from ...staging.gathering import Macros

MODE = "avg"
"""What becomes of the samples of a bin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PsPyramidProblem(SampledProblem):
    """PSRoIAlign of some RoIs, each on the map of its level. ``channels`` are those of the output.

    Attributes:
        dialect: The rules, those by which levels are chosen among them; ``levels`` says all that a kernel asks of these.
    """

    dialect: Dialect

    @classmethod
    def of(cls, asked: Asked) -> Self:
        """What a call asks for, checked."""
        parts = _parts(asked)
        parts["channels"] = channels_of(parts["channels"], parts["bins"])
        return cls(**parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class GradientProblem(SampledProblem, SelectedGradient):
    """The gradient of PSRoIAlign for the maps of a feature pyramid.

    Attributes:
        dialect: The rules.
    """

    dialect: Dialect

    @classmethod
    def of(cls, asked: Asked) -> Self:
        """What a call asks for, checked."""
        parts = _parts(asked)
        channels_of(parts["channels"], parts["bins"])
        return cls(**parts)


def _parts(asked: Asked) -> dict[str, Any]:
    *ratios, level_rule = asked.options
    return {
        **common_parts(asked),
        "sampling": sampling_ratio_pair(ratios),
        "dialect": resolve_dialect(asked.dialect, level_rule),
    }


def asked_for(
    dtype: np.dtype[Any],
    shapes: Sequence[tuple[int, ...]],
    rois: int,
    output_size: Any,
    spatial_scales: Sequence[Any],
    sampling_ratio: Any,
    choosing: Choosing,
    layout: Any,
    dialect: Any,
) -> Asked:
    """What a call asks for, unchecked but for its levels, of which there is one for each shape."""
    scales = scale_pairs(spatial_scales, len(shapes))
    rules = resolve_dialect(dialect, choosing.level_rule)
    levels = levels_by(rules, choosing, scales, dtype)
    options = (*arguments.pair("sampling_ratio", sampling_ratio), choosing.level_rule)
    return Asked.of(dtype, tuple(shapes), rois, output_size, scales, MODE, layout, dialect, options, levels)


def resolve_dialect(dialect: str | Dialect | None, level_rule: Any) -> Dialect:
    """The rules that arguments of `multiscale_ps_roi_align` of these names ask for."""
    if dialect is None:
        rule = arguments.choice("level_rule", LevelRule.AXLEARN if level_rule is None else level_rule, tuple(LevelRule))
        return composed(LevelRule(rule), DIALECTS["roikit"])
    rules = named_dialect(dialect) if isinstance(dialect, str) else dialect
    if not isinstance(rules, Dialect):
        raise TypeError(f"dialect must be a multiscale_ps_roi_align.Dialect or the name of one, not {dialect!r}")
    if level_rule is not None:
        raise ValueError(
            f"level_rule goes with no dialect, and dialect={dialect!r} says itself how levels are chosen: leave it out"
        )
    return rules


def rule_macros(rules: Dialect) -> Macros:
    """The macros by which a kernel knows the rules of a problem; how levels are chosen comes with its numbers."""
    return (*sampling.rule_macros(rules.sampling, MODE), ("CHANNEL_ORDER", rules.channels))
