"""Deformable RoI pooling sample by sample, of NumPy arrays ``(N, C, H, W)`` in float64: small, apart from kernels and harness."""

import math

import numpy as np


def samples(box, moved, bins, ratio, scale, gamma):
    """Where each sample lies, by its bin, and how many a bin has."""
    _, *corners = map(float, box)
    x1, y1, x2, y2 = (corner * scale - 0.5 for corner in corners)
    h, w = y2 - y1, x2 - x1
    g_y, g_x = (r if r > 0 else math.ceil(size / p) for r, size, p in zip(ratio, (h, w), bins, strict=True))
    for p, q in np.ndindex(*bins):
        for i, j in np.ndindex(max(g_y, 0), max(g_x, 0)):
            y = y1 + (p + (i + 0.5) / g_y) / bins[0] * h + gamma * h * moved[1, p, q]
            x = x1 + (q + (j + 0.5) / g_x) / bins[1] * w + gamma * w * moved[0, p, q]
            yield p, q, y, x, max(g_y * g_x, 1)


def taps(y, x, height, width):
    """Pixels and weights of a sample."""
    if not (-1 <= y <= height and -1 <= x <= width):
        return
    y, x = (min(max(at, 0.0), size - 1) for at, size in ((y, height), (x, width)))
    top, left = int(y), int(x)
    for row, down in ((top, 1 - (y - top)), (min(top + 1, height - 1), y - top)):
        for column, across in ((left, 1 - (x - left)), (min(left + 1, width - 1), x - left)):
            yield row, column, down * across


def deform_roi_pool(x, boxes, offset, bins, scale=1.0, ratio=(0, 0), gamma=0.1):
    """The output."""
    out = np.zeros((len(boxes), x.shape[1], *bins))
    for k, box in enumerate(boxes):
        for p, q, at_y, at_x, count in samples(box, offset[k].astype(float), bins, ratio, scale, gamma):
            for row, column, weight in taps(at_y, at_x, *x.shape[2:]):
                out[k, :, p, q] += weight * x[int(box[0]), :, row, column].astype(float) / count
    return out


def deform_roi_pool_backward(grad, shape, boxes, offset, scale=1.0, ratio=(0, 0), gamma=0.1):
    """The gradient for the maps."""
    out = np.zeros(shape)
    for k, box in enumerate(boxes):
        for p, q, at_y, at_x, count in samples(box, offset[k].astype(float), grad.shape[2:], ratio, scale, gamma):
            for row, column, weight in taps(at_y, at_x, *shape[2:]):
                out[int(box[0]), :, row, column] += weight * grad[k, :, p, q].astype(float) / count
    return out


def raw_slopes(image, y, x):
    """What mmcv takes for the slopes of a sample along y and x: those of the cell of the edge, where the sample was before."""
    height, width = image.shape[1:]
    if not (-1 <= y <= height and -1 <= x <= width):
        return 0.0, 0.0
    low, left = (min(int(max(at, 0.0)), size - 1) for at, size in ((y, height), (x, width)))
    high, right = min(low + 1, height - 1), min(left + 1, width - 1)
    a, b, c, d = image[:, low, left], image[:, low, right], image[:, high, left], image[:, high, right]
    return (c - a) * (right - x) + (d - b) * (x - left), (b - a) * (high - y) + (d - c) * (y - low)


def mmcv_backward_offset(grad, x, boxes, offset, scale=1.0, ratio=(0, 0), gamma=0.1):
    """The gradient for offsets as mmcv's kernel has it."""
    out, bins = np.zeros(offset.shape), grad.shape[2:]
    for k, box in enumerate(boxes):
        w, h = float(box[3] - box[1]) * scale, float(box[4] - box[2]) * scale
        for p, q, at_y, at_x, count in samples(box, offset[k].astype(float), bins, ratio, scale, gamma):
            along_y, along_x = raw_slopes(x[int(box[0])].astype(float), at_y, at_x)
            out[k, 0, p, q] += gamma * w * (grad[k, :, p, q] * along_x).sum() / count
            out[k, 1, p, q] += gamma * h * (grad[k, :, p, q] * along_y).sum() / count
    return out
