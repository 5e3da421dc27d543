"""Rotated RoIAlign, for those who time it. No library that is installed from an index has kernels of it for a GPU."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...measuring.contestant import DTYPES, Contestants
from ...measuring.device_contestant import DeviceContestants
from ...measuring.footprints import floor, visited
from ...measuring.ours import inputs_of, on_cpu, on_device
from ...measuring.point_floors import geometry_of
from ...operator import Operator
from .calls import OURS
from .cpu.openvino import OPENVINO
from .exercise import EXERCISE
from .operations import Operation
from .points import points_of
from .reference import reference_of
from .workloads import CPU_ROWS, GPU_ROWS

if TYPE_CHECKING:
    from ...measuring.point_floors import Geometry
    from ...measuring.problem import Problem, SampledRow


def parameters(row: SampledRow) -> dict[str, Any]:
    """The parameters that not all operators have."""
    return {"sampling_ratio": row.sampling_ratio}


def geometry(problem: Problem, operation: Operation | None = None) -> Geometry:
    """The counts of a row; they are the same for all operations."""
    del operation
    return geometry_of(problem, points_of)


ROI_ALIGN_ROTATED = Operator(
    name="roi_align_rotated",
    operations=Operation,
    cpu_rows=CPU_ROWS,
    gpu_rows=GPU_ROWS,
    parameters=parameters,
    reference=reference_of,
    geometry=geometry,
    floor=floor,
    visited=visited,
    cpu=Contestants(on_cpu(OURS), {"openvino": OPENVINO}, dtypes=(*DTYPES, "float64")),
    gpu=DeviceContestants(inputs_of(OURS), on_device(OURS), {}),
    golden_dialects=("roikit",),
    exercise=EXERCISE,
)
