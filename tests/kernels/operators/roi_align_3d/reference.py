"""RoIAlign of volumes sample by sample, of NumPy arrays ``(N, C, D, H, W)`` in float64: small, apart from kernels and harness."""

import itertools
import math

import numpy as np


def three(value):
    """One number for all axes, or one for each."""
    return value if isinstance(value, tuple) else (value,) * 3


def samples(low, high, scale, bins, ratio, offset, least):
    """Where the samples of each bin lie along an axis; nothing where there are none."""
    start, end = low * scale - offset, high * scale - offset
    extent = max(end - start, least) if least is not None else end - start
    size = extent / bins
    grid = ratio if ratio > 0 else math.ceil(size)
    return [[start + p * size + (i + 0.5) * size / grid for i in range(max(grid, 0))] for p in range(bins)]


def taps(at, pixels):
    """Pixels and weights of a sample along an axis; none of one that is outside."""
    if not -1 <= at <= pixels:
        return ()
    at = min(max(at, 0.0), pixels - 1)
    low = int(at)
    return (low, 1 - (at - low)), (min(low + 1, pixels - 1), at - low)


def weights(shape, box, bins, scale, ratio, offset, least):
    """For each bin its voxels and their weights, over the number of samples."""
    corners = [(box[3], box[6]), (box[2], box[5]), (box[1], box[4])]
    given = zip(corners, three(scale), bins, three(ratio), strict=True)
    places = [samples(*pair, s, n, g, offset, least) for pair, s, n, g in given]
    for where in np.ndindex(*bins):
        of_bin = [axis[p] for axis, p in zip(places, where, strict=True)]
        count = max(math.prod(map(len, of_bin)), 1)
        for at in itertools.product(*of_bin):
            for voxel in itertools.product(*(taps(y, n) for y, n in zip(at, shape, strict=True))):
                yield where, tuple(i for i, _ in voxel), math.prod(w for _, w in voxel) / count


def roi_align_3d(x, boxes, bins, scale=1.0, ratio=0, offset=0.0, least=1.0):
    """The output ``(K, C, P_d, P_h, P_w)``."""
    out = np.zeros((len(boxes), x.shape[1], *bins))
    for k, box in enumerate(boxes.astype(float)):
        for where, voxel, weight in weights(x.shape[2:], box, bins, scale, ratio, offset, least):
            out[(k, slice(None), *where)] += weight * x[(int(box[0]), slice(None), *voxel)].astype(float)
    return out


def roi_align_3d_backward(grad, shape, boxes, scale=1.0, ratio=0, offset=0.0, least=1.0):
    """The gradient for the volumes."""
    out = np.zeros(shape)
    for k, box in enumerate(boxes.astype(float)):
        for where, voxel, weight in weights(shape[2:], box, grad.shape[2:], scale, ratio, offset, least):
            out[(int(box[0]), slice(None), *voxel)] += weight * grad[(k, slice(None), *where)].astype(float)
    return out


def roi_align_3d_backward_boxes(grad, x, boxes, *how, step=2.0**-20):
    """The gradient for the boxes, by central differences."""
    out = np.zeros((len(boxes), 6))
    for k, n in np.ndindex(len(boxes), 6):
        moved = np.repeat(boxes[k : k + 1].astype(float), 2, axis=0)
        moved[:, n + 1] += step, -step
        ahead, behind = roi_align_3d(x, moved, grad.shape[2:], *how)
        out[k, n] = (grad[k] * (ahead - behind)).sum() / (2 * step)
    return out
