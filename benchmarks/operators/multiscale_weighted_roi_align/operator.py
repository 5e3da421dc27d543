"""Weighted RoIAlign on a feature pyramid, for those who time it."""

from __future__ import annotations

from ...measuring.axis_floors import geometry
from ...measuring.contestant import DTYPES, Contestants
from ...measuring.device_contestant import DeviceContestants
from ...measuring.ours import inputs_of, on_cpu, on_device
from ...operator import Operator
from ...workloads import parameters_of_sampling
from ..weighted_roi_align.floors import floor, visited
from .calls import OURS
from .exercise import EXERCISE
from .operations import Operation
from .reference import reference_of
from .workloads import CPU_ROWS, GPU_ROWS

MULTISCALE_WEIGHTED_ROI_ALIGN = Operator(
    name="multiscale_weighted_roi_align",
    operations=Operation,
    cpu_rows=CPU_ROWS,
    gpu_rows=GPU_ROWS,
    parameters=parameters_of_sampling,
    reference=reference_of,
    geometry=geometry,
    floor=lambda problem, counts, itemsize, rates, operation: floor(
        problem, counts, itemsize, rates, operation.of_one_map
    ),
    visited=lambda problem, counts, operation: visited(problem, counts, operation.of_one_map),
    cpu=Contestants(on_cpu(OURS), {}, dtypes=(*DTYPES, "float64")),
    gpu=DeviceContestants(inputs_of(OURS), on_device(OURS), {}),
    golden_dialects=("roikit-aligned",),
    exercise=EXERCISE,
)
