"""What a call of RoIAlign asks for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from ...calls import arguments
from ...calls.problem import Asked, Problem, common_parts
from ...dialects.roi_align import DIALECTS, Dialect, named_dialect

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from ...calls.levels import Levels

MAX_SAMPLING_RATIO = 1024
"""More samples per bin and axis than this are refused: a bin would take longer than any use of it could be worth."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoiAlignProblem(Problem):
    """RoIAlign of some RoIs.

    Attributes:
        sampling: ``(g_y, g_x)``; 0 asks for adaptive sampling.
        dialect: The rules.
    """

    sampling: tuple[int, int]
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

    @property
    def samples(self) -> int:
        """What a bin reads of a channel, at least."""
        return max(1, self.sampling[0]) * max(1, self.sampling[1])

    @property
    def fields(self) -> dict[str, Any]:
        """The numbers of a kernel's struct that say what is asked for."""
        return {**self.roi_fields, "sampling_y": self.sampling[0], "sampling_x": self.sampling[1]}


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


def sampling_ratio_pair(value: object) -> tuple[int, int]:
    """``sampling_ratio`` as (g_y, g_x), with 0 for adaptive sampling."""
    y, x = (arguments.integer("sampling_ratio", item) for item in arguments.pair("sampling_ratio", value))
    if max(y, x) > MAX_SAMPLING_RATIO:
        raise ValueError(f"sampling_ratio must be at most {MAX_SAMPLING_RATIO}, not {max(y, x)}")
    return max(y, 0), max(x, 0)
