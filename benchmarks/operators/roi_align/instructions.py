"""How many instructions our kernels execute for each output value on a GPU, from their machine code: no GPU is needed.

The code's loops are known by the source lines of their ends (`benchmarks/assembler/sass.py`). How often their bodies run is
counted here for every RoI of a row, from the plan of its launch; the sums of a whole row give the average trips of each loop. A
warp of which a single thread works costs as much as a full one, so that what a few threads do for all (the lists) counts by
warps. What is returned is an upper bound: see there. The kernel that libraries share takes 638 with two samples per bin and
axis (compiled likewise, counted by hand: 223 before its loops, 34 for each row of samples, 80.5 for each sample, 25 after).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from roikit.kernels.dialects.roi_align import DIALECTS
from roikit.kernels.operators.roi_align import forward_plan as plan
from roikit.kernels.staging.pooling_plan import device_channels

from ...assembler import sass
from ...workloads import problem
from . import floors
from .operations import Operation
from .workloads import GPU_ROWS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .workloads import RoiAlignRow

LINEAGE = 638
"""Instructions of the common kernel per output value, with two samples per bin and axis."""

ROWS = {name: GPU_ROWS[name] for name in ("a1", "b1", "c1")}
"""The rows that are counted."""

GATHERED = 4
"""Channels that a thread takes through a bin's taps together, if they come first in memory (channels_last.cuh)."""

_WARP = 32


@dataclass(frozen=True)
class Taps:
    """The taps of a RoI: how many each bin has along y and x."""

    y: np.ndarray
    x: np.ndarray


@cache
def taps_of(row: RoiAlignRow) -> list[Taps]:
    """The taps of each RoI of a row."""
    found = []
    for level in problem(row).levels:
        height, width = level.feature.shape[2:]
        corners = level.boxes[:, 1:].astype(float) * level.scale - 0.5
        extents = corners[:, 2:] - corners[:, :2]
        ys, xs = (
            floors.axis_samples(corners[:, axis], extents[:, axis], row.bins, row.sampling_ratio) for axis in (1, 0)
        )
        for y, x in zip(ys, xs, strict=True):
            found.append(Taps(floors.taps(y, height).sum(axis=1), floors.taps(x, width).sum(axis=1)))
    return found


def launch_of(row: RoiAlignRow, layout: str, dtype: str, vector: int) -> plan.Plan:
    """How a GPU is asked to make the call of a row that has the largest maps."""
    height, width = problem(row).levels[0].feature.shape[2:]
    itemsize = {"float32": 4, "float64": 8}.get(dtype, 2)
    shape = plan.Shape(
        row.rois, row.channels, height, width, row.bins, row.bins, row.sampling_ratio, row.sampling_ratio, itemsize,
        "avg", layout, DIALECTS[Operation.FORWARD.dialect].outside,
    )  # fmt: skip
    return plan.device_plan(shape, device_channels(vector, packed=layout == "NHWC"))


def _share(working: float, threads: int) -> float:
    """Which share of the block's warps has one of the first ``working`` threads."""
    return math.ceil(min(working, threads) / _WARP) / math.ceil(threads / _WARP)


# A loop is known by a piece of the line that ends it and, where that is not enough, by one of a line round it or that calls it.
_PREPARATION = (
    ("for (int bin = thread", "", "lists"),
    ("while (low < high)", "", "search"),
    ("for (int which = thread", "", "ends"),
    ("for (int p = 0; p < made.bins", "", "prefix"),
    ("for (int rank = ranks.begin", "", "samples"),
    ("for (int64 channel = in_tiles", "", "tiles"),
    ("for (int i = 0; i < count", "for (int64 channel = in_tiles", "tiles"),
    ("for (int i = 0; i < count", "", "rois"),
    ("for (int i = 0; i < (CAN_GATHER", "", "rois"),
)
_BIN_BY_BIN = (
    ("for (; turn.p < roi.row_end", "", "bins"),
    ("for (int i = thread - group", "", "turns"),
    ("for (; next.channel + GATHERED", "", "bins"),
    ("left = inner_count > 0", "", "outer taps"),
    ("left = count - 1", "", "taps"),
)
# Loops that these rows do not reach: those of RoIs of more taps, which are pooled row by row, of RoIs that have no result, and
# the last channels of a number that is no multiple of a vector, or of two.
_NOT_REACHED = (
    "for (int q = 0; q < x.bins",
    "for (int i = list.begin + thread",
    "pool_channels_first(",
    "fill_with_nan(",
    "pool_bins<VECTOR>(",
    "pool_vectors<1>(roi, next, bin",
)


def bodies(row: RoiAlignRow, layout: str, dtype: str, vector: int) -> dict[str, float]:
    """How often a thread runs the body of each loop of a block, on average over threads, blocks and RoIs of a row."""
    launch = launch_of(row, layout, dtype, vector)
    threads, bins, ratio = math.prod(launch.block), row.bins, row.sampling_ratio
    channels = launch.fields["channels_per_block"]
    lists = math.ceil(2 * bins / threads) * _share(2 * bins, threads)
    ends = _share(2, threads)
    # How often a thread takes channels of a bin, two vectors or some that come first, and how often it does so for each bin.
    vectors = (
        bins * bins * channels / (device_channels(vector, packed=True) if layout == "NHWC" else GATHERED) / threads
    )
    each = vectors / (bins * bins)
    taps = taps_of(row)
    outer = each * bins * float(np.mean([(roi.y if layout == "NHWC" else roi.x).sum() for roi in taps]))
    return {
        "rois": 1.0,
        "lists": lists,
        "search": lists * math.ceil(math.log2(ratio + 1)),
        "ends": ends,
        "prefix": ends * bins,
        "samples": lists * ratio,
        "tiles": math.ceil(channels / launch.fields["channels_per_tile"]),
        "turns": bins * bins * max(1, threads // (bins * bins)) / threads,
        "bins": vectors,
        "outer taps": outer,
        "taps": each * float(np.mean([roi.y.sum() * roi.x.sum() for roi in taps])) - outer,  # but for the first of each
    }


def per_output(code: sass.Code, text: str, row: RoiAlignRow, layout: str, dtype: str, vector: int) -> float:
    """How many instructions of a thread go into an output value of a row, at most, on average.

    Args:
        code: The machine code of the kernel, with lines.
        text: Its source.
        row: With two samples per bin and axis, or another fixed number.
        layout: ``"NCHW"`` or ``"NHWC"``.
        dtype: Data type of the maps, by name.
        vector: The vector that the kernel was specialised for.

    Raises:
        ValueError: the code has a loop of which it is not known how often it runs.
    """
    launch = launch_of(row, layout, dtype, vector)
    counted = bodies(row, layout, dtype, vector)

    def trips(loops: Sequence[tuple[int, ...]]) -> float:
        chains = [sass.text_of(lines, text) for lines in loops]
        if any(piece in line for line in chains[-1] for piece in _NOT_REACHED):
            return 0.0
        outer = counted[_name(chains[:-1])] if len(chains) > 1 else 1.0
        return counted[_name(chains)] / outer

    outputs = launch.fields["channels_per_block"] * row.bins**2 / math.prod(launch.block)
    return float(sass.executed(code, trips) / outputs)


def _name(chains: Sequence[Sequence[str]]) -> str:
    """What the innermost of some loops is called here; the outermost is that over RoIs."""
    if len(chains) == 1:
        return "rois"
    around = [line for chain in chains for line in chain]
    for piece, caller, name in _PREPARATION + _BIN_BY_BIN:
        if piece in chains[-1][0] and any(caller in line for line in around):
            return name
    raise ValueError(f"a loop of which it is not known how often it runs: {' in '.join(chains[-1])}")
