"""The exact reference: deformable PSRoIPool and its gradients (DQ-7 to DQ-9), put together of classes of channels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ....operation import Operation
from ...deform_roi_pool.oracle import output as of_bins
from ...roi_align_rotated.oracle.output import Result
from .geometry import ZERO

if TYPE_CHECKING:
    from ....exact.numbers import Array
    from .asked import Asked


def result_of(asked: Asked, operation: Operation) -> Result:
    """The exact result of a call."""
    match operation:
        case Operation.FORWARD:
            return _output(asked)
        case Operation.FEATURE_GRADIENT:
            return _feature_gradient(asked)
        case Operation.OFFSET_GRADIENT:
            return _offset_gradient(asked)
        case _:
            raise ValueError(f"deform_ps_roi_pool has no {operation}")


def _output(asked: Asked) -> Result:
    """DQ-7: ``(K, C_out, P_h, P_w)``, None throughout an invalid RoI."""
    shape = (len(asked.boxes), asked.channels, *asked.output_size)
    found: tuple[Array, Array] = np.full(shape, None, object), np.full(shape, ZERO, object)
    for part in asked.parts:
        for into, every in zip(found, of_bins.result_of(part.asked, Operation.FORWARD), strict=True):
            into[:, part.outputs] = part.select(every)
    return Result(*found)


def _feature_gradient(asked: Asked) -> Result:
    """DQ-8: of the shape of the maps."""
    found: tuple[Array, Array] = tuple(np.full(asked.pixels.shape, ZERO, object) for _ in "vm")  # type: ignore[assignment]
    for part in asked.parts:
        for into, sent in zip(found, of_bins.result_of(part.asked, Operation.FEATURE_GRADIENT), strict=True):
            into[:, part.channels] += sent
    return Result(*found)


def _offset_gradient(asked: Asked) -> Result:
    """DQ-9: of the shape of the offsets, None throughout an invalid RoI."""
    assert asked.offset is not None
    values: Array = np.full(asked.offset.shape, ZERO, object)
    magnitude: Array = np.full(asked.offset.shape, ZERO, object)
    rows, columns = np.ix_(*asked.rows_and_columns)
    for number, part in enumerate(asked.parts):
        found = of_bins.offset_gradient(part.asked)
        for k, roi in enumerate(part.asked.rois):
            if roi is None:
                values[k] = None
                continue
            for axis in (0, 1):
                place = 2 * number + axis
                np.add.at(values[k, place], (rows, columns), found.values[k, axis])
                np.add.at(magnitude[k, place], (rows, columns), found.magnitude[k, axis])
    return Result(values, magnitude)
