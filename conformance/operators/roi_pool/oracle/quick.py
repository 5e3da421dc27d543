"""The exact answers, quickly, for maps of finite numbers whose sums float64 holds: bins are slices, and nothing is rounded.

Where the RoIs lie is `geometry`'s own answer. Only what is made of the pixels is formed here, of all channels at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ....exact.numbers import Special
from ....windows.geometry import bins_of, pixels_in
from ....windows.pixels import Gradient
from .geometry import LOWEST
from .output import Result

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ....exact.numbers import Array
    from ....windows.geometry import Stages
    from .geometry import Rules


def roi_pool(maps: Array, rois: Sequence[Stages | None], output_size: Sequence[int], mode: str, rules: Rules) -> Result:
    """What `output.roi_pool` returns, in float64: NaN throughout an invalid RoI."""
    channels, width = maps.shape[1], maps.shape[3]
    values = np.full((len(rois), channels, *output_size), np.nan)
    winners = np.full(values.shape, -1, np.int64)
    magnitude = np.zeros(values.shape)
    counts = np.zeros((len(rois), *output_size), np.int64)
    empty = -np.inf if rules.empty(mode) is Special.MINUS_INFINITY else 0.0
    for k, roi in enumerate(rois):
        for p, q, rows, columns in bins_of(roi):
            assert roi is not None
            counts[k, p, q] = count = pixels_in(rows, columns)
            pixels = maps[roi.batch, :, slice(*rows), slice(*columns)].reshape(channels, count)
            if not count:
                values[k, :, p, q] = empty
            elif mode == "avg":
                values[k, :, p, q] = pixels.sum(1) / count
                magnitude[k, :, p, q] = abs(pixels).sum(1)
            else:
                at = pixels.argmax(1)
                values[k, :, p, q] = np.take_along_axis(pixels, at[:, None], 1)[:, 0]
                y, x = np.divmod(at, columns[1] - columns[0])
                winners[k, :, p, q] = (rows[0] + y) * width + columns[0] + x
    return Result(values, winners, magnitude, counts)


def feature_gradient(
    grad: Array, maps: Array, rois: Sequence[Stages | None], output_size: Sequence[int], mode: str, rules: Rules
) -> Gradient:
    """What `output.feature_gradient` returns for a maximum, in float64."""
    assert mode == "max", "an average sends quotients, which float64 does not add exactly"
    winners = roi_pool(maps, rois, output_size, mode, rules).winners
    images, channels, height, width = maps.shape
    values, magnitude = (np.zeros((images, channels, height * width)) for _ in range(2))
    counts = np.zeros(values.shape, np.int64)
    every = np.arange(channels)[:, None]
    for k, roi in enumerate(rois):
        if not roi:
            continue
        bins = winners[k][0].size if channels else 0
        at, sent = (array[k].reshape(channels, bins) for array in (winners, grad))
        sends = at >= 0
        for total, term in ((values, np.where(sends, sent, 0.0)), (magnitude, abs(sent) * sends), (counts, sends)):
            np.add.at(total[roi.batch], (every, np.where(sends, at, 0)), term)
    return Gradient(*(array.reshape(maps.shape) for array in (values, magnitude, counts)))


def fits(maps: Array) -> bool:
    """Whether all is finite, and above what a maximum may begin with."""
    return bool(np.isfinite(maps).all()) and bool((maps > float(LOWEST)).all())
