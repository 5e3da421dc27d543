"""Rotation-invariant RoIAlign sample by sample, of NumPy arrays ``(N, C, H, W)`` in float64: apart from kernels and harness."""

import math

import numpy as np


def samples(box, bins, ratio, scale, clockwise):
    """Where each sample lies, by its bin, and how many a bin has."""
    _, cx, cy, w, h, angle = map(float, box)
    h, w, turn = max(h * scale, 1), max(w * scale, 1), -angle if clockwise else angle
    g_y, g_x = (r if r > 0 else math.ceil(size / p) for r, size, p in zip(ratio, (h, w), bins, strict=True))
    for p, q in np.ndindex(*bins):
        for i, j in np.ndindex(g_y, g_x):
            v = ((p + (i + 0.5) / g_y) / bins[0] - 0.5) * h
            u = ((q + (j + 0.5) / g_x) / bins[1] - 0.5) * w
            y = cy * scale + v * math.cos(turn) - u * math.sin(turn)
            x = cx * scale + v * math.sin(turn) + u * math.cos(turn)
            yield p, q, y, x, g_y * g_x


def taps(y, x, height, width):
    """Pixels and weights of a sample."""
    if not (-1 <= y <= height and -1 <= x <= width):
        return
    y, x = (min(max(at, 0.0), size - 1) for at, size in ((y, height), (x, width)))
    top, left = int(y), int(x)
    for row, down in ((top, 1 - (y - top)), (min(top + 1, height - 1), y - top)):
        for column, across in ((left, 1 - (x - left)), (min(left + 1, width - 1), x - left)):
            yield row, column, down * across


def mixture(box, channels, orientations):
    """As a matrix: how much each channel of the output has of each of the map."""
    index = float(box[5]) * orientations / (2 * math.pi)
    whole = math.floor(index)
    found = np.zeros((channels, channels))
    for c in range(channels):
        feature, o = divmod(c, orientations)
        for n, part in ((0, 1 - (index - whole)), (1, index - whole)):
            found[c, feature * orientations + (o - whole + n) % orientations] += part
    return found


def riroi_align_rotated(x, boxes, bins, scale=1.0, ratio=(0, 0), orientations=8, clockwise=False):
    """The output."""
    out = np.zeros((len(boxes), x.shape[1], *bins))
    for k, box in enumerate(boxes):
        mixed = mixture(box, x.shape[1], orientations)
        for p, q, at_y, at_x, count in samples(box, bins, ratio, scale, clockwise):
            for row, column, weight in taps(at_y, at_x, *x.shape[2:]):
                out[k, :, p, q] += weight * (mixed @ x[int(box[0]), :, row, column].astype(float)) / count
    return out


def riroi_align_rotated_backward(grad, shape, boxes, scale=1.0, ratio=(0, 0), orientations=8, clockwise=False):
    """The gradient for the maps."""
    out = np.zeros(shape)
    for k, box in enumerate(boxes):
        mixed = mixture(box, shape[1], orientations)
        for p, q, at_y, at_x, count in samples(box, grad.shape[2:], ratio, scale, clockwise):
            for row, column, weight in taps(at_y, at_x, *shape[2:]):
                out[int(box[0]), :, row, column] += weight * (mixed.T @ grad[k, :, p, q].astype(float)) / count
    return out


def riroi_align_rotated_backward_boxes(
    grad, x, boxes, scale=1.0, ratio=(0, 0), orientations=8, clockwise=False, step=2.0**-20
):
    """The gradient for the boxes, by central differences."""
    out = np.zeros((len(boxes), 5))
    for k, n in np.ndindex(len(boxes), 5):
        moved = np.repeat(boxes[k : k + 1].astype(float), 2, axis=0)
        moved[:, n + 1] += step, -step
        ahead, behind = riroi_align_rotated(x, moved, grad.shape[2:], scale, ratio, orientations, clockwise)
        out[k, n] = (grad[k] * (ahead - behind)).sum() / (2 * step)
    return out
