"""Faults to inject into the oracle, one at a time: RoIAlign's of averages, and bins that read other channels than PA-1 says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .....kernels.dialects.ps_roi_align import DIALECTS, ChannelOrder
from ....operation import Operation
from ...roi_align.faults.borrowed import Borrowed, of_averages
from ...roi_align.oracle.answers import RoiAlignOracle
from ..selection import channels_read, of_roi_align, selected

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .....kernels.dialects.ps_roi_align import Dialect
    from ....exact.numbers import Array
    from ..selection import Selector

    Arguments = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Sampled(Borrowed):
    """A fault of RoIAlign, in the channels that each bin reads."""

    def concerns(self, dialect: Dialect, mode: str) -> bool:
        """Whether the fault can show under a dialect and in a mode."""
        return bool(self.fault.concerns(dialect.sampling, mode))

    def returned(self, arguments: Arguments, operation: Operation, dialect: Dialect, *, many: bool) -> Array:
        """What an implementation with this fault returns for the arguments of a case."""
        given = of_roi_align(arguments, operation, dialect.channels)
        found: Array = self.fault.returned(given, operation, dialect.sampling, many=many)
        return selected(found, arguments, dialect.channels) if operation == Operation.FORWARD else found


@dataclass(frozen=True, slots=True)
class Misread:
    """A fault of PA-1: bins read other channels, or a gradient goes to others.

    Attributes:
        name: What is wrong, in a few words.
        selector: The channels that are read instead.
        operation: What the fault is in.
        who: Libraries that have or had it.
        equivalent: Empty, since it can show under every dialect.
        dtype: The data type of the calls in which it shows.
    """

    name: str
    selector: Selector
    operation: Operation
    who: str = ""
    equivalent: str = ""
    dtype: str = "float64"

    def concerns(self, dialect: Dialect, mode: str) -> bool:
        """Whether the fault can show under a dialect and in a mode: in all."""
        del self, dialect, mode
        return True

    def returned(self, arguments: Arguments, operation: Operation, dialect: Dialect, *, many: bool) -> Array:
        """What an implementation with this fault returns for the arguments of a case."""
        del many
        given = of_roi_align(arguments, operation, dialect.channels, self.selector)
        found = RoiAlignOracle().values(given, operation, dialect.sampling)
        if operation == Operation.FORWARD:
            return selected(found, arguments, dialect.channels, self.selector)
        return found


def _other_order(channels: int, bins: tuple[int, int], order: ChannelOrder) -> Array:
    (other,) = set(ChannelOrder) - {order}
    return channels_read(channels, bins, other)


def _exchanged(channels: int, bins: tuple[int, int], order: ChannelOrder) -> Array:
    """As if bins were counted column by column."""
    return channels_read(channels, (bins[1], bins[0]), order).swapaxes(1, 2)


def _rows_for_columns(channels: int, bins: tuple[int, int], order: ChannelOrder) -> Array:
    """As if there were as many columns of bins as rows."""
    rows, columns = bins
    c, p, q = np.ogrid[:channels, :rows, :columns]
    bin_ = p * rows + q
    read = c * rows * rows + bin_ if order == ChannelOrder.CLASS_MAJOR else bin_ * channels + c
    return np.minimum(read, channels * rows * columns - 1)  # type: ignore[no-any-return]


def _always_first(channels: int, bins: tuple[int, int], order: ChannelOrder) -> Array:
    """As if each bin read what the first does."""
    read = channels_read(channels, bins, order)
    return np.broadcast_to(read[:, :1, :1], read.shape)


def _of_the_output(channels: int, bins: tuple[int, int], order: ChannelOrder) -> Array:
    """As RoIAlign."""
    del order
    return np.broadcast_to(np.arange(channels)[:, None, None], (channels, *bins))


def _next(channels: int, bins: tuple[int, int], order: ChannelOrder) -> Array:
    """The channel after the one that is due, and for the last the first."""
    return np.roll(channels_read(channels, bins, order).reshape(-1), -1).reshape(channels, *bins)


def _bins_reversed(channels: int, bins: tuple[int, int], order: ChannelOrder) -> Array:
    return channels_read(channels, bins, order)[:, ::-1, ::-1]


def _channels_reversed(channels: int, bins: tuple[int, int], order: ChannelOrder) -> Array:
    return channels_read(channels, bins, order)[::-1]


_SELECTORS: Mapping[str, Selector] = {
    "channels of a bin, not bins of a channel, are neighbours": _other_order,
    "channels counted by columns of bins": _exchanged,
    "channels counted as if bins were square": _rows_for_columns,
    "each bin reads the first one's channel": _always_first,
    "each bin reads the channel of the output": _of_the_output,
    "each bin reads the next channel": _next,
    "bins read each other's channels": _bins_reversed,
    "channels of the output exchanged": _channels_reversed,
}
_WHERE = {Operation.FORWARD: "", Operation.FEATURE_GRADIENT: "backward: ", Operation.BOX_GRADIENT: "for boxes: "}


def _misread() -> Iterator[Misread]:
    for operation, where in _WHERE.items():
        for name, selector in _SELECTORS.items():
            yield Misread(f"{where}{name}", selector, operation)


_NOT_HERE = (
    "bins of 14 × 14 in reverse order",  # of so many bins, and so of channels, the oracle takes long: `sizes` has some
    "bins of 7 × 7 in reverse order",
    "backward: map transposed",  # the gradient of an average reads no map
)


MUTANTS: tuple[Sampled | Misread, ...] = (
    *_misread(),
    *map(Sampled, of_averages({dialect.sampling for dialect in DIALECTS.values()}, but=_NOT_HERE)),
)
"""All faults."""
