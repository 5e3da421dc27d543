"""Boxes that are turned, among the levels of a pyramid: how large they are, and the same box on another level."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from ....placing import number

if TYPE_CHECKING:
    from collections.abc import Sequence


def size_of(box: Sequence[Any]) -> float:
    """The root of a box's area, whatever its sign."""
    return math.sqrt(abs(float(box[3]) * float(box[4])))


def scaled(box: Sequence[Any], factor: float) -> list[int | float]:
    """A box that is so many times as large, and as far from the origin; turned alike."""
    image, *numbers, angle = box
    return [image, *(number(Fraction(x) * Fraction(factor)) for x in numbers), angle]
