"""How far from the exact gradient for the maps a sound implementation may be, of averages; nothing is picked by hand.

The gradient of a pixel is a sum, over all RoIs and bins, of G · (weights along y) · (weights along x) ÷ samples. With the errors
of positions that `tolerance` derives:

* A sample that lies ``e`` off takes ``e`` of weight from one pixel of its cell to the other. So the weight that a bin puts on a
  pixel is off by no more than its samples may move in the two cells beside it, ``d``, and a product of two weights by
  ``d · (v + d') + w · d'``.
* A term is rounded no more than 8 times, and then once for each of the n terms that a pixel may get: γₙ₊₈ times the sum of
  magnitudes, with the weights ``w + d``. Gradual underflow adds to each operation.

A RoI of which nobody can say how many samples it has, or whether one is on the map, leaves its image without a bound. Nor is
there one for maxima, nor for boxes: which candidate wins, and between which pixels the surface rises, are decisions everywhere.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from ....exact.floats import FLOAT_TYPES
from ....sampling.errors import AxisError, beside
from .bounds import Bounds
from .fast import Rows, spread

if TYPE_CHECKING:
    from ....exact.numbers import Array
    from .gradient import FeatureGradient

_OPERATIONS = 8  # on a term, before it is added


def gradient_bounds(exact: FeatureGradient, grad: Array, dtype: str) -> Bounds:
    """How far the gradient of an average in ``dtype``, float32 or float64, may be from ``exact``, ``(N, C, H, W)``.

    ``grad``, what arrived, is ``(K, C, P_h, P_w)``.
    """
    type_ = FLOAT_TYPES[dtype]
    moved, most, terms = np.zeros((3, *exact.values.shape))
    fragile = np.zeros(exact.values.shape, bool)
    for roi, arriving in zip(exact.stages, grad, strict=True):
        if not roi:
            continue
        y, x = (AxisError(axis, type_) for axis in (roi.y, roi.x))
        share = abs(arriving) / max(roi.y.grid * roi.x.grid, 1)
        (by_y, off_y), (by_x, off_x) = ((Rows(error.axis).weights, beside(error.reach.total)) for error in (y, x))
        moved[roi.batch] += spread(off_y, share, by_x + off_x) + spread(by_y, share, off_x)
        most[roi.batch] += spread(by_y + off_y, share, by_x + off_x)
        terms[roi.batch] += np.outer(*(beside(error.reach.count, 2).sum(0) for error in (y, x)))
        unsure = any(error.grid_is_fragile or error.reach.at_bound.any() for error in (y, x))
        fragile[roi.batch] |= unsure
    gamma = np.frompyfunc(type_.gamma, 1, 1)(terms + _OPERATIONS).astype(float)
    underflow = type_.underflow * _OPERATIONS * (terms + 1) * (abs(grad).max(initial=0.0) + 1)
    error = (moved + gamma * most + underflow + 2.0**-53 * most) * (1 + 1e-9)  # the value, and this, end up in float64
    error = np.where(most + error > type_.largest, math.inf, error)
    return Bounds(error, fragile | np.isinf(error))
