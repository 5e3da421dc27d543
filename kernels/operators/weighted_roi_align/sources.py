"""The kernels of weighted RoIAlign, so that they can be compiled ahead of calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...dtypes import wider
from . import forward, pixels, rois, shares
from .problem import SamplingProblem, resolve_dialect

if TYPE_CHECKING:
    from ...dialects.roi_align import Dialect
    from ...execution.source import Source

OPERATIONS = ("forward", "backward", "backward_weights", "backward_boxes")


def rules(dialect: str | Dialect | None, *, aligned: bool) -> Dialect:
    """The rules of calls with these arguments."""
    return resolve_dialect(dialect, aligned=aligned and dialect is None)


def sources(operation: str, dtype: str, mode: str, layout: str, dialect: Dialect, *, on_host: bool) -> list[Source]:
    """The kernels of an operation on a CPU, or on a GPU."""
    if operation == "forward":
        return _pooling(dtype, mode, layout, dialect, on_host=on_host)
    wide = wider(dtype)
    problem = SamplingProblem(
        dtype=wide, images=1, channels=1, rois=1, heights=(1,), widths=(1,), bins=(1, 1), scales=((1.0, 1.0),),
        sampling=(0, 0), mode=mode, layout=layout, dialect=dialect,
    )  # fmt: skip
    found = _pooling(wide, mode, layout, dialect, on_host=on_host)
    found += _between(pixels, dtype, layout) + _between(rois, dtype, layout)
    if operation == "backward_boxes":
        of_boxes = shares.OF_BOXES
        return [*found, of_boxes.host_source(problem) if on_host else of_boxes.device_source(problem)]
    of_maps = shares.OF_MAPS
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


def _pooling(dtype: str, mode: str, layout: str, dialect: Dialect, *, on_host: bool) -> list[Source]:
    if on_host:
        return [forward.host_source(dtype, mode, layout, dialect)]
    return forward.device_sources(dtype, mode, layout, dialect)
