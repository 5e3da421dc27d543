"""The kernels of deformable RoI pooling, so that they can be compiled ahead of calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...dialects.deform_roi_pool import Slope
from . import feature_gradient, forward, motions, rows
from .problem import MODE, DeformedProblem, resolve_dialect

if TYPE_CHECKING:
    from ...dialects.deform_roi_pool import Dialect
    from ...execution.source import Source

OPERATIONS = ("forward", "backward", "backward_offset", "backward_boxes")


def rules(dialect: str | Dialect | None, *, aligned: bool) -> Dialect:
    """The rules of calls with this dialect; it has no ``aligned``."""
    del aligned
    return resolve_dialect(dialect)


def sources(operation: str, dtype: str, mode: str, layout: str, dialect: Dialect, *, on_host: bool) -> list[Source]:
    """The kernels of an operation on a CPU, or on a GPU; none of a maximum, which there is not."""
    if mode != MODE:
        return []
    problem = DeformedProblem(
        dtype=dtype, images=1, channels=1, rois=1, heights=(1,), widths=(1,), bins=(1, 1), scales=((1.0, 1.0),),
        mode=mode, layout=layout, sampling=(1, 1), gamma=1.0, moves=True, dialect=dialect,
    )  # fmt: skip
    found = [rows.source(dtype)]
    if operation == "forward":
        pooling = forward.POOLING
        return [*found, *([pooling.host_source(problem)] if on_host else pooling.device_sources(problem))]
    if operation == "backward":
        gradient = feature_gradient.GRADIENT
        return [*found, *(gradient.host_sources(problem) if on_host else gradient.device_sources(problem))]
    of = operation.removeprefix("backward_")
    slope = dialect.slope if of == "offset" else Slope.DERIVATIVE
    return [
        *found,
        motions.motions_source(problem, slope, on_host=on_host),
        motions.gradient_source(of, problem),
    ]
