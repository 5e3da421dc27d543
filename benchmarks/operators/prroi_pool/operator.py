"""PrRoIPool, for those who time it. No library has kernels of it to time beside ours on a CPU, or from an index on a GPU."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...measuring.contestant import DTYPES, Contestants
from ...measuring.device_contestant import DeviceContestants
from ...measuring.footprints import floor, visited
from ...measuring.ours import inputs_of, on_cpu, on_device
from ...operator import Operator
from .calls import OURS
from .exercise import EXERCISE
from .floors import geometry
from .operations import Operation
from .reference import reference_of
from .workloads import CPU_ROWS, GPU_ROWS

if TYPE_CHECKING:
    from ...measuring.problem import Row


def parameters(row: Row) -> dict[str, Any]:
    """The parameters that only PrRoIPool has: none."""
    del row
    return {}


PRROI_POOL = Operator(
    name="prroi_pool",
    operations=Operation,
    cpu_rows=CPU_ROWS,
    gpu_rows=GPU_ROWS,
    parameters=parameters,
    reference=reference_of,
    geometry=geometry,
    floor=floor,
    visited=visited,
    cpu=Contestants(on_cpu(OURS), {}, dtypes=(*DTYPES, "float64")),
    gpu=DeviceContestants(inputs_of(OURS), on_device(OURS), {}),
    golden_dialects=("mmcv",),
    exercise=EXERCISE,
)
