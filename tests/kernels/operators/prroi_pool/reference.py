"""PrRoIPool by a quadrature that is exact, of NumPy arrays ``(N, C, H, W)``: small, and apart from kernels and harness.

The surface is linear in each cell: the mean over a part of one is its value in the middle, and that of a product with another
linear function Simpson's rule has exactly.
"""

import math

import numpy as np


def parts(a, b, size):
    """From where to where a bin covers each cell in which the map counts."""
    for m in range(max(math.floor(a), -1), min(math.ceil(b), size)):
        low, high = max(a, m), min(b, m + 1)
        if high > low:
            yield low, high


def tents(y, size):
    """What each pixel counts at a position."""
    return np.maximum(1 - abs(y - np.arange(size)), 0)


def weights(low, high, scale, bins, size):
    """What each bin weighs every pixel with, ``(P, size)``, and where bins begin and end."""
    start, extent = low * scale, max(high * scale - low * scale, 0)
    found, edges = np.zeros((bins, size)), start + np.arange(bins + 1) * extent / bins
    for p in range(bins):
        for first, last in parts(edges[p], edges[p + 1], size):
            found[p] += (last - first) / (extent / bins) * tents((first + last) / 2, size)
    return found, edges


def motions(edges, size):
    """How the weights of each bin change with the two corners of the RoI, feature pixels, ``(2, P, size)``."""
    bins = len(edges) - 1
    found = np.zeros((2, bins, size))
    for p in range(bins):
        a, b = edges[p], edges[p + 1]
        for first, last in parts(a, b, size):
            middle = (first + last) / 2
            slope = tents(last, size) - tents(first, size)  # over the part
            of_start, of_end = ((b - middle) / (b - a) ** 2, (middle - a) / (b - a) ** 2)
            found[0, p] += slope * (of_start * (1 - p / bins) + of_end * (1 - (p + 1) / bins))
            found[1, p] += slope * (of_start * p / bins + of_end * (p + 1) / bins)
    return found


def axes(box, shape, size, scale):
    """Weights and edges along y and x."""
    _, x1, y1, x2, y2 = box.astype(float)
    return weights(y1, y2, scale, size[0], shape[2]), weights(x1, x2, scale, size[1], shape[3])


def prroi_pool(x, boxes, size, scale=1.0):
    """The output, in float64."""
    out = np.zeros((len(boxes), x.shape[1], *size))
    for k, box in enumerate(boxes):
        (y, _), (x_, _) = axes(box, x.shape, size, scale)
        out[k] = y @ x[int(box[0])].astype(float) @ x_.T
    return out


def prroi_pool_backward(grad, shape, boxes, scale=1.0):
    """The gradient for the maps, in float64."""
    out = np.zeros(shape)
    for box, sent in zip(boxes, grad.astype(float), strict=True):
        (y, _), (x_, _) = axes(box, shape, grad.shape[2:], scale)
        out[int(box[0])] += y.T @ sent @ x_
    return out


def prroi_pool_backward_boxes(grad, x, boxes, scale=1.0):
    """The gradient for the boxes, in float64."""
    out = np.zeros((len(boxes), 4))
    for k, (box, sent) in enumerate(zip(boxes, grad.astype(float), strict=True)):
        (y, edges_y), (x_, edges_x) = axes(box, x.shape, grad.shape[2:], scale)
        if not (y.any() and x_.any()):
            continue
        maps, along_y, along_x = (
            x[int(box[0])].astype(float),
            motions(edges_y, x.shape[2]),
            motions(edges_x, x.shape[3]),
        )
        for n in range(2):
            out[k, 2 * n] = (sent * (y @ maps @ along_x[n].T)).sum() * scale
            out[k, 2 * n + 1] = (sent * (along_y[n] @ maps @ x_.T)).sum() * scale
    return out
