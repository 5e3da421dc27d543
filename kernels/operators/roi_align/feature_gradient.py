"""The gradient of RoIAlign for the maps, gathered tile by tile, and so the same from run to run."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ...calls import arguments
from ...calls.problem import Problem, about, bins_of, kept, resolve
from ...execution import host
from ...execution.launch import Launch
from ...execution.source import Source, specialise
from . import forward_plan as plan
from . import gather_plan as backward_plan
from .forward import device_vector, is_packed, rule_macros

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import ModuleType

    from ...dialects.roi_align import Dialect

_HOST_VECTOR = {"NCHW": 16, "NHWC": 64}
_DEVICE_THREADS = 256
_MOST_SLICES = 65535  # blocks along y
_SORTERS = ("find_extents", "find_touching", "order_tiles")


def roi_align_backward(
    grad: Any,
    boxes: Any,
    input_shape: Sequence[int],
    spatial_scale: float | tuple[float, float] = 1.0,
    sampling_ratio: int | tuple[int, int] = -1,
    aligned: bool = False,
    *,
    mode: str = "avg",
    layout: str = "NCHW",
    dialect: str | Dialect | None = None,
    input: Any = None,  # noqa: A002 - torchvision's name
    deterministic: bool = True,
    out: Any = None,
    workspace: Any = None,
    check: bool = False,
) -> Any:
    """Returns the gradient for the maps that `roi_align` pooled (RA-15 of ``conformance/SPECIFICATION.md``).

    Every element is summed by one thread in the order of the RoIs, so that results are the same from run to run, whatever the
    number of threads; nothing is atomic, and nothing need be zero beforehand.

    Args:
        grad: The gradient that arrives at the output: ``(K, C, P_h, P_w)``, or ``(K, P_h, P_w, C)`` with ``layout="NHWC"``;
            float16, bfloat16, float32 or float64. Sums are at least float32.
        boxes: As they were given to `roi_align`.
        input_shape: Shape of the maps, ``(N, C, H, W)``, or ``(N, H, W, C)`` with ``layout="NHWC"``.
        spatial_scale, sampling_ratio, aligned, mode, layout, dialect: As they were given to `roi_align`.
        input: The maps, which a maximum needs; of the data type of ``grad``.
        deterministic: Whether the same bits must come from every run. False allows a faster way where there is one; none
            has been measured to be faster, so that for now it makes no difference.
        out: Array to write to: ``input_shape``, data type and device of ``grad``, C-contiguous, apart from the other arrays.
        workspace: Array of bytes (uint8), beginning at a multiple of 16, to use instead of allocating memory;
            `roi_align_backward_workspace` says how many it takes.
        check: On a GPU, wait for the result and raise for a RoI that could not be pooled. A CPU always does.

    Returns:
        An array of shape ``input_shape``, of the data type of ``grad``. On a GPU, without ``check``, a RoI that cannot be pooled
        sends nothing.

    Raises:
        TypeError: an argument has a wrong type or data type.
        ValueError: an argument has a wrong shape or value.
        InvalidRoiError: (a ValueError) a RoI cannot be pooled; see `roi_align`. What ``out`` then holds is not defined.
    """
    del deterministic
    xp = arguments.array_namespace("grad", grad)
    arguments.check_feature_map(grad, "grad")
    shape = arguments.shape_of_maps("input_shape", input_shape)
    rows = arguments.box_rows(xp, boxes, arguments.name_of(grad.dtype), shape[0])
    call = about(
        grad.dtype, (shape,), len(rows), bins_of(grad, layout), (spatial_scale,), sampling_ratio, mode, layout, dialect, aligned
    )  # fmt: skip
    maps = None if input is None else (input,)
    gradients = None if out is None else (out,)
    (gradient,) = gather(xp, grad, rows, call, maps, gradients, workspace, check=check)
    return gradient


def roi_align_backward_workspace(
    input_shape: Sequence[int],
    rois: int,
    output_size: int | tuple[int, int],
    *,
    dtype: str = "float32",
    mode: str = "avg",
    layout: str = "NCHW",
    on_gpu: bool = True,
) -> int:
    """Returns how many bytes `roi_align_backward` needs as ``workspace``: the sum in `backward_plan.workspace_bytes`.

    Args:
        input_shape: Shape of the maps, in their layout.
        rois: K.
        output_size, mode, layout: As for `roi_align`.
        dtype: Name of the data type of the maps.
        on_gpu: Whether the arrays are CuPy's.

    Raises:
        TypeError: an argument has a wrong type.
        ValueError: an argument has a wrong value.
    """
    shape = arguments.shape_of_maps("input_shape", input_shape)
    call = about(arguments.dtype_called(dtype), (shape,), rois, output_size, (1.0,), 0, mode, layout, None, False)
    return (_device_plan(False, *call) if on_gpu else _host_plan(1, *call)).workspace_bytes


def tiles_source(entry: str, problem: Problem, *, rules_at_launch: bool = False) -> Source:
    """Returns a kernel of gathering/tiles.cu, which looks at nothing but the geometry of RoIs.

    ``rules_at_launch`` is that of `specialise`.
    """
    macros = (*rule_macros(problem.dialect.for_gradient("avg"), "avg"), ("LEVELS", len(problem.heights)))
    return specialise("library/gathering/tiles.cu", entry, problem.wide, macros, rules_at_launch=rules_at_launch)


def gradient_source(
    entry: str,
    problem: Problem,
    *,
    vector: int,
    channels: int,
    winners: int,
    packed: bool = False,
    rules_at_launch: bool = False,
) -> Source:
    """Returns a kernel of feature_gradient_average.cu or feature_gradient_maximum.cu; the numbers are those of its macros.

    ``rules_at_launch`` is that of `specialise`.
    """
    shape = [("VECTOR", vector), ("CHANNELS", channels), ("ALIGNED", int(packed))]
    return specialise(
        f"roi_align/feature_gradient_{'average' if problem.mode == 'avg' else 'maximum'}.cu",
        entry,
        problem.dtype,
        (
            *rule_macros(problem.dialect.for_gradient(problem.mode), problem.mode),
            ("LAYOUT", problem.layout),
            ("LEVELS", len(problem.heights)),
            *(shape if problem.mode == "avg" else [("WINNERS", winners if problem.layout == "NHWC" else 1)]),
            ("THREADS", _DEVICE_THREADS),
            ("BLOCKS", plan.blocks_per_multiprocessor(problem.dtype, problem.mode)),
        ),
        rules_at_launch=rules_at_launch,
    )


def host_source(entry: str, problem: Problem) -> Source:
    """Returns the kernel that a CPU runs."""
    if entry in _SORTERS:
        return tiles_source(entry, problem, rules_at_launch=True)
    vector = _HOST_VECTOR[problem.layout]
    return gradient_source(entry, problem, vector=vector, channels=4, winners=16, rules_at_launch=True)


def device_source(entry: str, problem: Problem, *, packed: bool) -> Source:
    """Returns the kernel that a GPU runs, for aligned vectors of channels if they are ``packed``."""
    if entry in _SORTERS:
        return tiles_source(entry, problem)
    vector = device_vector(problem.dtype, problem.layout)
    lanes = device_vector(problem.dtype, "NHWC")
    return gradient_source(entry, problem, vector=vector, channels=1, winners=lanes, packed=packed)


def _entries(problem: Problem) -> tuple[str, ...]:
    return ("find_winners", "roi_align_backward") if problem.mode == "max" else ("roi_align_backward",)


def host_sources(problem: Problem) -> list[Source]:
    """Returns all kernels that a CPU runs for a gradient of this mode, layout, data type and dialect."""
    return [host_source(entry, problem) for entry in (*_SORTERS, *_entries(problem))]


def device_sources(problem: Problem) -> list[Source]:
    """Returns all kernels that a GPU may run for such a gradient."""
    alignments = (False, True) if problem.layout == "NHWC" and problem.mode == "avg" else (False,)
    gathering = (device_source(entry, problem, packed=packed) for entry in _entries(problem) for packed in alignments)
    return [*(device_source(entry, problem, packed=False) for entry in _SORTERS), *gathering]


@dataclass(frozen=True, slots=True, eq=False)
class Planned:
    """A call of which all is settled but where its arrays are. ``winners`` is launched for a maximum."""

    problem: Problem
    extents: Launch
    touching: Launch
    order: Launch
    gather: Launch
    winners: Launch | None
    workspace_bytes: int
    threads: int = 1


@kept
def _host_plan(threads: int, *about: Any) -> Planned:
    problem = resolve(*about)
    geometry = backward_plan.host_geometry(problem)
    threads = plan.worthwhile_threads(plan.Shape.of(problem), threads)
    some = 8 * threads  # blocks, each of which goes through many RoIs or tiles
    return _planned(
        problem, geometry, lambda entry: host_source(entry, problem),
        small=((some, 1, 1), (1, 1)), sorting=(1, 1), block=(1, 1), winners=((min(problem.rois, 2**30), 1, 1), (1, 1)),
        threads=threads,
    )  # fmt: skip


@kept
def _device_plan(packed: bool, *about: Any) -> Planned:
    problem = resolve(*about)
    vector = device_vector(problem.dtype, problem.layout)
    geometry = backward_plan.device_geometry(problem, vector)
    last = problem.layout == "NHWC" and problem.mode == "avg"
    packed = packed and last and problem.channels % vector == 0
    block = (16, 16) if last else (64, 1) if problem.mode == "max" else (_DEVICE_THREADS, 1)
    return _planned(
        problem, geometry,
        lambda entry: device_source(entry, problem, packed=packed),
        small=((2**16, 1, 1), (32, 1)), sorting=(backward_plan.ORDERING_THREADS, 1), block=block,
        winners=((min(problem.rois, 2**30), 1, 1), (_DEVICE_THREADS, 1)),
    )  # fmt: skip


def _planned(
    problem: Problem,
    geometry: backward_plan.Geometry,
    source: Callable[[str], Source],
    *,
    small: tuple[tuple[int, int, int], tuple[int, int]],
    sorting: tuple[int, int],
    block: tuple[int, int],
    winners: tuple[tuple[int, int, int], tuple[int, int]],
    threads: int = 1,
) -> Planned:
    fields = {**problem.fields, **geometry.fields}
    counted = {"number_of_rois": "int64", "memory": "uint8"}

    def sorter(entry: str, count: int, takes: dict[str, str]) -> Launch:
        grid = (max(1, min(small[0][0], count)), 1, 1)
        return Launch.of(source(entry), grid, small[1], 0, fields, takes)

    size = backward_plan.ordering_bytes(sorting[0])
    grid = (max(1, geometry.tiles), max(1, min(_MOST_SLICES, -(-problem.channels // max(1, geometry.channels)))), 1)
    takes = {"grad": problem.dtype, "boxes": problem.wide, "memory": "uint8"}
    finding = {"boxes": problem.wide, **counted}
    return Planned(
        problem,
        extents=sorter("find_extents", problem.rois, {"boxes": problem.wide, **counted, "status": "int64"}),
        touching=sorter("find_touching", geometry.tiles, {"memory": "uint8"}),
        order=Launch.of(source("order_tiles"), (1, 1, 1), sorting, size, fields, {"memory": "uint8"}),
        gather=Launch.of(source("roi_align_backward"), grid, block, geometry.memory, fields, takes),
        winners=Launch.of(source("find_winners"), *winners, 0, fields, finding) if problem.mode == "max" else None,
        workspace_bytes=backward_plan.workspace_bytes(problem, geometry.tiles),
        threads=threads,
    )


def gather(
    xp: ModuleType,
    grad: Any,
    rows: Any,
    call: tuple[Any, ...],
    maps: tuple[Any, ...] | None,
    outs: tuple[Any, ...] | None,
    workspace: Any,
    *,
    check: bool,
    num_rois: Any = None,
) -> tuple[Any, ...]:
    """Returns the gradients for the maps of each level; ``call`` is what `resolve` takes."""
    if xp is np:
        planned = _host_plan(host.thread_count(), *call)
        return _run(np, planned, grad, rows, maps, outs, workspace, num_rois, check=True)
    others = arguments.named("input", maps or ()) | arguments.named("out", outs or ())
    arguments.check_same_device(xp, grad, boxes=rows, workspace=workspace, num_rois=num_rois, **others)
    with grad.device:
        planned = _device_plan(is_packed(grad, *(outs or ())), *call)
        return _run(xp, planned, grad, rows, maps, outs, workspace, num_rois, check=check)


def _run(
    xp: ModuleType,
    planned: Planned,
    grad: Any,
    rows: Any,
    maps: tuple[Any, ...] | None,
    outs: tuple[Any, ...] | None,
    workspace: Any,
    num_rois: Any,
    *,
    check: bool,
) -> tuple[Any, ...]:
    problem = planned.problem
    arguments.check_like(xp, "grad", grad, problem.output_shape, grad.dtype)
    maps = _maps(xp, problem, maps, grad)
    read = {"grad": grad, "boxes": rows, **arguments.named("input", maps)}
    outs = _output_arrays(xp, problem, outs, grad.dtype, read)
    workspace = arguments.workspace_array(
        xp, workspace, planned.workspace_bytes, **read, **arguments.named("out", outs)
    )
    grad = arguments.contiguous(xp, grad)
    maps = tuple(arguments.contiguous(xp, array) for array in maps)
    if math.prod(problem.output_shape) == 0:
        for array in outs:
            array.fill(0)
        return outs
    if all(math.prod(array.shape) == 0 for array in outs):
        return outs
    of_grad, of_rows, of_count, of_memory, *ends = [
        arguments.address(xp, array) for array in (grad, rows, num_rois, workspace, *outs, *(maps or outs))
    ]

    def launch(launch: Launch, *addresses: int) -> None:
        launch.run(xp, (*addresses, *ends), planned.threads)

    status = arguments.Status(xp, wanted=check)
    launch(planned.extents, of_rows, of_count, of_memory, status.address)
    launch(planned.touching, of_memory)
    launch(planned.order, of_memory)
    if planned.winners:
        launch(planned.winners, of_rows, of_count, of_memory)
    launch(planned.gather, of_grad, of_rows, of_memory)
    status.check(rows, problem.images)
    return outs


def _output_arrays(
    xp: ModuleType, problem: Problem, given: tuple[Any, ...] | None, dtype: Any, read: dict[str, Any]
) -> tuple[Any, ...]:
    """Returns the arrays of all levels to write to, none of which shares memory with another, or with what is ``read``."""
    outs: list[Any] = []
    for level in range(len(problem.heights)):
        others = read | {f"out[{i}]": array for i, array in enumerate(outs)}
        wanted = given[level] if given else None
        outs.append(arguments.output_array(xp, wanted, problem.map_shape(level), dtype, **others))
    return tuple(outs)


def _maps(xp: ModuleType, problem: Problem, maps: tuple[Any, ...] | None, grad: Any) -> tuple[Any, ...]:
    """Returns the maps that are read: none for an average."""
    if problem.mode == "avg":
        return ()
    if maps is None:
        raise ValueError('the gradient of mode="max" needs the maps that were pooled: pass input')
    for level, (name, array) in enumerate(arguments.named("input", maps).items()):
        arguments.check_like(xp, name, array, problem.map_shape(level), grad.dtype)
    return maps
