"""The exact reference: deformable RoI pooling and its gradients (DP-6 to DP-9), in whole numbers of common units."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from ....exact.numbers import common_denominator
from ....operation import Operation
from ...roi_align_rotated.oracle import output as of_points
from ...roi_align_rotated.oracle.output import Result
from .geometry import ZERO

if TYPE_CHECKING:
    from ....exact.numbers import Array
    from .asked import Asked
    from .geometry import Roi


def result_of(asked: Asked, operation: Operation) -> Result:
    """The exact result of a call."""
    match operation:
        case Operation.FORWARD:
            return of_points.roi_align_rotated(asked.maps, asked.rois, asked.output_size)
        case Operation.FEATURE_GRADIENT:
            return of_points.feature_gradient(asked.arriving, asked.pixels.shape, asked.rois)
        case Operation.BOX_GRADIENT:
            found = of_points.box_gradient(asked.arriving, asked.maps, asked.rois)
            return Result(found.values[:, :4], found.magnitude[:, :4])
        case Operation.OFFSET_GRADIENT:
            return offset_gradient(asked)
        case _:
            raise ValueError(f"deform_roi_pool has no {operation}")


def offset_gradient(asked: Asked) -> Result:
    """DP-8: ``(K, 2, P_h, P_w)``, None throughout an invalid RoI."""
    shape = (len(asked.rois), 2, *asked.output_size)
    values: Array = np.full(shape, None, object)
    magnitude: Array = np.full(shape, ZERO, object)
    for k, roi in enumerate(asked.rois):
        if roi is None:
            continue
        values[k] = ZERO
        if roi.inside.size and asked.arriving.integers[k].size:
            values[k], magnitude[k] = _of_roi(asked, k, roi)
    return Result(values, magnitude)


def _of_roi(asked: Asked, k: int, roi: Roi) -> tuple[list[Array], list[Array]]:
    """The gradients of a RoI's offsets, and what they would be if no term were negative."""
    rules, grad, maps = roi.deformed, asked.arriving, asked.maps
    down, right = rules.slopes(maps.integers[roi.image], roi)
    divisor = np.asarray(rules.sent(roi.divisor), object) * (grad.denominator * maps.denominator)
    shares = np.frompyfunc(lambda n, d: Fraction(int(n), int(d)), 2, 1)(grad.integers[k], divisor)
    arriving, common = common_denominator(np.asarray(shares, object))
    sent = np.asarray(arriving, object)[..., None]
    y, x = roi.lines
    units = common * x.unit, common * y.unit  # a slope is over the unit of the other axis
    pulls = [rules.pull(roi, axis) for axis in (0, 1)]

    def summed(of_y: Array, of_x: Array) -> list[Array]:
        sums = ((of_y * sent).sum(axis=(0, 3)), (of_x * sent).sum(axis=(0, 3)))
        by_y, by_x = (
            np.frompyfunc(lambda n, unit=unit, pull=pull: Fraction(int(n), unit) * pull, 1, 1)(each)
            for each, unit, pull in zip(sums, units, pulls, strict=True)
        )
        return rules.given(by_y, by_x)

    found = summed(down, right)
    sent, pulls = abs(sent), list(map(abs, pulls))
    return found, summed(abs(down), abs(right))
