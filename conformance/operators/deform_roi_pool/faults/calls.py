"""The faults behind `mutants.py` that are not in a formula: changes to a call before the oracle sees it, or to its answer.

Those of boxes, of what arrives and of answers are those of rotated RoIs, whatever these numbers say.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from ....operation import Operation
from ...roi_align_rotated.faults import calls as of_points
from ..oracle.geometry import ZERO
from ..oracle.output import result_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ....exact.numbers import Array
    from ..oracle.asked import Asked

transposed, negated = of_points.transposed, of_points.negated
first_image, batch_in_half, batch_rounded = of_points.first_image, of_points.batch_in_half, of_points.batch_rounded

# ---- before ----------------------------------------------------------------------------------------------------------


def boxes(change: Callable[[Array], Array]) -> Callable[[Asked], Asked]:
    """A change of the boxes."""
    return cast("Any", of_points.boxes(change))  # type: ignore[no-any-return]


def columns(*order: int) -> Callable[[Asked], Asked]:
    """The numbers of a row in another order."""
    return cast("Any", of_points.columns(*order))  # type: ignore[no-any-return]


def arriving(change: Callable[[Array], Array]) -> Callable[[Asked], Asked]:
    """A change of what arrives."""
    return cast("Any", of_points.arriving(change))  # type: ignore[no-any-return]


def first_channel(asked: Asked) -> Asked:
    """Only the first channel is looked at."""
    return cast("Any", of_points.first_channel(asked))  # type: ignore[no-any-return]


def first_bin(asked: Asked) -> Asked:
    """Only the first bin of a RoI is looked at."""
    return cast("Any", of_points.first_bin(asked))  # type: ignore[no-any-return]


def by_size(rows: Array) -> Array:
    """The second corner is taken for a size."""
    rows[:, 3:5] += rows[:, 1:3]
    return rows


def first_offsets(asked: Asked) -> Asked:
    """The offsets of the first RoI for all."""
    if asked.offset is None or not len(asked.offset):
        return asked
    return replace(asked, offset=np.repeat(asked.offset[:1], len(asked.offset), axis=0))


def offsets_in_half(asked: Asked) -> Asked:
    """Offsets in half precision."""
    if asked.offset is None:
        return asked
    with np.errstate(over="ignore"):
        return replace(asked, offset=asked.offset.astype(np.float16).astype(np.float64))


# ---- after -----------------------------------------------------------------------------------------------------------


def constant(value: Fraction) -> Callable[[Array, Asked], Array]:
    """Nothing but this number."""
    return lambda values, _: np.full(values.shape, value, object)


def row_of_first_roi(values: Array, asked: Asked) -> Array:
    """The first RoI for all."""
    del asked
    return np.repeat(values[:1], len(values), axis=0)


def last_roi(values: Array, asked: Asked) -> Array:
    """Nothing but the last RoI."""
    del asked
    return _held(values, np.arange(len(values)) < len(values) - 1)


def second_corner_is_still(values: Array, asked: Asked) -> Array:
    """No gradient for x2 and y2."""
    del asked
    return _held(values, np.broadcast_to(np.arange(4) >= 2, values.shape))


def _held(values: Array, where: Array) -> Array:
    """Values with 0 in some places, but for what is invalid."""
    still = values.copy()
    still[where] = np.frompyfunc(lambda v: None if v is None else ZERO, 1, 1)(values[where])
    return still


def doubled(values: Array) -> Array:
    """All numbers twice."""
    twice: Array = np.frompyfunc(lambda v: 2 * v if isinstance(v, Fraction) else v, 1, 1)(values)
    return twice


def _sent_by_each(asked: Asked) -> Iterator[Array]:
    """The gradient that each RoI sends."""
    assert asked.grad is not None
    for k in range(len(asked.boxes)):
        only = slice(k, k + 1)
        offset = None if asked.offset is None else asked.offset[only]
        one = replace(asked, boxes=asked.boxes[only], grad=asked.grad[only], offset=offset)
        yield result_of(one, Operation.FEATURE_GRADIENT).values


def last_wins(values: Array, asked: Asked) -> Array:
    """Of the RoIs that send to a pixel the last one's share remains."""
    for sent in _sent_by_each(asked):
        values = np.where(sent != 0, sent, values)
    return values


def first_only(values: Array, asked: Asked) -> Array:
    """Only the first RoI sends."""
    return next(_sent_by_each(asked), values)


def empty_is_nan(values: Array, asked: Asked) -> Array:
    """Of a RoI without samples 0 is divided by their number."""
    values = values.copy()
    for k, roi in enumerate(asked.rois):
        if roi is not None and not roi.inside.size:
            values[k] = None
    return values
