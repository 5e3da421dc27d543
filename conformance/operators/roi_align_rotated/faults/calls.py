"""The faults behind `mutants.py` that are not in a formula: changes to a call before the oracle sees it, or to its answer."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from ....operation import Operation
from ..oracle.face import result_of
from ..oracle.geometry import ZERO

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ....exact.numbers import Array
    from ..oracle.asked import Asked

# ---- before ----------------------------------------------------------------------------------------------------------


def boxes(change: Callable[[Array], Array]) -> Callable[[Asked], Asked]:
    """A change of the boxes."""
    return lambda asked: replace(asked, boxes=change(asked.boxes.copy()) if asked.boxes.size else asked.boxes)


def columns(*order: int) -> Callable[[Asked], Asked]:
    """The numbers of a row in another order."""
    return boxes(lambda rows: rows[:, list(order)])


def by_corners(rows: Array) -> Array:
    """Centre and size are those of a box whose corners these numbers are."""
    x1, y1, x2, y2 = rows[:, 1:5].T
    rows[:, 1:5] = np.stack([(x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1], 1)
    return rows


def first_image(rows: Array) -> Array:
    """All boxes on the first image."""
    rows[:, 0] = np.where(rows[:, 0] >= 0, 0, rows[:, 0])
    return rows


def batch_in_half(rows: Array) -> Array:
    """Batch indices in half precision."""
    with np.errstate(over="ignore"):
        rows[:, 0] = rows[:, 0].astype(np.float16).astype(np.float64)
    return rows


def batch_rounded(rows: Array) -> Array:
    """Batch indices rounded to the nearest."""
    rows[:, 0] = np.floor(rows[:, 0] + 0.5)
    return rows


def angle_in_half(rows: Array) -> Array:
    """Angles in half precision."""
    rows[:, 5] = rows[:, 5].astype(np.float16).astype(np.float64)
    return rows


def transposed(array: Array) -> Array:
    """Rows for columns, where there are as many."""
    return array.swapaxes(2, 3) if array.shape[2] == array.shape[3] else array


def arriving(change: Callable[[Array], Array]) -> Callable[[Asked], Asked]:
    """A change of what arrives."""

    def changed(asked: Asked) -> Asked:
        assert asked.grad is not None
        return replace(asked, grad=change(asked.grad))

    return changed


def first_channel(asked: Asked) -> Asked:
    """Only the first channel is looked at."""
    assert asked.grad is not None
    return replace(asked, pixels=asked.pixels[:, :1], grad=asked.grad[:, :1])


def first_bin(asked: Asked) -> Asked:
    """Only the first bin of a RoI is looked at."""
    assert asked.grad is not None
    grad = np.zeros_like(asked.grad)
    grad[:, :, :1, :1] = asked.grad[:, :, :1, :1]
    return replace(asked, grad=grad)


# ---- after -----------------------------------------------------------------------------------------------------------


def constant(value: Fraction) -> Callable[[Array, Asked], Array]:
    """Nothing but this number."""
    return lambda values, _: np.full(values.shape, value, object)


def negated(values: Array) -> Array:
    """All numbers with the other sign."""
    turned: Array = np.frompyfunc(lambda v: -v if isinstance(v, Fraction) else v, 1, 1)(values)
    return turned


def row_of_first_roi(values: Array, asked: Asked) -> Array:
    """The first RoI for all."""
    del asked
    return np.repeat(values[:1], len(values), axis=0)


def _sent_by_each(asked: Asked) -> Iterator[Array]:
    """The gradient that each RoI sends."""
    assert asked.grad is not None
    for k in range(len(asked.boxes)):
        one = replace(asked, boxes=asked.boxes[k : k + 1], grad=asked.grad[k : k + 1])
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


def angle_is_still(values: Array) -> Array:
    """No gradient for the angle."""
    still = values.copy()
    still[:, 4] = [None if of_angle is None else ZERO for of_angle in values[:, 4]]
    return still
