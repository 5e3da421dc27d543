"""The exact reference: PSRoIPool in rational arithmetic, written as ``RULES.md`` reads; and its gradient.

Maps of finite numbers whose sums float64 holds are taken as they are; others, as fractions. Either way nothing is rounded but a
quotient in float64.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ....windows.geometry import bins_of, pixels_in
from ....windows.pixels import Gradient, average
from .geometry import ZERO

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ....exact.numbers import Array
    from ....windows.geometry import Stages
    from .geometry import Rules


class Result(NamedTuple):
    """The exact output of one call, and what bounds the error of an inexact one.

    ``values`` is ``(K, C_out, P_h, P_w)`` of `Exact`, None throughout an invalid RoI; or of float64, and then NaN there.
    ``magnitude`` is of the same shape: Σ |pixel|. ``counts``, ``(K, P_h, P_w)``, is over how many pixels.
    """

    values: Array
    magnitude: Array
    counts: Array


def channels_read(rules: Rules, channels: int, p: int, q: int, bins: Sequence[int]) -> list[int]:
    """PP-1: the channels of the map that a bin reads, for so many channels of the output."""
    return [rules.channel(c, p, q, bins) for c in range(channels)]


def ps_roi_pool(maps: Array, rois: Sequence[Stages | None], output_size: Sequence[int], rules: Rules) -> Result:
    """The exact result of PSRoIPool on exact maps ``(N, C, H, W)``, or on maps of float64."""
    channels = maps.shape[1] // max(1, math.prod(output_size))
    shape = (len(rois), channels, *output_size)
    is_exact = maps.dtype == object
    values: Array = np.full(shape, None, object) if is_exact else np.full(shape, np.nan)
    magnitude: Array = np.full(shape, ZERO, object) if is_exact else np.zeros(shape)
    counts = np.zeros((len(rois), *output_size), np.int64)
    for k, roi in enumerate(rois):
        for p, q, rows, columns in bins_of(roi):
            assert roi is not None
            counts[k, p, q] = count = pixels_in(rows, columns)
            read = channels_read(rules, channels, p, q, output_size)
            pixels = maps[roi.batch, read, slice(*rows), slice(*columns)].reshape(channels, count)
            if not count:
                values[k, :, p, q] = ZERO if is_exact else 0.0
            elif is_exact:
                for c, of_channel in enumerate(pixels.tolist()):
                    values[k, c, p, q], magnitude[k, c, p, q] = average(of_channel, rules)
            else:
                values[k, :, p, q], magnitude[k, :, p, q] = pixels.sum(1) / count, abs(pixels).sum(1)
    return Result(values, magnitude, counts)


def feature_gradient(
    grad: Array, shape: Sequence[int], rois: Sequence[Stages | None], output_size: Sequence[int], rules: Rules
) -> Gradient:
    """The exact gradient (PP-8) for maps of this shape, ``grad`` ``(K, C_out, P_h, P_w)`` arriving at the output.

    It is of fractions, or of float64 if ``grad`` is: then each term must be exact, and their sums too.
    """
    is_exact = grad.dtype == object
    values, magnitude = (np.full(shape, ZERO, object) if is_exact else np.zeros(shape) for _ in range(2))
    counts = np.zeros(shape, np.int64)
    for k, roi in enumerate(rois):
        for p, q, rows, columns in bins_of(roi):
            count = pixels_in(rows, columns)
            if not count:
                continue
            assert roi is not None
            for c, channel in enumerate(channels_read(rules, grad.shape[1], p, q, output_size)):
                at = roi.batch, channel, slice(*rows), slice(*columns)
                sent = rules.share(grad[k, c, p, q], count)
                values[at] += sent  # type: ignore[operator]  # of its own kind
                magnitude[at] += abs(sent)  # type: ignore[operator]
                counts[at] += 1
    return Gradient(values, magnitude, counts)
