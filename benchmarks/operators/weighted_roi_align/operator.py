"""Weighted RoIAlign, for those who time it: means by weights, which torchvision makes in two calls, maxima and other means."""

from __future__ import annotations

from ...measuring.axis_floors import geometry
from ...measuring.contestant import DTYPES, Contestants
from ...measuring.device_contestant import DeviceContestants
from ...measuring.ours import inputs_of, on_cpu, on_device
from ...operator import Operator
from ...workloads import parameters_of_sampling
from .calls import OURS
from .cpu.torchvision import TORCHVISION
from .exercise import EXERCISE
from .floors import floor, visited
from .gpu.torchvision import TORCHVISION as TORCHVISION_ON_DEVICE
from .operations import Operation
from .reference import reference_of
from .workloads import CPU_ROWS, GPU_ROWS

WEIGHTED_ROI_ALIGN = Operator(
    name="weighted_roi_align",
    operations=Operation,
    cpu_rows=CPU_ROWS,
    gpu_rows=GPU_ROWS,
    parameters=parameters_of_sampling,
    reference=reference_of,
    geometry=geometry,
    floor=floor,
    visited=visited,
    cpu=Contestants(on_cpu(OURS), {"torchvision": TORCHVISION}, dtypes=(*DTYPES, "float64")),
    gpu=DeviceContestants(inputs_of(OURS), on_device(OURS), {"torchvision": TORCHVISION_ON_DEVICE}),
    golden_dialects=("torchvision-aligned",),
    exercise=EXERCISE,
)
