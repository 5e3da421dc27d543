"""RoIAlign of volumes, for those who time it. No library has it on a CPU, or in a package from an index on a GPU."""

from __future__ import annotations

from ...measuring.axis_floors import geometry
from ...measuring.contestant import DTYPES, Contestants
from ...measuring.device_contestant import DeviceContestants
from ...measuring.footprints import floor, visited
from ...measuring.ours import inputs_of, on_cpu, on_device
from ...operator import Operator
from ...workloads import parameters_of_sampling
from .calls import OURS
from .exercise import EXERCISE
from .operations import Operation
from .reference import reference_of
from .workloads import CPU_ROWS, GPU_ROWS

ROI_ALIGN_3D = Operator(
    name="roi_align_3d",
    operations=Operation,
    cpu_rows=CPU_ROWS,
    gpu_rows=GPU_ROWS,
    parameters=parameters_of_sampling,
    reference=reference_of,
    geometry=geometry,
    floor=floor,
    visited=visited,
    cpu=Contestants(on_cpu(OURS), {}, dtypes=(*DTYPES, "float64")),
    gpu=DeviceContestants(inputs_of(OURS), on_device(OURS), {}),
    golden_dialects=("roikit-aligned",),
    exercise=EXERCISE,
)
