"""The kernels of weighted RoIAlign, so that they can be compiled ahead of calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...calls.levels import compiled_levels
from ...dialects.weighted_roi_align import MEANS
from ...dtypes import wider
from . import forward, means, pixels, rois, shares
from .problem import MODE, SamplingProblem, resolve_dialect

if TYPE_CHECKING:
    from ...dialects.roi_align import Dialect
    from ...execution.source import Source

OPERATIONS = ("forward", "backward", "backward_weights", "backward_boxes")


def rules(dialect: str | Dialect | None, *, aligned: bool) -> Dialect:
    """The rules of calls with these arguments."""
    return resolve_dialect(dialect, aligned=aligned and dialect is None)


def sources(operation: str, dtype: str, mode: str, layout: str, dialect: Dialect, *, on_host: bool) -> list[Source]:
    """The kernels of an operation on a CPU, or on a GPU."""
    return sources_of_levels(operation, dtype, mode, layout, dialect, 1, on_host=on_host)


def sources_of_levels(
    operation: str, dtype: str, mode: str, layout: str, dialect: Dialect, levels: int, *, on_host: bool
) -> list[Source]:
    """The same of so many levels."""
    if operation == "forward":
        return _pooling(dtype, mode, layout, dialect, levels, on_host=on_host)
    wide = wider(dtype)
    found = _pooling(wide, mode, layout, dialect, levels, on_host=on_host)
    asked: dict[str, Any] = {
        "dtype": wide, "images": 1, "channels": 1, "rois": 1, "heights": (1,) * levels, "widths": (1,) * levels,
        "bins": (1, 1), "scales": ((1.0, 1.0),) * levels, "sampling": (0, 0), "layout": layout, "dialect": dialect,
    }  # fmt: skip
    of_maps, of_boxes, problem = shares.OF_MAPS, shares.OF_BOXES, SamplingProblem(**asked, mode=mode)
    if mode in MEANS:
        of_maps, of_boxes = means.OF_MAPS, means.OF_BOXES
        problem = means.MeanProblem(**asked, mode="max", mean=mode, parameter=1.0)
        # finds boxes that cannot be pooled, on a CPU
        found += _pooling(wide, MODE, layout, dialect, levels, on_host=on_host)
    found += _between(pixels, dtype, layout) + _between(rois, dtype, layout)
    found.append(rois.source_of_own_maps(wide, compiled_levels(levels) if on_host else levels))
    if operation == "backward_boxes":
        return [*found, of_boxes.host_source(problem) if on_host else of_boxes.device_source(problem)]
    return [*found, *(of_maps.host_sources(problem) if on_host else of_maps.device_sources(problem))]


def _between(steps: Any, dtype: str, layout: str) -> list[Source]:
    """The kernels of what is between the steps, for maps as they are stored or as they are computed with, or both."""
    wide = wider(dtype)
    return [
        steps.source(step, kind, layout)
        for step in steps.STEPS
        for kind in dict.fromkeys((dtype, wide))
        if kind in ((dtype,) if step in steps.OF_STORED else (wide,) if step in steps.OF_WIDE else (dtype, wide))
    ]


def _pooling(dtype: str, mode: str, layout: str, dialect: Dialect, levels: int, *, on_host: bool) -> list[Source]:
    if on_host:
        host_source = means.host_source if mode in MEANS else forward.host_source
        return [host_source(dtype, mode, layout, dialect, levels)]
    device_sources = means.device_sources if mode in MEANS else forward.device_sources
    return device_sources(dtype, mode, layout, dialect, levels)
