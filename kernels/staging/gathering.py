"""The gradient for the maps of an operator, gathered tile by tile, and so the same from run to run.

What is the operator's is a `Gradient`: its rules, and kernels of its folder in ``cuda/``, which have its geometry.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..calls import arguments
from ..calls.levels import compiled_levels
from ..calls.problem import kept
from ..execution import host
from ..execution.launch import Launch
from ..execution.run import run
from ..execution.source import Source, specialise
from . import gather_plan
from .pooling import is_packed
from .pooling_plan import DEVICE_THREADS, Work, device_vector, worthwhile_threads

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from ..calls.problem import Asked, Problem

Macros = tuple[tuple[str, str | int], ...]

_HOST_VECTOR = {"NCHW": 16, "NHWC": 64}  # columns, as many as the widest registers have lanes; channels, four of them
_HOST_CHANNELS = 4
_HOST_WINNERS, _HOST_WINNERS_AT_ONCE = 16, 64  # found together: before they are sent anything, or where they are
_DEVICE_CHANNELS = 4  # whose sums for the rows of a strip (gather_strips.cuh) fit into registers
_MOST_SLICES = 65535  # blocks along y: the most that CUDA allows
_MOST_BLOCKS = 2**30  # along x, where CUDA allows twice as many
_LARGE = 2**22
"""Bytes of a gradient from which on it may be worth while to clear all of it first."""
_MANY = 0.2
"""The share of tiles without RoIs from which on it is: what is touched is then written twice."""
_SORTERS = ("find_extents", "find_touching", "order_tiles")


@dataclass(frozen=True, slots=True, eq=False)
class Gradient:
    """What an operator adds to the gathering of its gradient.

    Attributes:
        operator: Its name: that of its folder in ``cuda/``, and the beginning of its kernel's, ``…_backward``.
        problem: What it makes of what is asked for.
        macros: Those of its rules, for a problem and a mode whose gradient is wanted.
        piece_bytes: The size of ``Piece`` (chunk.cuh) with its geometry, where coordinates have so many bytes.
        blocks: How many blocks the registers of a multiprocessor must have room for, by data type and mode.
        host_geometry, device_geometry: Sizes of tiles, and of what a block holds of RoIs.
        at_once: Whether a CPU finds the winners of small bins where they are sent something, for neighbouring channels
            together, and those of large ones before; its kernel is then told by ROIKIT_FOUND whose are found before.
    """

    operator: str
    problem: Callable[[Asked], Problem]
    macros: Callable[[Problem, str], Macros]
    piece_bytes: Callable[[int], int]
    blocks: Callable[[str, str], int]
    host_geometry: Callable[[Problem, int], gather_plan.Geometry] = gather_plan.host_geometry
    device_geometry: Callable[[Problem, int, int], gather_plan.Geometry] = gather_plan.device_geometry
    at_once: bool = False

    @property
    def entry(self) -> str:
        """Name of the kernel that gathers."""
        return f"{self.operator}_backward"

    def entries(self, problem: Problem) -> tuple[str, ...]:
        """Names of the kernels that gather, and of what is launched before."""
        return ("find_winners", self.entry) if self.finds_winners(problem) else (self.entry,)

    def finds_winners(self, problem: Problem) -> bool:
        """Whether winners are found before they are sent anything."""
        return problem.mode == "max"

    def piece(self, problem: Problem) -> int:
        """Bytes of what a tile knows of a RoI."""
        return self.piece_bytes(problem.wide_bytes)

    def sorting_source(self, entry: str, problem: Problem, levels: int, *, rules_at_launch: bool = False) -> Source:
        """A kernel of tiles.cu, which looks at nothing but the geometry of RoIs, for so many levels.

        ``rules_at_launch`` is that of `specialise`.
        """
        macros = (*self.macros(problem, "avg"), ("LEVELS", levels), *_SIZES)
        return specialise(f"{self.operator}/tiles.cu", entry, problem.wide, macros, rules_at_launch=rules_at_launch)

    def gathering_source(
        self,
        entry: str,
        problem: Problem,
        levels: int,
        *,
        vector: int,
        channels: int,
        winners: int,
        sums: str,
        found: str,
        packed: bool = False,
        rules_at_launch: bool = False,
    ) -> Source:
        """A kernel of feature_gradient_average.cu or feature_gradient_maximum.cu; ``levels`` to ``found`` are its macros.

        ``rules_at_launch`` is that of `specialise`.
        """
        average = problem.mode == "avg"
        of_average = [("VECTOR", vector), ("CHANNELS", channels), ("ALIGNED", int(packed))]
        of_maximum = [("WINNERS", winners), ("SUMS", sums), ("ALIGNED", 0)]
        if self.at_once:
            of_maximum.append(("FOUND", found))
        return specialise(
            f"{self.operator}/feature_gradient_{'average' if average else 'maximum'}.cu",
            entry,
            problem.dtype,
            (
                *self.macros(problem, problem.mode),
                ("LAYOUT", problem.layout),
                ("LEVELS", levels),
                *(of_average if average else of_maximum),
                *_SIZES,
                ("PIECE_BYTES", self.piece(problem)),
                ("THREADS", DEVICE_THREADS),
                ("BLOCKS", self._fitting_blocks(problem, packed=packed)),
            ),
            rules_at_launch=rules_at_launch,
        )

    def _fitting_blocks(self, problem: Problem, *, packed: bool) -> int:
        """How many blocks must fit a multiprocessor.

        Of several levels, of aligned vectors of float32, and of strips of averages two: three leave too few registers, and
        32 to 80 bytes spill.
        """
        blocks = self.blocks(problem.dtype, problem.mode)
        strips = problem.mode == "avg" and problem.layout == "NCHW"
        needs_more = len(problem.heights) > 1 or strips or (packed and problem.dtype == "float32")
        return min(blocks, 2) if needs_more else blocks

    def host_source(self, entry: str, problem: Problem) -> Source:
        """The kernel that a CPU runs."""
        levels = compiled_levels(len(problem.heights))
        if entry in _SORTERS:
            return self.sorting_source(entry, problem, levels, rules_at_launch=True)
        vector = _HOST_VECTOR[problem.layout]
        return self.gathering_source(
            entry,
            problem,
            levels,
            vector=vector,
            channels=_HOST_CHANNELS,
            winners=_HOST_WINNERS_AT_ONCE if self.at_once and problem.layout == "NHWC" else _HOST_WINNERS,
            sums="NHWC" if self.at_once else problem.layout,
            found="large",
            rules_at_launch=True,
        )

    def device_source(self, entry: str, problem: Problem, *, packed: bool) -> Source:
        """The kernel that a GPU runs, for aligned vectors of channels if they are ``packed``."""
        levels = len(problem.heights)
        if entry in _SORTERS:
            return self.sorting_source(entry, problem, levels)
        vector = device_vector(problem.dtype, problem.layout)
        return self.gathering_source(
            entry,
            problem,
            levels,
            vector=vector,
            channels=_DEVICE_CHANNELS,
            winners=vector,
            sums="NHWC",
            found="all",
            packed=packed,
        )

    def host_sources(self, problem: Problem) -> list[Source]:
        """All kernels that a CPU runs for a gradient of this mode, layout, data type and dialect."""
        return [self.host_source(entry, problem) for entry in (*_SORTERS, *self.entries(problem))]

    def device_sources(self, problem: Problem) -> list[Source]:
        """All kernels that a GPU may run for such a gradient."""
        alignments = (False, True) if problem.layout == "NHWC" and problem.mode == "avg" else (False,)
        gathering = (
            self.device_source(entry, problem, packed=packed)
            for entry in self.entries(problem)
            for packed in alignments
        )
        return [*(self.device_source(entry, problem, packed=False) for entry in _SORTERS), *gathering]


_SIZES: Macros = (
    ("EXTENT_BYTES", gather_plan.EXTENT_BYTES),
    ("SPAN_BYTES", gather_plan.SPAN_BYTES),
    ("WINNER_BYTES", gather_plan.WINNER_BYTES),
    ("UNTOUCHED_AND_ZERO", gather_plan.UNTOUCHED_AND_ZERO),
    ("BUCKETS", gather_plan.BUCKETS),
)


@dataclass(frozen=True, slots=True, eq=False)
class Planned:
    """A call of which all is settled but where its arrays are. ``winners`` is launched if those of a maximum are found first."""

    problem: Problem
    extents: Launch
    touching: Launch
    order: Launch
    gather: Launch
    winners: Launch | None
    workspace_bytes: int
    tiles: int
    threads: int = 1


@kept
def plan_on_host(gradient: Gradient, asked: Asked, threads: int) -> Planned:
    """A call on a CPU with so many threads."""
    problem = gradient.problem(asked)
    geometry = gradient.host_geometry(problem, gradient.piece(problem))
    threads = worthwhile_threads(Work.of(problem), threads)
    some = 8 * threads  # blocks, each of which goes through many RoIs or tiles
    return _planned(
        gradient, problem, geometry, lambda entry: gradient.host_source(entry, problem),
        small=((some, 1, 1), (1, 1)), sorting=(1, 1), block=(1, 1),
        finding=(1, 1), threads=threads,
    )  # fmt: skip


@kept
def plan_on_device(gradient: Gradient, asked: Asked, packed: bool) -> Planned:
    """A call on a GPU, whose arrays are aligned to vectors if they are ``packed``."""
    problem = gradient.problem(asked)
    vector = device_vector(problem.dtype, problem.layout)
    geometry = gradient.device_geometry(problem, gradient.piece(problem), vector)
    last = problem.layout == "NHWC" and problem.mode == "avg"
    packed = packed and last and problem.channels % vector == 0
    block = (16, 16) if last else (64, 1) if problem.mode == "max" else (DEVICE_THREADS, 1)
    return _planned(
        gradient, problem, geometry, lambda entry: gradient.device_source(entry, problem, packed=packed),
        small=((2**16, 1, 1), (32, 1)), sorting=(gather_plan.ORDERING_THREADS, 1), block=block,
        finding=(DEVICE_THREADS, 1),
    )  # fmt: skip


def _planned(
    gradient: Gradient,
    problem: Problem,
    geometry: gather_plan.Geometry,
    source: Callable[[str], Source],
    *,
    small: tuple[tuple[int, int, int], tuple[int, int]],
    sorting: tuple[int, int],
    block: tuple[int, int],
    finding: tuple[int, int],
    threads: int = 1,
) -> Planned:
    fields = {**problem.fields, **geometry.fields}

    def sorter(entry: str, count: int) -> Launch:
        grid = (max(1, min(small[0][0], count)), 1, 1)
        return Launch.of(source(entry), grid, small[1], 0, fields)

    def finder() -> Launch:
        return Launch.of(source("find_winners"), (max(1, min(problem.rois, _MOST_BLOCKS)), 1, 1), finding, 0, fields)

    with_winners = gradient.finds_winners(problem)
    size = gather_plan.ordering_bytes(sorting[0])
    slices = max(1, min(_MOST_SLICES, -(-problem.channels // max(1, geometry.channels))))
    grid = (max(1, geometry.tiles), slices, 1)
    return Planned(
        problem,
        extents=sorter("find_extents", problem.rois),
        touching=sorter("find_touching", geometry.tiles),
        order=Launch.of(source("order_tiles"), (1, 1, 1), sorting, size, fields),
        gather=Launch.of(source(gradient.entry), grid, block, geometry.memory, fields),
        winners=finder() if with_winners else None,
        workspace_bytes=gather_plan.workspace_bytes(problem, geometry.tiles, with_winners=with_winners),
        tiles=geometry.tiles,
        threads=threads,
    )


def workspace_bytes(gradient: Gradient, asked: Asked, *, on_gpu: bool) -> int:
    """How many bytes `gather` needs as ``workspace``."""
    planned = plan_on_device(gradient, asked, packed=False) if on_gpu else plan_on_host(gradient, asked, 1)
    return planned.workspace_bytes


def gather(
    xp: ModuleType,
    gradient: Gradient,
    grad: Any,
    rows: Any,
    asked: Asked,
    maps: tuple[Any, ...] | None,
    outs: tuple[Any, ...] | None,
    workspace: Any,
    *,
    check: bool,
    num_rois: Any = None,
) -> tuple[Any, ...]:
    """The gradients for the maps of each level."""
    if xp is np:
        planned = plan_on_host(gradient, asked, host.thread_count())
        return _run(np, planned, grad, rows, maps, outs, workspace, num_rois, check=True)
    others = arguments.named("input", maps or ()) | arguments.named("out", outs or ())
    arguments.check_same_device(xp, grad, boxes=rows, workspace=workspace, num_rois=num_rois, **others)
    with grad.device:
        planned = plan_on_device(gradient, asked, packed=is_packed(grad, *(outs or ())))
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
    of_levels = (*outs, *(maps or outs))

    def launch(launch: Launch, **arrays: Any) -> None:
        run(xp, launch, {**arrays, "memory": workspace}, of_levels, planned.threads)

    status = arguments.Status(xp, wanted=check)
    launch(planned.extents, boxes=rows, number_of_rois=num_rois, status=status.array)
    launch(planned.touching)
    launch(planned.order)
    if xp is np and sum(array.nbytes for array in outs) >= _LARGE:
        _clear_untouched(planned, outs, gather_plan.touches(problem, planned.tiles, workspace))
    if planned.winners:
        launch(planned.winners, boxes=rows, number_of_rois=num_rois)
    launch(planned.gather, grad=grad, boxes=rows)
    status.check(rows, problem.images)
    return outs


def _clear_untouched(planned: Planned, outs: tuple[Any, ...], touches: np.ndarray) -> None:
    """Clears the gradient where few tiles are touched by a RoI, and notes that the others have their zeros."""
    untouched = touches == 0
    if np.count_nonzero(untouched) < _MANY * planned.tiles:
        return
    for array in outs:
        array.reshape(-1).view(np.uint8).fill(0)
    touches[untouched] = gather_plan.UNTOUCHED_AND_ZERO


def _output_arrays(
    xp: ModuleType, problem: Problem, given: tuple[Any, ...] | None, dtype: Any, read: dict[str, Any]
) -> tuple[Any, ...]:
    """The arrays of all levels to write to, none of which shares memory with another, or with what is ``read``."""
    outs: list[Any] = []
    for level in range(len(problem.heights)):
        others = read | {f"out[{i}]": array for i, array in enumerate(outs)}
        wanted = given[level] if given else None
        outs.append(arguments.output_array(xp, wanted, problem.map_shape(level), dtype, **others))
    return tuple(outs)


def _maps(xp: ModuleType, problem: Problem, maps: tuple[Any, ...] | None, grad: Any) -> tuple[Any, ...]:
    """The maps that are read: none for an average."""
    if problem.mode == "avg":
        return ()
    if maps is None:
        raise ValueError('the gradient of mode="max" needs the maps that were pooled: pass input')
    for level, (name, array) in enumerate(arguments.named("input", maps).items()):
        arguments.check_like(xp, name, array, problem.map_shape(level), grad.dtype)
    return maps
