"""What operators should give whose bins each read channels of their own, the bins of a channel neighbours; as `axes` says of all.

Of what all bins of all channels of the maps would give, each bin has its share; and what arrives, arrives there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from . import axes

if TYPE_CHECKING:
    from .problem import Level, Row


def read_for(channels: np.ndarray, row: Row) -> np.ndarray:
    """The channels of the maps that some of the output read, those of the bins of each one after the other."""
    bins = row.bins**2
    found: np.ndarray = (channels[:, None] * bins + np.arange(bins)).ravel()
    return found


def own(values: np.ndarray) -> np.ndarray:
    """Of what all bins would give of all channels, ``(C · P · P, P, P)``, what each gives of its own, ``(C, P, P)``."""
    bins = values.shape[-1]
    p, q = np.ogrid[:bins, :bins]
    found: np.ndarray = values.reshape(-1, bins, bins, bins, bins)[:, p, q, p, q]
    return found


def at_readers(arriving: np.ndarray) -> np.ndarray:
    """What arrives, ``(…, C, P, P)``, at the channels that bins read, ``(…, C · P · P, P, P)``; nothing at other bins."""
    *before, channels, bins, _ = arriving.shape
    sent = np.zeros((*before, channels, bins, bins, bins, bins), arriving.dtype)
    p, q = np.ogrid[:bins, :bins]
    sent[..., p, q, p, q] = arriving
    return sent.reshape(*before, channels * bins**2, bins, bins)


def mean(level: Level, k: int, row: Row, channels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The average of each bin of a RoI in some channels of the output, ``(C, P, P)``, and a bound of its error."""
    value, bound = axes.mean(level, k, row, read_for(channels, row))
    return own(value), own(bound)


def spread(level: Level, row: Row, sent: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What maps with channels for each bin get if RoIs send this, ``(K, C, P, P)``, and a bound of its error."""
    return axes.spread(level, row, at_readers(sent))


def slope(level: Level, k: int, row: Row, sent: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The gradient for the corners of a RoI to which this arrives, ``(C, P, P)``, and a bound of its error."""
    return axes.slope(level, k, row, at_readers(sent))
