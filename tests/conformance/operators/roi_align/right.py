"""Right implementations of RoIAlign, as people write them: none of them may be taken for wrong.

All form positions along an axis first, then pool: as products of matrices, or sample by sample in some order, in some type.
"""

from itertools import product
from typing import NamedTuple

import numpy as np

POSITIONS = {
    "bins, then samples": lambda t, start, extent, n, g, k: (
        start + k // g * (extent / n) + (k % g + t(0.5)) * (extent / n) / g
    ),
    "share of the extent": lambda t, start, extent, n, g, k: start + (k + t(0.5)) / (n * g) * extent,
    "between both ends": lambda t, start, extent, n, g, k: (
        start * (1 - (k + t(0.5)) / (n * g)) + (start + extent) * ((k + t(0.5)) / (n * g))
    ),
    "steps": lambda t, start, extent, n, g, k: start + (k + t(0.5)) * (extent / (n * g)),
}


class Taps(NamedTuple):
    """The samples along an axis: two pixels of each, the second one's weight, and whether it is inside, ``(bins, samples)``."""

    low: np.ndarray
    high: np.ndarray
    part: np.ndarray
    inside: np.ndarray


def taps(call, axis, low, high, type_, form):
    bins, pixels, aligned = call.output_size[axis], call.input.shape[2 + axis], call.dialect == "torchvision-aligned"
    scale = type_(call.spatial_scale[axis])
    start, end = (type_(corner) * scale - type_(0.5 if aligned else 0) for corner in (low, high))
    extent = end - start if aligned else max(end - start, type_(1))
    grid = max(call.sampling_ratio[axis] or int(np.ceil(extent / type_(bins))), 0)
    if grid == 0:
        nothing = np.zeros((bins, 0))
        return Taps(nothing.astype(int), nothing.astype(int), nothing.astype(type_), nothing.astype(bool))
    k = np.arange(bins * grid).astype(type_)
    at = POSITIONS[form](type_, start, extent, type_(bins), type_(grid), k).astype(type_).reshape(bins, grid)
    inside = (at >= -1) & (at <= pixels)
    at = np.clip(at, type_(0), type_(pixels - 1))
    pixel = np.floor(at).astype(int)
    return Taps(pixel, np.minimum(pixel + 1, pixels - 1), at - pixel.astype(type_), inside)


def matrix(taps, pixels, type_):
    """Weights of all pixels along an axis, ``(bins, samples, pixels)``, all zeros for a sample that is outside."""
    weights = np.zeros((taps.low.size, pixels), type_)
    rows = np.arange(taps.low.size)
    np.add.at(weights, (rows, taps.low.ravel()), ((type_(1) - taps.part) * taps.inside).ravel())
    np.add.at(weights, (rows, taps.high.ravel()), (taps.part * taps.inside).ravel())
    return weights.reshape(*taps.low.shape, pixels)


def by_matrices(call, maps, y, x, type_):
    rows = np.tensordot(maps, matrix(y, maps.shape[1], type_), ((1,), (2,)))  # (channels, width, bins, samples)
    samples = np.tensordot(rows, matrix(x, maps.shape[2], type_), ((1,), (2,))).transpose(0, 1, 3, 2, 4)
    flat = (
        samples.reshape(*samples.shape[:3], -1) if samples.size else np.zeros((*samples.shape[:2], x.low.shape[0], 0))
    )
    if call.mode == "max":
        return flat.max(-1, initial=-np.inf) if flat.shape[-1] else flat.sum(-1)
    return flat.sum(-1) / type_(max(flat.shape[-1], 1))


def sample(maps, y, x, i, j, type_, multiply_add):
    """A sample of each bin, its four products added up one after the other."""
    total = np.zeros((len(maps), len(y.low), len(x.low)), type_)
    for rows, of_row in ((y.low[:, i], type_(1) - y.part[:, i]), (y.high[:, i], y.part[:, i])):
        for columns, of_column in ((x.low[:, j], type_(1) - x.part[:, j]), (x.high[:, j], x.part[:, j])):
            weight = (of_row * y.inside[:, i])[:, None] * (of_column * x.inside[:, j])
            total = multiply_add(weight, maps[:, rows[:, None], columns], total)
    return total


def sample_by_sample(order, multiply_add=lambda a, b, c: a * b + c):
    """A program that takes the samples of all bins in the order that a function makes of their numbers."""

    def pool(call, maps, y, x, type_):
        grid = order([*product(range(y.low.shape[1]), range(x.low.shape[1]))])
        samples = (sample(maps, y, x, i, j, type_, multiply_add) for i, j in grid)
        best = call.mode == "max"
        total = next(samples, np.zeros((len(maps), len(y.low), len(x.low)), type_))
        for each in samples:
            total = np.maximum(total, each) if best else total + each
        return total if best else total / type_(max(len(grid), 1))

    return pool


def fused(a, b, c):
    """As an instruction computes it that rounds once: products of float32 are exact in float64."""
    return (a.astype(np.float64) * b + c).astype(c.dtype)


def by_channels(call, maps, y, x, type_):
    pool = sample_by_sample(list)
    return np.concatenate([pool(call, one, y, x, type_) for one in np.split(maps, max(len(maps), 1))])


def through_normalised_positions(call, maps, y, x, type_):
    """As with ``grid_sample``, whose positions are from -1 to 1 over the map: in float64, as whoever does so must."""

    def there_and_back(taps, pixels):
        at = (((taps.low + taps.part) * 2 + 1) / pixels - 1).astype(np.float64)
        at = np.clip(((at + 1) * pixels - 1) / 2, 0, pixels - 1)
        low = np.floor(at).astype(int)
        return Taps(low, np.minimum(low + 1, pixels - 1), at - low, taps.inside)

    y, x = there_and_back(y, maps.shape[1]), there_and_back(x, maps.shape[2])
    return sample_by_sample(list)(call, maps, y, x, np.float64)


NORMALISED = "through normalised positions"
PROGRAMS = {
    "products of matrices": by_matrices,
    "row by row": sample_by_sample(list),
    "column by column": sample_by_sample(lambda grid: sorted(grid, key=lambda at: at[::-1])),
    "from the last to the first": sample_by_sample(lambda grid: grid[::-1]),
    "fused": sample_by_sample(list, fused),
    "channel by channel": by_channels,
    NORMALISED: through_normalised_positions,
}


def pooled(call, type_, form, program="products of matrices"):
    """What a program makes of a call, computing in a type, with positions in some form."""
    pools = []
    for number, x1, y1, x2, y2 in call.boxes:
        y, x = taps(call, 0, y1, y2, type_, form), taps(call, 1, x1, x2, type_, form)
        pools.append(
            (PROGRAMS | {NORMALISED: through_normalised_positions})[program](
                call, call.input[int(number)].astype(type_), y, x, type_
            )
        )
    return np.stack(pools).astype(call.input.dtype)
