"""Which of the ways through a kernel a launch takes: those that are settled before any box is looked at.

Read off the launch itself, its grid, its memory, and the macros and numbers that its kernel gets, so that nothing here decides
anything a second time. ``PLANS.md`` says which golden case takes which way.
"""

from __future__ import annotations

import math
import re
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..execution.launch import Launch
    from ..execution.source import Source

Facts = dict[str, Any]
"""What is known of a launch, by names of macros and of fields of the kernel's struct, and ``grid``, ``block``, ``memory`` …"""

_MACRO = re.compile(r"^#define ROIKIT_(\w+) (\S+)$")
_ALL = ("NCHW", "NHWC")
_GRID_LIMIT = 65535  # blocks along y and z: the most that CUDA allows
_INT_LIMIT = 2**31


class Branch(NamedTuple):
    """A way through a kernel that a launch may take.

    Attributes:
        name: What is done.
        holds: Whether a launch does it.
        layouts: Of maps with which one can.
        modes: With which one can.
    """

    name: str
    holds: Callable[[Facts], bool]
    layouts: tuple[str, ...] = _ALL
    modes: tuple[str, ...] = ("avg", "max")


def facts_of(launch: Launch, *, workspace: int = 0, threads: int = 1) -> Facts:
    """What is known of a launch that has so much memory besides that of its blocks, and so many threads on a CPU."""
    struct = bytes(8 * launch.source.addresses) + launch.params
    numbers = np.frombuffer(struct, launch.source.params).item()
    values = (value.tolist() if isinstance(value, np.ndarray) else value for value in numbers)
    fields = dict(zip(launch.source.params.names or (), values, strict=True))
    launched = {"grid": launch.grid, "block": launch.block, "memory": launch.shared_bytes}
    return {**_macros(launch.source), **fields, **launched, "workspace": workspace, "threads": threads}


@cache
def _macros(source: Source) -> Mapping[str, str | int]:
    """The macros that a text begins with."""
    found: dict[str, str | int] = {}
    for line in source.text.splitlines():
        macro = _MACRO.match(line)
        if macro is None:
            break
        name, value = macro.groups()
        found[name] = int(value) if value.isdecimal() else value
    return found


def taken(branches: tuple[Branch, ...], facts: Facts) -> list[str]:
    """The names of those branches that a launch takes."""
    return [branch.name for branch in _of(branches, facts["LAYOUT"], facts["MODE"]) if branch.holds(facts)]


@cache
def _of(branches: tuple[Branch, ...], layout: str, mode: str) -> list[Branch]:
    return [branch for branch in branches if layout in branch.layouts and mode in branch.modes]


def _bins(facts: Facts) -> int:
    return int(facts["bins_y"] * facts["bins_x"])


def _rest(facts: Facts, vector: str = "VECTOR") -> int:
    return int(facts["channels"] % facts[vector])


def _pieces(facts: Facts, vector: str = "VECTOR") -> bool:
    """Whether a short last vector is taken in pieces of several numbers: of 64 as 16, 4 and 1, of 8 as 2 and 1."""
    return bool(_rest(facts, vector) >= max(1, facts[vector] // 4) > 1)


def _elements_of_maps(facts: Facts) -> int:
    sizes = zip(facts["heights"], facts["widths"], strict=True)
    return int(facts["images"] * facts["channels"] * max(height * width for height, width in sizes))


_ANYWHERE = (
    Branch("a map of 2^31 elements or more", lambda f: _elements_of_maps(f) >= _INT_LIMIT),
    Branch("several levels", lambda f: f["LEVELS"] > 1),
    Branch("float64: sums and coordinates of 8 bytes", lambda f: f["FEATURE_T"] == "double"),
    Branch("float32", lambda f: f["FEATURE_T"] == "float"),
    Branch("float16", lambda f: f["FEATURE_T"] == "float16"),
    Branch("bfloat16", lambda f: f["FEATURE_T"] == "bfloat16"),
)

_ANY_THREADS = (
    Branch("one thread, since more are not worth their start", lambda f: f["threads"] == 1),
    Branch("several threads", lambda f: f["threads"] > 1),
)


def _vectors(sizes: tuple[int, ...]) -> tuple[Branch, ...]:
    """Those of channels that come last, in vectors of these sizes."""
    return tuple(
        Branch(f"{where} vectors of {size} channels", _is_vector(size, aligned=aligned), ("NHWC",))
        for size in sizes
        for where, aligned in (("aligned", 1), ("other", 0))
    )


def _is_vector(size: int, *, aligned: int) -> Callable[[Facts], bool]:
    return lambda f: (f["VECTOR"], f["ALIGNED"]) == (size, aligned)


def _of_size(bins: int, samples: int) -> Callable[[Facts], bool]:
    return lambda f: (f["BINS"], f["SAMPLING"]) == (bins, samples)


_PIECES = (
    Branch("whole vectors of channels only", lambda f: _rest(f) == 0, ("NHWC",)),
    Branch("a short last vector, in single channels", lambda f: _rest(f) > 0 and not _pieces(f), ("NHWC",)),
    Branch("a short last vector, in pieces", _pieces, ("NHWC",)),
)

_CAPPED = Branch("more channels for each, lest there be more than 65535", lambda f: f["grid"][1] > _GRID_LIMIT // 2)
_TILES = (
    Branch("one block for all channels", lambda f: f["grid"][1] == 1),
    Branch("several blocks for the channels of a RoI", lambda f: f["grid"][1] > 1),
    Branch("the last of them with fewer", lambda f: f["grid"][1] > 1 and f["channels"] % f["channels_per_block"] > 0),
    _CAPPED,
    Branch(
        "several tiles of channels in a block", lambda f: f["channels_per_block"] > f["channels_per_tile"], ("NCHW",)
    ),
    Branch("fewer channels than a tile has room for", lambda f: f["channels"] < f["channels_per_tile"], ("NHWC",)),
    Branch(
        "a short last tile of channels",
        lambda f: f["channels"] > f["channels_per_tile"] and f["channels"] % f["channels_per_tile"] > 0,
    ),
)


def _has_lines(facts: Facts) -> bool:
    return bool(facts["line_length"] > 0 and facts["bin_rows"] > 0)


LINES = (
    Branch("lines that hold every column of a map", lambda f: f["line_length"] >= max(f["widths"]), ("NCHW",)),
    Branch("lines shorter than a row", lambda f: _has_lines(f) and f["line_length"] < max(f["widths"]), ("NCHW",)),
    Branch("results of all rows of bins at once", lambda f: _has_lines(f) and f["bin_rows"] == f["bins_y"], ("NCHW",)),
    Branch("results of some rows at a time", lambda f: _has_lines(f) and f["bin_rows"] < f["bins_y"], ("NCHW",)),
)
"""Forward, of an operator that pools in lines."""

LINES_ON_DEVICE = (
    Branch("every RoI bin by bin: no lines", lambda f: f["bin_rows"] == 0, ("NCHW",), ("avg",)),
    *LINES,
)
"""Forward, on a GPU, of one that does for RoIs that are large."""

SPECIALISED = (
    *(
        Branch(
            f"kernel for {bins} × {bins} bins of {samples} × {samples} samples", _of_size(bins, samples), modes=("avg",)
        )
        for bins in (7, 14)
        for samples in (1, 2)
    ),
    Branch("kernel for any size", lambda f: not f["BINS"]),
)
"""Forward, on a GPU, of an operator that has kernels for sizes of their own."""

POOLING_ON_DEVICE = (
    *_vectors((2, 4, 8)),
    *_PIECES,
    Branch("a thread for each bin", lambda f: f["block"][1] >= _bins(f), ("NHWC",)),
    Branch("several bins for a thread", lambda f: f["block"][1] < _bins(f), ("NHWC",)),
    *_TILES,
    Branch("no RoI is split", lambda f: f["grid"][2] == 1),
    Branch("heavy RoIs split into 8 parts at most", lambda f: f["grid"][2] == 8),
    Branch("heavy RoIs split into their rows of bins, fewer than 8", lambda f: 1 < f["grid"][2] < 8),
    Branch("lists and lines in shared memory", lambda f: f["memory"] > 0),
    Branch("lists in global memory, a block for each RoI", lambda f: f["workspace"] > 0 and f["grid"][0] == f["rois"]),
    Branch("lists in global memory, several RoIs for a block", lambda f: f["workspace"] > 0 and f["grid"][0] < f["rois"]),
    Branch("2^31 elements of output or more", lambda f: f["rois"] * f["channels"] * _bins(f) >= _INT_LIMIT),
    *_ANYWHERE,
)  # fmt: skip
"""Forward, on a GPU."""

POOLING_ON_HOST = (
    *_ANY_THREADS,
    Branch("a block for all RoIs", lambda f: f["grid"][0] == 1, ("NCHW",)),
    Branch("several blocks of RoIs for one thread", lambda f: f["grid"][0] > 1 and f["threads"] == 1, ("NCHW",)),
    Branch("several blocks of RoIs for threads", lambda f: f["grid"][0] > 1 and f["threads"] > 1, ("NCHW",)),
    Branch("one RoI in a block of several threads", lambda f: f["rois_per_block"] == 1 and f["threads"] > 1, ("NCHW",)),
    Branch("a short last block of RoIs", lambda f: f["grid"][0] > 1 and f["rois"] % f["rois_per_block"] > 0, ("NCHW",)),
    *(branch._replace(layouts=("NCHW",)) for branch in _TILES if branch is not _CAPPED),
    *_PIECES,
    *LINES,
    *_ANYWHERE,
)  # fmt: skip
"""Forward, on a CPU."""


_POINTS = (
    Branch("whole vectors of channels only", lambda f: _rest(f) == 0),
    Branch("a short last vector, in single channels", lambda f: _rest(f) > 0),
)
POINTS_ON_DEVICE = (
    *_vectors((2, 4, 8)),
    *_POINTS,
    Branch("one block for all bins and channels of a RoI", lambda f: f["grid"][1] == 1),
    Branch("several blocks for the bins and channels of a RoI", lambda f: f["grid"][1] > 1),
    Branch("a block for each RoI", lambda f: f["grid"][0] == f["rois"]),
    Branch("several RoIs for a block", lambda f: f["grid"][0] < f["rois"]),
    Branch("2^31 elements of output or more", lambda f: f["rois"] * f["channels"] * _bins(f) >= _INT_LIMIT),
    *_ANYWHERE,
)
"""Forward, on a GPU, of an operator whose samples are points."""

POINTS_ON_HOST = (*_ANY_THREADS, *_POINTS, *_ANYWHERE)
"""The same on a CPU."""


def _several_chunks(facts: Facts) -> bool:
    return bool(facts["rois"] > facts["rois_per_chunk"])


def _short_tile(facts: Facts) -> bool:
    return any(height % facts["tile_y"] for height in facts["heights"]) or any(
        w % facts["tile_x"] for w in facts["widths"]
    )


_GATHERING = (
    Branch("one tile of the map", lambda f: f["tiles"] == 1),
    Branch("several tiles", lambda f: f["tiles"] > 1),
    Branch("a map of whole tiles", lambda f: not _short_tile(f)),
    Branch("short tiles at its end", _short_tile),
    Branch("all RoIs in a chunk", lambda f: not _several_chunks(f)),
    Branch("more RoIs than a chunk holds", _several_chunks),
    Branch("32 bins along an axis at most", lambda f: max(f["bins_y"], f["bins_x"]) <= f["bins_at_once"], _ALL, ("avg",)),
    Branch("more bins, weighed part by part", lambda f: max(f["bins_y"], f["bins_x"]) > f["bins_at_once"], _ALL, ("avg",)),
    Branch("one block for all channels", lambda f: f["grid"][1] == 1),
    Branch("several blocks for the channels of a tile", lambda f: f["grid"][1] > 1),
    Branch("the last of them with fewer", lambda f: f["grid"][1] > 1 and f["channels"] % f["channels_per_block"] > 0),
    *_ANYWHERE,
)  # fmt: skip


GATHERING_ON_DEVICE = (
    *(b._replace(modes=("avg",)) for b in (*_vectors((2, 4, 8)), *_PIECES)),
    Branch("fewer RoIs in a chunk than 16, lest memory be too small", lambda f: f["rois_per_chunk"] < 16, _ALL, ("avg",)),
    Branch("16 RoIs in a chunk", lambda f: f["rois_per_chunk"] == 16),
    Branch("a block for several slices of channels", lambda f: f["grid"][1] * f["channels_per_block"] < f["channels"]),
    *_GATHERING,
)  # fmt: skip
"""The gradient for the maps, on a GPU: what gathers."""

GATHERING_ON_HOST = (
    *_ANY_THREADS,
    *(b._replace(modes=("avg",)) for b in _PIECES),
    Branch("whole groups of channels only", lambda f: _rest(f, "CHANNELS") == 0, ("NCHW",), ("avg",)),
    Branch("a short last group of channels", lambda f: _rest(f, "CHANNELS") > 0, ("NCHW",), ("avg",)),
    Branch("whole vectors of columns only", lambda f: not any(w % f["VECTOR"] for w in f["widths"]), ("NCHW",), ("avg",)),
    Branch("a short last vector of columns", lambda f: any(width % f["VECTOR"] for width in f["widths"]), ("NCHW",), ("avg",)),
    *_GATHERING,
)  # fmt: skip
"""The gradient for the maps, on a CPU: what gathers."""

_SORTING = (
    Branch("a block for each RoI", lambda f: f["extents"] == f["rois"]),
    Branch("several RoIs for a block", lambda f: f["extents"] < f["rois"]),
    Branch("a block for each tile", lambda f: f["touching"] == f["tiles"]),
    Branch("several tiles for a block", lambda f: f["touching"] < f["tiles"]),
    Branch("at most 32 RoIs: a word for a tile", lambda f: f["rois"] <= 32),
    Branch("several words for a tile", lambda f: f["rois"] > 32),
)
SORTING_ON_DEVICE = (
    *_SORTING,
    Branch("more words than a block has threads", lambda f: math.ceil(f["rois"] / 32) > f["sorting_threads"]),
    Branch("more bins than a block has threads", lambda f: f["bins_y"] + f["bins_x"] > f["sorting_threads"]),
    Branch("fewer tiles than threads that sort them", lambda f: f["tiles"] < f["ordering_threads"]),
    Branch("more tiles than threads that sort them", lambda f: f["tiles"] > f["ordering_threads"]),
)
"""The gradient for the maps, on a GPU: what finds the RoIs of each tile before. It sees neither mode nor layout."""

SORTING_ON_HOST = _SORTING
"""The same on a CPU."""

_WHOLE_WINNERS = (
    Branch("whole vectors of winners only", lambda f: _rest(f, "WINNERS") == 0, modes=("max",)),
    Branch("a short last vector of winners", lambda f: _rest(f, "WINNERS") > 0, modes=("max",)),
)
WINNERS_ON_DEVICE = (
    *(branch._replace(layouts=("NHWC",)) for branch in _WHOLE_WINNERS),
    Branch("a turn for each thread", lambda f: _winners(f) <= math.prod(f["block"]), modes=("max",)),
    Branch("several turns", lambda f: _winners(f) > math.prod(f["block"]), modes=("max",)),
)
"""The gradient of maxima, on a GPU: what finds the winner of each bin before."""

WINNERS_ON_HOST = _WHOLE_WINNERS
"""The same on a CPU."""


def _winners(facts: Facts) -> int:
    slices: int = math.ceil(facts["channels"] / facts["WINNERS"])
    return _bins(facts) * slices


def _lanes(facts: Facts) -> int:
    return int(facts["CHANNEL_LANES"] * facts["VECTOR"])


_BOXES = (
    Branch("fewer bins than lanes", lambda f: _bins(f) < f["BIN_LANES"]),
    Branch("several bins for a lane", lambda f: _bins(f) > f["BIN_LANES"]),
    Branch("one turn along channels", lambda f: f["channels"] <= _lanes(f)),
    Branch("several turns along channels", lambda f: f["channels"] > _lanes(f)),
)
_BOX_VECTORS = (
    Branch("whole vectors of channels only", lambda f: _rest(f) == 0),
    Branch("a short last vector, in single channels", lambda f: _rest(f) > 0),
)
BOX_GRADIENT_ON_DEVICE = (*_BOXES, *(branch._replace(layouts=("NHWC",)) for branch in _BOX_VECTORS), *_ANYWHERE)
"""The gradient for the boxes, on a GPU, where channels are taken one by one if they are first."""

BOX_GRADIENT_ON_HOST = (*_ANY_THREADS, *_BOXES, *_BOX_VECTORS, *_ANYWHERE)
"""The same on a CPU."""
