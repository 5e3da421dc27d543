"""What a call of RoIAlign of volumes asks for: one of maps whose rows are those of all slices (``folding.py``)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from ...calls import arguments
from ...calls.problem import Asked, Problem, common_parts
from ...calls.sampling import MAX_SAMPLING_RATIO
from ...dialects import roi_align as of_maps
from ...dialects.roi_align_3d import DIALECTS, Dialect, named_dialect
from ...staging.sampling import rule_macros
from .folding import bins_of_volume, folded_shape, ratios, size_of_volume, triple

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from ...staging.gathering import Macros

MODE = "avg"
"""What becomes of the samples of a bin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeProblem(Problem):
    """RoIAlign of some RoIs of volumes. What `Problem` says of rows is of those of all slices, one slice below the other.

    Attributes:
        size: ``(D, H)`` of the volumes.
        slices: ``(P_d, P_h)``, the bins along both.
        scale_z: Feature pixels per image pixel along z.
        sampling: ``(g_d, g_h, g_w)``; 0 asks for adaptive sampling.
        dialect: The rules.
    """

    size: tuple[int, int]
    slices: tuple[int, int]
    scale_z: float
    sampling: tuple[int, int, int]
    dialect: Dialect

    @classmethod
    def of(cls, asked: Asked) -> Self:
        """What a call asks for, checked."""
        depth, height, bins_d, bins_h, scale_z, *sampling, aligned = asked.options
        parts = common_parts(asked)
        return cls(
            **parts,
            size=(depth, height),
            slices=(bins_d, bins_h),
            scale_z=arguments.spatial_scale_pair(scale_z, parts["dtype"])[0],
            sampling=_checked_ratios(sampling),
            dialect=resolve_dialect(asked.dialect, aligned=aligned),
        )

    @property
    def samples(self) -> int:
        """What a bin reads of a channel, at least."""
        return math.prod(max(1, ratio) for ratio in self.sampling)

    @property
    def fields(self) -> dict[str, Any]:
        """The numbers of a kernel's struct that say what is asked for."""
        return {
            **self.roi_fields,
            "scale_z": self.scale_z,
            "depth": self.size[0],
            "height": self.size[1],
            "bins_d": self.slices[0],
            "bins_h": self.slices[1],
            "sampling_z": self.sampling[0],
            "sampling_y": self.sampling[1],
            "sampling_x": self.sampling[2],
        }


def asked_for(
    dtype: np.dtype[Any],
    shape: Sequence[int],
    rois: int,
    output_size: Any,
    scale: Any,
    sampling_ratio: Any,
    layout: Any,
    dialect: Any,
    aligned: Any,
) -> Asked:
    """What a call asks for, for volumes of this shape. How many bins there are is checked; the rest is not."""
    bins_d, bins_h, bins_w = bins_of_volume(output_size)
    scale_z, scale_y, scale_x = triple("spatial_scale", scale)
    depth, height, _ = size_of_volume(shape, layout)
    options = (depth, height, bins_d, bins_h, scale_z, *ratios(sampling_ratio), aligned)
    flat = (bins_d * bins_h, bins_w)
    where = folded_shape(shape, layout)
    return Asked.of(dtype, (where,), rois, flat, ((scale_y, scale_x),), MODE, layout, dialect, options)


def output_shape(shape: Sequence[int], rois: int, output_size: Any, layout: Any) -> tuple[int, ...]:
    """The shape of the output for volumes of this shape."""
    bins = bins_of_volume(output_size)
    return (rois, *bins, shape[4]) if layout == "NHWC" else (rois, shape[1], *bins)


def resolve_dialect(dialect: str | Dialect | None, *, aligned: bool) -> Dialect:
    """The rules that ``dialect`` and ``aligned`` of `roi_align_3d` ask for."""
    aligned = arguments.truth("aligned", aligned)
    if dialect is None:
        return DIALECTS["roikit-aligned" if aligned else "roikit"]
    rules = named_dialect(dialect) if isinstance(dialect, str) else dialect
    if not isinstance(rules, Dialect):
        raise TypeError(f"dialect must be a roi_align_3d.Dialect or the name of one, not {dialect!r}")
    if aligned:
        raise ValueError(
            f"aligned=True goes with no dialect, and dialect={dialect!r} says itself whether boxes are shifted: leave aligned out"
        )
    return rules


def macros_of(dialect: Dialect) -> Macros:
    """The macros by which a kernel knows its rules: along each axis those of RoIAlign of maps."""
    return rule_macros(of_maps.Dialect(offset=dialect.offset, min_size=dialect.min_size), MODE)


def _checked_ratios(given: Sequence[int]) -> tuple[int, int, int]:
    if max(given) > MAX_SAMPLING_RATIO:
        raise ValueError(f"sampling_ratio must be at most {MAX_SAMPLING_RATIO}, not {max(given)}")
    z, y, x = (max(ratio, 0) for ratio in given)
    return z, y, x
