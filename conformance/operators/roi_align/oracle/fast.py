"""RoIAlign in float64, as products of matrices: for quick answers, probes, bounds of gradients and references of timed calls.

All samples of a bin add up to ``Y · F · Xᵀ``: a row Y of weights along y, the pixels F, a row X along x. So one product is the
sums of all bins of a RoI, ``Yᵀ · G · X`` is what these send back to the maps, and ``Y' · F · Xᵀ`` is how they change with y1, Y'
being the derivative of Y by y1. A maximum is one of such sums, with a row for each sample, or for each corner of one.

Where samples lie, and their weights, are exact (`sampling.axis`) and rounded once. Whether sums are rounded is the caller's
matter: `quick` refuses calls where they are, bounds and references allow for it.
"""

from __future__ import annotations

import itertools
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from .....kernels.dialects.choices import Max

if TYPE_CHECKING:
    from ....exact.numbers import Array
    from ....sampling.axis import Axis, Sample

    Slopes = tuple[Array, Array]


class Rows:
    """The rows that one axis of a RoI is read with: one for each bin, or, for a maximum, for each sample or corner.

    Attributes:
        samples: Those of each bin that are inside.
        per_sample: How many rows a sample has; 0 if a bin has one.
        bins: To which bin each row belongs.
    """

    def __init__(self, axis: Axis, mode: str = "avg") -> None:
        self.axis = axis
        self.samples: list[list[Sample]] = [list(axis.samples(p)) for p in range(axis.bins)]
        self.per_sample = 0 if mode == "avg" else 2 if axis.rules.dialect.max == Max.CORNER else 1
        lengths = [len(samples) * self.per_sample if self.per_sample else 1 for samples in self.samples]
        self.bins: Array = np.repeat(np.arange(axis.bins), lengths)

    @cached_property
    def inside(self) -> Array:
        """How many samples of each bin are inside."""
        return np.array([sum(sample.count for sample in samples) for samples in self.samples], np.int64)

    @cached_property
    def counts(self) -> Array:
        """How many samples each row stands for, each with the same weights; 1 for a bin, whose row adds them up."""
        if not self.per_sample:
            return np.ones(len(self.bins), np.int64)
        return np.repeat(np.array([s.count for s in itertools.chain(*self.samples)], np.int64), self.per_sample)

    @cached_property
    def terms(self) -> list[Fraction]:
        """The weights that are added up, two for each sample: below and above it."""
        return [
            s.count * weight if s.count > 1 and not self.per_sample else weight
            for s in itertools.chain(*self.samples)
            for _, weight in (s.low, s.high)
        ]

    @cached_property
    def weights(self) -> Array:
        """The weight that each row has of each pixel, not divided, ``(rows, pixels)``."""
        return self.matrix([float(term) for term in self.terms], np.float64)

    @cached_property
    def slopes(self) -> Slopes:
        """The derivatives of the weights by the first corner of the axis, and by the second."""
        motions = [
            self.axis.rules.motion(self.axis, p, s.index)
            if self.axis.rules.slope(s.position, self.axis.pixels)
            else (0, 0)
            for p, samples in enumerate(self.samples)
            for s in samples
        ]
        first, second = (
            self.matrix([sign * float(motion[corner]) for motion in motions for sign in (-1, 1)], np.float64)
            for corner in range(2)
        )
        return first, second

    def matrix(self, of_terms: list[Any], dtype: type) -> Array:
        """A matrix ``(rows, pixels)`` with a number for each of the `terms`, added up where these meet."""
        sums: Array = np.zeros((len(self.bins), self.axis.pixels), dtype)
        np.add.at(sums, self._places, np.array(of_terms, dtype))
        return sums

    @cached_property
    def _places(self) -> tuple[Array, Array]:
        """Rows and pixels of the `terms`."""
        of_a_row = 2 // self.per_sample if self.per_sample else [2 * len(samples) for samples in self.samples]
        pixels = [pixel for s in itertools.chain(*self.samples) for pixel, _ in (s.low, s.high)]
        return np.repeat(np.arange(len(self.bins)), of_a_row), np.array(pixels, np.intp)


def read(y: Array, pixels: Array, x: Array) -> Array:
    """What each row along y, with each along x, reads from maps ``(C, H, W)``: ``(C, rows, columns)``."""
    sums: Array = y @ pixels @ x.T
    return sums


def spread(y: Array, sent: Array, x: Array) -> Array:
    """What maps ``(C, H, W)`` get of what is sent through each row along y, with each along x, ``(C, rows, columns)``."""
    sums: Array = y.T @ sent @ x
    return sums


def changes(y: Array, x: Array, by_y: Slopes, by_x: Slopes, pixels: Array) -> list[Array]:
    """The derivatives by x1, y1, x2, y2 of what rows `read`, given their own: each ``(C, rows, columns)``."""
    return [
        change
        for of_y, of_x in zip(by_y, by_x, strict=True)
        for change in (read(y, pixels, of_x), read(of_y, pixels, x))
    ]


def footprints(y: Array, x: Array) -> Array:
    """The weight that rows along y, with those along x, have of every pixel: ``(H · W, rows, columns)``."""
    products: Array = np.einsum("py,qx->yxpq", y, x)
    return products.reshape(-1, len(y), len(x))


def share(y: Axis, x: Axis) -> float:
    """By what RA-8 multiplies the sum of a bin; NaN if that is 0 divided by 0."""
    return float(y.rules.average(Fraction(1), y.grid, x.grid))
