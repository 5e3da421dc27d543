"""Products of exact matrices: integers over a common denominator, of 64 bits where these hold every sum."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ....exact.numbers import common_denominator
from .geometry import ZERO

if TYPE_CHECKING:
    from collections.abc import Sequence
    from fractions import Fraction

    from ....exact.numbers import Array
    from .geometry import Weights

_MOST = 2**62


class Matrix(NamedTuple):
    """Exact numbers: ``integers / denominator``. ``integers`` are of 64 bits, or Python's."""

    integers: Array
    denominator: int

    @classmethod
    def of(cls, numbers: Array) -> Matrix:
        """That of an array of fractions."""
        integers, denominator = common_denominator(numbers)
        integers = np.asarray(integers, object)
        if max(map(abs, integers.flat), default=0) < _MOST:
            integers = integers.astype(np.int64)
        return cls(integers, denominator)

    @property
    def largest(self) -> int:
        """The greatest absolute value of ``integers``."""
        return int(abs(self.integers).max(initial=0)) if self.integers.size else 0

    def __abs__(self) -> Matrix:
        """All numbers without their signs."""
        return Matrix(abs(self.integers), self.denominator)

    def part(self, *index: slice | int) -> Matrix:
        """Some of the numbers."""
        return Matrix(self.integers[index], self.denominator)


def columns_of(weights: Sequence[Weights]) -> slice:
    """The pixels from the first to the last that any of these weighs."""
    pixels = [pixel for each in weights for pixel in each]
    return slice(min(pixels), max(pixels) + 1) if pixels else slice(0, 0)


def rows_of(weights: Sequence[Weights], columns: slice) -> Matrix:
    """Weights as a matrix, a row for each of them and a column for each pixel."""
    numbers: Array = np.full((len(weights), columns.stop - columns.start), ZERO, object)
    for row, each in zip(numbers, weights, strict=True):
        for pixel, weight in each.items():
            row[pixel - columns.start] = weight
    return Matrix.of(numbers)


def product(y: Matrix, pixels: Matrix, x: Matrix) -> Array:
    """``y · pixels · xᵀ`` of each plane of ``pixels``, of fractions."""
    inner = max(1, pixels.integers.shape[-2]) * max(1, pixels.integers.shape[-1])
    factors = [y.integers, pixels.integers, x.integers]
    if y.largest * pixels.largest * x.largest * inner >= _MOST:
        factors = [factor.astype(object) for factor in factors]
    return fractions(factors[0] @ factors[1] @ factors[2].T, y.denominator * pixels.denominator * x.denominator)


def fractions(integers: Array, denominator: int) -> Array:
    """Integers over a denominator, as fractions."""
    found: Array = np.frompyfunc(lambda n: _fraction(int(n), denominator), 1, 1)(integers)
    return np.asarray(found, object)


def _fraction(numerator: int, denominator: int) -> Fraction:
    return ZERO + numerator if denominator == 1 else (ZERO + numerator) / denominator
