"""The kernels of PSRoIAlign, so that they can be compiled ahead of calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import box_gradient, feature_gradient, forward
from .problem import MODE, GradientProblem, PsRoiAlignProblem, resolve_dialect

if TYPE_CHECKING:
    from ...dialects.ps_roi_align import Dialect
    from ...execution.source import Source

OPERATIONS = ("forward", "backward", "backward_boxes")


def rules(dialect: str | Dialect | None, *, aligned: bool) -> Dialect:
    """The rules of calls with this dialect."""
    del aligned  # which is RoIAlign's
    return resolve_dialect(dialect)


def sources(operation: str, dtype: str, mode: str, layout: str, dialect: Dialect, *, on_host: bool) -> list[Source]:
    """The kernels of an operation on a CPU, or on a GPU; none of a maximum, which there is not."""
    if mode != MODE:
        return []
    kind = GradientProblem if operation == "backward" else PsRoiAlignProblem
    problem = kind(
        dtype=dtype, images=1, channels=1, rois=1, heights=(1,), widths=(1,), bins=(1, 1), scales=((1.0, 1.0),),
        sampling=(0, 0), mode=mode, layout=layout, dialect=dialect,
    )  # fmt: skip
    if operation == "forward":
        pooling = forward.POOLING
        return [pooling.host_source(problem)] if on_host else pooling.device_sources(problem)
    if operation == "backward":
        gradient = feature_gradient.GRADIENT
        return gradient.host_sources(problem) if on_host else gradient.device_sources(problem)
    for_boxes = box_gradient.GRADIENT
    return [for_boxes.host_source(problem) if on_host else for_boxes.device_source(problem)]
