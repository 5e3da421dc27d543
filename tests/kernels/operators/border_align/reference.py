"""BorderAlign point by point, of NumPy arrays ``(N, 4 C, H, W)`` in float64: small, and apart from kernels and harness."""

import numpy as np


def points(box, pool_size, offset=0.0):
    """The points of each side, y and x, from where it begins."""
    x1, y1, x2, y2 = (float(number) - offset for number in box[1:])
    along = [i / pool_size for i in range(pool_size + 1)]
    return [
        [(y1, x1 + t * (x2 - x1)) for t in along],
        [(y1 + t * (y2 - y1), x1) for t in along],
        [(y2, x2 - t * (x2 - x1)) for t in along],
        [(y2 - t * (y2 - y1), x2) for t in along],
    ]


def taps(y, x, height, width):
    """Pixels and weights of a point; none of one that is outside."""
    if not (-1 <= y <= height and -1 <= x <= width):
        return
    y, x = (min(max(at, 0.0), size - 1) for at, size in ((y, height), (x, width)))
    top, left = int(y), int(x)
    for row, down in ((top, 1 - (y - top)), (min(top + 1, height - 1), y - top)):
        for column, across in ((left, 1 - (x - left)), (min(left + 1, width - 1), x - left)):
            yield row, column, down * across


def values(plane, side):
    """What the points of a side read of a plane."""
    return [sum(plane[row, column] * weight for row, column, weight in taps(*at, *plane.shape)) for at in side]


def border_align(x, boxes, pool_size, offset=0.0):
    """The output ``(K, C, 4)``."""
    channels = x.shape[1] // 4
    out = np.zeros((len(boxes), channels, 4))
    for k, box in enumerate(boxes):
        for r, side in enumerate(points(box, pool_size, offset)):
            for c in range(channels):
                out[k, c, r] = max(values(x[int(box[0]), r * channels + c].astype(float), side))
    return out


def border_align_backward(grad, x, boxes, pool_size, offset=0.0):
    """The gradient for the maps."""
    channels, out = x.shape[1] // 4, np.zeros(x.shape)
    for k, box in enumerate(boxes):
        for r, side in enumerate(points(box, pool_size, offset)):
            for c in range(channels):
                at = int(box[0]), r * channels + c
                won = int(np.argmax(values(x[at].astype(float), side)))
                for row, column, weight in taps(*side[won], *x.shape[2:]):
                    out[at][row, column] += weight * float(grad[k, c, r])
    return out


def border_align_backward_boxes(grad, x, boxes, pool_size, offset=0.0, step=2.0**-20):
    """The gradient for the boxes, by central differences."""
    out = np.zeros((len(boxes), 4))
    for k, n in np.ndindex(len(boxes), 4):
        moved = np.repeat(boxes[k : k + 1].astype(float), 2, axis=0)
        moved[:, n + 1] += step, -step
        ahead, behind = border_align(x, moved, pool_size, offset)
        out[k, n] = (grad[k] * (ahead - behind)).sum() / (2 * step)
    return out
