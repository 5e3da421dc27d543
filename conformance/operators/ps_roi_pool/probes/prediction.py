"""What a probe must give under any dialect, exactly."""

from __future__ import annotations

import itertools
import math
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .....kernels.dialects.choices import BinEdges
from .....kernels.dialects.ps_roi_pool import Clip, Corners, Dialect, LeastSize
from ....call import Operation
from ..oracle.answers import answers_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ....exact.numbers import Array
    from ....operator import Answer
    from .calls import Probe


class Prediction(NamedTuple):
    """What a probe may give, and the greatest error of each element; infinite where nobody can say."""

    values: Array
    bound: Array

    def wrong(self, got: Array) -> Array:
        """Which elements of ``got``, of the same shape, cannot be what was computed."""
        with np.errstate(invalid="ignore"):
            near = np.abs(got - self.values) <= self.bound
        same = (got == self.values) | (np.isnan(got) & np.isnan(self.values))
        wrong: Array = ~(near | same | np.isinf(self.bound))
        return wrong

    def fits(self, got: Array) -> bool:
        """Whether ``got`` may be what was computed."""
        return not self.wrong(got).any()


@cache
def predictions(
    probe: Probe, dialect: Dialect, dtype: str, operation: Operation = Operation.FORWARD
) -> tuple[Prediction, ...]:
    """What a probe may give under a dialect: several where rounding decides, none if nobody can say."""
    return tuple(map(_prediction, answers_in(probe.arguments, operation, dialect, dtype)))


def _prediction(answer: Answer) -> Prediction:
    values = _floats(answer.output)
    return Prediction(values, np.zeros(values.shape) if answer.bound is None else _floats(answer.bound))


def _floats(nested: Any) -> Array:
    """Nested lists as an array; infinity for a bound that does not hold."""
    array = np.array(nested, object)
    return np.array([math.inf if v is None else float(v) for v in array.flat], np.float64).reshape(array.shape)


def fits(probe: Probe, values: Array, dialect: Dialect, dtype: str) -> bool | None:
    """Whether a reading may be what a dialect computes; None if nobody can say."""
    allowed = predictions(probe, dialect.for_mode(probe.mode), dtype)
    return any(prediction.fits(values) for prediction in allowed) if allowed else None


def _geometries() -> Iterator[Dialect]:
    arithmetic = [edges for edges in BinEdges if edges != BinEdges.ACCUMULATED]
    for corners, size, clip in itertools.product(Corners, LeastSize, Clip):
        # Where corners are no whole feature pixels, calls are judged only where no rounding moves an edge.
        for edges in arithmetic if corners == Corners.AFTER_SCALE else (BinEdges.MAP,):
            yield Dialect(corners=corners, min_size=size, clip=clip, edges=edges)


GEOMETRIES = tuple(_geometries())
"""Every combination of choices."""
