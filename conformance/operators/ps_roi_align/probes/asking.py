"""RoIAlign's probes, asked of who reads channels of its own for each bin; and the probe that tells these apart."""

from __future__ import annotations

import math
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import numpy as np

from .....kernels.dialects.ps_roi_align import DIALECTS, ChannelOrder
from ....arrays import numpy_dtype
from ....findings import Reading
from ....operation import Operation
from ...roi_align.probes.calls import Probe
from ..call import PsRoiAlignCall
from ..selection import channels_read

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ....exact.numbers import Array
    from ....operator import Asker

_CHANNELS = 2  # of the output, so that both orders differ

_NEAR = 0.125  # to a whole number: weights that are rounded do not add up to 1

ORDER = Probe(
    name="channels that differ, 1 sample", boxes=((1.0, 1.0, 4.0, 4.0),), output_size=(2, 3), sampling_ratio=1
)
"""A box within maps of which each channel is a number of its own."""


class OfEachBin:
    """Who answers calls of RoIAlign by PSRoIAlign, on maps that have the same channel for each bin."""

    def __init__(self, asker: Asker, order: ChannelOrder | None) -> None:
        """``order`` is that of channels, if it was read; that of the dialect which is asked for otherwise."""
        self.asker = asker
        self.order = order or DIALECTS[asker.dialect].channels
        self.dialect, self.dtype, self.layout, self.operations = (
            asker.dialect,
            asker.dtype,
            asker.layout,
            asker.operations,
        )

    def ask(self, call: Any, shape: tuple[int, ...]) -> Reading:
        """The reading of a call of RoIAlign whose answer has this shape."""
        bins, channel = math.prod(call.output_size), 3 if call.layout == "NHWC" else 1
        given = {field.name: getattr(call, field.name) for field in fields(call)}
        given["input"] = self._for_each_bin(call.input, bins, channel)
        asked = PsRoiAlignCall(**given)
        if call.operation != Operation.FEATURE_GRADIENT:
            return self.asker.ask(asked, shape)
        images, channels, *size = shape
        found = self.asker.ask(asked, (images, channels * bins, *size))
        if found.values is None:
            return found
        is_major = self.order == ChannelOrder.CLASS_MAJOR
        apart = (channels, bins) if is_major else (bins, channels)
        return Reading(found.values.reshape(images, *apart, *size).sum(axis=2 if is_major else 1))

    def _for_each_bin(self, maps: Array, bins: int, channel: int) -> Array:
        if self.order == ChannelOrder.CLASS_MAJOR:
            return np.ascontiguousarray(np.repeat(maps, bins, axis=channel))
        return np.ascontiguousarray(np.concatenate([maps] * bins, axis=channel))


def read_order(asker: Asker) -> Reading:
    """Which channel each bin reads, ``(1, C_out, P_h, P_w)``."""
    count = _CHANNELS * ORDER.bins
    maps = np.broadcast_to(1.0 + np.arange(count)[:, None, None], (count, 6, 7))
    call = ORDER.forward(maps, asker.dialect, asker.dtype, asker.layout)
    given = {field.name: getattr(call, field.name) for field in fields(call)}
    given["input"] = np.ascontiguousarray(call.input).astype(numpy_dtype(asker.dtype))
    return asker.ask(PsRoiAlignCall(**given), (1, _CHANNELS, *ORDER.output_size))


def order_read(readings: Mapping[Probe, Reading]) -> ChannelOrder | None:
    """The order of channels that was read; None if none was, or another than there are."""
    found = readings.get(ORDER)
    if found is None or found.values is None:
        return None
    orders = (order for order in ChannelOrder if _are_near(found.values[0] - 1, expected(order)))
    return next(orders, None)


def _are_near(got: Array, channels: Array) -> bool:
    """Whether numbers are those of channels, but for the rounding of an average of equal numbers."""
    with np.errstate(invalid="ignore"):
        return bool((np.abs(got - channels) < _NEAR).all())


def expected(order: ChannelOrder) -> Array:
    """The channels that bins of `ORDER` read in an order."""
    return channels_read(_CHANNELS, ORDER.output_size, order)
