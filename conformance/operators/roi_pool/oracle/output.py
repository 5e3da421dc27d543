"""The exact reference: RoIPool in rational arithmetic, written as ``RULES.md`` reads; and its gradient."""

from __future__ import annotations

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

    ``values`` is ``(K, C, P_h, P_w)`` of `Exact`, None where nobody can say, and throughout an invalid RoI. ``winners`` is of the
    same shape: ``y · W + x`` of the maximum, −1 if there is none. ``magnitude`` is Σ |pixel| of an average, ``counts``,
    ``(K, P_h, P_w)``, over how many pixels.
    """

    values: Array
    winners: Array
    magnitude: Array
    counts: Array


def roi_pool(maps: Array, rois: Sequence[Stages | None], output_size: Sequence[int], mode: str, rules: Rules) -> Result:
    """The exact result of RoIPool on exact maps ``(N, C, H, W)``, ``mode`` being ``"avg"`` or ``"max"``."""
    values: Array = np.full((len(rois), maps.shape[1], *output_size), None, object)
    winners = np.full(values.shape, -1, np.int64)
    magnitude: Array = np.full(values.shape, ZERO, object)
    counts = np.zeros((len(rois), *output_size), np.int64)
    for k, roi in enumerate(rois):
        for p, q, rows, columns in bins_of(roi):
            counts[k, p, q] = pixels_in(rows, columns)
            for c in range(maps.shape[1]):
                assert roi is not None
                pixels = list(maps[roi.batch, c, slice(*rows), slice(*columns)].flat)
                if not pixels:
                    values[k, c, p, q] = rules.empty(mode)
                elif mode == "avg":
                    values[k, c, p, q], magnitude[k, c, p, q] = average(pixels, rules)
                else:
                    ends_map = (rows[1], columns[1]) == maps.shape[2:]
                    values[k, c, p, q], at = rules.best(pixels, ends_map=ends_map)
                    if at is not None:
                        y, x = divmod(at, columns[1] - columns[0])
                        y, x = rules.winner(rows[0] + y, columns[0] + x, rows, columns, maps.shape[2:])
                        winners[k, c, p, q] = y * maps.shape[3] + x
    return Result(values, winners, magnitude, counts)


def feature_gradient(
    grad: Array, maps: Array, rois: Sequence[Stages | None], output_size: Sequence[int], mode: str, rules: Rules
) -> Gradient:
    """The exact gradient (RP-8) for exact maps ``(N, C, H, W)``, ``grad`` ``(K, C, P_h, P_w)`` arriving at the output."""
    values, magnitude = (np.full(maps.shape, ZERO, object) for _ in range(2))
    counts = np.zeros(maps.shape, np.int64)
    winners = roi_pool(maps, rois, output_size, mode, rules).winners if mode == "max" else None
    for k, roi in enumerate(rois):
        for p, q, rows, columns in bins_of(roi):
            count = pixels_in(rows, columns)
            for c in range(maps.shape[1] if count else 0):
                assert roi is not None
                if winners is None:
                    at = roi.batch, c, slice(*rows), slice(*columns)
                    sent = rules.average(grad[k, c, p, q], count)
                elif (winner := int(winners[k, c, p, q])) >= 0:
                    at, sent = (roi.batch, c, *divmod(winner, maps.shape[3])), grad[k, c, p, q]
                else:
                    continue
                values[at] += sent
                magnitude[at] += abs(sent)
                counts[at] += 1
    return Gradient(values, magnitude, counts)
