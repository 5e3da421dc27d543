"""The bit-budget certificate: in which data types a call is exact, whatever the order in which it is computed.

A set of numbers is within the budget of a type if all are multiples of one power of two, the *quantum*, and even the sum of
their absolute values is no more than 2ᵇⁱᵗˢ quanta: then every partial sum, in any order, fused or not, is exact. So the
certificate needs no list of the orders in use. It asks the budget of

* the coordinates: boxes, scaled and shifted corners, extent, bin, ``p·bin``, ``(i+.5)·bin``, ``(i+.5)·bin/g``, ``bin/g``,
  ``(i+.5)/g``, ``p+(i+.5)/g``, positions;
* along each axis the weights, alone and times the pixels that they weigh; products of two weights; these times the pixels;
* all of that divided by the count of samples, which must be a power of two, so that its reciprocal is exact.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from ..kernels.dialect import Max
from .oracle import exact, roi_align
from .tolerance import FLOAT_TYPES, AxisError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import ArrayLike, NDArray

    from ..kernels.dialect import Dialect
    from .oracle import Axis, Result, Sample, Stages
    from .tolerance import FloatType

    Array = NDArray[Any]

HALF = Fraction(1, 2)


@dataclass(frozen=True, slots=True)
class Certificate:
    """In which data types a call is exact.

    Attributes:
        exact: Every intermediate value is, even if all are of this type.
        storage_exact: Input and output are of this type and exact, every intermediate value in float32 (float64 for float64).
        unfair: Why the call asks a question that rounding decides; empty if it does not.
    """

    exact: tuple[str, ...]
    storage_exact: tuple[str, ...]
    unfair: tuple[str, ...]
