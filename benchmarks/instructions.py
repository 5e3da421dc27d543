"""How many instructions our kernels execute for each output value on a GPU, from their machine code: no GPU is needed.

The code's loops are known by the source lines of their ends (`roikit.kernels.sass`). How often their bodies run is counted here
for every RoI of a row, from the plan of its launch; the sums of a whole row give the average trips of each loop. A warp of
which a single thread works costs as much as a full one, so that what a few threads do for all (the lists) counts by warps.
What is returned is an upper bound: see there. The kernel that libraries share takes 638 with two samples per bin and axis
(compiled likewise, counted by hand: 223 before its loops, 34 for each row of samples, 80.5 for each sample, 25 after).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from roikit.kernels import plan, sass
from roikit.kernels.dialect import DIALECTS

from . import floors
from .reference import DIALECT
from .workloads import GPU_ROWS, problem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .workloads import Row

LINEAGE = 638
"""Instructions of the common kernel per output value, with two samples per bin and axis."""

ROWS = {name: GPU_ROWS[name] for name in ("a1", "b1", "c1")}
"""The rows that are counted."""

_WARP = 32


@dataclass(frozen=True)
class Taps:
    """The taps of a RoI: how many each bin has along y and x, and how many columns its window has."""

    y: np.ndarray
    x: np.ndarray
    columns: int


@cache
def taps_of(row: Row) -> list[Taps]:
    """Returns the taps of each RoI of a row."""
    found = []
    for level in problem(row).levels:
        height, width = level.feature.shape[2:]
        corners = level.boxes[:, 1:].astype(float) * level.scale - 0.5
        extents = corners[:, 2:] - corners[:, :2]
        ys, xs = (
            floors.axis_samples(corners[:, axis], extents[:, axis], row.bins, row.sampling_ratio) for axis in (1, 0)
        )
        for y, x in zip(ys, xs, strict=True):
            on_y, on_x = floors.taps(y, height), floors.taps(x, width)
            read = np.flatnonzero(on_x.any(axis=0))
            found.append(Taps(on_y.sum(axis=1), on_x.sum(axis=1), int(np.ptp(read)) + 1 if read.size else 0))
    return found


def launch_of(row: Row, layout: str, dtype: str, vector: int) -> plan.Plan:
    """Returns how a GPU is asked to make the call of a row that has the largest maps."""
    height, width = problem(row).levels[0].feature.shape[2:]
    itemsize = {"float32": 4, "float64": 8}.get(dtype, 2)
    shape = plan.Shape(
        row.rois, row.channels, height, width, row.bins, row.bins, row.sampling_ratio, row.sampling_ratio, itemsize,
        "avg", layout, DIALECTS[DIALECT].outside,
    )  # fmt: skip
    return plan.device_plan(shape, vector)


def _share(working: float, threads: int) -> float:
    """Returns which share of the block's warps has one of the first ``working`` threads."""
    return math.ceil(min(working, threads) / _WARP) / math.ceil(threads / _WARP)


# A loop is known by a piece of the line that ends it and, where that is not enough, by one of a line round it or that calls it.
_PREPARATION = (
    ("for (int bin = thread", "", "lists"),
    ("while (low < high)", "", "search"),
    ("for (int which = thread", "", "ends"),
    ("for (int p = 0; p < lists.bins", "", "prefix"),
    ("for (int rank = ranks.begin", "", "samples"),
    ("for (int64 channel = first", "", "tiles"),
    ("for (int i = 0; i < count", "for (int64 channel = first", "tiles"),
    ("for (int i = 0; i < count", "", "rois"),
)
_CHANNELS_LAST = (
    ("while (p < roi.row_end)", "", "bins"),
    ("for (; steps.channel < end", "", "bins"),
    ("for (; steps.channel + N <= end", "", "bins"),
    ("a < ny", "", "rows"),
    ("b < nx", "", "taps"),
)
_CHANNELS_FIRST = (
    ("for (int q = 0; q < x.bins", "", "window"),
    ("for (int i = x.begin[q]", "", "window entries"),
    ("for (int row = roi.row_begin", "", "strips"),
    ("for (int i = 0; i < (roi.result_is_nan", "", "rows of bins"),
    ("for (int a = 0; a < ny;)", "", "rows"),
    ("while ((1 << shift)", "lanes_for(roi.x.bins)", "shifts of bins"),
    ("while ((1 << shift)", "", "shifts of columns"),
    ("for (int c = lanes.channel;", "", "lines"),
    ("for (int64 column", "", "columns"),
    ("for (; column + N <= end", "", "columns"),
    ("for (int c = lanes.channel * CHANNELS", "", "channels"),
    ("for (int q = lanes.column", "", "bins"),
    ("for (; c + N <= end", "", "bins"),
    ("b < nx", "", "taps"),
    ("for (int64 run", "", "runs"),
    ("for (int64 i = (int64)thread_of_block()", "", "stores"),
    ("for (; i + N <= end", "", "stores"),
)
_LOOPS = {"NHWC": _PREPARATION + _CHANNELS_LAST, "NCHW": _PREPARATION + _CHANNELS_FIRST}


def _per_roi_channels_last(taps: Taps, launch: plan.Plan, bins: int) -> dict[str, float]:
    """Returns how often a thread, on average over the block, runs each body while it pools a tile of channels of a RoI."""
    down = launch.block[1]
    pooled = bins * bins / down
    return {
        "bins": pooled,
        "rows": taps.y.sum() * bins / down,
        "taps": taps.y.sum() * taps.x.sum() / down,
    }


def _per_roi_channels_first(taps: Taps, launch: plan.Plan, bins: int) -> dict[str, float]:
    """Returns the same for channels first."""
    threads, tile = math.prod(launch.block), launch.fields["channels_per_tile"]

    def lanes(columns: int) -> tuple[int, int, int]:
        shift = 0
        while (1 << shift) < columns and (2 << shift) <= threads:
            shift += 1
        return shift, 1 << shift, threads >> shift

    rows = float(np.ceil(taps.y / 2).sum())
    shift, along, across = lanes(taps.columns)
    lines = rows * math.ceil(tile / across) * _share(tile * along, threads)
    columns = lines * math.ceil(taps.columns / along)
    shift_x, along_x, across_x = lanes(bins)
    channels = bins * math.ceil(tile / across_x) * _share(tile * along_x, threads)
    reduced = channels * math.ceil(bins / along_x)
    strips = math.ceil(bins / launch.fields["bin_rows"])
    runs = strips if strips == 1 else strips * tile
    stores = runs * math.ceil(tile * bins * bins / runs / threads) * _share(tile * bins * bins / runs, threads)
    return {
        "strips": strips,
        "rows of bins": bins,
        "rows": rows,
        "shifts of columns": rows * shift,
        "shifts of bins": float(bins * shift_x),
        "lines": lines,
        "columns": columns,
        "channels": channels,
        "bins": reduced,
        "taps": reduced * taps.x.mean(),
        "runs": runs,
        "stores": stores,
    }


def bodies(row: Row, layout: str, dtype: str, vector: int) -> dict[str, float]:
    """Returns how often a thread runs the body of each loop of a block, on average over threads, blocks and RoIs of a row."""
    launch = launch_of(row, layout, dtype, vector)
    threads, bins, ratio = math.prod(launch.block), row.bins, row.sampling_ratio
    tiles = math.ceil(launch.fields["channels_per_block"] / launch.fields["channels_per_tile"])
    lists = math.ceil(2 * bins / threads) * _share(2 * bins, threads)
    ends = _share(2, threads)
    found = {
        "rois": 1.0,
        "lists": lists,
        "search": lists * math.ceil(math.log2(ratio + 1)),
        "ends": ends,
        "prefix": ends * bins,
        "samples": lists * ratio,
        "tiles": float(tiles),
    }
    if layout == "NCHW":
        found |= {"window": float(bins), "window entries": bins * _share(2 * ratio, threads)}
    per_roi = _per_roi_channels_last if layout == "NHWC" else _per_roi_channels_first
    counted = [per_roi(taps, launch, bins) for taps in taps_of(row)]
    return found | {name: tiles * sum(c[name] for c in counted) / len(counted) for name in counted[0]}


def per_output(code: sass.Code, text: str, row: Row, layout: str, dtype: str, vector: int) -> float:
    """Returns how many instructions of a thread go into an output value of a row, at most, on average.

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
        if any("window.sparse" in line for line in chains[-1]):
            return 0.0  # no RoI of these rows has a sparse line
        outer = counted[_name(chains[:-1], layout)] if len(chains) > 1 else 1.0
        return counted[_name(chains, layout)] / outer

    outputs = launch.fields["channels_per_block"] * row.bins**2 / math.prod(launch.block)
    return float(sass.executed(code, trips) / outputs)


def _name(chains: Sequence[Sequence[str]], layout: str) -> str:
    """Returns what the innermost of some loops is called here; the outermost is that over RoIs."""
    if len(chains) == 1:
        return "rois"
    around = [line for chain in chains for line in chain]
    for piece, caller, name in _LOOPS[layout]:
        if piece in chains[-1][0] and any(caller in line for line in around):
            return name
    raise ValueError(f"a loop of which it is not known how often it runs: {' in '.join(chains[-1])}")
