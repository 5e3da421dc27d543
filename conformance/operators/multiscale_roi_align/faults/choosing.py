"""Wrong ways to choose the level of a box: each a change to one of the steps of MS-3 to MS-6."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from .....kernels.dialects.multiscale_roi_align import LevelRule, NoLevel
from ....arrays import box_rows
from ..oracle.levels import is_poolable, level_of, pyramid_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .....kernels.dialects.multiscale_roi_align import Dialect
    from ..oracle.levels import Pyramid

    Arguments = Mapping[str, Any]
    Box = tuple[float, ...]
    Levels = tuple[int | None, ...]
    Chooser = Callable[[Arguments, Any], Levels]

_EPSILON = {LevelRule.DETECTRON2: 1e-8, LevelRule.MASKRCNN_BENCHMARK: 1e-6, LevelRule.MMDETECTION: 1e-6}


def adds_one(dialect: Dialect) -> bool:
    """Whether a dialect adds 1 to the sides of boxes."""
    return dialect.level_rule == LevelRule.MASKRCNN_BENCHMARK


def rounds_down(dialect: Dialect) -> bool:
    """Whether a dialect rounds levels down."""
    return dialect.level_rule != LevelRule.MATTERPORT


def root_of_area(width: float, height: float) -> float:
    """What a box's size is; NaN if its area is negative."""
    area = width * height
    return math.sqrt(area) if area >= 0 else math.nan


@dataclass(frozen=True)
class Steps:
    """The steps by which a level is chosen, in floating point, with any of them another.

    Attributes:
        size: Of width and height.
        more: What is added to each side; None: what is due.
        logarithm: Of the size.
        whole: How the logarithm becomes a whole number; None: as it is due.
        pyramid: Changes what levels are chosen among.
        held: The index of a map, from that of a level, which is that of the first at 0, and their number; None: no level.
        without: What becomes of a negative area; None as a level, and "due" as it is due.
        empty: What becomes of no area.
    """

    size: Callable[[float, float], float] = root_of_area
    more: float | None = None
    logarithm: Callable[[float], float] = math.log2
    whole: Callable[[float], int] | None = None
    pyramid: Callable[[Pyramid], Pyramid] = lambda pyramid: pyramid
    held: Callable[[float, Pyramid], int | None] = lambda level, pyramid: int(min(max(level, 0), pyramid.maps - 1))
    without: Callable[[Pyramid, Dialect], int | None] = lambda _pyramid, dialect: (
        None if dialect.no_level == NoLevel.ZERO else 0
    )
    empty: Callable[[Pyramid], int | None] = lambda _: 0

    def __call__(self, arguments: Arguments, dialect: Dialect) -> Levels:
        """The level of each box of a call; only the first of those of one that cannot be pooled, or of one map."""
        pyramid, images = pyramid_of(arguments), arguments["input"]["shape"][0]
        if pyramid.maps == 1:
            return (0,) * len(arguments["boxes"])
        rows = box_rows(arguments["boxes"])
        return tuple(
            self._level(tuple(row[1:5].tolist()), pyramid, dialect) if is_poolable(row, images) else 0 for row in rows
        )

    def _level(self, box: Box, given: Pyramid, dialect: Dialect) -> int | None:
        pyramid, rule = self.pyramid(given), dialect.level_rule
        more = (1.0 if adds_one(dialect) else 0.0) if self.more is None else self.more
        size = self.size(box[2] - box[0] + more, box[3] - box[1] + more)
        if not size >= 0:
            return self.without(pyramid, dialect)
        if size == 0:
            return self.empty(pyramid)
        canonical, above = float(pyramid.canonical_size), float(pyramid.canonical_level)
        if rule == LevelRule.MMDETECTION:
            canonical, above = canonical * 2.0 ** (pyramid.first - pyramid.canonical_level), float(pyramid.first)
        logarithm = self.logarithm(size / canonical + _EPSILON.get(rule, 0.0))
        whole = self.whole or (round if rule == LevelRule.MATTERPORT else math.floor)
        if rule == LevelRule.TORCHVISION:
            return self.held(whole(above + logarithm + 1e-6) - pyramid.first, pyramid)
        return self.held(above + whole(logarithm) - pyramid.first, pyramid)


def by_rule(rule: LevelRule) -> Chooser:
    """Another library's rule, exactly."""

    def choose(arguments: Arguments, dialect: Dialect) -> Levels:
        other, pyramid, images = (
            replace(dialect, level_rule=rule),
            pyramid_of(arguments),
            arguments["input"]["shape"][0],
        )
        rows = box_rows(arguments["boxes"])
        if pyramid.maps == 1:
            return (0,) * len(rows)
        found = (
            level_of(tuple(row[1:5].tolist()), pyramid, other) if is_poolable(row, images) else frozenset({0})
            for row in rows
        )
        return tuple(min(each, key=lambda level: -1 if level is None else level) for each in found)

    return choose


_DUE = Steps()


def afterwards(change: Callable[[Levels, Arguments], Levels]) -> Chooser:
    """What is made of the levels that are due, of all boxes together."""
    return lambda arguments, dialect: change(_DUE(arguments, dialect), arguments)


def of_each(change: Callable[[int, int], int | None]) -> Chooser:
    """What is made of the level of each box that has one, by it and the number of levels."""

    def all_of(levels: Levels, arguments: Arguments) -> Levels:
        count = pyramid_of(arguments).maps
        return tuple(None if level is None else change(level, count) for level in levels)

    return afterwards(all_of)


def in_first_pixels(arguments: Arguments, dialect: Dialect) -> Levels:
    """As if boxes were those on the first map."""
    scale = float(Fraction(2) ** -pyramid_of(arguments).first)
    scaled = [[row[0], *(float(x) * scale for x in row[1:])] for row in arguments["boxes"]]
    return _DUE({**arguments, "boxes": scaled}, dialect)


def first_of_image(levels: Levels, arguments: Arguments) -> Levels:
    """All boxes of an image on the level of its first."""
    seen: dict[Any, int | None] = {}
    return tuple(seen.setdefault(row[0], level) for row, level in zip(arguments["boxes"], levels, strict=True))


def largest_of_all(levels: Levels, arguments: Arguments) -> Levels:
    """All boxes on the coarsest level of any."""
    del arguments
    coarsest = max((level for level in levels if level is not None), default=0)
    return tuple(None if level is None else coarsest for level in levels)


def of_the_box_before(levels: Levels, arguments: Arguments) -> Levels:
    """Each box on the level of the one before it."""
    del arguments
    return (*levels[-1:], *levels[:-1])


def stays_below(arguments: Arguments, dialect: Dialect) -> Levels:
    """A box whose size is exactly the least of a level is on the one below."""
    a_little = 1 - 2.0**-40
    return Steps(size=lambda width, height: root_of_area(width, height) * a_little)(
        arguments, replace(dialect, level_rule=LevelRule.AXLEARN)
    )
