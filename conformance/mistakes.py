"""Mistakes that do not depend on what an operator computes: changes to a call before an oracle sees it, or to its answer.

Faults of operators are made of them (`fault.Fault`), beside those that are in an operator's formulas.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from .asking import AskedCall

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from fractions import Fraction

    from .exact.numbers import Array

C = TypeVar("C", bound=AskedCall)

# ---- boxes -----------------------------------------------------------------------------------------------------------


def boxes(change: Callable[[Array], Array]) -> Callable[[C], C]:
    """A change of the boxes, of which there are some."""
    return lambda asked: replace(asked, boxes=change(asked.boxes.copy())) if asked.boxes.size else asked


def columns(*order: int) -> Callable[[C], C]:
    """The numbers of a row in another order."""
    return boxes(lambda rows: rows[:, list(order)])


def first_image(rows: Array) -> Array:
    """All boxes on the first image, but those on none."""
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


def extents_for_corners(rows: Array) -> Array:
    """The last two numbers are the extent of the box, and not its second corner."""
    rows[:, 3:] = rows[:, 3:] + rows[:, 1:3]
    return rows


def clipped_to_map(asked: Any) -> Any:
    """Boxes are clipped to the map before they are cut into bins. The call has a ``scale`` for y, and one for x."""
    rows = asked.boxes.copy()
    for x_or_y, axis in ((1, 3), (2, 2)):
        corners = [x_or_y, x_or_y + 2]
        last = float((asked.pixels.shape[axis] - 1) / asked.scale[axis - 2])
        rows[:, corners] = np.clip(rows[:, corners], 0, last)
    return replace(asked, boxes=rows)


# ---- maps and gradients ----------------------------------------------------------------------------------------------


def transposed(array: Array) -> Array:
    """Rows for columns, where there are as many."""
    return array.swapaxes(2, 3) if array.shape[2] == array.shape[3] else array


def map_transposed(asked: C) -> C:
    """Rows of the map for columns, where there are as many."""
    return replace(asked, pixels=transposed(asked.pixels))


def arriving(change: Callable[[Array], Array]) -> Callable[[C], C]:
    """A change of what arrives."""

    def changed(asked: C) -> C:
        assert asked.grad is not None
        return replace(asked, grad=change(asked.grad))

    return changed


def inverted_send_nothing(asked: C) -> C:
    """A backward that walks the pixels of the box, of which an inverted box has none."""
    assert asked.grad is not None
    grad = asked.grad.copy()
    for k, (_, x1, y1, x2, y2) in enumerate(asked.boxes.tolist()):
        if x2 < x1 or y2 < y1:
            grad[k] = grad[k] * 0
    return replace(asked, grad=grad)


# ---- answers ---------------------------------------------------------------------------------------------------------


def constant(value: Fraction) -> Callable[[Array, Any], Array]:
    """Nothing but this number."""
    return lambda values, _: np.full(values.shape, value, object)


def row_of_first_roi(values: Array, asked: Any) -> Array:
    """The first RoI for all."""
    del asked
    return np.repeat(values[:1], len(values), axis=0)


def _sent_by_each(gradient: Callable[[C], Array], asked: C) -> Iterator[Array]:
    """The gradient for the maps that each RoI sends."""
    assert asked.grad is not None
    for k in range(len(asked.boxes)):
        yield gradient(replace(asked, boxes=asked.boxes[k : k + 1], grad=asked.grad[k : k + 1]))


def last_roi_wins(gradient: Callable[[C], Array]) -> Callable[[Array, C], Array]:
    """Of the RoIs that send to a pixel the last one's share remains; ``gradient`` is that of a call for its maps."""

    def after(values: Array, asked: C) -> Array:
        for sent in _sent_by_each(gradient, asked):
            values = np.where(sent != 0, sent, values)
        return values

    return after


def first_roi_alone(gradient: Callable[[C], Array]) -> Callable[[Array, C], Array]:
    """Only the first RoI sends; ``gradient`` is that of a call for its maps."""
    return lambda values, asked: next(_sent_by_each(gradient, asked), values)
