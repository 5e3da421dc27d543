"""The faults behind `mutants.py` that are not in a formula: changes to a call before the oracle sees it, or to its answer."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from ....operation import Operation
from ..oracle.geometry import ZERO
from ..oracle.output import result_of

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


def by_extent(rows: Array) -> Array:
    """The second corner is taken for an extent."""
    rows[:, 4:] += rows[:, 1:4]
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


def scales(*order: int) -> Callable[[Asked], Asked]:
    """The scales of other axes."""
    return lambda asked: replace(asked, scales=tuple(asked.scales[axis] for axis in order))


def ratios(*order: int) -> Callable[[Asked], Asked]:
    """The sampling ratios of other axes."""
    return lambda asked: replace(asked, ratios=tuple(asked.ratios[axis] for axis in order))


def transposed(array: Array, first: int, second: int) -> Array:
    """One axis for another, where there are as many."""
    return array.swapaxes(first, second) if array.shape[first] == array.shape[second] else array


def pixels(change: Callable[[Array], Array]) -> Callable[[Asked], Asked]:
    """A change of the volumes."""
    return lambda asked: replace(asked, pixels=change(asked.pixels))


def first_slice(array: Array) -> Array:
    """Nothing but the first slice."""
    alone = np.zeros_like(array)
    alone[:, :, :1] = array[:, :, :1]
    return alone


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


def first_bins(axis: int) -> Callable[[Array], Array]:
    """Only the first bins along an axis are looked at."""

    def changed(grad: Array) -> Array:
        alone = np.zeros_like(grad)
        where = (slice(None),) * axis + (slice(1),)
        alone[where] = grad[where]
        return alone

    return changed


# ---- after -----------------------------------------------------------------------------------------------------------


def constant(value: Fraction) -> Callable[[Array, Asked], Array]:
    """Nothing but this number."""
    return lambda values, _: np.full(values.shape, value, object)


def row_of_first_roi(values: Array, asked: Asked) -> Array:
    """The first RoI for all."""
    del asked
    return np.repeat(values[:1], len(values), axis=0)


def doubled(values: Array) -> Array:
    """All numbers twice."""
    twice: Array = np.frompyfunc(lambda v: 2 * v if isinstance(v, Fraction) else v, 1, 1)(values)
    return twice


def negated(values: Array) -> Array:
    """All numbers with the other sign."""
    other: Array = np.frompyfunc(lambda v: -v if isinstance(v, Fraction) else v, 1, 1)(values)
    return other


def held(values: Array, columns_: list[int]) -> Array:
    """0 for some of the numbers of boxes, but for what is invalid."""
    still = values.copy()
    still[:, columns_] = np.frompyfunc(lambda v: None if v is None else ZERO, 1, 1)(values[:, columns_])
    return still


def _sent_by_each(asked: Asked) -> Iterator[Array]:
    """The gradient that each RoI sends."""
    assert asked.grad is not None
    for k in range(len(asked.boxes)):
        one = replace(asked, boxes=asked.boxes[k : k + 1], grad=asked.grad[k : k + 1])
        yield result_of(one, Operation.FEATURE_GRADIENT).values


def last_wins(values: Array, asked: Asked) -> Array:
    """Of the RoIs that send to a voxel the last one's share remains."""
    for sent in _sent_by_each(asked):
        values = np.where(sent != 0, sent, values)
    return values


def first_only(values: Array, asked: Asked) -> Array:
    """Only the first RoI sends."""
    return next(_sent_by_each(asked), values)
