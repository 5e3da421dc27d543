"""How far from the exact result a sound implementation may be: rotated RoIAlign's bounds, and what mixing adds to them.

**Weights**: the index of an angle is off by e: `_OF_INDEX` roundings of it, or nothing where RI-2 says what it is. So is the
weight of either channel, one as much less as the other is more, and an output by ``e`` times the difference of what is pooled
of both.

**Arithmetic**: products with a weight, in whatever place, and a sum are `_OF_MIXING` roundings of any term more.

**No bound** holds, besides where rotated RoIAlign has none, where rounding decides which orientation is the whole one at or
before an index: what follows it there is not what comes before (RI-4). With one orientation it decides nothing.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ....exact.floats import FLOAT_TYPES, as_float, as_floats
from ....operation import Operation
from ...roi_align_rotated.oracle import bounds as of_rotated
from ...roi_align_rotated.oracle import output as rotated
from ...roi_align_rotated.oracle.output import Result
from .output import arriving_of, as_maps, returned, returned_by_all, sums

if TYPE_CHECKING:
    from ....exact.numbers import Array
    from .asked import Asked
    from .orienting import Mixture
    from .output import Mixed

_OF_INDEX = 6
"""Roundings of an index, whatever of it is made first."""
_OF_MIXING = 8
_OPERATIONS = 20
_SLACK = 1 + 1e-9


class IndexDoubt(NamedTuple):
    """How far the weights of a RoI may be off, and whether rounding decides which orientation comes before its index."""

    error: float
    is_open: bool


def index_error(mixture: Mixture, asked: Asked) -> IndexDoubt:
    """That of a RoI."""
    if mixture.is_exact:
        return IndexDoubt(0.0, False)
    off = asked.working.gamma(_OF_INDEX) * abs(as_float(mixture.index))
    near = abs(as_float(mixture.index - round(mixture.index)))
    # The part of an index past a whole number is rounded once more, and so is what is left to the next.
    return IndexDoubt(off + 2 * asked.working.unit, asked.orienting.orientations > 1 and not near > 2 * off)


def is_decided(asked: Asked) -> bool:
    """Whether no rounding decides how many samples there are, whether one is inside, or which orientation is read."""
    return of_rotated.is_decided(asked) and not any(
        index_error(mixture, asked).is_open for mixture in asked.mixtures if mixture
    )


def output_bounds(result: Mixed, asked: Asked) -> Array:
    """The greatest error of each element of an output; infinite where no bound holds, 0 for what is no number."""
    assert result.pooled is not None
    storage, type_ = FLOAT_TYPES[asked.dtype], asked.working
    pooled_off = of_rotated.output_bounds(result.pooled, asked.in_working_type)
    bound = np.zeros(result.values.shape)
    for k, mixture in enumerate(asked.mixtures):
        if mixture is None or not bound[k].size:
            continue
        index = index_error(mixture, asked)
        if index.is_open:
            bound[k] = math.inf
            continue
        with np.errstate(invalid="ignore"):  # of 0 times what has no bound
            found = _mixed_off(mixture, index, result.pooled, pooled_off, k, asked)
        if storage is not type_:
            values = abs(as_floats(as_float, result.values[k]))
            found = np.where(np.isnan(found), math.inf, found)
            found = found + as_floats(storage.rounding, values + found)
        bound[k] = np.where(np.isnan(found), math.inf, found * _SLACK)
    return bound


def _are_numbers(values: Array) -> Array:
    return np.frompyfunc(lambda x: isinstance(x, Fraction), 1, 1)(values).astype(bool)  # type: ignore[no-any-return]


def _mixed_off(mixture: Mixture, index: IndexDoubt, pooled: Result, off: Array, k: int, asked: Asked) -> Array:
    """By how much the outputs of RoI k may be off, ``(C, P_h, P_w)``, before they are stored."""
    first, second = mixture.channels
    numbers = _are_numbers(pooled.values[k])
    if mixture.is_exact and not mixture.high:
        # Nobody says whether a channel of weight 0 is read.
        return np.where(numbers[second] & np.isfinite(off[k][second]), off[k][first], math.inf)
    values = as_floats(as_float, pooled.values[k])
    magnitude = as_floats(as_float, pooled.magnitude[k]) + off[k]
    low, high = abs(as_float(mixture.low)), abs(as_float(mixture.high))
    type_ = asked.working
    found = low * off[k][first] + high * off[k][second]
    found = found + index.error * (abs(values[second] - values[first]) + off[k][first] + off[k][second])
    # A channel of a weight that is nothing but rounding may be read, or not.
    found = np.where((numbers[first] | (low > index.error)) & (numbers[second] | (high > index.error)), found, math.inf)
    of_both = low * magnitude[first] + high * magnitude[second] + index.error * (magnitude[first] + magnitude[second])
    return found + type_.gamma(_OF_MIXING) * of_both + type_.underflow * _OF_MIXING * (of_both > 0)  # type: ignore[no-any-return]


class Doubts(NamedTuple):
    """What arrives at the channels of the map, ``(K, C, P_h, P_w)`` of float64, and by how much it may be off."""

    most: Array
    off: Array


def _arriving_off(asked: Asked) -> Doubts:
    """Of all RoIs; infinite where rounding decides which channels these are."""
    magnitude = as_floats(as_float, returned_by_all(asked).magnitude)
    given = abs(arriving_of(asked))
    off = asked.working.gamma(_OF_MIXING) * magnitude
    for k, mixture in enumerate(asked.mixtures):
        if mixture is None or not off[k].size:
            continue
        index = index_error(mixture, asked)
        both = as_floats(as_float, returned(mixture, given[k], parts=(Fraction(1), Fraction(1))))
        if asked.orienting.orientations > 1:  # of one what a weight has too much the other has too little
            off[k] += index.error * both
    return Doubts((magnitude + off) * _SLACK, off)


def _is_open(asked: Asked, k: int) -> bool:
    mixture = asked.mixtures[k]
    return mixture is not None and index_error(mixture, asked).is_open


def gradient_bounds(result: Mixed, asked: Asked, operation: Operation) -> Array:
    """The greatest error of each element of a gradient."""
    of = feature_gradient_bounds if operation == Operation.FEATURE_GRADIENT else box_gradient_bounds
    return of(result, asked)


def feature_gradient_bounds(result: Mixed, asked: Asked) -> Array:
    """The greatest error of each element of a gradient for the maps."""
    doubts = _arriving_off(asked)
    given = asked.with_arriving(doubts.most)
    bound = of_rotated.feature_gradient_bounds(Result(result.values, result.magnitude), given)
    exact_off = np.frompyfunc(Fraction, 1, 1)(doubts.off)
    off = rotated.feature_gradient(as_maps(np.asarray(exact_off, object)), asked.pixels.shape, asked.rois)
    bound = bound + as_floats(as_float, off.values)
    assert asked.grad is not None
    for k, roi in enumerate(asked.rois):
        if roi is not None and _is_open(asked, k) and asked.grad[k].any():
            bound[roi.image] = math.inf
    return bound * _SLACK


def box_gradient_bounds(result: Mixed, asked: Asked) -> Array:
    """The greatest error of each element of a gradient for boxes."""
    assert result.pooled is not None
    doubts = _arriving_off(asked)
    most = asked.with_arriving(doubts.most)
    bound = of_rotated.box_gradient_bounds(Result(result.values, result.magnitude), most)
    exact_off = np.frompyfunc(Fraction, 1, 1)(doubts.off)
    off = rotated.box_gradient(as_maps(np.asarray(exact_off, object)), asked.maps, asked.rois)
    bound = bound + as_floats(as_float, off.magnitude)
    pooled_off = of_rotated.output_bounds(result.pooled, asked.in_working_type)
    given = as_floats(as_float, abs(arriving_of(asked)))
    for k, mixture in enumerate(asked.mixtures):
        if mixture is None or not given[k].size:
            continue
        if _is_open(asked, k):
            bound[k] = math.inf
        elif not math.isinf(bound[k, 4]):
            bound[k, 4] += _index_off(mixture, result.pooled, pooled_off[k], given[k], k, asked)
    return bound * _SLACK


def _index_off(mixture: Mixture, pooled: Result, off: Array, given: Array, k: int, asked: Asked) -> float:
    """By how much that part of the gradient for the angle may be off that mixes channels."""
    if asked.orienting.orientations == 1:  # both channels are one
        return 0.0
    roi, type_ = asked.rois[k], asked.working
    assert roi is not None
    terms = 8 * max(roi.taken[0] * roi.taken[1], 1) * given.size + _OPERATIONS
    read = sums(mixture, as_floats(as_float, pooled.magnitude[k]) + off)
    each = sums(mixture, off) + type_.gamma(terms) * read
    return as_float(asked.orienting.turns()) * float((given * each).sum()) + type_.underflow * terms
