"""How the gradient for maps is laid out: tiles, the launches that sort RoIs into them, and the memory that all of it takes."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from .pooling_plan import padded

if TYPE_CHECKING:
    from ..calls.problem import Problem

TILES_LIMIT = 2**31

UNTOUCHED_AND_ZERO = -1
"""In place of the number of RoIs that touch a tile: none does, and its pixels are zero already."""

EXTENT_BYTES, SPAN_BYTES, WINNER_BYTES = 20, 8, 8
"""Sizes of the structs of ``cuda/library/gathering/tiles.cuh``, which asserts them."""

BUCKETS = 33
"""Of tiles that as many RoIs touch as have so many binary digits: 0 to 32, since RoIs are counted in 32 bits."""

_CURSOR_BYTES = 16  # of chunk.cuh
_MOST_BINS = 32  # along an axis, whose weights are held at once: all bins of the usual 7 and 14, and all of 28
ORDERING_THREADS = 128
"""How many threads of a GPU sort the tiles."""

_HOST_CHANNELS = 256  # for which sums of a tile of 16 × 16 pixels in float32 take 256 KiB, of a cache of 1 MiB
_DEVICE_BYTES = 40 * 1024  # of the 48 KiB of shared memory that every GPU gives a block


@dataclass(frozen=True, slots=True)
class Geometry:
    """Sizes by which the gradient is gathered: pixels and channels of a tile, RoIs that are prepared together."""

    tile_y: int
    tile_x: int
    channels: int
    rois: int
    bins: int
    first_tile: tuple[int, ...]
    tiles: int
    memory: int

    @property
    def fields(self) -> dict[str, Any]:
        """The fields of ``BackwardParams`` that go with it."""
        return {
            "tile_y": self.tile_y,
            "tile_x": self.tile_x,
            "first_tile": self.first_tile,
            "tiles": self.tiles,
            "rois_per_chunk": self.rois,
            "bins_at_once": self.bins,
            "channels_per_block": self.channels,
        }


def _tiles(problem: Problem, tile_y: int, tile_x: int) -> tuple[tuple[int, ...], int]:
    """The number of the first tile of each level, and that of all tiles."""
    first, count = [], 0
    for height, width in zip(problem.heights, problem.widths, strict=True):
        first.append(count)
        count += problem.images * -(-height // tile_y) * -(-width // tile_x)
    if count >= TILES_LIMIT:
        raise ValueError(f"the maps have {count} tiles of {tile_y} x {tile_x} pixels; there must be fewer than 2**31")
    return tuple(first), count


def _chunk_bytes(problem: Problem, piece: int, tile_y: int, tile_x: int, rois: int, bins: int) -> int:
    """The size of a chunk of RoIs (chunk.cuh) of ``piece`` bytes each."""
    pixels = tile_y + tile_x if problem.mode == "avg" else 0
    arrays = (piece, bins * pixels * problem.wide_bytes, pixels * 8)
    return _CURSOR_BYTES + sum(padded(rois * size) for size in arrays) + padded(4 * pixels)


def geometry(
    problem: Problem, piece: int, tile_y: int, tile_x: int, channels: int, *, most_rois: int, budget: int
) -> Geometry:
    """The sizes for tiles of ``channels`` channels, with as many RoIs in a chunk as ``budget`` bytes have room for."""
    bins = max(1, min(_MOST_BINS, max(problem.bins)))
    sums = tile_y * tile_x * channels * problem.wide_bytes
    one = _chunk_bytes(problem, piece, tile_y, tile_x, 1, bins)
    rois = max(1, min(most_rois, (budget - sums) // one))
    first, count = _tiles(problem, tile_y, tile_x)
    memory = _chunk_bytes(problem, piece, tile_y, tile_x, rois, bins) + padded(sums)
    return Geometry(tile_y, tile_x, channels, rois, bins, first, count, memory)


def workspace_bytes(problem: Problem, tiles: int, *, with_winners: bool) -> int:
    """The size of the workspace.

    For K RoIs and T tiles it is 20 K + 8 K (P_h + P_w) + 4 T ⌈K / 32⌉ + 8 T bytes, each of the five parts a multiple of 16
    bytes, and 8 more for each element of the output if the winners of a maximum are found first. `Geometry` has T.
    """
    winners = WINNER_BYTES * math.prod(problem.output_shape) if with_winners else 0
    return sum(_parts(problem, tiles)) + winners


def _parts(problem: Problem, tiles: int) -> list[int]:
    """The sizes of what the workspace begins with: extents, spans, bits of tiles, their numbers of RoIs, their order."""
    k = problem.rois
    sizes = (EXTENT_BYTES * k, SPAN_BYTES * k * sum(problem.bins), 4 * tiles * -(-k // 32), 4 * tiles, 4 * tiles)
    return [padded(size) for size in sizes]


def touches(problem: Problem, tiles: int, workspace: np.ndarray) -> np.ndarray:
    """How many RoIs touch each tile, in the workspace of a CPU."""
    begin = sum(_parts(problem, tiles)[:3])
    return workspace[begin : begin + 4 * tiles].view(np.int32)


def ordering_bytes(threads: int) -> int:
    """The memory that the block has that sorts the tiles."""
    return 4 * BUCKETS * (threads + 1)


def host_geometry(problem: Problem, piece: int) -> Geometry:
    """The sizes for a CPU, where a tile's channels stay in the cache of the core."""
    channels = min(problem.channels, _HOST_CHANNELS)
    return geometry(problem, piece, 16, 16, channels, most_rois=32, budget=2**20)


def points_on_host(problem: Problem, _piece: int) -> Geometry:
    """The sizes for a CPU, of RoIs whose samples are points (points/gathering.cuh)."""
    channels = min(problem.channels, _HOST_CHANNELS)
    planned = _geometry_of_points(problem, 16, channels)
    arrived = padded(planned.bins * channels * problem.wide_bytes)  # (adding.cuh)
    return replace(planned, memory=planned.memory + arrived)


def points_on_device(problem: Problem, _piece: int, vector: int) -> Geometry:
    """The same for a GPU: sums and weights are within the shared memory that every GPU gives a block."""
    most = 16 * vector if problem.layout == "NHWC" else 256 // problem.wide_bytes
    return _geometry_of_points(problem, 8, min(problem.channels, most))


def _geometry_of_points(problem: Problem, tile: int, channels: int) -> Geometry:
    bins = max(1, min(_MOST_BINS, math.prod(problem.bins)))
    first, count = _tiles(problem, tile, tile)
    pixels = tile * tile
    memory = sum(map(padded, (pixels * channels * problem.wide_bytes, pixels * bins * problem.wide_bytes, pixels * 4)))
    return Geometry(tile, tile, channels, 1, bins, first, count, memory)


def device_geometry(problem: Problem, piece: int, vector: int) -> Geometry:
    """The sizes for a GPU, within the shared memory that every GPU gives a block."""
    if problem.layout == "NHWC" or problem.mode == "max":
        # A warp takes the channels of two pixels, or of one.
        channels = min(problem.channels, 16 * vector if problem.layout == "NHWC" else 64)
        return geometry(problem, piece, 8, 8, channels, most_rois=16, budget=_DEVICE_BYTES)
    # The rows of a tile are those of some strips (gather_strips.cuh); the more channels, the less often weights are formed.
    channels = min(problem.channels, 128 // problem.wide_bytes)
    return geometry(problem, piece, 8, 16, channels, most_rois=16, budget=_DEVICE_BYTES)
