"""BorderAlign, for those who time it. No library has it on a CPU, or in a package from an index on a GPU."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...measuring.contestant import DTYPES, Contestants
from ...measuring.device_contestant import DeviceContestants
from ...measuring.ours import inputs_of, on_cpu, on_device
from ...operator import Operator
from .calls import OURS
from .exercise import EXERCISE
from .floors import floor, geometry, visited
from .operations import Operation
from .reference import reference_of
from .workloads import CPU_ROWS, GPU_ROWS

if TYPE_CHECKING:
    from .workloads import BorderRow


def parameters(row: BorderRow) -> dict[str, Any]:
    """The parameters that not all operators have."""
    return {"map_channels": row.map_channels}


BORDER_ALIGN = Operator(
    name="border_align",
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
    golden_dialects=("roikit",),
    exercise=EXERCISE,
)
