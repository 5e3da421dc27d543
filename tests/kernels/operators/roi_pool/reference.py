"""RoIPool in exact arithmetic, pixel by pixel, of NumPy arrays ``(N, C, H, W)``: small, and apart from kernels and harness."""

import itertools
import math
from fractions import Fraction

import ml_dtypes
import numpy as np

LOWEST = -float(np.finfo(np.float32).max)  # which is -inf once it is stored in 16 bits


def snap(x, how):
    if how == "half_away":
        return math.copysign(math.floor(abs(x) + Fraction(1, 2)), x)
    return {"none": x, "half_even": round(x), "half_up": math.floor(x + Fraction(1, 2))}[how]


def edges(extent, bins, dialect, dtype):
    """Where bins begin from the start of the RoI, and where the last ends."""
    if dialect.edges == "exact":
        return [Fraction(p) * extent / bins for p in range(bins + 1)]
    types = {"map": dtype, "float32": np.float32, "float64": np.float64, "accumulated": np.float32}
    kind = np.dtype(types[dialect.edges]).type
    step = kind(kind(float(extent)) / kind(bins))
    if dialect.edges == "accumulated":
        at = [kind(0)]
        for _ in range(bins):
            at.append(kind(at[-1] + step))
    else:
        at = [kind(kind(p) * step) for p in range(bins + 1)]
    return [Fraction(float(x)) for x in at]


def windows(low, high, scale, bins, size, dialect, dtype):
    """The pixels of each bin along an axis, as slices."""
    low, high = Fraction(float(low)), Fraction(float(high)) + (dialect.end == "before_scale")
    start, stop = (Fraction(snap(x * Fraction(scale), dialect.snap)) for x in (low, high))
    extent = stop - start + (dialect.end == "inclusive")
    if dialect.min_size == "one":
        extent = max(extent, Fraction(1))
    if extent <= 0:
        return [slice(0, 0)] * bins
    at = edges(extent, bins, dialect, dtype)
    inside = start if dialect.shift == "inside" else 0
    after = 0 if dialect.shift == "inside" else int(start)
    found = []
    for here, there in itertools.pairwise(at):
        first, end = (
            min(max(edge + after, 0), size) for edge in (math.floor(inside + here), math.ceil(inside + there))
        )
        found.append(slice(first, max(first, end)))
    return found


def takes(best, pixel, dialect):
    """Whether the pixel takes the place of the best so far; either may be NaN."""
    if math.isnan(pixel) or math.isnan(best):
        return dialect.nan.startswith("if_last") or (dialect.nan == "propagates" and not math.isnan(best))
    return pixel > best


def maximum(pixels, dialect, ends_map):
    """The maximum of a window of pixels, and where in it; None where nothing is sent to."""
    lowest_of_map = -float(ml_dtypes.finfo(pixels.dtype).max)
    best, where = {"lowest": LOWEST, "lowest_of_map": lowest_of_map, "minus_infinity": -math.inf}[dialect.start], None
    if dialect.nan == "if_first" and math.isnan(pixels[0, 0]):
        return math.nan, None
    for index in np.ndindex(pixels.shape):
        pixel = float(pixels[index])
        if takes(best, pixel, dialect):
            best, where = pixel, index if pixel > -math.inf else None
    if math.isnan(best) and dialect.nan == "if_last_of_map" and not ends_map:
        best = -math.inf
    return best, where


def bins_of(boxes, shape, size, scale, dialect, dtype):
    """Every bin of every RoI with its image and pixels: ``k, p, q, image, rows, columns``."""
    for k, (image, x1, y1, x2, y2) in enumerate(boxes):
        ys = windows(y1, y2, scale[0], size[0], shape[2], dialect, dtype)
        xs = windows(x1, x2, scale[1], size[1], shape[3], dialect, dtype)
        for p, rows in enumerate(ys):
            for q, columns in enumerate(xs):
                yield k, p, q, int(image), rows, columns


def roi_pool(x, boxes, size, scale, mode, dialect):
    """The output, in float64: exact but for the division of an average."""
    out = np.zeros((len(boxes), x.shape[1], *size))
    empty = -math.inf if mode == "max" and dialect.empty == "minus_infinity" else 0.0
    for k, p, q, image, rows, columns in bins_of(boxes, x.shape, size, scale, dialect, x.dtype):
        for c in range(x.shape[1]):
            pixels = x[image, c, rows, columns]
            if pixels.size == 0:
                out[k, c, p, q] = empty
            elif mode == "max":
                out[k, c, p, q] = maximum(pixels, dialect, (rows.stop, columns.stop) == x.shape[2:])[0]
            else:
                out[k, c, p, q] = pixels.astype(float).sum() / pixels.size
    return out


def roi_pool_backward(grad, x, boxes, scale, mode, dialect):
    """The gradient for the maps, in float64."""
    out = np.zeros(x.shape)
    for k, p, q, image, rows, columns in bins_of(boxes, x.shape, grad.shape[2:], scale, dialect, x.dtype):
        for c in range(x.shape[1]):
            pixels, arriving = x[image, c, rows, columns], float(grad[k, c, p, q])
            if mode == "avg" and pixels.size:
                out[image, c, rows, columns] += arriving / pixels.size
            elif pixels.size:
                where = maximum(pixels, dialect, ends_map=False)[1]
                if where is not None:
                    out[image, c, rows.start + where[0], columns.start + where[1]] += arriving
    return out
