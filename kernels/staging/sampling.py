"""Kernels that sample: how they know their rules, and what lists of taps or samples take (``cuda/library/geometry.cuh``)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ..dialects.choices import Outside
from .pooling_plan import padded

if TYPE_CHECKING:
    from ..dialects.roi_align import Dialect


def rule_macros(dialect: Dialect, mode: str) -> tuple[tuple[str, str | int], ...]:
    """The macros by which a kernel knows a dialect, of which `mode` may not look at all choices."""
    rules = dialect.for_mode(mode)
    kind = {None: "first", -math.inf: "minus_infinity"}.get(rules.max_start, "value")
    return (
        ("MODE", mode),
        ("OFFSET", rules.offset),
        ("END", rules.end),
        ("MIN_SIZE", rules.min_size),
        ("ADAPTIVE", rules.adaptive),
        ("GRID_CAP", rules.grid_cap),
        ("EMPTY_GRID", rules.empty_grid),
        ("OUTSIDE", rules.outside),
        ("MAX", rules.max),
        ("MAX_START", kind),
        ("MAX_START_VALUE", repr(rules.max_start) if kind == "value" else "0"),
    )


def list_capacity(bins: int, sampling_ratio: int, size: int, mode: str, outside: Outside) -> int:
    """How many entries the lists of one axis of a RoI can need (``cuda/library/geometry.cuh``)."""
    if mode == "avg":
        # Neighbouring bins share at most a few pixels; besides that, each pixel is in one list.
        merged = size + 3 * bins
        return min(2 * sampling_ratio * bins, merged) if sampling_ratio else merged
    # Samples of an adaptive grid are at least half a pixel apart, but for grids of one sample; those that lie within half a
    # pixel (the error of a coordinate) of the map may count as inside. Outside.CLAMP adds one for each edge and bin.
    spread = 2 * size + 5 + bins * (3 if outside == Outside.CLAMP else 1)
    return sampling_ratio * bins if sampling_ratio else spread


def check_list_sizes(**capacities: int) -> None:
    """Checks that the lists of taps or samples of an axis can be counted in 32 bits."""
    for axis, capacity in capacities.items():
        if capacity >= 2**31:
            raise ValueError(
                f"input, output_size and sampling_ratio ask for {capacity} samples or taps of a RoI along {axis}; "
                "there must be fewer than 2**31"
            )


def bytes_of_lists(capacity: int, bins: int, mode: str, wide: int) -> int:
    """What the lists of an axis take of a block's memory, whose coordinates have ``wide`` bytes."""
    # A tap is a weight, padded to twice its size by an index; a sample is two weights and two indices.
    entry = {"avg": 2 * wide, "max": 2 * wide + 8}[mode]
    return padded(capacity * entry) + padded(8 * bins + 8) + padded(8 * bins)
