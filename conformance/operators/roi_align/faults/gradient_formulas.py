"""The faults behind `gradient_mutants.py`, each as a change to one formula of the oracle, to a call, or to a gradient."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from .....kernels.dialects.choices import Outside
from ....exact.floats import FLOAT_TYPES, WORKING
from ....exact.numbers import HALF
from ....sampling.axis import Axis, Rules, stages
from ..oracle.output import reaches_too_far
from .formulas import output

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ....sampling.axis import Stages
    from .formulas import Call

    Objects = Any


def rois(call: Call) -> Iterator[tuple[int, Stages]]:
    """The RoIs that can be pooled."""
    for k, box in enumerate(call.boxes):
        if np.isfinite(box.astype(float)).all() and 0 <= int(box[0]) < len(call.input):
            rest = (call.output_size, call.spatial_scale, call.sampling_ratio, call.dialect)
            roi = stages(box, call.input.shape[2:], *rest)
            if not any(reaches_too_far(axis, FLOAT_TYPES[WORKING[call.dtype]]) for axis in roi[1:]):
                yield k, roi


def scaled(factor: Callable[[int, int], Fraction]) -> Callable[[Call], Call]:
    """The change that multiplies what arrives at each RoI by a factor of its grid."""

    def change(call: Call) -> Call:
        assert call.grad is not None
        grad = call.grad.copy()
        for k, roi in rois(call):
            if roi.y.taken and roi.x.taken:
                grad[k] = grad[k] * factor(roi.y.grid, roi.x.grid)
        return replace(call, grad=grad)

    return change


def alone(call: Call) -> Iterator[Objects]:
    """The gradient that each RoI sends."""
    assert call.grad is not None
    for k in range(len(call.boxes)):
        yield output(replace(call, boxes=call.boxes[k : k + 1], grad=call.grad[k : k + 1]))


def last_wins(values: Objects, call: Call) -> Objects:
    for sent in alone(call):
        values = np.where(sent != 0, sent, values)
    return values


def first_only(values: Objects, call: Call) -> Objects:
    return next(alone(call), values)


def poisoned_by_empty_grid(values: Objects, call: Call) -> Objects:
    values = values.copy()
    for k, roi in rois(call):
        if not (roi.y.taken and roi.x.taken):
            values[int(call.boxes[k][0]), :, 0, 0] = None
    return values


def bins(change: Callable[[Objects], Objects]) -> Callable[[Call], Call]:
    return lambda call: replace(call, grad=change(call.grad))


def clamped(call: Call) -> Call:
    return replace(call, dialect=replace(call.dialect, outside=Outside.CLAMP))


def first_channel(call: Call) -> Call:
    assert call.grad is not None
    return replace(call, input=call.input[:, :1], grad=call.grad[:, :1])


def transposed(grad: Objects) -> Objects:
    return grad.swapaxes(2, 3) if grad.shape[2] == grad.shape[3] else grad


class SentinelAtMinusOne(Rules):
    """A sample exactly at −1 is taken for none."""

    def inside(self, y: Fraction, pixels: int) -> bool:
        return super().inside(y, pixels) and y != -1


class MovesAtCorners(Rules):
    def motion(self, axis: Axis, p: int, i: int) -> tuple[Fraction, Fraction]:
        first, second = super().motion(axis, p, i)
        return (
            (first, second)
            if not second
            else (axis.scale * (1 - Fraction(p, axis.bins)), axis.scale * Fraction(p, axis.bins))
        )


class HeldExtentMoves(Rules):
    def motion(self, axis: Axis, p: int, i: int) -> tuple[Fraction, Fraction]:
        along = (p + (i + HALF) / axis.grid) / axis.bins
        return axis.scale * (1 - along), axis.scale * along


class ClampedMove(Rules):
    def slope(self, y: Fraction, pixels: int) -> int:
        del y
        return int(pixels > 1)


class MovesWithoutScale(Rules):
    def motion(self, axis: Axis, p: int, i: int) -> tuple[Fraction, Fraction]:
        first, second = super().motion(axis, p, i)
        return first / axis.scale, second / axis.scale


class SecondCornerHeld(Rules):
    def motion(self, axis: Axis, p: int, i: int) -> tuple[Fraction, Fraction]:
        return super().motion(axis, p, i)[0], Fraction(0)
