"""PSRoIPool, for those who time it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...measuring.contestant import DTYPES, Contestants
from ...measuring.device_contestant import DeviceContestants
from ...measuring.footprints import floor, visited
from ...measuring.ours import inputs_of, on_cpu, on_device
from ...operator import Operator
from .calls import OURS
from .cpu.mxnet import MXNET
from .cpu.openvino import OPENVINO
from .cpu.paddle import PADDLE
from .cpu.torchvision import TORCHVISION
from .exercise import EXERCISE
from .floors import geometry
from .gpu.torchvision import TORCHVISION as TORCHVISION_ON_DEVICE
from .operations import Operation
from .reference import reference_of
from .workloads import CPU_ROWS, GPU_ROWS

if TYPE_CHECKING:
    from ...measuring.problem import Row


def parameters(row: Row) -> dict[str, Any]:
    """The parameters that only PSRoIPool has: how many channels the maps have."""
    return {"map_channels": row.map_channels}


PS_ROI_POOL = Operator(
    name="ps_roi_pool",
    operations=Operation,
    cpu_rows=CPU_ROWS,
    gpu_rows=GPU_ROWS,
    parameters=parameters,
    reference=reference_of,
    geometry=geometry,
    floor=floor,
    visited=visited,
    cpu=Contestants(
        on_cpu(OURS),
        {"torchvision": TORCHVISION, "openvino": OPENVINO, "paddle": PADDLE, "mxnet": MXNET},
        dtypes=(*DTYPES, "float64"),
    ),
    gpu=DeviceContestants(inputs_of(OURS), on_device(OURS), {"torchvision": TORCHVISION_ON_DEVICE}),
    golden_dialects=("roikit",),
    exercise=EXERCISE,
)
