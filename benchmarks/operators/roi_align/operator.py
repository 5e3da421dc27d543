"""RoIAlign, for those who time it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...measuring.contestant import Contestants
from ...measuring.device_contestant import DeviceContestants
from ...measuring.ours import inputs_of, on_cpu, on_device
from ...operator import Assembled, Operator
from . import compiled, floors
from .calls import OURS
from .cpu.detectron2_style import DETECTRON2_STYLE
from .cpu.mnn import MNN
from .cpu.onnxruntime import ONNXRUNTIME
from .cpu.opencv import OPENCV
from .cpu.openvino import OPENVINO
from .cpu.torchvision import TORCHVISION
from .exercise import EXERCISE
from .gpu.common_kernel import COMMON
from .gpu.detectron2_style import DETECTRON2_STYLE as DETECTRON2_STYLE_ON_DEVICE
from .gpu.torchvision import TORCHVISION as TORCHVISION_ON_DEVICE
from .gpu.usual_kernel import PROBES
from .operations import Operation
from .reference import reference_of
from .workloads import CPU_ROWS, GPU_ROWS

if TYPE_CHECKING:
    from ...measuring.floors import Floor, Rates
    from ...measuring.problem import Problem
    from .workloads import RoiAlignRow


def parameters(row: RoiAlignRow) -> dict[str, Any]:
    """The parameters that only RoIAlign has."""
    return {"sampling_ratio": row.sampling_ratio}


def geometry(problem: Problem, operation: Operation) -> floors.Geometry:
    """What the calls of an operation touch."""
    return floors.geometry(problem, aligned=operation.aligned)


def floor(problem: Problem, counts: floors.Geometry, itemsize: int, rates: Rates, operation: Operation) -> Floor:
    """The least time of an operation on a GPU."""
    floor_of = floors.backward_floor if operation.gradient else floors.forward_floor
    return floor_of(problem, counts, itemsize, rates)


def visited(problem: Problem, counts: floors.Geometry, operation: Operation) -> int:
    """How many elements the calls of a row visit of what there are copies of: maps, or a gradient and those for maps."""
    if operation.gradient:
        return problem.row.outputs + sum(level.feature.size for level in problem.levels)
    return counts.touched * problem.row.channels


ROI_ALIGN = Operator(
    name="roi_align",
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
        {
            "torchvision": TORCHVISION,
            "detectron2-style": DETECTRON2_STYLE,
            "onnxruntime": ONNXRUNTIME,
            "openvino": OPENVINO,
            "opencv": OPENCV,
            "mnn": MNN,
        },
    ),
    gpu=DeviceContestants(
        inputs_of(OURS),
        on_device(OURS),
        {"torchvision": TORCHVISION_ON_DEVICE, "detectron2-style": DETECTRON2_STYLE_ON_DEVICE},
    ),
    golden_dialects=("torchvision-aligned", "torchvision"),
    exercise=EXERCISE,
    probes=PROBES,
    assembled=Assembled(
        specialisations=compiled.SPECIALISATIONS,
        facts=compiled.FACTS,
        of=compiled.facts_of,
        summary=compiled.summary,
    ),
    common=COMMON,
)
