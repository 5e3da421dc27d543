"""How a call of PrRoIPool is laid out: what its lists of weights take of a block's memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...staging import pooling_plan
from ...staging.pooling_plan import Plan, Room, Work, padded

if TYPE_CHECKING:
    from .problem import PrRoiPoolProblem

PREPARED_BYTES = 176
"""Room for a RoI's ``Prepared`` struct (``cuda/prroi_pool/forward.cu``), which asserts it."""

DENSE = 8
"""A line of every column of a RoI may be this many times as long as one of the columns that it reads."""

GATHER = 64
"""On a GPU a RoI with at most so many taps for each bin is pooled bin by bin, whatever the layout. More taps, of large RoIs, are
read in rows, since neighbouring bins would read them from places far apart."""

_PARTS = 8  # that a heavy RoI is split into: each prepares the RoI's lists anew


def list_capacity(bins: int, size: int) -> int:
    """How many entries the lists of one axis of a RoI can need (``cuda/library/geometry.cuh``).

    Neighbouring bins share at most two pixels, those of the cell that their edge is in; besides that, each pixel is in one list.
    """
    return size + 3 * bins


def blocks_per_multiprocessor(dtype: str, mode: str) -> int:
    """How many blocks of `pooling_plan.DEVICE_THREADS` the registers of a multiprocessor must have room for at once.

    Two leave a thread 128 registers, with which nothing is spilled (``benchmarks/operators/prroi_pool/compiled.json``).
    """
    del dtype, mode
    return 2


@dataclass(frozen=True, slots=True)
class _Sizes:
    """Sizes that do not depend on where the kernel runs: list capacities, and bytes of a prepared RoI."""

    capacity_y: int
    capacity_x: int
    roi_bytes: int

    @classmethod
    def of(cls, problem: PrRoiPoolProblem) -> _Sizes:
        """Those of a problem."""
        (height,), (width,) = problem.heights, problem.widths
        y, x = list_capacity(problem.bins[0], height), list_capacity(problem.bins[1], width)
        if max(y, x) >= 2**31:
            raise ValueError("input and output_size ask for 2**31 weights of a RoI along an axis, or more")
        tap = 2 * problem.wide_bytes  # a weight, padded to twice its size by an index
        size = PREPARED_BYTES + (padded(4 * x) if problem.layout == "NCHW" else 0)
        for capacity, bins in ((y, problem.bins[0]), (x, problem.bins[1])):
            size += padded(capacity * tap) + padded(4 * bins + 4) + padded(4 * bins) + padded(8 * bins)
        return cls(y, x, size)


def _room(problem: PrRoiPoolProblem, sizes: _Sizes, line_length: int) -> Room:
    return Room(sizes.roi_bytes, line_length if problem.layout == "NCHW" else 0)


def _line_length(width: int, columns: int, vector: int) -> int:
    """How many columns a line needs room for: those that are read, or all that a dense line may have."""
    return max(columns, min(-(-width // vector) * vector, DENSE * columns), vector)


def _with_capacities(plan: Plan, sizes: _Sizes) -> Plan:
    fields = {**plan.fields, "capacity_y": sizes.capacity_y, "capacity_x": sizes.capacity_x}
    return Plan(plan.grid, plan.block, plan.memory, fields)


def _work(problem: PrRoiPoolProblem) -> Work:
    work = Work.of(problem)
    work.check()
    return work


def host_plan(problem: PrRoiPoolProblem, vector: int, threads: int) -> Plan:
    """The launch for a CPU: blocks of one thread."""
    sizes = _Sizes.of(problem)
    room = _room(problem, sizes, _line_length(problem.widths[0], sizes.capacity_x, vector))
    return _with_capacities(pooling_plan.host_plan(_work(problem), room, threads), sizes)


def device_plan(problem: PrRoiPoolProblem, together: int) -> Plan:
    """The launch for a GPU: a block takes one RoI, or some rows of bins of a heavy one, and a tile of channels."""
    sizes = _Sizes.of(problem)
    # Odd: the same column of each line is in another bank.
    room = _room(problem, sizes, _line_length(problem.widths[0], sizes.capacity_x, 1) | 1)
    plan = pooling_plan.device_plan(_work(problem), room, together, parts=_PARTS, in_lines=True)
    return _with_capacities(plan, sizes)
