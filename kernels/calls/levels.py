"""Which level of a feature pyramid a RoI is pooled from: rules MS-3 to MS-6 (``multiscale_roi_align/RULES.md``), and RA-17.

Every rule computes a size from the box, a logarithm of it, and rounds that to a level. Since each of these steps grows with the
size, a level is known by the least size that reaches it: those limits are worked out here, once, and a kernel only compares.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Context, Decimal
from functools import cache
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from ..dialects.multiscale_roi_align import WITHOUT_SIZE, LevelRule, NoLevel
from . import arguments

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_LEVELS = 8


def compiled_levels(levels: int) -> int:
    """The number of levels that a CPU's kernel is compiled for: 1, or all that there may be, so that pyramids share one."""
    return levels if levels == 1 else MAX_LEVELS


@dataclass(frozen=True, slots=True)
class Levels:
    """How the level of a RoI is found: the number of ``limits``, but for the first, that its size reaches.

    Attributes:
        canonical_size: What the square root of the area is divided by, image pixels.
        size_offset: What is added to width and height before, image pixels.
        limits: For each level the least size that reaches it, as a number of the boxes' data type; that of the first is 0, or
            -1 if boxes that have no size are there, too.
    """

    canonical_size: float
    size_offset: float
    limits: tuple[float, ...]


_EXACTLY = Context(prec=60)
_LN_2 = _EXACTLY.ln(Decimal(2))


def _log2(size: Any) -> Any:
    """The logarithm of a positive NumPy number, rounded to its data type."""
    number, near = type(size), math.log2(size)  # in float64, off by a few of its last places
    below, above = number(near - abs(near) * 2.0**-50), number(near + abs(near) * 2.0**-50)
    if below == above and number is np.float32:
        return below
    return number(float(_EXACTLY.divide(_EXACTLY.ln(Decimal(float(size))), _LN_2)))


def level_of_size(rule: LevelRule, size: Any, canonical_level: int) -> int:
    """The level, not yet held within those that there are, of a positive ``size``: every step is rounded to its type."""
    number, level = type(size), type(size)(canonical_level)
    match rule:
        case LevelRule.TORCHVISION:
            return int(np.floor(level + _log2(size) + number(1e-6)))
        case LevelRule.DETECTRON2:
            return int(np.floor(level + _log2(size + number(1e-8))))
        case LevelRule.MASKRCNN_BENCHMARK:
            return int(np.floor(level + _log2(size + number(1e-6))))
        case LevelRule.MMDETECTION:
            return canonical_level + int(np.floor(_log2(size + number(1e-6))))
        case LevelRule.MATTERPORT:
            return canonical_level + int(np.rint(_log2(size)))
        case LevelRule.AXLEARN:
            return canonical_level + int(np.floor(_log2(size)))


def _least_size(rule: LevelRule, wanted: int, canonical_level: int, wide: str) -> float:
    """The least size of data type ``wide`` whose level is ``wanted`` or above, found by halving among its numbers."""
    kind, bits = (np.float32, np.int32) if wide == "float32" else (np.float64, np.int64)
    low, high = 0, int(np.array(np.finfo(kind).max).view(bits))  # numbers that do not, and do, reach it
    while high - low > 1:
        middle = (low + high) // 2
        size = np.array(middle, bits).view(kind)[()]
        if level_of_size(rule, size, canonical_level) >= wanted:
            high = middle
        else:
            low = middle
    return float(np.array(high, bits).view(kind))


@cache
def _levels(rule: str, count: int, first_level: int, canonical_size: float, canonical_level: int, wide: str) -> Levels:
    chosen = LevelRule(rule)
    limits = [_least_size(chosen, first_level + i, canonical_level, wide) for i in range(1, count)]
    least = -1.0 if WITHOUT_SIZE[chosen] == NoLevel.FIRST else 0.0
    return Levels(canonical_size, 1.0 if chosen == LevelRule.MASKRCNN_BENCHMARK else 0.0, (least, *limits))


def _is_scale(value: object) -> bool:
    """Whether something is a positive, finite number."""
    return isinstance(value, Real) and 0 < float(value) < math.inf


def first_level_of(scales: Sequence[tuple[float, float]]) -> int:
    """The level whose map has the first scale: 2 for 1/4.

    Raises:
        ValueError: the scales are not powers of two, the same along both axes, each half of the one before.
    """
    levels = [1 - math.frexp(y)[1] if _is_scale(y) and _is_scale(x) else 0 for y, x in scales]
    if any((2.0**-level, 2.0**-level) != pair for level, pair in zip(levels, scales, strict=True)) or levels != list(
        range(levels[0], levels[0] + len(levels))
    ):
        raise ValueError(
            f"spatial_scales {tuple(y if y == x else (y, x) for y, x in scales)} are not powers of two, the same along both "
            "axes, each half of the one before, so first_level must be given: the level of the first map"
        )
    return levels[0]


def resolve_levels(
    rule: object,
    scales: Sequence[tuple[float, float]],
    first_level: Any,
    canonical_size: Any,
    canonical_level: Any,
    wide: str,
) -> Levels | None:
    """How a level is found among as many as there are ``scales``; None if there is one.

    Raises:
        TypeError: an argument has a wrong type.
        ValueError: there is no such rule, or a value is wrong.
    """
    name = arguments.choice("level_rule", rule, tuple(LevelRule))
    if not 1 <= len(scales) <= MAX_LEVELS:
        raise ValueError(f"there must be 1 to {MAX_LEVELS} levels, not {len(scales)}")
    if len(scales) == 1:
        return None
    first = first_level_of(scales) if first_level is None else arguments.integer("first_level", first_level)
    fine = name == LevelRule.MMDETECTION
    size = (56.0 if fine else 224.0) if canonical_size is None else canonical_size
    if isinstance(size, bool) or not isinstance(size, Real):
        raise TypeError(f"canonical_size must be a number, not {canonical_size!r}")
    if not _is_scale(size):
        raise ValueError(f"canonical_size must be finite and greater than 0, not {canonical_size!r}")
    level = (first if fine else 4) if canonical_level is None else arguments.integer("canonical_level", canonical_level)
    return _levels(name, len(scales), first, float(size), level, wide)
