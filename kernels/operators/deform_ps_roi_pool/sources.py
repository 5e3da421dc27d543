"""The kernels of deformable PSRoIPool, so that they can be compiled ahead of calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...staging import rows
from . import feature_gradient, forward, offset_gradient
from .problem import MODE, DeformedPsProblem, GradientProblem, resolve_dialect

if TYPE_CHECKING:
    from ...dialects.deform_ps_roi_pool import Dialect
    from ...execution.source import Source

OPERATIONS = ("forward", "backward", "backward_offset")


def rules(dialect: str | Dialect | None, *, aligned: bool) -> Dialect:
    """The rules of calls with this dialect; it has no ``aligned``."""
    del aligned
    return resolve_dialect(dialect)


def sources(operation: str, dtype: str, mode: str, layout: str, dialect: Dialect, *, on_host: bool) -> list[Source]:
    """The kernels of an operation on a CPU, or on a GPU; none of a maximum, which there is not."""
    if mode != MODE:
        return []
    asked: dict[str, Any] = {
        "dtype": dtype, "images": 1, "channels": 1, "rois": 1, "heights": (1,), "widths": (1,), "bins": (1, 1),
        "scales": ((1.0, 1.0),), "mode": mode, "layout": layout, "sampling": (1, 1), "groups": (1, 1), "classes": 1,
        "parts": (1, 1), "gamma": 1.0, "moves": True, "dialect": dialect,
    }  # fmt: skip
    found = [rows.source("deform_ps_roi_pool", dtype)]
    if operation == "backward":
        gradient, sent = feature_gradient.GRADIENT, GradientProblem(**asked)
        return [*found, *(gradient.host_sources(sent) if on_host else gradient.device_sources(sent))]
    problem = DeformedPsProblem(**asked)
    if operation == "forward":
        pooling = forward.POOLING
        return [*found, *([pooling.host_source(problem)] if on_host else pooling.device_sources(problem))]
    return [
        *found,
        offset_gradient.motions_source(problem, on_host=on_host),
        offset_gradient.gradient_source(problem, on_host=on_host),
    ]
