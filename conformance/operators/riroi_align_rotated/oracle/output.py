"""The exact reference: rotation-invariant RoIAlign and its gradients (RI-4 to RI-7), of what rotated RoIAlign pools.

Mixing is linear: an output is a mixture of what is pooled of two channels, so that what arrives at it arrives, in the same
parts, at these two. A gradient is rotated RoIAlign's of what arrives there; and the angle moves the parts besides.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ....exact.numbers import Special, common_denominator
from ....operation import Operation
from ...roi_align_rotated.oracle import output as of_rotated
from ...roi_align_rotated.oracle.output import Maps, Result
from .orienting import ZERO

if TYPE_CHECKING:
    from ....exact.numbers import Array
    from .asked import Asked
    from .orienting import Mixture


class Mixed(NamedTuple):
    """Exact values, None throughout an invalid RoI, and what they would be if no term were negative.

    Attributes:
        pooled: What rotated RoIAlign makes of the maps, ``(K, C, P_h, P_w)``; None of a gradient for the maps.
    """

    values: Array
    magnitude: Array
    pooled: Result | None


def result_of(asked: Asked, operation: Operation) -> Mixed:
    """The exact result of a call."""
    match operation:
        case Operation.FORWARD:
            return riroi_align_rotated(asked)
        case Operation.FEATURE_GRADIENT:
            return feature_gradient(asked)
        case Operation.BOX_GRADIENT:
            return box_gradient(asked)
        case _:
            raise ValueError(f"riroi_align_rotated has no {operation}")


def _pooled(asked: Asked) -> Result:
    return of_rotated.roi_align_rotated(asked.maps, asked.rois, asked.output_size)


def riroi_align_rotated(asked: Asked) -> Mixed:
    """RI-4: the exact output ``(K, C, P_h, P_w)``."""
    pooled = _pooled(asked)
    values, magnitude = pooled.values.copy(), pooled.magnitude.copy()
    for k, mixture in enumerate(asked.mixtures):
        if mixture is not None and values[k].size:
            values[k] = _mixed_values(mixture, pooled.values[k])
            magnitude[k] = mixed(mixture, pooled.magnitude[k])
    return Mixed(values, magnitude, pooled)


def mixed(mixture: Mixture, pooled: Array) -> Array:
    """Numbers of channels of the map, ``(C, P_h, P_w)``, as the output mixes them."""
    first, second = mixture.channels
    found: Array = pooled[first] * abs(mixture.low) + pooled[second] * abs(mixture.high)
    return found


def _mixed_values(mixture: Mixture, pooled: Array) -> Array:
    first, second = mixture.channels

    def one(low: Any, high: Any) -> Any:
        read = [(part, value) for part, value in ((mixture.low, low), (mixture.high, high)) if part]
        for special in (Special.NAN, Special.NONFINITE):
            if any(value is special for _, value in read):
                return special
        return sum((part * value for part, value in read), ZERO)

    found: Array = np.frompyfunc(one, 2, 1)(pooled[first], pooled[second])
    return found


def returned(mixture: Mixture, arriving: Array, *, parts: tuple[Any, Any]) -> Array:
    """RI-5: what arrives at the channels of the map, ``(C, P_h, P_w)``, of what arrives at those of the output."""
    found = np.zeros(arriving.shape, object)
    for part, channels in zip(parts, mixture.channels, strict=True):
        np.add.at(found, channels, arriving * part)
    return found


def arriving_of(asked: Asked) -> Array:
    """What arrives at the output, exactly: ``(K, C, P_h, P_w)``."""
    grad = asked.arriving
    found: Array = np.frompyfunc(lambda n: Fraction(int(n), grad.denominator), 1, 1)(grad.integers)
    return np.asarray(found, object)


class Returned(NamedTuple):
    """What arrives at the channels of the map through each RoI, ``(K, C, P_h, P_w)``, and if no term were negative."""

    values: Array
    magnitude: Array


def returned_by_all(asked: Asked) -> Returned:
    """RI-5 of all RoIs."""
    arriving = arriving_of(asked)
    values, magnitude = (np.full(arriving.shape, ZERO, object) for _ in range(2))
    for k, mixture in enumerate(asked.mixtures):
        if mixture is not None and arriving[k].size:
            parts = mixture.low, mixture.high
            values[k] = returned(mixture, arriving[k], parts=parts)
            magnitude[k] = returned(mixture, abs(arriving[k]), parts=(abs(parts[0]), abs(parts[1])))
    return Returned(values, magnitude)


def as_maps(values: Array) -> Maps:
    """Exact numbers as rotated RoIAlign's oracle takes what arrives."""
    whole, denominator = common_denominator(values + ZERO if values.size else values)
    none = np.zeros(values.shape, bool)
    return Maps(np.asarray(whole, object), denominator, none, none)


def feature_gradient(asked: Asked) -> Mixed:
    """RI-5: the gradient for maps of this shape."""
    arriving = returned_by_all(asked)
    values, magnitude = (
        of_rotated.feature_gradient(as_maps(each), asked.pixels.shape, asked.rois) for each in arriving
    )
    return Mixed(values.values, magnitude.values, None)


def box_gradient(asked: Asked) -> Mixed:
    """RI-6: ``(K, 5)`` for cx, cy, w, h in image pixels and the angle, None throughout an invalid RoI."""
    arriving, pooled = returned_by_all(asked), _pooled(asked)
    moved = of_rotated.box_gradient(as_maps(arriving.values), asked.maps, asked.rois)
    spread = of_rotated.box_gradient(as_maps(arriving.magnitude), asked.maps, asked.rois)
    values, magnitude = moved.values.copy(), spread.magnitude.copy()
    given, turns = arriving_of(asked), asked.orienting.turns()
    for k, mixture in enumerate(asked.mixtures):
        if mixture is None or not given[k].size or not isinstance(values[k, 4], Fraction):
            continue
        values[k, 4] += turns * (given[k] * differences(mixture, pooled.values[k])).sum()
        magnitude[k, 4] += turns * (abs(given[k]) * sums(mixture, pooled.magnitude[k])).sum()
    return Mixed(values, magnitude, pooled)


def differences(mixture: Mixture, pooled: Array) -> Array:
    """RI-6: by how much each output grows with the index, ``(C, P_h, P_w)``; 0 of what is no number."""
    numbers = np.frompyfunc(lambda x: x if isinstance(x, Fraction) else ZERO, 1, 1)(pooled)
    first, second = mixture.channels
    found: Array = numbers[second] - numbers[first]
    return found


def sums(mixture: Mixture, pooled: Array) -> Array:
    """Numbers of both channels that an output is made of, added up."""
    first, second = mixture.channels
    found: Array = pooled[first] + pooled[second]
    return found
