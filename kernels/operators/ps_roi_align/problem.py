"""What a call of PSRoIAlign asks for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from ...calls import arguments
from ...calls.problem import Asked, common_parts
from ...calls.sampling import SampledProblem, sampling_ratio_pair
from ...calls.selected import SelectedGradient, channels_of
from ...dialects.ps_roi_align import DIALECTS, Dialect, named_dialect
from ...staging import sampling

if TYPE_CHECKING:
    import numpy as np

    from ...staging.gathering import Macros

DEFAULT = "roikit"
"""The dialect of calls that name none: torchvision's, but that bins without samples are 0."""

MODE = "avg"
"""What becomes of the samples of a bin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PsRoiAlignProblem(SampledProblem):
    """PSRoIAlign of some RoIs. ``channels`` are those of the output, and the maps have as many for each bin.

    Attributes:
        dialect: The rules.
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
    """The gradient of PSRoIAlign for the maps.

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
    return {
        **common_parts(asked),
        "sampling": sampling_ratio_pair(asked.options),
        "dialect": resolve_dialect(asked.dialect),
    }


def asked_for(
    dtype: np.dtype[Any],
    shape: tuple[int, ...],
    rois: int,
    output_size: Any,
    scale: Any,
    sampling_ratio: Any,
    layout: Any,
    dialect: Any,
) -> Asked:
    """What a call of PSRoIAlign asks for, unchecked; ``shape`` is that of the maps."""
    options = arguments.pair("sampling_ratio", sampling_ratio)
    return Asked.of(dtype, (shape,), rois, output_size, (scale,), MODE, layout, dialect, options)


def resolve_dialect(dialect: str | Dialect | None) -> Dialect:
    """The rules that ``dialect`` of `ps_roi_align` asks for."""
    if dialect is None:
        return DIALECTS[DEFAULT]
    rules = named_dialect(dialect) if isinstance(dialect, str) else dialect
    if not isinstance(rules, Dialect):
        raise TypeError(f"dialect must be a ps_roi_align.Dialect or the name of one, not {dialect!r}")
    return rules


def rule_macros(rules: Dialect) -> Macros:
    """The macros by which a kernel knows a dialect."""
    return (*sampling.rule_macros(rules.sampling, MODE), ("CHANNEL_ORDER", rules.channels))
