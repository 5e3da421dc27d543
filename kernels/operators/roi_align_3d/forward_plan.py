"""How a call of RoIAlign of volumes is laid out: what its lists of taps take of a block's memory."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ...dialects.choices import Outside
from ...staging import pooling_plan
from ...staging.pooling_plan import Plan, Room, Work, padded
from ...staging.sampling import bytes_of_lists, check_list_sizes, list_capacity
from .problem import MODE

if TYPE_CHECKING:
    from .problem import VolumeProblem

PREPARED_BYTES = 192
"""Room for a RoI's ``Prepared`` struct (``cuda/roi_align_3d/forward.cu``), which asserts it."""

DENSE = 8
"""A line of every column of a RoI may be this many times as long as one of the columns that it reads."""

GATHER = 64
"""On a GPU a RoI with at most so many taps for each bin, those of two samples along each axis, is pooled bin by bin."""

_PARTS = 8  # that a heavy RoI is split into: each prepares the RoI's lists anew


def blocks_per_multiprocessor(dtype: str, mode: str) -> int:
    """How many blocks of `pooling_plan.DEVICE_THREADS` the registers of a multiprocessor must have room for at once.

    Two leave a thread 128 registers, with which nothing is spilled (``benchmarks/operators/roi_align_3d/compiled.json``).
    """
    del dtype, mode
    return 2


@dataclass(frozen=True, slots=True)
class _Sizes:
    """Sizes that do not depend on where the kernel runs: entries of the lists of each axis, bytes of a prepared RoI."""

    slices: int
    rows: int
    columns: int
    roi_bytes: int

    @classmethod
    def of(cls, problem: VolumeProblem) -> _Sizes:
        """Those of a problem.

        Raises:
            ValueError: there would be too many taps to count.
        """
        bins = (*problem.slices, problem.bins[1])
        pixels = (*problem.size, problem.widths[0])
        slices, rows, columns = (
            list_capacity(*each, MODE, Outside.ZERO) for each in zip(bins, problem.sampling, pixels, strict=True)
        )
        check_list_sizes(z=slices, y=rows, x=columns, **{"z and y": slices * rows})
        wide = problem.wide_bytes
        lists = (slices, bins[0]), (rows, bins[1]), (0, 0), (slices * rows, problem.bins[0]), (columns, bins[2])
        size = PREPARED_BYTES + (padded(4 * columns) if problem.layout == "NCHW" else 0)
        return cls(slices, rows, columns, size + sum(bytes_of_lists(*each, MODE, wide) for each in lists))

    def room(self, problem: VolumeProblem, line_length: int) -> Room:
        """What a block needs room for."""
        return Room(self.roi_bytes, line_length if problem.layout == "NCHW" else 0)

    def line_length(self, width: int, vector: int) -> int:
        """How many columns a line needs room for: those that are read, or all that a dense line may have."""
        return max(self.columns, min(-(-width // vector) * vector, DENSE * self.columns), vector)

    def with_capacities(self, plan: Plan) -> Plan:
        """A plan whose kernel knows how long its lists may be."""
        capacities = {"z": self.slices, "h": self.rows, "y": self.slices * self.rows, "x": self.columns}
        return replace(plan, fields={**plan.fields, **{f"capacity_{axis}": n for axis, n in capacities.items()}})


def _work(problem: VolumeProblem) -> Work:
    work = Work.of(problem)
    work.check()
    return work


def host_plan(problem: VolumeProblem, vector: int, threads: int) -> Plan:
    """The launch for a CPU: blocks of one thread."""
    sizes = _Sizes.of(problem)
    room = sizes.room(problem, sizes.line_length(problem.widths[0], vector))
    return sizes.with_capacities(pooling_plan.host_plan(_work(problem), room, threads))


def device_plan(problem: VolumeProblem, together: int) -> Plan:
    """The launch for a GPU: a block takes one RoI, or some rows of bins of a heavy one, and a tile of channels."""
    sizes = _Sizes.of(problem)
    parts = 1 if all(problem.sampling) else _PARTS
    # g samples of a bin have at most 2 g taps along an axis: then lines are not needed.
    z, y, x = problem.sampling
    fixed = 0 < 8 * z * y * x <= GATHER
    # Odd: the same column of each line is in another bank.
    room = sizes.room(problem, 0 if fixed else sizes.line_length(problem.widths[0], 1) | 1)
    plan = pooling_plan.device_plan(_work(problem), room, together, parts=parts, in_lines=not fixed)
    return sizes.with_capacities(plan)
