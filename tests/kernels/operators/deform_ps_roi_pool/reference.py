"""Deformable PSRoIPool sample by sample, of NumPy arrays ``(N, C, H, W)`` in float64: small, apart from kernels and harness."""

import math

import numpy as np


def whole(x):
    """The nearest whole number; of two the one farther from 0."""
    return math.copysign(math.floor(abs(x) + 0.5), x)


def side(first, second, scale):
    """Where a RoI begins along an axis, and how long it is."""
    start = whole(first) * scale - 0.5
    return start, max((whole(second) + 1) * scale - 0.5 - start, 0.1)


def samples(box, moved, p, q, bins, ratio, scale, gamma, shape):
    """Where the samples of a bin lie that are inside: rows and columns."""
    x, w = side(box[1], box[3], scale)
    y, h = side(box[2], box[4], scale)
    y += gamma * h * moved[1] + p * h / bins[0]
    x += gamma * w * moved[0] + q * w / bins[1]
    for i, j in np.ndindex(*ratio):
        at = y + i * h / bins[0] / ratio[0], x + j * w / bins[1] / ratio[1]
        if all(-0.5 <= place <= size - 0.5 for place, size in zip(at, shape, strict=True)):
            yield at


def axis(at, size):
    """The two pixels that a sample reads along an axis, their weights, and by how much these change with it."""
    slope = 1 if 0 <= at < size - 1 else 0
    at = min(max(at, 0.0), size - 1)
    low = int(at)
    return (low, 1 - (at - low), -slope), (min(low + 1, size - 1), at - low, slope)


def reads(x_shape, boxes, offset, bins, groups, ratio, scale, gamma, channels):
    """For each RoI, channel and bin: the channel of the map, the offset's place, the RoI's sizes, and the samples inside."""
    numbers, *parts = offset.shape[1:]
    each = channels // (numbers // 2)
    for k, c, p, q in np.ndindex(len(boxes), channels, *bins):
        row, column = p * parts[0] // bins[0], q * parts[1] // bins[1]
        place = 2 * (c // each)
        moved = offset[k, place : place + 2, row, column].astype(float)
        read = (c * groups[0] + p * groups[0] // bins[0]) * groups[1] + q * groups[1] // bins[1]
        box = [float(number) for number in boxes[k]]
        found = list(samples(box, moved, p, q, bins, ratio, scale, gamma, x_shape[2:]))
        sizes = side(box[1], box[3], scale)[1], side(box[2], box[4], scale)[1]
        yield (k, c, p, q), (int(box[0]), read), (k, place, row, column), sizes, found


def deform_ps_roi_pool(x, boxes, offset, bins, groups, scale=1.0, ratio=(2, 2), gamma=0.1):
    """The output."""
    channels = x.shape[1] // (groups[0] * groups[1])
    out = np.zeros((len(boxes), channels, *bins))
    for place, of_map, _, _, found in reads(x.shape, boxes, offset, bins, groups, ratio, scale, gamma, channels):
        for y, x_ in found:
            for row, down, _ in axis(y, x.shape[2]):
                for column, across, _ in axis(x_, x.shape[3]):
                    out[place] += down * across * float(x[(*of_map, row, column)]) / len(found)
    return out


def deform_ps_roi_pool_backward(grad, shape, boxes, offset, groups, scale=1.0, ratio=(2, 2), gamma=0.1):
    """The gradient for the maps."""
    out, bins = np.zeros(shape), grad.shape[2:]
    for place, of_map, _, _, found in reads(shape, boxes, offset, bins, groups, ratio, scale, gamma, grad.shape[1]):
        for y, x in found:
            for row, down, _ in axis(y, shape[2]):
                for column, across, _ in axis(x, shape[3]):
                    out[(*of_map, row, column)] += down * across * float(grad[place]) / len(found)
    return out


def deform_ps_roi_pool_backward_offset(grad, x, boxes, offset, groups, scale=1.0, ratio=(2, 2), gamma=0.1):
    """The gradient for the offsets."""
    out, bins = np.zeros(offset.shape), grad.shape[2:]
    every = reads(x.shape, boxes, offset, bins, groups, ratio, scale, gamma, grad.shape[1])
    for place, of_map, (k, first, *part), (w, h), found in every:
        for y, x_ in found:
            arriving = float(grad[place]) / len(found) * gamma
            for row, down, steep in axis(y, x.shape[2]):
                for column, across, sloping in axis(x_, x.shape[3]):
                    pixel = float(x[(*of_map, row, column)])
                    out[(k, first, *part)] += arriving * w * down * sloping * pixel
                    out[(k, first + 1, *part)] += arriving * h * steep * across * pixel
    return out
