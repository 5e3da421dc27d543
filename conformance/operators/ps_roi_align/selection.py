"""PA-1: which channel of the maps each bin reads; and the call of RoIAlign whose answer has that of PSRoIAlign in it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from ....kernels.dialects.ps_roi_align import ChannelOrder
from ...arrays import feature_map, leaves
from ...operation import Operation

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ...exact.numbers import Array

    Arguments = Mapping[str, Any]
    Selector = Callable[[int, tuple[int, int], ChannelOrder], Array]


def channels_read(channels: int, bins: tuple[int, int], order: ChannelOrder) -> Array:
    """PA-1: the channel of the maps that each bin reads for each of ``channels`` of the output, ``(C_out, P_h, P_w)``."""
    rows, columns = bins
    c, p, q = np.ogrid[:channels, :rows, :columns]
    match order:
        case ChannelOrder.CLASS_MAJOR:
            read = (c * rows + p) * columns + q
        case ChannelOrder.BIN_MAJOR:
            read = (p * columns + q) * channels + c
    return np.broadcast_to(read, (channels, rows, columns))


def channels_of(arguments: Arguments) -> int:
    """How many channels the output of a call has."""
    channels: int = arguments["input"]["shape"][1]
    return channels // max(1, math.prod(arguments["output_size"]))


def _places(arguments: Arguments, order: ChannelOrder, selector: Selector) -> tuple[Any, ...]:
    """Where in the output of RoIAlign, ``(K, C, P_h, P_w)``, that of PSRoIAlign stands."""
    bins = (arguments["output_size"][0], arguments["output_size"][1])
    return slice(None), selector(channels_of(arguments), bins, order), *np.ogrid[: bins[0], : bins[1]]


def selected(output: Array, arguments: Arguments, order: ChannelOrder, selector: Selector = channels_read) -> Array:
    """Of what RoIAlign returns, ``(K, C, P_h, P_w)``, what PSRoIAlign does, ``(K, C_out, P_h, P_w)``."""
    found: Array = output[_places(arguments, order, selector)]
    return found


def selected_of_lists(output: Any, arguments: Arguments, order: ChannelOrder) -> Any:
    """The same of nested lists."""
    shape = len(arguments["boxes"]), arguments["input"]["shape"][1], *arguments["output_size"]
    values: Array = np.empty(math.prod(shape), object)
    values[:] = list(leaves(output))
    return selected(values.reshape(shape), arguments, order).tolist()


def of_roi_align(
    arguments: Arguments, operation: Operation, order: ChannelOrder, selector: Selector = channels_read
) -> Arguments:
    """The arguments of RoIAlign: for a gradient, nothing arrives at what PSRoIAlign does not read."""
    if operation == Operation.FORWARD:
        return arguments
    grad = feature_map(arguments["grad"])
    full = np.zeros((len(grad), arguments["input"]["shape"][1], *grad.shape[2:]))
    full[_places(arguments, order, selector)] = grad
    return {**arguments, "grad": {"shape": list(full.shape), "rows": full.reshape(-1, full.shape[-1]).tolist()}}
