"""The exact reference: PrRoIPool in rational arithmetic, written as ``RULES.md`` reads."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ....exact.numbers import Special
from .geometry import ZERO, stages
from .matrices import Matrix, columns_of, fractions, product, rows_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ....exact.numbers import Array
    from .geometry import Rules, Stages, Weights


class Maps(NamedTuple):
    """Exact maps ``(N, C, H, W)``: their numbers, 0 where they are none, and which of them are NaN, or infinite."""

    numbers: Matrix
    nan: Array
    infinite: Array

    @classmethod
    def of(cls, maps: Array) -> Maps:
        """Those of an array of numbers, or of fractions."""
        floats = maps.astype(np.float64) if maps.dtype != object else np.zeros(maps.shape)
        nan, infinite = np.isnan(floats), np.isinf(floats)
        numbers = np.asarray(np.frompyfunc(Fraction, 1, 1)(np.where(nan | infinite, 0, maps)), object)
        return cls(Matrix.of(numbers), nan, infinite)

    @property
    def shape(self) -> tuple[int, ...]:
        """N, C, H and W."""
        return self.nan.shape

    @property
    def are_finite(self) -> bool:
        """Whether all are numbers."""
        return not (self.nan.any() or self.infinite.any())

    def fractions(self) -> Array:
        """All numbers."""
        return fractions(*self.numbers)


class Result(NamedTuple):
    """The exact output of one call, and what bounds the error of an inexact one.

    ``values`` is ``(K, C, P_h, P_w)`` of `Exact`, None throughout an invalid RoI. ``magnitude`` is of the same shape: what the
    value would be if no pixel were negative.
    """

    values: Array
    magnitude: Array


class Read(NamedTuple):
    """What a RoI reads: the weights of its bins along both axes, for the rows and columns between the first and the last."""

    y: Matrix
    x: Matrix
    rows: slice
    columns: slice

    @classmethod
    def by(cls, roi: Stages) -> Read:
        """What a RoI weighs."""
        return cls.of(roi.y.weights, roi.x.weights)

    @classmethod
    def of(cls, weights_y: Sequence[Weights], weights_x: Sequence[Weights]) -> Read:
        """What bins with these weights read."""
        rows, columns = columns_of(weights_y), columns_of(weights_x)
        return cls(rows_of(weights_y, rows), rows_of(weights_x, columns), rows, columns)

    def reads_any(self, mask: Array) -> Array:
        """For planes ``(C, H, W)`` of truth values, whether each bin reads a true one with a weight that is not 0."""
        inside = mask[:, self.rows, self.columns].astype(np.int64)
        by_y, by_x = ((each.integers != 0).astype(np.int64) for each in (self.y, self.x))
        found: Array = by_y @ inside @ by_x.T > 0
        return found


def all_stages(
    boxes: Array, shape: Sequence[int], output_size: Sequence[int], scale: Sequence[Any], rules: Rules,
    *, largest: float = math.inf,
) -> list[Stages | None]:  # fmt: skip
    """Where each RoI lies; None for one that cannot be pooled, where coordinates may be as large as ``largest``."""
    return [stages(row, shape, output_size, scale, rules, largest=largest) for row in boxes.tolist()]


def sizes_of(roi: Stages) -> Iterator[tuple[int, int, Fraction, Fraction]]:
    """The bins ``(p, q)`` of a RoI that has an area, with their sizes along y and x."""
    for p, (top, bottom) in enumerate(roi.y.edges):
        for q, (left, right) in enumerate(roi.x.edges):
            yield p, q, bottom - top, right - left


def prroi_pool(maps: Maps, rois: Sequence[Stages | None], output_size: Sequence[int], rules: Rules) -> Result:
    """The exact result of PrRoIPool."""
    shape = (len(rois), maps.shape[1], *output_size)
    values: Array = np.full(shape, None, object)
    magnitude: Array = np.full(shape, ZERO, object)
    for k, roi in enumerate(rois):
        if roi is None:
            continue
        values[k] = ZERO
        if not roi.has_area:
            continue
        read = Read.by(roi)
        pixels = maps.numbers.part(roi.batch).part(slice(None), read.rows, read.columns)
        integrals, sizes = product(read.y, pixels, read.x), product(abs(read.y), abs(pixels), abs(read.x))
        for p, q, height, width in sizes_of(roi):
            area = rules.area(height, width)
            values[k, :, p, q], magnitude[k, :, p, q] = integrals[:, p, q] / area, sizes[:, p, q] / abs(area)
        mark(values[k], read, maps, roi.batch)
    return Result(values, magnitude)


def mark(values: Array, read: Read, maps: Maps, batch: int) -> None:
    """PR-9: makes those values of a RoI no numbers that read a pixel which is none."""
    if maps.are_finite:
        return
    values[read.reads_any(maps.infinite[batch])] = Special.NONFINITE
    values[read.reads_any(maps.nan[batch])] = Special.NAN
