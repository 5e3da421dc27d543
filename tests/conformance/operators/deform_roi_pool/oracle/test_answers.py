"""Which answers the oracle of deformable RoI pooling gives: published numbers, RoIAlign's, differences, and bounds that hold."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roikit.conformance.arrays import numpy_dtype
from roikit.conformance.operation import Operation
from roikit.conformance.operators.deform_roi_pool.draws.chance import arguments
from roikit.conformance.operators.deform_roi_pool.oracle.face import ORACLE
from roikit.conformance.operators.roi_align.oracle.output import roi_align
from roikit.kernels.dialects.deform_roi_pool import DIALECTS
from roikit.kernels.dialects.roi_align import DIALECTS as OF_ROI_ALIGN

OURS, MMCV = DIALECTS["roikit"], DIALECTS["mmcv"]


def as_rows(array):
    return {"shape": list(array.shape), "rows": array.reshape(-1, array.shape[-1]).tolist()}


def case(maps, boxes, size=(2, 2), ratio=(2, 2), scale=1.0, offset=None, gamma=0.25, grad=None):
    found = {
        "input": as_rows(maps),
        "boxes": boxes,
        "output_size": list(size),
        "spatial_scale": [scale] * 2,
        "sampling_ratio": list(ratio),
        "gamma": gamma,
        "mode": "avg",
    }
    found |= {} if offset is None else {"offset": as_rows(offset)}
    return found | ({} if grad is None else {"grad": as_rows(grad)})


def test_what_mmcv_has_published():
    two = np.array([[[[1, 2], [3, 4.0]]]])
    four = np.array([[[[1, 2, 5, 6], [3, 4, 7, 8], [9, 10, 13, 14], [11, 12, 15, 16.0]]]])
    still, ones = np.zeros((1, 2, 2, 2)), np.ones((1, 1, 2, 2))
    row = np.array([0.47265625, 0.4296875, 0.4296875, 0.04296875])
    for maps, corner, output, sent in (
        (two, 1, [1, 1.25, 1.5, 1.75], [3.0625, 0.4375, 0.4375, 0.0625]),
        (four, 3, [1.9375, 4.75, 7.5625, 10.375], np.outer(row, row) / row[0]),
    ):
        asked = case(maps, [[0, 0, 0, corner, corner]], offset=still, grad=ones)
        found = ORACLE.answer_in(asked, Operation.FORWARD, MMCV, "float32")
        assert found.bound is None
        assert np.ravel(found.output).tolist() == output
        found = ORACLE.answer_in(asked, Operation.FEATURE_GRADIENT, MMCV, "float32")
        assert np.allclose(np.ravel(found.output), np.ravel(sent), rtol=1e-6)


def test_the_slopes_that_the_rules_cite():
    """DP-8: what mmcv's kernel was seen to give at three points beyond the edges, and what the value does."""
    y, x = np.mgrid[:5, :5]
    maps = ((7 * y * y + 3 * x * x + 5 * x * y) % 23).astype(float)[None, None]
    at = np.array([(-0.5, 1.25), (4.5, 1.25), (1.25, 4.25)])
    offset = (at - 1.5)[:, ::-1].reshape(3, 2, 1, 1)
    asked = case(maps, [[0, 1, 1, 3, 3]] * 3, (1, 1), (1, 1), offset=offset, gamma=0.5, grad=np.ones((3, 1, 1, 1)))
    ours = ORACLE.values(asked, Operation.OFFSET_GRADIENT, OURS)[..., 0, 0]
    theirs = ORACLE.values(asked, Operation.OFFSET_GRADIENT, MMCV)[..., 0, 0]
    assert ours.tolist() == [[9, 0], [-17, 0], [0, -5]]
    assert theirs[0, 0] == 18
    assert theirs[1:].tolist() == [[0, 0], [0, 0]]


@settings(max_examples=30, deadline=None)
@given(arguments(classes=("still",)))
def test_without_offsets_it_is_roi_align(given_):
    found = ORACLE.values(given_, Operation.FORWARD, OURS)
    maps = np.array(given_["input"]["rows"], float).reshape(given_["input"]["shape"])
    size, scale, ratio = (tuple(given_[name]) for name in ("output_size", "spatial_scale", "sampling_ratio"))
    other = roi_align(
        maps, np.array(given_["boxes"], float), size, scale, ratio, "avg", OF_ROI_ALIGN["torchvision-aligned"]
    )
    assert (found == other.values).all()


@pytest.mark.parametrize("operation", [Operation.OFFSET_GRADIENT, Operation.BOX_GRADIENT])
def test_gradients_are_those_of_differences(operation):
    chance = np.random.default_rng(3)
    maps, grad = chance.integers(-8, 9, (1, 2, 6, 7)).astype(float), chance.integers(-4, 5, (2, 2, 2, 2)).astype(float)
    boxes, offset = np.array([[0, 0.6, 1.1, 4.3, 5.4], [0, 5.2, -2.3, 1.1, 8.7]]), chance.normal(size=(2, 2, 2, 2))
    how = {"scale": 0.9, "gamma": 0.3}
    exact = ORACLE.values(case(maps, boxes.tolist(), offset=offset, grad=grad, **how), operation, OURS)
    step = 2.0**-20

    def pooled(sign, place):
        moved = boxes.copy(), offset.copy()
        if operation == Operation.BOX_GRADIENT:
            moved[0][place[0], place[1] + 1] += sign * step
        else:
            moved[1][place] += sign * step
        asked = case(maps, moved[0].tolist(), offset=moved[1], **how)
        return (ORACLE.values(asked, Operation.FORWARD, OURS) * grad).sum()

    for place in np.ndindex(exact.shape):
        difference = float(pooled(1, place) - pooled(-1, place)) / (2 * step)
        assert abs(float(exact[place]) - difference) < 1e-7, place


def in_floats(given_, dtype):
    """The output by a straightforward computation in a data type, as somebody else may have written it."""
    kind = numpy_dtype(dtype).type
    maps = np.array(given_["input"]["rows"], kind).reshape(given_["input"]["shape"])
    height, width = maps.shape[2:]
    bins, gamma = given_["output_size"], kind(given_["gamma"])
    scale_y, scale_x = map(kind, given_["spatial_scale"])
    out = np.zeros((len(given_["boxes"]), maps.shape[1], *bins), kind)
    moved = np.array(given_["offset"]["rows"], kind).reshape(given_["offset"]["shape"])
    for k, row in enumerate(given_["boxes"]):
        x1, y1, x2, y2 = (kind(number) for number in row[1:])
        h, w = (y2 - y1) * scale_y, (x2 - x1) * scale_x
        g_y, g_x = (
            g or max(math.ceil(size / kind(p)), 0)
            for g, size, p in zip(given_["sampling_ratio"], (h, w), bins, strict=True)
        )
        for p, q, i, j in np.ndindex(*bins, g_y, g_x):
            bin_h, bin_w = h / kind(bins[0]), w / kind(bins[1])
            y = kind(p) * bin_h + (kind(i) + kind(0.5)) * bin_h / kind(g_y) + (y1 * scale_y - kind(0.5))
            x = kind(q) * bin_w + (kind(j) + kind(0.5)) * bin_w / kind(g_x) + (x1 * scale_x - kind(0.5))
            y, x = y + moved[k, 1, p, q] * h * gamma, x + moved[k, 0, p, q] * gamma * w
            if not (-1 <= y <= height and -1 <= x <= width):
                continue
            y, x = min(max(y, kind(0)), kind(height - 1)), min(max(x, kind(0)), kind(width - 1))
            top, left = int(y), int(x)
            bottom, right = min(top + 1, height - 1), min(left + 1, width - 1)
            down, across = y - kind(top), x - kind(left)
            image = maps[int(row[0])]
            above = image[:, top, left] * (1 - across) + image[:, top, right] * across
            below = image[:, bottom, left] * (1 - across) + image[:, bottom, right] * across
            out[k, :, p, q] += above * (1 - down) + below * down
        out[k] /= kind(max(g_y * g_x, 1))
    return out


@settings(max_examples=60, deadline=None)
@given(
    arguments(classes=("ordinary", "thrown", "tiny", "huge", "outside", "inverted", "free")),
    st.sampled_from(["float32", "float64"]),
)
def test_bounds_hold_of_another_computation(given_, dtype):
    answer = ORACLE.answer_in(given_, Operation.FORWARD, OURS, dtype)
    if answer is None:
        return
    got = in_floats(given_, dtype).astype(float)
    bound = np.zeros(got.shape) if answer.bound is None else np.array(answer.bound, float)
    off = abs(got - np.array(answer.output, float))
    assert (np.isnan(bound) | (off <= bound)).all()
