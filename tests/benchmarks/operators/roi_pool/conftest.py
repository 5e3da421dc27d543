import math

import numpy as np
import pytest

from benchmarks.operators.roi_pool.operator import ROI_POOL
from benchmarks.workloads import Row
from roikit import kernels


def boxes_of_both_levels(rng, count):
    """Boxes of stride 8 and of stride 16, on an image of 320 × 500 pixels; some over its edge."""
    sides = np.where(np.arange(count)[:, None] % 2, rng.uniform(230, 300, (count, 2)), rng.uniform(20, 60, (count, 2)))
    first = rng.uniform(-0.1, 1, (count, 2)) * ((500, 320) - sides)
    return np.hstack([first, first + sides])


@pytest.fixture
def small_pool(small, monkeypatch):
    """A row of two levels that is measured in no time, under the name a1."""
    row = Row("a1", "small", 2, 6, 9, (8, 16), 3, boxes_of_both_levels)
    monkeypatch.setitem(ROI_POOL.cpu_rows, "a1", row)
    monkeypatch.setitem(ROI_POOL.gpu_rows, "a1", row)
    return row


def bins_of(box, scale, bins, size):
    """The rules once more, one bin at a time."""
    corners = [math.copysign(math.floor(abs(c) * scale + 0.5), c) for c in box[1:].astype(float)]
    for p in range(bins):
        for q in range(bins):
            edges = []
            for axis, number in ((1, p), (0, q)):
                first, extent = int(corners[axis]), int(max(corners[axis + 2] - corners[axis] + 1, 1))
                edges += [first + number * extent // bins, first - (-(number + 1) * extent // bins)]
            top, bottom, left, right = edges
            yield p, q, slice(max(top, 0), max(bottom, 0)), slice(max(left, 0), max(right, 0))


def pool_on_host(maps, boxes, bins, scale, *, mode, layout, dialect, out):
    assert dialect == "roikit"
    maps, result = (array if layout == "NCHW" else array.transpose(0, 3, 1, 2) for array in (maps, out))
    for k, box in enumerate(boxes):
        for p, q, ys, xs in bins_of(box, scale, bins, maps.shape[2:]):
            pixels = maps[int(box[0])][:, ys, xs].astype(np.float64)
            if pixels.size:
                result[k, :, p, q] = pixels.max(axis=(1, 2)) if mode == "max" else pixels.mean(axis=(1, 2))
            else:
                result[k, :, p, q] = 0
    return out


def gradient_on_host(grad, boxes, shape, scale, *, mode, layout, dialect, out, input=None):
    assert (input is None) == (mode == "avg")
    assert shape == out.shape
    turned = (grad, out) if layout == "NCHW" else (array.transpose(0, 3, 1, 2) for array in (grad, out))
    sent, result = turned
    found = np.zeros(result.shape)
    if mode == "max":
        maps = (input if layout == "NCHW" else input.transpose(0, 3, 1, 2)).astype(np.float64)
    for k, box in enumerate(boxes):
        image = found[int(box[0])]
        for p, q, ys, xs in bins_of(box, scale, sent.shape[-1], result.shape[2:]):
            window, arriving = image[:, ys, xs], sent[k, :, p, q].astype(np.float64)
            if not window.size:
                continue
            if mode == "avg":
                window += arriving[:, None, None] / window[0].size
                continue
            best = maps[int(box[0])][:, ys, xs].reshape(len(window), -1).argmax(axis=1)
            y, x = np.unravel_index(best, window.shape[1:])
            window[np.arange(len(window)), y, x] += arriving
    result[...] = found
    return out


@pytest.fixture(autouse=True)
def kernels_or_stand_ins(monkeypatch):
    """Our kernels; as long as there are none, what stands for them."""
    for name, stand_in in (("roi_pool", pool_on_host), ("roi_pool_backward", gradient_on_host)):
        if not hasattr(kernels, name):
            monkeypatch.setattr(kernels, name, stand_in, raising=False)
