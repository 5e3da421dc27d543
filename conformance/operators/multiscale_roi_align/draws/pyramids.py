"""Calls of RoIAlign made calls of poolers: their map is that of one level, and others lie above and below it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    Pair = tuple[int, int]


class Setting(NamedTuple):
    """What is fixed about a pyramid: which of the levels of ``maps`` has the map, and how sizes are related to it.

    ``canonical`` is how many levels the canonical one is above that, and ``ratio`` that of a box's size to the least of its
    level.
    """

    level: int
    maps: int
    canonical: int = 0
    ratio: float = 1.25


def sizes_of(size: Pair, setting: Setting) -> list[Pair]:
    """Rows and columns of the maps of all levels, each about half of those before."""
    return [
        (_halved(size[0], level - setting.level), _halved(size[1], level - setting.level))
        for level in range(setting.maps)
    ]


def _halved(length: int, times: int) -> int:
    """A length, halved so often, rounded so that the ratio of both is nearest to the power of two."""
    exact = length / 2.0**times
    low = max(math.floor(exact), 1)
    return low if exact / low <= (low + 1) / exact else low + 1


def whole_of(sizes: Sequence[Pair]) -> Pair:
    """Rows and columns of an array in which maps lie one below the other."""
    return sum(rows for rows, _ in sizes), max(columns for _, columns in sizes)


def size_of(box: Sequence[Any]) -> float:
    """The root of a box's area, whatever its sign."""
    _, x1, y1, x2, y2 = map(float, box)
    return math.sqrt(abs((x2 - x1) * (y2 - y1)))


def placed(arguments: dict[str, Any], setting: Setting, typical: float) -> dict[str, Any]:
    """The arguments but the maps, which `whole_of` their sizes has room for: a box of the ``typical`` size is on the level."""
    _, _, *size = arguments["input"]["shape"]
    scale = arguments["spatial_scale"][0] * 2**setting.level
    first = round(-math.log2(scale))
    canonical = (typical or 1.0) / setting.ratio * 2**setting.canonical
    unit = 2.0 ** (math.floor(math.log2(canonical)) - 6)  # seven bits
    return {
        **arguments,
        "level_sizes": [list(pair) for pair in sizes_of((size[0], size[1]), setting)],
        "spatial_scale": [_number(scale)] * 2,
        "canonical_size": _number(round(canonical / unit) * unit),
        "canonical_level": first + setting.level + setting.canonical,
    }


def scaled(box: Sequence[Any], factor: float) -> list[int | float]:
    """A box of which all coordinates are so many times as far from the origin."""
    return [box[0], *(_number(float(x) * factor) for x in box[1:])]


def _number(x: float) -> int | float:
    return int(x) if x == int(x) else x
