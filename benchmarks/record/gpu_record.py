"""The steps of a record on a GPU, the most important first: what is not reached when time is up is marked as skipped."""

from __future__ import annotations

import itertools
from functools import partial
from typing import TYPE_CHECKING, Any

from ..measuring import machine, probes
from ..measuring.device import Timer
from ..operators import UNNAMED
from . import gpu_rows, tools
from .work import measure_goldens

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..measuring.exercise import Counted
    from ..measuring.floors import Rates
    from ..operator import Operator
    from .document import Document
    from .work import Work

_KEPT_SECONDS = 150.0  # of the time, for what comes after the rows of gradients and poolers
_TOOL_SECONDS = 55.0
_GOLDEN_SECONDS = 90.0


def measure(document: Document, all_work: Sequence[Work], seconds: float) -> None:
    """Takes all steps on the current device; ``seconds`` are those of `gpu_rows.measure_on_gpu`."""
    content = document.content
    content["device"] = _device()
    content["probes"] = []
    timer = Timer()

    def add(found: Callable[[], list[dict[str, Any]]]) -> None:
        content["probes"].extend(found())

    document.stage("bandwidths", partial(add, partial(probes.bandwidths, timer)))
    rates = probes.rates(content["probes"])
    for work in all_work:
        step = partial(measure_goldens, document, work.operator, "roikit-cuda", _GOLDEN_SECONDS, _golden_jobs())
        document.stage(f"{work.label}golden cases on the device", step)
    for work in all_work:
        _measure_rows(document, work, rates, seconds)
    document.stage("launches", partial(add, partial(probes.launches, timer)))
    document.stage("atomics", partial(add, partial(probes.atomics, timer)))
    document.stage("sorts", partial(add, partial(probes.sorts, timer)))
    for work in all_work:
        for name, step in work.operator.probes.items():
            document.stage(name, partial(_add_probe, document, step))
        _measure_with_tools(document, work)


def _golden_jobs() -> int:
    return min(machine.cores(), 4)


def _add_probe(document: Document, step: Callable[[], dict[str, Any]]) -> None:
    document.content["probes"].append(step())


def _measure_rows(document: Document, work: Work, rates: Rates, seconds: float) -> None:
    for operation, name in itertools.product(work.operations, work.rows):
        if not document.has_row(work.operator.name, operation, name, "gpu", None):
            step = partial(_row, document, work.operator, operation, name, rates, seconds)
            least = 20 if operation == work.operator.itself else 20 + _KEPT_SECONDS
            document.stage(f"gpu {work.label}{name} {operation}", step, least=least)


def _measure_with_tools(document: Document, work: Work) -> None:
    exercise = work.operator.exercise
    document.stage(
        f"{work.label}small calls", exercise.small_calls, least=20
    )  # compiles what runs under the sanitizers
    for tool in tools.SANITIZERS:
        step = partial(_sanitize, document, work, tool)
        document.stage(f"compute-sanitizer {work.label}{tool}", step, least=15)
    for which in exercise.counted:
        name = f"{which.row} {which.library} {which.layout} {which.dtype}"
        document.stage(f"ncu {work.label}{name}", partial(_count, document, work, which), least=15)
    step = partial(_count, document, work, exercise.counted[0], tools.LINE_COUNTERS)
    document.stage(f"ncu {work.label}lines per request", step, least=15)


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


def _row(document: Document, operator: Operator, operation: Any, name: str, rates: Rates, seconds: float) -> None:
    processes, row = min(machine.cores(), 16), operator.gpu_rows[name]
    document.add_row(gpu_rows.measure_on_gpu(operator, operation, row, rates, seconds, processes))


def _sanitize(document: Document, work: Work, tool: str) -> None:
    result = tools.sanitize(work.operator.name, tool, min(_TOOL_SECONDS, document.seconds_left))
    document.content.setdefault("sanitizer", {})[f"{work.label}{tool}"] = result
    if result["state"] == "failed":
        raise RuntimeError("the run proves nothing: " + " / ".join(result["findings"][-3:]))


def _count(document: Document, work: Work, which: Counted, counters: tuple[str, ...] = tools.COUNTERS) -> None:
    seconds = min(_TOOL_SECONDS, document.seconds_left)
    named = {} if work.operator.name == UNNAMED else {"operator": work.operator.name}
    counted = tools.profile(work.operator, which, seconds, counters)
    document.content.setdefault("counters", []).append({**named, **vars(which), "counters": counted})
