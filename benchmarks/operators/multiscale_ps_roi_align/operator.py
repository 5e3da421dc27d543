"""PSRoIAlign on a feature pyramid, for those who time it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...measuring.contestant import DTYPES, Contestants
from ...measuring.device_contestant import DeviceContestants
from ...measuring.footprints import floor, visited
from ...measuring.ours import inputs_of, on_cpu, on_device
from ...operator import Operator
from ..ps_roi_align.floors import geometry
from .calls import OURS
from .exercise import EXERCISE
from .operations import Operation
from .reference import reference_of
from .workloads import CPU_ROWS, GPU_ROWS

if TYPE_CHECKING:
    from ..ps_roi_align.workloads import SampledRow


def parameters(row: SampledRow) -> dict[str, Any]:
    """The parameters that not all operators have: how many channels the maps have, and how bins are sampled."""
    return {"map_channels": row.map_channels, "sampling_ratio": row.sampling_ratio}


MULTISCALE_PS_ROI_ALIGN = Operator(
    name="multiscale_ps_roi_align",
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
