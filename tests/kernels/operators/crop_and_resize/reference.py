"""crop_and_resize in exact arithmetic, point by point, of NumPy arrays ``(N, C, H, W)``: apart from kernels and harness."""

import itertools
import math
from fractions import Fraction

import numpy as np


def positions(first, second, points, size):
    """Where the points of a box are along an axis, in pixels."""
    first, second = Fraction(float(first)), Fraction(float(second))
    if points == 1:
        return [(first + second) / 2 * (size - 1)]
    return [(first + (second - first) * Fraction(i, points - 1)) * (size - 1) for i in range(points)]


def taps(at, size, method):
    """The pixels that a point reads, with their weights; none outside."""
    if not 0 <= at <= size - 1:
        return []
    if method == "nearest":
        return [(math.floor(at + Fraction(1, 2)), Fraction(1))]
    low = math.floor(at)
    return [(low, 1 - (at - low))] + [(low + 1, at - low)] * (at > low)


def slopes(at, size, knot):
    """The pixels whose difference is the slope at a point, with their signs; none outside, or where there is no slope."""
    if not 0 <= at <= size - 1:
        return []
    low, high = math.floor(at), math.ceil(at)
    if low == high and knot == "right":
        high = min(low + 1, size - 1)
    return [(high, 1), (low, -1)] if high > low else []


def points_of(boxes, shape, size):
    """Every point of every box: ``k, p, q, image, y, x``."""
    for k, (image, y1, x1, y2, x2) in enumerate(boxes):
        ys, xs = positions(y1, y2, size[0], shape[2]), positions(x1, x2, size[1], shape[3])
        for (p, y), (q, x) in itertools.product(enumerate(ys), enumerate(xs)):
            yield k, p, q, int(image), y, x


def crop_and_resize(image, boxes, size, method="bilinear", outside=0.0):
    """The crops, in float64, of boxes ``[image, y1, x1, y2, x2]``."""
    out = np.full((len(boxes), image.shape[1], *size), float(outside))
    for k, p, q, n, y, x in points_of(boxes, image.shape, size):
        weights = [
            (row, column, float(a * b))
            for row, a in taps(y, image.shape[2], method)
            for column, b in taps(x, image.shape[3], method)
        ]
        if weights:
            out[k, :, p, q] = sum(w * image[n, :, row, column].astype(float) for row, column, w in weights)
    return out


def crop_and_resize_backward(grad, shape, boxes, method="bilinear"):
    """The gradient for the images, in float64."""
    out = np.zeros(shape)
    for k, p, q, n, y, x in points_of(boxes, shape, grad.shape[2:]):
        for row, a in taps(y, shape[2], method):
            for column, b in taps(x, shape[3], method):
                out[n, :, row, column] += grad[k, :, p, q].astype(float) * float(a * b)
    return out


def crop_and_resize_backward_boxes(grad, image, boxes, knot):
    """The gradient for the boxes of ``bilinear``, in float64: y1, x1, y2, x2."""
    out, (_, _, height, width), size = np.zeros((len(boxes), 4)), image.shape, grad.shape[2:]
    for k, p, q, n, y, x in points_of(boxes, image.shape, size):
        of_y = [(r, c, s * float(w)) for r, s in slopes(y, height, knot) for c, w in taps(x, width, "bilinear")]
        of_x = [(r, c, s * float(w)) for c, s in slopes(x, width, knot) for r, w in taps(y, height, "bilinear")]
        for axis, terms, i, points, pixels in ((0, of_y, p, size[0], height), (1, of_x, q, size[1], width)):
            sent = sum(w * float(grad[k, :, p, q].astype(float) @ image[n, :, r, c].astype(float)) for r, c, w in terms)
            share = i / (points - 1) if points > 1 else 0.5
            out[k, axis] += sent * (pixels - 1) * (1 - share)
            out[k, axis + 2] += sent * (pixels - 1) * share
    return out
