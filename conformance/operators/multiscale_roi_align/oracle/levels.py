"""MS-1 to MS-6: the scale of each map, and the level that a box is pooled from.

Poolers compute the level in floating point. Here each step is an interval: exact where the step is, and otherwise as wide as its
rounding may be. A level is decided if both ends of the interval have the same; where they have not, rounding decides, and all
that it may choose are named.
"""

from __future__ import annotations

import math
from decimal import Context, Decimal
from fractions import Fraction
from functools import lru_cache
from math import isqrt
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .....kernels.dialects.multiscale_roi_align import LevelRule, NoLevel
from ....arrays import box_rows
from ....exact.floats import FLOAT_TYPES, WORKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .....kernels.dialects.multiscale_roi_align import Dialect
    from ....exact.floats import FloatType

    Arguments = Mapping[str, Any]
    Levels = tuple[int | None, ...]

_DIGITS = Context(prec=60)
_FINE = Fraction(1, 10**40)  # by which a root or a logarithm of exact numbers may be off
_UNITS_OF_LOGARITHM = 4  # units in the last place, by which libraries' may be off


class Pyramid(NamedTuple):
    """What levels are chosen among. ``first`` is the level of the first of so many ``maps``."""

    first: int
    maps: int
    canonical_size: Fraction
    canonical_level: int


class Interval(NamedTuple):
    """What a step may have come to."""

    low: Fraction
    high: Fraction

    def rounded(self, to: FloatType | None, units: int = 1) -> Interval:
        """Rounded to a data type, by a step that is off by less than so many units; None: to none, the step is exact.

        However a number is rounded, it does not get beyond another that the type has.
        """
        if to is None:
            return self
        return Interval(-_rounded_up(-self.low, to, units), _rounded_up(self.high, to, units))

    def plus(self, x: Fraction) -> Interval:
        """With a number added."""
        return Interval(self.low + x, self.high + x)


def _rounded_up(x: Fraction, to: FloatType, units: int) -> Fraction:
    if x == 0 or to.represents(x):
        return x
    unit = to.spacing(x)
    return (math.ceil(x / unit) + units - 1) * unit


def sizes_of(arguments: Arguments) -> list[tuple[int, int]]:
    """The rows and columns of each map."""
    given = arguments.get("level_sizes") or [arguments["input"]["shape"][2:]]
    return [(size[0], size[1]) for size in given]


def scale_of(arguments: Arguments) -> Fraction:
    """MS-1 and MS-2: the scale of the first map.

    Raises:
        ValueError: it is to be found from the size of images, and the axes, or the maps, do not agree.
    """
    if "spatial_scale" in arguments:
        return Fraction(arguments["spatial_scale"][0])
    found = [
        Fraction(2) ** (level + nearest_power(Fraction(size, of)))
        for level, pair in enumerate(sizes_of(arguments))
        for size, of in zip(pair, arguments["image_size"], strict=True)
    ]
    if len(set(found)) > 1:
        raise ValueError(f"the maps have scales of {', '.join(map(str, dict.fromkeys(found)))} times what is due")
    return found[0]


def nearest_power(x: Fraction) -> int:
    """The whole number that is nearest to the logarithm of ``x`` to base 2, which is never half way for a fraction."""
    power = math.floor(math.log2(x)) - 1
    while x * x > Fraction(2) ** (2 * power + 1):
        power += 1
    return power


def pyramid_of(arguments: Arguments) -> Pyramid:
    """The levels of a call."""
    scale = scale_of(arguments)
    size, level = arguments.get("canonical_size", 224), arguments.get("canonical_level", 4)
    return Pyramid(-nearest_power(scale), len(sizes_of(arguments)), Fraction(size), level)


def is_poolable(row: Any, images: int) -> bool:
    """Whether a row of ``boxes`` is a RoI: finite, and of an image that there is."""
    return bool(np.isfinite(row).all()) and 0 <= int(row[0]) < images


def levels_of(arguments: Arguments, dialect: Dialect, dtype: str = "") -> list[frozenset[int | None]]:
    """The levels that each box may be on, counted from the first map, None being no level; computed in a data type, or exactly.

    One that cannot be pooled is on the first, as is every box where there is but one map.
    """
    pyramid, images = pyramid_of(arguments), arguments["input"]["shape"][0]
    rows = box_rows(arguments["boxes"])
    if dtype:
        rows = rows.astype(WORKING[dtype]).astype(np.float64)
    to = FLOAT_TYPES[WORKING[dtype]] if dtype else None
    if pyramid.maps == 1:
        return [frozenset({0})] * len(rows)
    return [
        level_of(tuple(row[1:5].tolist()), pyramid, dialect, to) if is_poolable(row, images) else frozenset({0})
        for row in rows
    ]


@lru_cache(maxsize=2**16)
def level_of(
    box: tuple[float, ...], pyramid: Pyramid, dialect: Dialect, to: FloatType | None = None
) -> frozenset[int | None]:
    """The levels that a box may be on."""
    area = area_of(box, 1 if dialect.level_rule == LevelRule.MASKRCNN_BENCHMARK else 0, to)
    without: int | None = None if dialect.no_level == NoLevel.ZERO else 0
    found: set[int | None] = set()
    if area.low < 0:
        found.add(without)
    if area.high >= 0:
        positive = Interval(max(area.low, Fraction(0)), area.high)
        found |= _held(_LEVELS[dialect.level_rule](root_of(positive, to), pyramid, to), pyramid)
    return frozenset(found)


def area_of(box: tuple[float, ...], more: int, to: FloatType | None) -> Interval:
    """MS-3: the area of a box, ``more`` added to each side."""
    x1, y1, x2, y2 = map(Fraction, box)
    sides = []
    for low, high in ((x1, x2), (y1, y2)):
        side = Interval(high - low, high - low).rounded(to)
        sides.append(side.plus(Fraction(more)).rounded(to) if more else side)
    products = [a * b for a in sides[0] for b in sides[1]]
    return Interval(min(products), max(products)).rounded(to)


def root_of(x: Interval, to: FloatType | None) -> Interval:
    """The square root of what is not negative."""
    return Interval(_root(x.low), _root(x.high, up=True)).rounded(to)


def _root(x: Fraction, *, up: bool = False) -> Fraction:
    roots = isqrt(x.numerator), isqrt(x.denominator)
    if (roots[0] ** 2, roots[1] ** 2) == (x.numerator, x.denominator):
        return Fraction(*roots)
    scale = 10**40 * x.denominator
    return Fraction(isqrt(x.numerator * x.denominator * 10**80) + up, scale)


def logarithm_of(x: Interval, to: FloatType | None) -> Interval | None:
    """The logarithm to base 2; None if it is minus infinity, or may be."""
    if x.low <= 0:
        return None
    low, high = _logarithm(x.low, -_FINE), _logarithm(x.high, _FINE)
    found = Interval(low, high).rounded(to, _UNITS_OF_LOGARITHM)
    # Those of powers of two are whole numbers, which no other gets beyond.
    return Interval(max(found.low, Fraction(math.floor(low))), min(found.high, Fraction(math.ceil(high))))


def _logarithm(x: Fraction, off: Fraction) -> Fraction:
    numerator, denominator = x.numerator, x.denominator
    if numerator & (numerator - 1) == 0 and denominator & (denominator - 1) == 0:
        return Fraction(numerator.bit_length() - denominator.bit_length())
    quotient = _DIGITS.divide(Decimal(numerator), Decimal(denominator))
    return Fraction(_DIGITS.divide(_DIGITS.ln(quotient), _DIGITS.ln(Decimal(2)))) + off


def _constant(x: float, to: FloatType | None) -> Fraction:
    return Fraction(x) if to is None else to.nearest(Fraction(x))


def _over(root: Interval, canonical: Fraction, to: FloatType | None) -> Interval:
    return Interval(root.low / canonical, root.high / canonical).rounded(to)


def _whole(x: Interval, to_whole: Callable[[Fraction], int]) -> tuple[int, int]:
    return to_whole(x.low), to_whole(x.high)


# ---- MS-4: the least and the greatest level, not yet held within those that there are; None for minus infinity ----------------

_Found = tuple[int, int] | None


def _torchvision(root: Interval, pyramid: Pyramid, to: FloatType | None) -> _Found:
    logarithm = logarithm_of(_over(root, pyramid.canonical_size, to), to)
    if logarithm is None:
        return None
    above = logarithm.plus(Fraction(pyramid.canonical_level)).rounded(to)
    return _whole(above.plus(_constant(1e-6, to)).rounded(to), math.floor)


def _within(epsilon: float) -> Callable[[Interval, Pyramid, FloatType | None], _Found]:
    """A rule that adds a small number to the size."""

    def rule(root: Interval, pyramid: Pyramid, to: FloatType | None) -> _Found:
        size = _over(root, pyramid.canonical_size, to).plus(_constant(epsilon, to)).rounded(to)
        logarithm = logarithm_of(size, to)
        assert logarithm is not None
        return _whole(logarithm.plus(Fraction(pyramid.canonical_level)).rounded(to), math.floor)

    return rule


def _mmdetection(root: Interval, pyramid: Pyramid, to: FloatType | None) -> _Found:
    finest = pyramid.canonical_size * Fraction(2) ** (pyramid.first - pyramid.canonical_level)
    logarithm = logarithm_of(_over(root, finest, to).plus(_constant(1e-6, to)).rounded(to), to)
    assert logarithm is not None
    low, high = _whole(logarithm, math.floor)
    return pyramid.first + low, pyramid.first + high


def _unguarded(to_whole: Callable[[Fraction], int]) -> Callable[[Interval, Pyramid, FloatType | None], _Found]:
    """A rule that makes the logarithm itself a whole number."""

    def rule(root: Interval, pyramid: Pyramid, to: FloatType | None) -> _Found:
        logarithm = logarithm_of(_over(root, pyramid.canonical_size, to), to)
        if logarithm is None:
            return None
        low, high = _whole(logarithm, to_whole)
        return pyramid.canonical_level + low, pyramid.canonical_level + high

    return rule


_LEVELS: Mapping[LevelRule, Callable[[Interval, Pyramid, FloatType | None], _Found]] = {
    LevelRule.TORCHVISION: _torchvision,
    LevelRule.DETECTRON2: _within(1e-8),
    LevelRule.MMDETECTION: _mmdetection,
    LevelRule.MASKRCNN_BENCHMARK: _within(1e-6),
    LevelRule.MATTERPORT: _unguarded(round),
    LevelRule.AXLEARN: _unguarded(math.floor),
}


def _held(found: _Found, pyramid: Pyramid) -> set[int]:
    """MS-5: within the levels that there are, counted from the first."""
    if found is None:
        return {0}
    low, high = (min(max(level - pyramid.first, 0), pyramid.maps - 1) for level in found)
    return set(range(low, high + 1))
