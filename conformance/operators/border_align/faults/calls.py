"""The faults behind `mutants.py` that are not in a formula: changes to a call before the oracle sees it, or to its answer."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from ....operation import Operation
from ..call import SIDES
from ..oracle.face import result_of
from ..oracle.geometry import ZERO
from ..oracle.output import corners

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


def by_size(rows: Array) -> Array:
    """The last two numbers are width and height."""
    rows[:, 3:5] += rows[:, 1:3]
    return rows


def by_centre(rows: Array) -> Array:
    """The numbers are centre and size."""
    x, y, w, h = rows[:, 1:5].T
    rows[:, 1:5] = np.stack([x - w / 2, y - h / 2, x + w / 2, y + h / 2], 1)
    return rows


def sorted_corners(rows: Array) -> Array:
    """The first corner is the one at the top left, whatever the order."""
    rows[:, [1, 3]], rows[:, [2, 4]] = np.sort(rows[:, [1, 3]], 1), np.sort(rows[:, [2, 4]], 1)
    return rows


def first_image(rows: Array) -> Array:
    """All boxes on the first image."""
    rows[:, 0] = np.where(rows[:, 0] >= 0, 0, rows[:, 0])
    return rows


def in_half(rows: Array) -> Array:
    """Coordinates in half precision."""
    with np.errstate(over="ignore"):
        rows[:, 1:] = rows[:, 1:].astype(np.float16).astype(np.float64)
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


def sides(*order: int) -> Callable[[Asked], Asked]:
    """Each side reads the channels of another."""
    return lambda asked: replace(asked, pixels=asked.pixels[:, :, list(order)])


def of_sides_read(values: Array, order: tuple[int, ...]) -> Array:
    """A gradient ``(N, C, 4 H, W)``, for the maps of the sides, where each side read those of another."""
    images, channels, rows, width = values.shape
    apart = values.reshape(images, channels, SIDES, rows // SIDES, width)
    joined = np.full(apart.shape, ZERO, object)
    for side, other in enumerate(order):
        joined[:, :, other] += apart[:, :, side]
    return joined.reshape(values.shape)


def _channel_by_channel(stacked: Array) -> Array:
    """Of ``(N, C, 4, …)`` what is read for each channel and side if the four sides of a channel are taken for neighbours."""
    images, channels = stacked.shape[:2]
    flat = stacked.swapaxes(1, 2).reshape(images, SIDES * channels, *stacked.shape[3:])
    return flat.reshape(images, channels, SIDES, *stacked.shape[3:])


def neighbouring_sides(asked: Asked) -> Asked:
    """Channel ``4 c + r`` is read for side r of channel c."""
    return replace(asked, pixels=_channel_by_channel(asked.pixels))


def transposed_maps(asked: Asked) -> Asked:
    """Rows for columns, where there are as many."""
    rows, width = asked.pixels.shape[3:]
    return replace(asked, pixels=asked.pixels.swapaxes(3, 4)) if rows == width else asked


def arriving(change: Callable[[Array], Array]) -> Callable[[Asked], Asked]:
    """A change of what arrives."""

    def changed(asked: Asked) -> Asked:
        assert asked.grad is not None
        return replace(asked, grad=change(asked.grad))

    return changed


def sides_before_channels(values: Array) -> Array:
    """``(K, C, 4)`` that lies in memory as ``(K, 4, C)``."""
    return values.swapaxes(1, 2).reshape(values.shape)


def first_channel(asked: Asked) -> Asked:
    """Only the first channel is looked at."""
    assert asked.grad is not None
    return replace(asked, pixels=asked.pixels[:, :1], grad=asked.grad[:, :1])


def one_side(side: int) -> Callable[[Array], Array]:
    """Nothing arrives but at one side."""

    def change(grad: Array) -> Array:
        alone = np.zeros_like(grad)
        alone[:, :, side] = grad[:, :, side]
        return alone

    return change


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


def sent_by_all_points(values: Array, asked: Asked) -> Array:
    """Every point sends what arrives, and not the one that won."""
    found = np.full(asked.pixels.shape, ZERO, object)
    for k, roi in enumerate(asked.rois):
        if roi is None:
            continue
        unit = roi.lines[0].unit * roi.lines[1].unit
        for rows, across, weights in corners(*roi.lines):
            for c, side, i in np.ndindex(asked.pixels.shape[1], *roi.inside.shape):
                if roi.inside[side, i]:
                    at = roi.image, c, side, rows[side, i], across[side, i]
                    found[at] += asked.arriving[k, c, side] * Fraction(weights[side, i], unit)  # type: ignore[call-overload]
    return found.reshape(values.shape)
