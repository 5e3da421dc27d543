"""Rotated RoIAlign on a feature pyramid, for those who time it."""

from __future__ import annotations

from ...measuring.contestant import DTYPES, Contestants
from ...measuring.device_contestant import DeviceContestants
from ...measuring.footprints import floor, visited
from ...measuring.ours import inputs_of, on_cpu, on_device
from ...measuring.point_floors import counts_by
from ...operator import Operator
from ...workloads import parameters_of_sampling
from ..roi_align_rotated.points import points_of
from .calls import OURS
from .cpu.openvino import OPENVINO
from .exercise import EXERCISE
from .gpu.common_kernel import COMMON
from .operations import Operation
from .reference import reference_of
from .workloads import CPU_ROWS, GPU_ROWS

MULTISCALE_ROI_ALIGN_ROTATED = Operator(
    name="multiscale_roi_align_rotated",
    operations=Operation,
    cpu_rows=CPU_ROWS,
    gpu_rows=GPU_ROWS,
    parameters=parameters_of_sampling,
    reference=reference_of,
    geometry=counts_by(points_of),
    floor=floor,
    visited=visited,
    cpu=Contestants(on_cpu(OURS), {"openvino-by-level": OPENVINO}, dtypes=(*DTYPES, "float64")),
    gpu=DeviceContestants(inputs_of(OURS), on_device(OURS), {}),
    golden_dialects=("roikit",),
    exercise=EXERCISE,
    common=COMMON,
)
