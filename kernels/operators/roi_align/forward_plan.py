"""How a call of RoIAlign is laid out: what its lists of taps or samples take of a block's memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...staging import pooling_plan
from ...staging.pooling_plan import Plan, Room, Work, padded
from ...staging.sampling import bytes_of_lists, check_list_sizes, list_capacity

if TYPE_CHECKING:
    from ...dialects.choices import Outside
    from .problem import RoiAlignProblem

PREPARED_BYTES = 192
"""Room for a RoI's ``Prepared`` struct (``cuda/roi_align/forward.cu``), which asserts it."""

DENSE = 8
"""A line of every column of a RoI may be this many times as long as one of the columns that it reads."""

GATHER = 64
"""On a GPU a RoI with at most so many taps for each bin is pooled bin by bin, whatever the layout. More taps, of large RoIs, are
read in rows, since neighbouring bins would read them from places far apart."""

_PARTS = 8  # that a heavy RoI is split into: each prepares the RoI's lists anew


@dataclass(frozen=True, slots=True)
class Shape:
    """What decides how a call is laid out. ``sampling_y`` and ``sampling_x`` are 0 for adaptive sampling."""

    rois: int
    channels: int
    height: int
    width: int
    bins_y: int
    bins_x: int
    sampling_y: int
    sampling_x: int
    itemsize: int
    mode: str
    layout: str
    outside: Outside

    @classmethod
    def of(cls, problem: RoiAlignProblem) -> Shape:
        """That of a problem, with the largest of its levels."""
        return cls(
            problem.rois, problem.channels, max(problem.heights), max(problem.widths), *problem.bins, *problem.sampling,
            problem.itemsize, problem.mode, problem.layout, problem.dialect.outside,
        )  # fmt: skip

    @property
    def work(self) -> Work:
        """What is to be shared out."""
        samples = max(1, self.sampling_y) * max(1, self.sampling_x)
        return Work(self.rois, self.channels, self.width, self.bins_y, self.bins_x, samples, self.itemsize, self.layout)


def blocks_per_multiprocessor(dtype: str, mode: str) -> int:
    """How many blocks of `pooling_plan.DEVICE_THREADS` the registers of a multiprocessor must have room for at once.

    Three leave a thread 80 registers, which maxima and float64 exceed; two leave it 128. Three are for sm_90 only (numeric.cuh).
    """
    return 3 if mode == "avg" and dtype != "float64" else 2


@dataclass(frozen=True, slots=True)
class _Sizes:
    """Sizes that do not depend on where the kernel runs: list capacities, bytes of a prepared RoI, columns read."""

    capacity_y: int
    capacity_x: int
    roi_bytes: int
    columns: int


def _sizes(shape: Shape) -> _Sizes:
    y = list_capacity(shape.bins_y, shape.sampling_y, shape.height, shape.mode, shape.outside)
    x = list_capacity(shape.bins_x, shape.sampling_x, shape.width, shape.mode, shape.outside)
    check_list_sizes(y=y, x=x)
    shape.work.check()
    columns = x if shape.mode == "avg" else 2 * x
    size = PREPARED_BYTES + (padded(4 * columns) if shape.layout == "NCHW" else 0)
    for capacity, bins in ((y, shape.bins_y), (x, shape.bins_x)):
        size += bytes_of_lists(capacity, bins, shape.mode, shape.work.wide)
    return _Sizes(y, x, size, columns)


def _room(shape: Shape, sizes: _Sizes, line_length: int) -> Room:
    length = line_length if shape.layout == "NCHW" else 0
    return Room(sizes.roi_bytes, length, lines=1 if shape.mode == "avg" else 2)


def _line_length(shape: Shape, columns: int, vector: int) -> int:
    """How many columns a line needs room for: those that are read, or all that a dense line may have."""
    return max(columns, min(-(-shape.width // vector) * vector, DENSE * columns), vector)


def _with_capacities(plan: Plan, sizes: _Sizes) -> Plan:
    fields = {**plan.fields, "capacity_y": sizes.capacity_y, "capacity_x": sizes.capacity_x}
    return Plan(plan.grid, plan.block, plan.memory, fields)


def host_plan(shape: Shape, vector: int, threads: int) -> Plan:
    """The launch for a CPU: blocks of one thread."""
    sizes = _sizes(shape)
    room = _room(shape, sizes, _line_length(shape, sizes.columns, vector))
    return _with_capacities(pooling_plan.host_plan(shape.work, room, threads), sizes)


def device_plan(shape: Shape, together: int) -> Plan:
    """The launch for a GPU: a block takes one RoI, or some rows of bins of a heavy one, and a tile of channels."""
    sizes = _sizes(shape)
    parts = 1 if shape.sampling_y and shape.sampling_x else _PARTS
    # g samples of a bin have at most 2 g taps along an axis: then lines are not needed.
    fixed = shape.mode == "avg" and 0 < 4 * shape.sampling_y * shape.sampling_x <= GATHER
    # Odd: the same column of each line is in another bank.
    room = _room(shape, sizes, 0 if fixed else _line_length(shape, sizes.columns, 1) | 1)
    plan = pooling_plan.device_plan(shape.work, room, together, parts=parts, in_lines=not fixed)
    return _with_capacities(plan, sizes)
