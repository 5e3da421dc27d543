"""Rotated RoIAlign sample by sample, of NumPy arrays ``(N, C, H, W)`` in float64: small, and apart from kernels and harness."""

import math

import numpy as np


def samples(box, bins, ratio, scale, clockwise):
    """Where each sample lies, by its bin, and how many a bin has."""
    _, cx, cy, w, h, angle = map(float, box)
    h, w, turn = h * scale, w * scale, -angle if clockwise else angle
    g_y, g_x = (r if r > 0 else math.ceil(size / p) for r, size, p in zip(ratio, (h, w), bins, strict=True))
    for p, q in np.ndindex(*bins):
        for i, j in np.ndindex(max(g_y, 0), max(g_x, 0)):
            v = ((p + (i + 0.5) / g_y) / bins[0] - 0.5) * h
            u = ((q + (j + 0.5) / g_x) / bins[1] - 0.5) * w
            y = cy * scale - 0.5 + v * math.cos(turn) - u * math.sin(turn)
            x = cx * scale - 0.5 + v * math.sin(turn) + u * math.cos(turn)
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


def roi_align_rotated(x, boxes, bins, scale=1.0, ratio=(0, 0), clockwise=False):
    """The output."""
    out = np.zeros((len(boxes), x.shape[1], *bins))
    for k, box in enumerate(boxes):
        for p, q, at_y, at_x, count in samples(box, bins, ratio, scale, clockwise):
            for row, column, weight in taps(at_y, at_x, *x.shape[2:]):
                out[k, :, p, q] += weight * x[int(box[0]), :, row, column].astype(float) / count
    return out


def roi_align_rotated_backward(grad, shape, boxes, scale=1.0, ratio=(0, 0), clockwise=False):
    """The gradient for the maps."""
    out = np.zeros(shape)
    for k, box in enumerate(boxes):
        for p, q, at_y, at_x, count in samples(box, grad.shape[2:], ratio, scale, clockwise):
            for row, column, weight in taps(at_y, at_x, *shape[2:]):
                out[int(box[0]), :, row, column] += weight * grad[k, :, p, q].astype(float) / count
    return out


def roi_align_rotated_backward_boxes(grad, x, boxes, scale=1.0, ratio=(0, 0), clockwise=False, step=2.0**-20):
    """The gradient for the boxes, by central differences."""
    out = np.zeros((len(boxes), 5))
    for k, n in np.ndindex(len(boxes), 5):
        moved = np.repeat(boxes[k : k + 1].astype(float), 2, axis=0)
        moved[:, n + 1] += step, -step
        ahead, behind = roi_align_rotated(x, moved, grad.shape[2:], scale, ratio, clockwise)
        out[k, n] = (grad[k] * (ahead - behind)).sum() / (2 * step)
    return out
