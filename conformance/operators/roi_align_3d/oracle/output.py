"""The exact reference: RoIAlign of volumes and its gradients (RV-8 to RV-10), in whole numbers of common units.

The weights of a sample are a product of one along each axis, so that a sum over samples is a product with three matrices. It is
computed in 64 bits where nothing can be larger, and otherwise in numbers of any length.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ....exact.numbers import Special
from ....operation import Operation
from .geometry import ZERO

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ....exact.numbers import Array
    from .asked import Asked
    from .geometry import Roi, Whole

_LARGEST = 2**62


class Result(NamedTuple):
    """Exact values, None throughout an invalid RoI; and what they would be if no term were negative."""

    values: Array
    magnitude: Array


def result_of(asked: Asked, operation: Operation) -> Result:
    """The exact result of a call."""
    match operation:
        case Operation.FORWARD:
            return _output(asked)
        case Operation.FEATURE_GRADIENT:
            return _feature_gradient(asked)
        case Operation.BOX_GRADIENT:
            return _box_gradient(asked)
        case _:
            raise ValueError(f"roi_align_3d has no {operation}")


def multiplied(matrices: Sequence[Array], values: Array) -> Array:
    """Integers ``(C, D, H, W)`` times a matrix along each of their last axes: ``(C, rows, rows, rows)``."""
    largest = int(abs(values).max(initial=0))
    for matrix in matrices:
        largest *= int(abs(matrix).sum(axis=1).max(initial=0)) or 1
    kind = np.int64 if largest < _LARGEST else object
    found = values.astype(kind)
    for axis, matrix in enumerate(matrices, 1):
        found = np.moveaxis(np.moveaxis(found, axis, -1) @ matrix.astype(kind).T, -1, axis)
    product: Array = found.astype(object)
    return product


def _over(integers: Array, denominator: Fraction | int) -> Array:
    unit = Fraction(denominator)
    fractions: Array = np.frompyfunc(lambda n: Fraction(int(n)) / unit, 1, 1)(integers)
    return np.asarray(fractions, object)


def _unit(parts: Sequence[Whole]) -> int:
    unit = 1
    for part in parts:
        unit *= part.denominator
    return unit


def _output(asked: Asked) -> Result:
    """RV-8: ``(K, C, P_d, P_h, P_w)``."""
    shape = (len(asked.rois), asked.pixels.shape[1], *asked.output_size)
    values: Array = np.full(shape, None, object)
    magnitude: Array = np.full(shape, ZERO, object)
    for k, roi in enumerate(asked.rois):
        if roi is None:
            continue
        values[k] = ZERO
        if not roi.reads or not values[k].size:
            continue
        weights = [line.weights for line in roi.lines]
        matrices, pixels = [part.integers for part in weights], roi.part(asked.whole_pixels.integers[roi.image])
        unit = Fraction(_unit([*weights, asked.whole_pixels]) * roi.divisor)
        values[k] = _over(multiplied(matrices, pixels), unit)
        magnitude[k] = _over(multiplied([abs(m) for m in matrices], abs(pixels)), unit)
        _name_what_is_none(values[k], roi, asked.pixels[roi.image])
    return Result(values, magnitude)


def _name_what_is_none(values: Array, roi: Roi, image: Array) -> None:
    """RV-11: the bins of a RoI that read a voxel which is no number."""
    part = roi.part(image)
    if np.isfinite(part).all():
        return
    read = [line.read.astype(np.int64) for line in roi.lines]
    infinite, nan = (multiplied(read, mask.astype(np.int64)).astype(bool) for mask in (np.isinf(part), np.isnan(part)))
    values[infinite] = Special.NONFINITE
    values[nan] = Special.NAN


def _feature_gradient(asked: Asked) -> Result:
    """RV-9: ``(N, C, D, H, W)``."""
    shape = asked.pixels.shape
    values: Array = np.full(shape, ZERO, object)
    magnitude: Array = np.full(shape, ZERO, object)
    for k, roi in enumerate(asked.rois):
        if roi is None or not roi.reads:
            continue
        weights = [line.weights for line in roi.lines]
        matrices, grad = [part.integers.T for part in weights], asked.arriving.integers[k]
        unit = Fraction(_unit([*weights, asked.arriving])) / roi.rules.sent(roi.divisor)
        z, y, x = (line.window for line in roi.lines)
        values[roi.image, :, z, y, x] += _over(multiplied(matrices, grad), unit)
        magnitude[roi.image, :, z, y, x] += _over(multiplied([abs(m) for m in matrices], abs(grad)), unit)
    return Result(values, magnitude)


def _box_gradient(asked: Asked) -> Result:
    """RV-10: ``(K, 6)``."""
    values: Array = np.full((len(asked.rois), 6), None, object)
    magnitude: Array = np.full(values.shape, ZERO, object)
    for k, roi in enumerate(asked.rois):
        if roi is None:
            continue
        values[k] = ZERO
        if roi.reads and asked.arriving.integers[k].size:
            values[k] = roi.rules.numbers(_of_corners(asked, k, roi, absolute=False))
            magnitude[k] = roi.rules.numbers(_of_corners(asked, k, roi, absolute=True))
    return Result(values, magnitude)


def _of_corners(asked: Asked, k: int, roi: Roi, *, absolute: bool) -> list[list[Fraction]]:
    """The gradients of both corners along each axis; ``absolute``: if no term were negative."""
    pixels, grad = roi.part(asked.whole_pixels.integers[roi.image]), asked.arriving.integers[k]
    if absolute:
        pixels, grad = abs(pixels), abs(grad)
    found = []
    for axis, line in enumerate(roi.lines):
        corners = line.steepest[:2] if absolute else line.slopes
        parts = [[*(other.weights for other in roi.lines)] for _ in corners]
        for part, corner in zip(parts, corners, strict=True):
            part[axis] = corner
        found.append([_sum(part, pixels, grad, asked, roi) for part in parts])
    return found


def _sum(parts: Sequence[Whole], pixels: Array, grad: Array, asked: Asked, roi: Roi) -> Fraction:
    read = multiplied([part.integers for part in parts], pixels)
    unit = _unit([*parts, asked.whole_pixels, asked.arriving])
    return Fraction(int((read * grad).sum()), unit) * roi.rules.sent(roi.divisor)


def steepest_sum(asked: Asked, k: int, roi: Roi) -> Fraction:
    """What arrives at RoI k times the slopes of its samples along an axis, if no term were negative; of the steepest axis."""
    pixels, grad = abs(roi.part(asked.whole_pixels.integers[roi.image])), abs(asked.arriving.integers[k])
    sums = []
    for axis, line in enumerate(roi.lines):
        parts = [other.weights for other in roi.lines]
        parts[axis] = line.steepest[2]
        sums.append(_sum(parts, pixels, grad, asked, roi))
    return max(sums)
