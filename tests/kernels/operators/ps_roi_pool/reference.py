"""PSRoIPool in exact arithmetic, pixel by pixel, of NumPy arrays ``(N, C, H, W)``: small, and apart from kernels and harness."""

import itertools
import math
from fractions import Fraction

import numpy as np


def nearest(x):
    """The nearest whole number; of two, the one farther from 0."""
    return math.floor(x + Fraction(1, 2)) if x >= 0 else math.ceil(x - Fraction(1, 2))


def span(low, high, scale, corners):
    """Where a RoI begins and ends, in feature pixels."""
    if corners == "after_scale":
        return Fraction(nearest(low * scale)), Fraction(nearest(high * scale))
    last = nearest(high + 1) if corners == "one_added_first" else nearest(high) + 1
    return nearest(low) * scale, last * scale


def positions(extent, bins, dialect, dtype):
    """Where bins begin from the start of the RoI, and where the last ends."""
    if dialect.edges == "exact" or dialect.corners != "after_scale":
        return [Fraction(p) * extent / bins for p in range(bins + 1)]
    kind = np.dtype({"map": dtype, "float32": np.float32, "float64": np.float64}[dialect.edges]).type
    step = kind(kind(float(extent)) / kind(bins))
    return [Fraction(float(kind(kind(p) * step))) for p in range(bins + 1)]


def windows(low, high, scale, bins, size, dialect, dtype):
    """The pixels of each bin along an axis, as slices."""
    start, end = span(Fraction(float(low)), Fraction(float(high)), Fraction(scale), dialect.corners)
    extent = max(end - start, Fraction(1) if dialect.min_size == "one" else Fraction(1, 10))
    last = size - 1 if dialect.clip == "before_last" else size
    found = []
    for here, there in itertools.pairwise(positions(extent, bins, dialect, dtype)):
        first, stop = (min(max(edge, 0), last) for edge in (math.floor(start + here), math.ceil(start + there)))
        found.append(slice(first, max(first, stop)))
    return found


def bins_of(boxes, shape, size, scale, dialect, dtype):
    """Every bin of every RoI with its image and pixels: ``k, p, q, image, rows, columns``."""
    for k, (image, x1, y1, x2, y2) in enumerate(boxes):
        ys = windows(y1, y2, scale[0], size[0], shape[2], dialect, dtype)
        xs = windows(x1, x2, scale[1], size[1], shape[3], dialect, dtype)
        for (p, rows), (q, columns) in itertools.product(enumerate(ys), enumerate(xs)):
            yield k, p, q, int(image), rows, columns


def ps_roi_pool(x, boxes, size, scale, dialect):
    """The output, in float64: exact but for the division."""
    groups = size[0] * size[1]
    out = np.zeros((len(boxes), x.shape[1] // groups, *size))
    for k, p, q, image, rows, columns in bins_of(boxes, x.shape, size, scale, dialect, x.dtype):
        pixels = x[image, p * size[1] + q :: groups, rows, columns].astype(float)
        count = pixels[0].size
        out[k, :, p, q] = pixels.sum(axis=(1, 2)) / count if count else 0
    return out


def ps_roi_pool_backward(grad, shape, boxes, scale, dialect):
    """The gradient for the maps, in float64."""
    out, size = np.zeros(shape), grad.shape[2:]
    for k, p, q, image, rows, columns in bins_of(boxes, shape, size, scale, dialect, grad.dtype):
        count = (rows.stop - rows.start) * (columns.stop - columns.start)
        if count:
            share = grad[k, :, p, q].astype(float) / count
            out[image, p * size[1] + q :: size[0] * size[1], rows, columns] += share[:, None, None]
    return out
