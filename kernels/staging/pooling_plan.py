"""How a call that pools is laid out: grid, block, and the memory that a block asks for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..dtypes import itemsize

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..calls.problem import Problem

DEVICE_THREADS = 256
"""The most threads that a block has on a GPU."""

VECTOR_BYTES = 16
"""What a thread of a GPU reads at once: there is no wider instruction up to sm_90."""

# Bytes of lists of RoIs that a block goes through for each tile of channels: a cache of 1 MiB has room for the tile beside them.
_HOST_LISTS = 2**19
_HOST_TILE = 16  # channels, as many as the widest registers have lanes
_HOST_RESULTS = 2**16  # bytes, which stay in a core's caches until they are written
_SMALL = 2**14  # samples, below which threads take longer to start than to help
_DEVICE_RESULTS = 2**13  # bytes of the 48 KiB of shared memory that a block has
_DEVICE_TILE = 16  # channels that are pooled together, so that lines and results of a RoI fit into what is left of that
_ALONG_CHANNELS = 64  # threads of a block that take neighbouring channels of a bin, at most
_DEVICE_WORK = 64  # values that a thread computes, for which it need prepare only once
_SAMPLES_PER_PART = 4096  # what 256 threads read of a channel in 16 steps
_WARP = 32
_MOST_SLICES = 65535  # blocks along y: the most that CUDA allows


@dataclass(frozen=True, slots=True)
class Work:
    """What decides how a call is laid out; ``samples`` is what a bin reads of a channel, at least."""

    rois: int
    channels: int
    width: int
    bins_y: int
    bins_x: int
    samples: int
    dtype_bytes: int
    layout: str

    @classmethod
    def of(cls, problem: Problem) -> Work:
        """That of a problem, with the widest of its levels."""
        return cls(
            problem.rois, problem.channels, max(problem.widths), *problem.bins, problem.samples, problem.itemsize,
            problem.layout,
        )  # fmt: skip

    @property
    def wide(self) -> int:
        """Bytes of a number that is computed with."""
        return 8 if self.dtype_bytes == 8 else 4

    def check(self) -> None:
        """Checks that kernels can step along the map in 32 bits.

        Raises:
            ValueError: a row (NCHW) or a pixel (NHWC) is too long.
        """
        what, length = ("pixel", self.channels) if self.layout == "NHWC" else ("row", self.width)
        if length * self.dtype_bytes >= 2**31:
            raise ValueError(f"with layout={self.layout!r} a {what} of the map must have fewer than 2**31 bytes")


@dataclass(frozen=True, slots=True)
class Room:
    """What an operator needs of a block's memory.

    Attributes:
        roi_bytes: For what the block knows of a RoI.
        line_length: NCHW: columns of a line; 0 where none is needed.
        lines: How many lines a channel has.
    """

    roi_bytes: int
    line_length: int = 0
    lines: int = 1


@dataclass(frozen=True, slots=True)
class Plan:
    """A launch: grid, block, bytes of memory per block, and the fields of the kernel's struct that go with them."""

    grid: tuple[int, int, int]
    block: tuple[int, int]
    memory: int
    fields: Mapping[str, int]


def padded(size: int) -> int:
    """The least multiple of 16 bytes that is not less than ``size``."""
    return -(-size // 16) * 16


def device_channels(vector: int, *, packed: bool) -> int:
    """How many channels a thread of a GPU takes through a bin together, if they come last: two aligned vectors, or one."""
    return 2 * vector if packed else vector


def device_vector(dtype: str, layout: str) -> int:
    """How many neighbouring elements of a map of ``dtype`` (a name) a thread of a GPU reads together."""
    return VECTOR_BYTES // itemsize(dtype) if layout == "NHWC" else 1


def worthwhile_threads(work: Work, threads: int) -> int:
    """On how many of ``threads`` a call is worth spreading: starting them takes longer than a small call."""
    outputs = work.rois * work.channels * work.bins_y * work.bins_x
    return threads if outputs * work.samples > _SMALL else 1


def _plan(
    work: Work, room: Room, grid: tuple[int, int, int], block: tuple[int, int], *, per_block: int, tile: int,
    rois: int, bin_rows: int, samples_per_part: int = 2**30,
) -> Plan:  # fmt: skip
    memory = rois * room.roi_bytes
    if work.layout == "NCHW":
        memory += tile * (room.lines * room.line_length + bin_rows * work.bins_x) * work.wide
    fields = {
        "rois_per_block": rois,
        "bin_rows": bin_rows,
        "line_length": room.line_length,
        "samples_per_part": samples_per_part,
        "channels_per_block": per_block,
        "channels_per_tile": tile,
        "memory_per_block": padded(memory),
    }
    return Plan(grid, block, padded(memory), fields)


def host_plan(work: Work, room: Room, threads: int) -> Plan:
    """The launch for a CPU: blocks of one thread."""
    if work.layout == "NHWC":
        # Pixels are read whole, since parts of them would fall on the same sets of the cache.
        return _plan(
            work, room, (work.rois, 1, 1), (1, 1), per_block=work.channels, tile=work.channels, rois=1, bin_rows=work.bins_y
        )  # fmt: skip
    # A block goes through all its RoIs for one tile of channels, which stays in the cache, before it turns to the next.
    tile = _HOST_TILE
    rois = max(1, min(work.rois, _HOST_LISTS // room.roi_bytes))
    slices = 1
    if threads > 1:
        slices = min(4, -(-work.channels // tile))
        rois = min(rois, max(1, -(-work.rois * slices // (2 * threads))))
    per_block = -(-work.channels // (slices * tile)) * tile
    results = tile * work.bins_x * work.wide
    return _plan(
        work, room, (-(-work.rois // rois), -(-work.channels // per_block), 1), (1, 1),
        per_block=per_block, tile=tile, rois=rois, bin_rows=max(1, min(work.bins_y, _HOST_RESULTS // results)),
    )  # fmt: skip


def device_plan(work: Work, room: Room, together: int, *, parts: int, in_lines: bool) -> Plan:
    """The launch for a GPU: a block takes one RoI, or some rows of bins of a heavy one, and a tile of channels.

    With channels last a thread takes ``together`` channels through a bin at once. A heavy RoI is split into at most ``parts``.
    Without ``in_lines`` RoIs are pooled bin by bin in either layout.
    """
    parts = min(work.bins_y, parts)
    if work.layout == "NHWC":
        threads, bins = -(-work.channels // together), work.bins_y * work.bins_x
        tiles = -(-threads // _ALONG_CHANNELS)
        x = -(-threads // tiles)
        y = min(DEVICE_THREADS // x, 1 << max(bins - 1, 0).bit_length())
        tile = x * together
        per_block = tile * -(-tiles // _MOST_SLICES)
        return _plan(
            work, room, (work.rois, -(-work.channels // per_block), parts), (x, y), per_block=per_block, tile=tile, rois=1,
            bin_rows=work.bins_y, samples_per_part=_SAMPLES_PER_PART,
        )  # fmt: skip
    tile = min(_DEVICE_TILE, work.channels)
    bins = work.bins_y * work.bins_x
    # Each takes a bin, or all take equal shares of the channels of bins.
    threads = DEVICE_THREADS // bins * bins if bins < DEVICE_THREADS else DEVICE_THREADS
    wanted = max(tile, _DEVICE_WORK * DEVICE_THREADS // bins, -(-work.channels // _MOST_SLICES))
    per_block = min(-(-wanted // tile), -(-work.channels // tile)) * tile
    results = tile * work.bins_x * work.wide
    return _plan(
        work, room, (work.rois, -(-work.channels // per_block), parts), (-(-threads // _WARP) * _WARP, 1), per_block=per_block,
        tile=tile, rois=1, bin_rows=max(1, min(work.bins_y, _DEVICE_RESULTS // results)) if in_lines else 0,
        samples_per_part=_SAMPLES_PER_PART,
    )  # fmt: skip
