"""MR-2 to MR-5: the level that a rotated box is pooled from: that of an upright box of its width and height."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from .....kernels.dialects.multiscale_roi_align import Dialect as Choosing
from ...multiscale_roi_align.oracle import levels as of_upright

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .....kernels.dialects.multiscale_roi_align_rotated import Dialect

    Arguments = Mapping[str, Any]
    Levels = tuple[int | None, ...]

_NAN = (math.nan,) * 4


def choosing(dialect: Dialect) -> Choosing:
    """The dialect of poolers of upright boxes that chooses levels alike."""
    return Choosing(level_rule=dialect.level_rule, no_level=dialect.no_level)


def upright(arguments: Arguments) -> dict[str, Any]:
    """The arguments with upright boxes as large as the rotated ones, from the origin on; what is not finite stays so."""
    boxes = []
    for image, *numbers in arguments["boxes"]:
        is_finite = all(math.isfinite(float(number)) for number in numbers)
        boxes.append([image, *((0, 0, numbers[2], numbers[3]) if is_finite else _NAN)])
    return {**arguments, "boxes": boxes}


def levels_of(arguments: Arguments, dialect: Dialect, dtype: str = "") -> list[frozenset[int | None]]:
    """The levels that each box may be on, counted from the first map, None being no level; computed in a data type, or exactly.

    One that cannot be pooled is on the first, as is every box where there is but one map.
    """
    return of_upright.levels_of(upright(arguments), choosing(dialect), dtype)


def decided(arguments: Arguments, dialect: Dialect, dtype: str) -> Levels | None:
    """The level of each box, computed in a data type; None if rounding decides one."""
    levels = levels_of(arguments, dialect, dtype)
    return None if any(len(each) > 1 for each in levels) else tuple(next(iter(each)) for each in levels)


def exactly(arguments: Arguments, dialect: Dialect) -> Levels:
    """The level of each box, computed exactly."""
    found = levels_of(arguments, dialect)
    return tuple(min(each, key=lambda level: -1 if level is None else level) for each in found)
