"""What a call of RoIAlign asks for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from ...calls import arguments
from ...calls.problem import Asked, common_parts
from ...calls.sampling import SampledProblem, sampling_ratio_pair
from ...dialects.roi_align import DIALECTS, Dialect, named_dialect

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from ...calls.levels import Levels


@dataclass(frozen=True, slots=True, kw_only=True)
class RoiAlignProblem(SampledProblem):
    """RoIAlign of some RoIs.

    Attributes:
        dialect: The rules.
    """

    dialect: Dialect

    @classmethod
    def of(cls, asked: Asked) -> Self:
        """What a call asks for, checked."""
        *sampling, aligned = asked.options
        return cls(
            **common_parts(asked),
            sampling=sampling_ratio_pair(sampling),
            dialect=resolve_dialect(asked.dialect, aligned=aligned),
        )


def asked_for(
    dtype: np.dtype[Any],
    shapes: tuple[tuple[int, ...], ...],
    rois: int,
    output_size: Any,
    scales: Sequence[Any],
    sampling_ratio: Any,
    mode: Any,
    layout: Any,
    dialect: Any,
    aligned: Any,
    levels: Levels | None = None,
) -> Asked:
    """What a call of RoIAlign asks for, unchecked; ``scales`` and ``shapes`` are those of each level."""
    options = (*arguments.pair("sampling_ratio", sampling_ratio), aligned)
    return Asked.of(dtype, shapes, rois, output_size, scales, mode, layout, dialect, options, levels)


def resolve_dialect(dialect: str | Dialect | None, *, aligned: bool) -> Dialect:
    """The rules that ``dialect`` and ``aligned`` of `roi_align` ask for."""
    aligned = arguments.truth("aligned", aligned)
    if dialect is None:
        return DIALECTS["torchvision-aligned" if aligned else "torchvision"]
    rules = named_dialect(dialect) if isinstance(dialect, str) else dialect
    if not isinstance(rules, Dialect):
        raise TypeError(f"dialect must be a Dialect or the name of one, not {dialect!r}")
    if aligned:
        raise ValueError(
            f"aligned=True goes with no dialect, and dialect={dialect!r} says itself whether boxes are shifted: leave aligned out"
        )
    return rules
