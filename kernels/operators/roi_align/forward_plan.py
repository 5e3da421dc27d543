"""How a RoIAlign call is laid out: specialisation, grid, block, and the memory that a block asks for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...calls import arguments
from ...dialects.choices import Outside

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ...calls.problem import Problem

PREPARED_BYTES = 192
"""Room for a RoI's ``Prepared`` struct (forward.cu)."""

DENSE = 8
"""A line of every column of a RoI may be this many times as long as one of the columns that it reads."""

GATHER = 64
"""On a GPU a RoI with at most so many taps for each bin is pooled bin by bin, whatever the layout. More taps, of large RoIs, are
read in rows, since neighbouring bins would read them from places far apart."""

DEVICE_THREADS = 256
"""The most threads that a block has on a GPU."""

_HOST_LISTS = 2**19  # bytes of lists of RoIs that a block goes through for each tile of channels
_HOST_TILE = 16  # channels, as many as the widest registers have lanes
_HOST_RESULTS = 2**16
_SMALL = 2**14  # samples
_DEVICE_RESULTS = 2**13
_DEVICE_TILE = 16
_DEVICE_WORK = 64  # values that a thread computes, for which it need prepare only once
_SAMPLES_PER_PART = 4096


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
    def of(cls, problem: Problem) -> Shape:
        """Returns that of a problem, with the largest of its levels."""
        return cls(
            problem.rois, problem.channels, max(problem.heights), max(problem.widths), *problem.bins, *problem.sampling,
            problem.itemsize, problem.mode, problem.layout, problem.dialect.outside,
        )  # fmt: skip

    @property
    def wide(self) -> int:
        """Bytes of a number that is computed with."""
        return 8 if self.itemsize == 8 else 4


@dataclass(frozen=True, slots=True)
class Plan:
    """A launch: grid, block, bytes of memory per block, and the fields of the kernel's struct that go with them."""

    grid: tuple[int, int, int]
    block: tuple[int, int]
    memory: int
    fields: Mapping[str, int]


def list_capacity(bins: int, sampling_ratio: int, size: int, mode: str, outside: Outside) -> int:
    """Returns how many entries the lists of one axis of a RoI can need (see geometry.cuh)."""
    if mode == "avg":
        # Neighbouring bins share at most a few pixels; besides that, each pixel is in one list.
        merged = size + 3 * bins
        return min(2 * sampling_ratio * bins, merged) if sampling_ratio else merged
    # Samples of an adaptive grid are at least half a pixel apart, but for grids of one sample; those that lie within half a
    # pixel (the error of a coordinate) of the map may count as inside. Outside.CLAMP adds one for each edge and bin.
    spread = 2 * size + 5 + bins * (3 if outside == Outside.CLAMP else 1)
    return sampling_ratio * bins if sampling_ratio else spread


def blocks_per_multiprocessor(dtype: str, mode: str) -> int:
    """Returns how many blocks of `DEVICE_THREADS` the registers of a multiprocessor must have room for at once.

    Three leave a thread 80 registers, which maxima and float64 exceed; two leave it 128. Three are for sm_90 only (numeric.cuh).
    """
    return 3 if mode == "avg" and dtype != "float64" else 2


def padded(size: int) -> int:
    """Returns the least multiple of 16 bytes that is not less than ``size``."""
    return -(-size // 16) * 16


@dataclass(frozen=True, slots=True)
class _Sizes:
    """Sizes that do not depend on where the kernel runs: list capacities, bytes of a prepared RoI, columns read."""

    capacity_y: int
    capacity_x: int
    roi_bytes: int
    columns: int


def _sizes(shape: Shape) -> _Sizes:
    entry = {"avg": 2, "max": 4}[shape.mode] * 4 if shape.wide == 4 else {"avg": 16, "max": 24}[shape.mode]
    y = list_capacity(shape.bins_y, shape.sampling_y, shape.height, shape.mode, shape.outside)
    x = list_capacity(shape.bins_x, shape.sampling_x, shape.width, shape.mode, shape.outside)
    arguments.check_list_sizes(y=y, x=x)
    what, length = ("pixel", shape.channels) if shape.layout == "NHWC" else ("row", shape.width)
    if length * shape.itemsize >= 2**31:
        raise ValueError(f"with layout={shape.layout!r} a {what} of the map must have fewer than 2**31 bytes")
    columns = x if shape.mode == "avg" else 2 * x
    size = PREPARED_BYTES + (padded(4 * columns) if shape.layout == "NCHW" else 0)
    for capacity, bins in ((y, shape.bins_y), (x, shape.bins_x)):
        size += padded(capacity * entry) + padded(4 * bins + 4) + padded(4 * bins) + padded(8 * bins)
    return _Sizes(y, x, size, columns)


def _line_length(shape: Shape, columns: int, vector: int) -> int:
    """Returns how many columns a line needs room for: those that are read, or all that a dense line may have."""
    return max(columns, min(-(-shape.width // vector) * vector, DENSE * columns), vector)


def _plan(
    shape: Shape, sizes: _Sizes, grid: tuple[int, int, int], block: tuple[int, int], *, per_block: int, tile: int,
    rois: int, line_length: int, bin_rows: int, samples_per_part: int = 2**30,
) -> Plan:  # fmt: skip
    memory = rois * sizes.roi_bytes
    if shape.layout == "NCHW":
        lines = (1 if shape.mode == "avg" else 2) * line_length
        memory += tile * (lines + bin_rows * shape.bins_x) * shape.wide
    fields = {
        "capacity_y": sizes.capacity_y,
        "capacity_x": sizes.capacity_x,
        "rois_per_block": rois,
        "bin_rows": bin_rows,
        "line_length": line_length,
        "samples_per_part": samples_per_part,
        "channels_per_block": per_block,
        "channels_per_tile": tile,
        "memory_per_block": padded(memory),
    }
    return Plan(grid, block, padded(memory), fields)


def worthwhile_threads(shape: Shape, threads: int) -> int:
    """Returns on how many of ``threads`` a call is worth spreading: starting them takes longer than a small call."""
    outputs = shape.rois * shape.channels * shape.bins_y * shape.bins_x
    return threads if outputs * max(1, shape.sampling_y) * max(1, shape.sampling_x) > _SMALL else 1


def host_plan(shape: Shape, vector: int, threads: int) -> Plan:
    """Returns the launch for a CPU: blocks of one thread."""
    sizes = _sizes(shape)
    if shape.layout == "NHWC":
        # Pixels are read whole, since parts of them would fall on the same sets of the cache.
        return _plan(
            shape, sizes, (shape.rois, 1, 1), (1, 1), per_block=shape.channels, tile=shape.channels, rois=1,
            line_length=0, bin_rows=shape.bins_y,
        )  # fmt: skip
    # A block goes through all its RoIs for one tile of channels, which stays in the cache, before it turns to the next.
    tile = _HOST_TILE
    rois = max(1, min(shape.rois, _HOST_LISTS // sizes.roi_bytes))
    slices = 1
    if threads > 1:
        slices = min(4, -(-shape.channels // tile))
        rois = min(rois, max(1, -(-shape.rois * slices // (2 * threads))))
    per_block = -(-shape.channels // (slices * tile)) * tile
    results = tile * shape.bins_x * shape.wide
    return _plan(
        shape, sizes, (-(-shape.rois // rois), -(-shape.channels // per_block), 1), (1, 1),
        per_block=per_block, tile=tile, rois=rois, line_length=_line_length(shape, sizes.columns, vector),
        bin_rows=max(1, min(shape.bins_y, _HOST_RESULTS // results)),
    )  # fmt: skip


def device_plan(shape: Shape, vector: int) -> Plan:
    """Returns the launch for a GPU: a block takes one RoI, or some rows of bins of a heavy one, and a tile of channels."""
    sizes = _sizes(shape)
    parts = 1 if shape.sampling_y and shape.sampling_x else min(shape.bins_y, 8)
    if shape.layout == "NHWC":
        vectors, bins = -(-shape.channels // vector), shape.bins_y * shape.bins_x
        x = min(64, 1 << max(vectors - 1, 0).bit_length())
        y = min(DEVICE_THREADS // x, 1 << max(bins - 1, 0).bit_length())
        tile = max(x * vector, -(-shape.channels // 65535))
        return _plan(
            shape, sizes, (shape.rois, -(-shape.channels // tile), parts), (x, y), per_block=tile, tile=tile, rois=1,
            line_length=0, bin_rows=shape.bins_y, samples_per_part=_SAMPLES_PER_PART,
        )  # fmt: skip
    # g samples of a bin have at most 2 g taps along an axis: then lines are not needed.
    fixed = shape.mode == "avg" and 0 < 4 * shape.sampling_y * shape.sampling_x <= GATHER
    tile = min(_DEVICE_TILE, shape.channels)
    wanted = max(tile, _DEVICE_WORK * DEVICE_THREADS // (shape.bins_y * shape.bins_x), -(-shape.channels // 65535))
    per_block = min(-(-wanted // tile), -(-shape.channels // tile)) * tile
    length = _line_length(shape, sizes.columns, 1) | 1  # odd: the same column of each line is in another bank
    results = tile * shape.bins_x * shape.wide
    return _plan(
        shape, sizes, (shape.rois, -(-shape.channels // per_block), parts), (DEVICE_THREADS, 1), per_block=per_block,
        tile=tile, rois=1, line_length=0 if fixed else length,
        bin_rows=0 if fixed else max(1, min(shape.bins_y, _DEVICE_RESULTS // results)),
        samples_per_part=_SAMPLES_PER_PART,
    )  # fmt: skip
