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
    from collections.abc import Callable

    from ....exact.numbers import Array
    from ..oracle.asked import Asked
    from ..oracle.geometry import Stages


def of_maps(asked: Asked) -> Array:
    """The gradient for the maps that a call asks for."""
    return result_of(asked, Operation.FEATURE_GRADIENT).values


# ---- before ----------------------------------------------------------------------------------------------------------


def ends_plus_one(boxes: Array) -> Array:
    """The second corner is the last pixel of the box, in image pixels."""
    boxes[:, 3:] += 1
    return boxes


def sorted_corners(boxes: Array) -> Array:
    """The lesser corner first."""
    for first, second in ((1, 3), (2, 4)):
        boxes[:, [first, second]] = np.sort(boxes[:, [first, second]], axis=1)
    return boxes


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


def negated(values: Array) -> Array:
    """All numbers with the other sign."""
    turned: Array = np.frompyfunc(lambda v: -v if isinstance(v, Fraction) else v, 1, 1)(values)
    return turned


def over_bins(values: Array, asked: Asked) -> Array:
    """Divided by the number of bins, and not by the area of one."""
    return _times(values, asked, lambda roi: roi.y.bin * roi.x.bin / (roi.y.bins * roi.x.bins))


def over_roi(values: Array, asked: Asked) -> Array:
    """Divided by the area of the RoI."""
    return _times(values, asked, lambda roi: Fraction(1, roi.y.bins * roi.x.bins))


def _times(values: Array, asked: Asked, factor: Callable[[Stages], Fraction]) -> Array:
    """What belongs to each RoI times a factor of it."""
    values = values.copy()
    for k, roi in enumerate(asked.rois):
        if roi is not None:
            by = np.full(values[k].shape, factor(roi), object)
            values[k] = np.frompyfunc(lambda v, f: v * f if isinstance(v, Fraction) else v, 2, 1)(values[k], by)
    return values


def scaled(factor: Callable[[Stages], Fraction]) -> Callable[[Asked], Asked]:
    """What arrives at each RoI times a factor of it."""

    def changed(asked: Asked) -> Asked:
        assert asked.grad is not None
        grad = asked.grad.astype(object)
        for k, roi in enumerate(asked.rois):
            if roi is not None:
                grad[k] = np.frompyfunc(Fraction, 1, 1)(grad[k]) * factor(roi)
        return replace(asked, grad=grad)

    return changed


def flat_is_nan(values: Array, asked: Asked) -> Array:
    """Where a RoI has no area, 0 is divided by it."""
    values = values.copy()
    for k, roi in enumerate(asked.rois):
        if roi is not None and not roi.has_area:
            values[k] = None
    return values


def flat_spoils_map(values: Array, asked: Asked) -> Array:
    """A RoI without area sends NaN to the pixels of its corner."""
    values = values.copy()
    for roi in asked.rois:
        if roi is not None and not roi.has_area:
            y, x = (min(max(int(axis.corners[0]), 0), axis.pixels - 1) for axis in (roi.y, roi.x))
            values[roi.batch, :, y, x] = None
    return values


def thin_is_flat(values: Array, asked: Asked) -> Array:
    """A bin of less than a 64th of a pixel counts as one without area."""
    values = values.copy()
    for k, roi in enumerate(asked.rois):
        if roi is not None and roi.y.bin * roi.x.bin < Fraction(1, 64):
            values[k] = ZERO
    return values


def last_bin_wins(values: Array, asked: Asked) -> Array:
    """Of the bins that send to a pixel the last one's share remains, in the order of outputs."""
    assert asked.grad is not None
    values = np.full(values.shape, ZERO, object)
    for k, p, q in np.ndindex(len(asked.boxes), *asked.output_size):
        grad = np.zeros_like(asked.grad[k : k + 1])
        grad[:, :, p, q] = asked.grad[k, :, p, q]
        sent = of_maps(replace(asked, boxes=asked.boxes[k : k + 1], grad=grad))
        values = np.where(sent != 0, sent, values)
    return values


def one_place_late(values: Array, asked: Asked) -> Array:
    """Rows of four numbers, each written a place too late: the last goes to the next RoI."""
    del asked
    flat = values.reshape(-1)
    return np.concatenate([np.full(min(1, flat.size), ZERO, object), flat[:-1]]).reshape(values.shape)
