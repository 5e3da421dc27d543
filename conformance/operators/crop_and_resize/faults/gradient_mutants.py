"""Faults of both gradients, to inject into the oracle: their own, and those of `mutants` that may be in a backward alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from .....kernels.dialects.crop_and_resize import BILINEAR, Dialect, Knot, NearestSlope
from ....operation import Operation
from ..oracle.face import values_of
from ..oracle.geometry import ONE, ZERO, Rules, Taps
from . import formulas as faults
from . import gradient_formulas as gradient_faults
from .mutants import MUTANTS, Mutant, choice

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from fractions import Fraction

    from ....exact.numbers import Array
    from ..oracle.answers import Asked

_NO_EFFECT = (
    "index in half precision",  # of images that gradient cases have not
    "offsets in 32 bits",
    "the last point by steps of float32",  # of which no gradient is asked
)
_OF_IMAGES = ("image transposed", "image without its sign")  # which the gradient for them does not look at
_OF_POINTS = (  # which is nothing to a slope that is that of `bilinear`
    "weights exchanged",
    "weights in fixed point",
    "nothing interpolated",
    "nearest: halves to even",
    "nearest: halves down",
    "nearest: the pixel below",
    "nearest: the pixel above",
    "always nearest",
    "always bilinear",
    "points outside moved to the edge",  # where the slope is 0
    "half a pixel around the image is inside",
    "a pixel around the image is inside",
    "points compared with H",
    "points just below 0 are inside",
)


def _has_slope(dialect: Dialect, mode: str) -> bool:
    return mode == BILINEAR or dialect.nearest_slope == NearestSlope.BILINEAR


def _derived() -> Iterator[Mutant]:
    """The faults of the output that change where points are, or what they read."""
    plain = Mutant("")
    for mutant in MUTANTS:
        if mutant.after is not plain.after or mutant.name in _NO_EFFECT:
            continue
        named = replace(mutant, name=f"backward: {mutant.name}", operation=Operation.FEATURE_GRADIENT)
        if mutant.name not in _OF_IMAGES:
            yield named
        if mutant.name not in _OF_POINTS:
            named = replace(mutant, name=f"boxes: {mutant.name}", operation=Operation.BOX_GRADIENT)
            yield replace(named, concerns=_has_slope, equivalent=NO_SLOPE)


NO_SLOPE = "Where nearest has no slope, its gradient for boxes is 0 whatever points are."


class _SentInFull(Rules):
    """Both pixels are sent all that arrives."""

    def taps(self, y: Fraction, pixels: int) -> Taps:
        low, high, fraction = super().taps(y, pixels)
        return Taps(low, high, fraction and ONE * 2)


class _WithoutWeights(Rules):
    """The slope along one axis is that of one row or column."""

    def between(self, y: Fraction, pixels: int) -> Taps:
        low, high, _ = super().between(y, pixels)
        return Taps(low, high, ZERO)


class _OutsideCounted(faults.Clamped):
    """Points outside have the slope of the pixels at the edge."""

    def between(self, y: Fraction, pixels: int) -> Taps:
        return super().between(min(max(y, ZERO), pixels - 1 + ZERO), pixels)

    def slope(self, y: Fraction, pixels: int) -> tuple[int, int]:
        if 0 <= y <= pixels - 1:
            return super().slope(y, pixels)
        return (0, min(1, pixels - 1)) if y < 0 else (max(pixels - 2, 0), pixels - 1)


def _each_box(asked: Asked) -> Iterable[Array]:
    """The gradient that each box sends."""
    assert asked.grad is not None
    for k in range(len(asked.rows)):
        alone = asked._replace(rows=asked.rows[k : k + 1], grad=asked.grad[k : k + 1])
        yield values_of(alone, alone.boxes(), Operation.FEATURE_GRADIENT)


def _last_wins(values: Array, asked: Asked) -> Array:
    """Of the boxes that send to a pixel what the last one sends remains."""
    for sent in _each_box(asked):
        values = np.where(sent != 0, sent, values)
    return values


def _first_only(values: Array, asked: Asked) -> Array:
    return next(iter(_each_box(asked)), values)


def _scaled(values: Array, by: Any) -> Array:
    scaled: Array = np.frompyfunc(lambda v: v if v is None else v * by, 1, 1)(values)
    return scaled


def _of_maps(name: str, who: str = "", **how: Any) -> Mutant:
    return Mutant(name, who, operation=Operation.FEATURE_GRADIENT, **how)


def _of_boxes(name: str, who: str = "", **how: Any) -> Mutant:
    mutant = Mutant(name, who, operation=Operation.BOX_GRADIENT, **how)
    return replace(mutant, concerns=_has_slope, equivalent=NO_SLOPE)


def _first_channel(grad: Array) -> Array:
    grad = grad.copy()
    grad[:, 1:] = 0
    return grad


def _first_point(grad: Array) -> Array:
    kept = np.zeros_like(grad)
    kept[:, :, :1, :1] = grad[:, :, :1, :1]
    return kept


def _mean_of_points(values: Array, asked: Asked) -> Array:
    return _scaled(values, ONE / max(1, asked.size[0] * asked.size[1]))


def _bilinear_only(dialect: Dialect, mode: str) -> bool:
    del dialect
    return mode == BILINEAR


GRADIENT_MUTANTS: tuple[Mutant, ...] = (
    *_derived(),
    _of_maps("pixels are sent all that arrives", rules=_SentInFull, concerns=_bilinear_only),
    _of_maps("the last box overwrites the others", "a scatter without atomics", after=_last_wins),
    _of_maps("only the first box sends its gradient", after=_first_only),
    _of_maps("flipped boxes send nothing", before=gradient_faults.flipped_send_nothing),
    _of_maps("gradient added to what was there before", after=lambda values, _: values * 2),
    _of_maps("gradients of the points transposed", before=gradient_faults.arriving(faults.transposed)),
    _of_maps("gradients of the points in reverse order", before=gradient_faults.arriving(lambda grad: grad[:, :, ::-1, ::-1])),
    _of_maps("gradients of the channels in reverse order", before=gradient_faults.arriving(lambda grad: grad[:, ::-1])),
    _of_maps("gradient without its sign", before=gradient_faults.arriving(abs)),
    _of_maps("gradient for the images transposed", after=lambda values, _: faults.transposed(values)),
    _of_maps("no gradient for the images", after=faults.constant(ZERO)),
    _of_maps("gradient of ones for the images", after=faults.constant(ONE)),
    choice("boxes: slope 0 at a pixel", "TensorFlow, MindSpore", Operation.BOX_GRADIENT, knot=Knot.ZERO),
    choice("boxes: slope from the right at a pixel", "RoIAlign", Operation.BOX_GRADIENT, knot=Knot.RIGHT),
    choice("boxes: nearest has the slope of bilinear", "TensorFlow, MindSpore", Operation.BOX_GRADIENT, nearest_slope=NearestSlope.BILINEAR),
    choice("boxes: nearest has no slope", operation=Operation.BOX_GRADIENT, nearest_slope=NearestSlope.ZERO),
    _of_boxes("slope from the left at a pixel", rules=gradient_faults.SlopeFromLeft),
    _of_boxes("slope between both neighbours at a pixel", rules=gradient_faults.SlopeOfBoth),
    _of_boxes("slope with the other sign", rules=gradient_faults.SlopeReversed),
    _of_boxes("slope of one row or column", rules=_WithoutWeights),
    _of_boxes("points outside have a slope", rules=_OutsideCounted),
    _of_boxes("the only point moves as each corner does", rules=gradient_faults.SingleMovesWhole),
    _of_boxes("the only point moves with the first corner", rules=gradient_faults.SingleMovesWithFirst),
    _of_boxes("gradient for corners in pixels", rules=gradient_faults.MovesInPixels),
    _of_boxes("gradient by H and not by H − 1", rules=gradient_faults.MovesByPixels),
    _of_boxes("both corners exchanged", rules=gradient_faults.MotionExchanged),
    _of_boxes("corners move the whole box", rules=gradient_faults.MovesTogether),
    _of_boxes("a step more between the corners", rules=gradient_faults.MotionOneStepMore),
    _of_boxes("gradient for x1, y1, x2, y2", after=lambda values, _: values[:, [1, 0, 3, 2]]),
    _of_boxes("only the first channel counts", before=gradient_faults.arriving(_first_channel)),
    _of_boxes("only the first point counts", before=gradient_faults.arriving(_first_point)),
    _of_boxes("averaged over points", after=_mean_of_points),
    _of_boxes("averaged over channels", after=lambda values, asked: _scaled(values, ONE / max(1, asked.maps.shape[1]))),
    _of_boxes("gradients of points transposed", before=gradient_faults.arriving(faults.transposed)),
    _of_boxes("gradients of channels in reverse order", before=gradient_faults.arriving(lambda grad: grad[:, ::-1])),
    _of_boxes("gradient without its sign, for boxes", before=gradient_faults.arriving(abs)),
    _of_boxes("flipped boxes have no gradient", before=gradient_faults.flipped_send_nothing),
    _of_boxes("no gradient for y", after=lambda values, _: _masked(values, (0, 2))),
    _of_boxes("no gradient for x", after=lambda values, _: _masked(values, (1, 3))),
    _of_boxes("the first box's gradient for all", after=faults.of_first_box),
    _of_boxes("no gradient for the boxes", after=lambda values, _: _scaled(values, ZERO)),
    Mutant("gradient of ones for the boxes", after=faults.constant(ONE), operation=Operation.BOX_GRADIENT),
)  # fmt: skip
"""Faults of gradients."""


def _masked(values: Array, columns: tuple[int, ...]) -> Array:
    values = values.copy()
    values[:, columns] = _scaled(values[:, columns], ZERO)
    return values
