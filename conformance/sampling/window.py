"""Bins that consist of whole pixels: which pixel a corner of a box becomes, and where bins begin and end along an axis."""

from __future__ import annotations

import math
from fractions import Fraction
from functools import cache
from itertools import accumulate
from typing import assert_never

from ...kernels.dialects.choices import BinEdges, CornerSnap
from ..exact.floats import FLOAT_TYPES
from ..exact.numbers import HALF

_TYPES = {BinEdges.FLOAT32: "float32", BinEdges.FLOAT64: "float64"}


def snapped(x: Fraction, snap: CornerSnap) -> Fraction:
    """The pixel that a position becomes."""
    match snap:
        case CornerSnap.NONE:
            return x
        case CornerSnap.HALF_AWAY:
            nearest = math.floor(abs(x) + HALF)
            return Fraction(nearest if x >= 0 else -nearest)
        case CornerSnap.HALF_EVEN:
            return Fraction(round(x))
        case CornerSnap.HALF_UP:
            return Fraction(math.floor(x + HALF))
        case _:
            assert_never(snap)


@cache
def positions(extent: Fraction, bins: int, edges: BinEdges, dtype: str) -> tuple[Fraction, ...]:
    """Where bins begin, from the start of the RoI, and where the last one ends: ``p * extent / bins``, as it is computed.

    A floating-point computation is replayed step by step, since a product that comes out above or below the whole number that it
    should be moves an edge by a pixel. ``dtype`` is that of the map.
    """
    if edges == BinEdges.EXACT:
        return tuple(p * extent / bins for p in range(bins + 1))
    if edges == BinEdges.ACCUMULATED:
        nearest = FLOAT_TYPES["float32"].nearest
        steps = [nearest(nearest(extent) / bins)] * bins
        return tuple(accumulate(steps, lambda total, step: nearest(total + step), initial=Fraction(0)))
    nearest = FLOAT_TYPES[_TYPES.get(edges, dtype)].nearest
    step = nearest(nearest(extent) / nearest(Fraction(bins)))
    return tuple(nearest(nearest(Fraction(p)) * step) for p in range(bins + 1))
