"""The steps of a record on a GPU, the most important first: what is not reached when time is up is marked as skipped."""

from __future__ import annotations

import itertools
from functools import partial
from typing import TYPE_CHECKING, Any

from ..measuring import machine, probes
from ..measuring.device import Timer
from ..operators.roi_align import exercise
from ..operators.roi_align.gpu import usual_kernel
from ..operators.roi_align.operations import Operation
from ..operators.roi_align.workloads import GPU_ROWS
from . import goldens, gpu_rows, tools

if TYPE_CHECKING:
    from collections.abc import Callable

    from .document import Document

_KEPT_SECONDS = 150.0  # of the time, for what comes after the rows of gradients and poolers
_TOOL_SECONDS = 55.0
_GOLDEN_SECONDS = 90.0
_COUNTED = (
    ("a1", "torchvision", "NCHW", "float32"),
    ("a1", "roikit", "NHWC", "float32"),
    ("a1", "roikit", "NCHW", "float32"),
    ("c1", "roikit", "NHWC", "float32"),
)


def measure(document: Document, names: list[str], operations: list[Operation], seconds: float) -> None:
    """Takes all steps on the current device; ``seconds`` are those of `gpu_rows.measure_on_gpu`."""
    content = document.content
    content["device"] = _device()
    content["probes"] = []
    timer = Timer()

    def add(found: Callable[[], list[dict[str, Any]]]) -> None:
        content["probes"].extend(found())

    document.stage("bandwidths", partial(add, partial(probes.bandwidths, timer)))
    rates = probes.rates(content["probes"])
    document.stage("golden cases on the device", partial(_goldens, document))
    for operation, name in itertools.product(operations, names):
        if not document.has_row(name, operation, "gpu", None):
            step = partial(_row, document, name, operation, rates, seconds)
            least = 20 if operation == Operation.FORWARD else 20 + _KEPT_SECONDS
            document.stage(f"gpu {name} {operation}", step, least=least)
    document.stage("launches", partial(add, partial(probes.launches, timer)))
    document.stage("atomics", partial(add, partial(probes.atomics, timer)))
    document.stage("sorts", partial(add, partial(probes.sorts, timer)))
    for name in usual_kernel.PREDICTED_BACKWARD:
        document.stage(
            f"torchvision {name} backward", lambda name=name: add(lambda: [usual_kernel.torchvision_backward(name)])
        )
    for name in usual_kernel.PREDICTED_FORWARD:
        document.stage(f"torchvision {name} kernel", lambda name=name: add(lambda: [usual_kernel.torchvision_kernel(name)]))
    document.stage("small calls", exercise.small_calls, least=20)  # compiles what runs under the sanitizers
    for tool in tools.SANITIZERS:
        document.stage(f"compute-sanitizer {tool}", partial(_sanitize, document, tool), least=15)
    for which in _COUNTED:
        document.stage(f"ncu {' '.join(which)}", partial(_count, document, *which), least=15)
    document.stage("ncu lines per request", partial(_count, document, *_COUNTED[0], tools.LINE_COUNTERS), least=15)


def _device() -> dict[str, Any]:
    import cupy

    device = cupy.cuda.Device()
    properties = cupy.cuda.runtime.getDeviceProperties(device.id)
    return {
        "name": properties["name"].decode(),
        "compute_capability": device.compute_capability,
        "multiprocessors": int(device.attributes["MultiProcessorCount"]),
        "l2_bytes": int(device.attributes["L2CacheSize"]),
        "memory_bytes": int(properties["totalGlobalMem"]),
        "driver": cupy.cuda.runtime.driverGetVersion(),
        "runtime": cupy.cuda.runtime.runtimeGetVersion(),
    }


def _row(document: Document, name: str, operation: Operation, rates: Any, seconds: float) -> None:
    processes = min(machine.cores(), 16)
    document.add_row(gpu_rows.measure_on_gpu(GPU_ROWS[name], rates, seconds, processes, operation=operation))


def _goldens(document: Document) -> None:
    if document.content.get("conformance", {}).get("roikit-cuda", {}).get("complete"):
        return
    result = goldens.judge("roikit-cuda", min(_GOLDEN_SECONDS, document.seconds_left), min(machine.cores(), 4))
    document.content.setdefault("conformance", {})["roikit-cuda"] = result
    if not result["verdicts"] or not result["complete"]:
        raise RuntimeError(f"the golden cases did not end; exit status {result['status']}, {result['verdicts']}")


def _sanitize(document: Document, tool: str) -> None:
    result = tools.sanitize(tool, min(_TOOL_SECONDS, document.seconds_left))
    document.content.setdefault("sanitizer", {})[tool] = result
    if result["state"] == "failed":
        raise RuntimeError("the run proves nothing: " + " / ".join(result["findings"][-3:]))


def _count(
    document: Document, row: str, library: str, layout: str, dtype: str, counters: tuple[str, ...] = tools.COUNTERS
) -> None:
    seconds = min(_TOOL_SECONDS, document.seconds_left)
    counted = tools.profile(row, library, layout, dtype, GPU_ROWS[row].outputs, seconds, counters)
    entry = {"row": row, "library": library, "layout": layout, "dtype": dtype, "counters": counted}
    document.content.setdefault("counters", []).append(entry)
