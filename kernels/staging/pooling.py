"""Runs a call that pools, where its arrays are."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..calls import arguments
from ..execution import device, host
from ..execution.launch import Launch
from ..execution.run import run
from ..execution.source import with_macro
from .pooling_plan import VECTOR_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import ModuleType

    from ..calls.problem import Asked, Problem
    from ..execution.source import Source
    from .pooling_plan import Plan


@dataclass(frozen=True, slots=True, eq=False)
class Planned:
    """A call of which all is settled but where its arrays are; no ``launch`` if there is nothing to do."""

    problem: Problem
    shape: tuple[int, ...]
    launch: Launch | None
    threads: int = 1
    workspace_bytes: int = 0


class Planners(NamedTuple):
    """What an operator plans its calls by: for a CPU with so many threads; for a GPU with so many multiprocessors."""

    on_host: Callable[[Asked, int], Planned]
    on_device: Callable[[Asked, bool, int], Planned]
    """Whether all arrays are aligned to vectors comes second."""


def nothing(problem: Problem) -> Planned:
    """The plan of a call whose output has no elements."""
    return Planned(problem, problem.output_shape, None)


def planned_on_host(problem: Problem, source: Source, plan: Plan, threads: int) -> Planned:
    """A call that is laid out for a CPU."""
    launch = Launch.of(source, plan.grid, plan.block, plan.memory, {**problem.fields, **plan.fields})
    return Planned(problem, problem.output_shape, launch, threads)


def planned_on_device(problem: Problem, source: Source, plan: Plan, multiprocessors: int) -> Planned:
    """A call that is laid out for a GPU."""
    grid, shared, workspace = plan.grid, plan.memory, 0
    if shared > device.SHARED_BYTES:
        # Lists or lines of very large maps: in global memory, and no more blocks than run at once.
        source = with_macro(source, "IN_WORKSPACE", 1)
        grid = (min(grid[0], 8 * multiprocessors), *grid[1:])
        workspace, shared = math.prod(grid) * shared, 0
    launch = Launch.of(source, grid, plan.block, shared, {**problem.fields, **plan.fields})
    return Planned(problem, problem.output_shape, launch, workspace_bytes=workspace)


def pool(
    xp: ModuleType,
    maps: tuple[Any, ...],
    rows: Any,
    asked: Asked,
    planners: Planners,
    *,
    out: Any,
    workspace: Any,
    check: bool,
    num_rois: Any = None,
    beside: Mapping[str, Any] | None = None,
) -> Any:
    """Pools the RoIs ``rows`` of checked ``maps``, one for each level.

    ``beside`` are other arrays, checked, whose addresses the kernel's struct has after those of the maps.
    """
    beside = beside or {}
    if xp is np:
        if workspace is not None:  # which a CPU does without, but whoever passes another thing means something else
            arguments.workspace_array(np, workspace, 0, boxes=rows, **arguments.named("input", maps))
        planned = planners.on_host(asked, host.thread_count())
        return _run(np, planned, maps, rows, out, None, num_rois, beside, check=True)
    arguments.check_same_device(xp, maps[0], boxes=rows, out=out, workspace=workspace, num_rois=num_rois, **beside)
    with maps[0].device:
        packed = is_packed(*maps, *beside.values(), *(() if out is None else (out,)))
        planned = planners.on_device(asked, packed, device.multiprocessor_count())
        return _run(xp, planned, maps, rows, out, workspace, num_rois, beside, check=check)


def _run(
    xp: ModuleType, planned: Planned, maps: tuple[Any, ...], rows: Any, out: Any, workspace: Any, num_rois: Any,
    beside: Mapping[str, Any], *, check: bool,
) -> Any:  # fmt: skip
    others = {**arguments.named("input", maps), **beside}
    if out is None:
        out = xp.empty(planned.shape, maps[0].dtype)
    else:
        out = arguments.output_array(xp, out, planned.shape, maps[0].dtype, boxes=rows, **others)
    if xp is not np:
        workspace = arguments.workspace_array(xp, workspace, planned.workspace_bytes, boxes=rows, out=out, **others)
    if planned.launch:
        read = tuple([arguments.contiguous(xp, array) for array in (*maps, *beside.values())])
        status = arguments.Status(xp, wanted=check)
        arrays = {
            "boxes": rows,
            "number_of_rois": num_rois,
            "output": out,
            "status": status.array,
        }
        if "workspace" in planned.launch.source.arrays:  # which not every operator has a use for
            arrays["workspace"] = workspace
        run(xp, planned.launch, arrays, read, planned.threads)
        status.check(rows, planned.problem.images)
    return out


def is_packed(*arrays: Any) -> bool:
    """Whether CuPy arrays all begin at a multiple of a vector, as those that CuPy allocates do."""
    return all(array.data.ptr % VECTOR_BYTES == 0 for array in arrays)
