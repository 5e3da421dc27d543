"""The kernels of PSRoIAlign on a feature pyramid, so that they can be compiled ahead of calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import box_gradient, feature_gradient, forward
from .problem import MODE, GradientProblem, PsPyramidProblem, resolve_dialect

if TYPE_CHECKING:
    from ...dialects.multiscale_ps_roi_align import Dialect
    from ...execution.source import Source

OPERATIONS = ("forward", "backward", "backward_boxes")

LEVELS = 4
"""As many as the pyramids of detectors have from 1/4 to 1/32; a GPU's kernels are compiled for one number of levels."""


def rules(dialect: str | Dialect | None, *, aligned: bool) -> Dialect:
    """The rules of calls with this dialect."""
    del aligned  # which is RoIAlign's
    return resolve_dialect(dialect, None)


def sources(operation: str, dtype: str, mode: str, layout: str, dialect: Dialect, *, on_host: bool) -> list[Source]:
    """The kernels of an operation on a CPU, or on a GPU for `LEVELS` levels; none of a maximum, which there is not."""
    if mode != MODE:
        return []
    kind = GradientProblem if operation == "backward" else PsPyramidProblem
    problem = kind(
        dtype=dtype, images=1, channels=1, rois=1, heights=(1,) * LEVELS, widths=(1,) * LEVELS, bins=(1, 1),
        scales=((1.0, 1.0),) * LEVELS, mode=mode, layout=layout, sampling=(0, 0), dialect=dialect,
    )  # fmt: skip
    if operation == "forward":
        pooling = forward.POOLING
        return [pooling.host_source(problem)] if on_host else pooling.device_sources(problem)
    if operation == "backward":
        gradient = feature_gradient.GRADIENT
        return gradient.host_sources(problem) if on_host else gradient.device_sources(problem)
    for_boxes = box_gradient.GRADIENT
    return [for_boxes.host_source(problem) if on_host else for_boxes.device_source(problem)]
