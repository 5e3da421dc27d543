"""The kernels of RoIAlign of volumes, so that they can be compiled ahead of calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import box_gradient, feature_gradient, forward
from .problem import MODE, VolumeProblem, resolve_dialect

if TYPE_CHECKING:
    from ...dialects.roi_align_3d import Dialect
    from ...execution.source import Source

OPERATIONS = ("forward", "backward", "backward_boxes")


def rules(dialect: str | Dialect | None, *, aligned: bool) -> Dialect:
    """The rules of calls with these arguments."""
    return resolve_dialect(dialect, aligned=aligned and dialect is None)


def sources(operation: str, dtype: str, mode: str, layout: str, dialect: Dialect, *, on_host: bool) -> list[Source]:
    """The kernels of an operation on a CPU, or on a GPU; none of a maximum, which there is not."""
    if mode != MODE:
        return []
    if operation == "forward":
        if on_host:
            return [forward.host_source(dtype, layout, dialect)]
        return forward.device_sources(dtype, layout, dialect)
    problem = VolumeProblem(
        dtype=dtype, images=1, channels=1, rois=1, heights=(1,), widths=(1,), bins=(1, 1), scales=((1.0, 1.0),),
        mode=mode, layout=layout, size=(1, 1), slices=(1, 1), scale_z=1.0, sampling=(0, 0, 0), dialect=dialect,
    )  # fmt: skip
    if operation == "backward":
        gradient = feature_gradient.GRADIENT
        return gradient.host_sources(problem) if on_host else gradient.device_sources(problem)
    for_boxes = box_gradient.GRADIENT
    return [for_boxes.host_source(problem) if on_host else for_boxes.device_source(problem)]
