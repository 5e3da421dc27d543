"""Which answers the oracle of deformable PSRoIPool gives: measured numbers, differences, transposes, and bounds that hold."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roikit.conformance.arrays import numpy_dtype
from roikit.conformance.operation import Operation
from roikit.conformance.operators.deform_ps_roi_pool.draws.chance import arguments
from roikit.conformance.operators.deform_ps_roi_pool.oracle.face import ORACLE
from roikit.kernels.dialects.deform_ps_roi_pool import DIALECTS

OURS, MXNET = DIALECTS["roikit"], DIALECTS["mxnet"]


def as_rows(array):
    return {"shape": list(array.shape), "rows": array.reshape(-1, array.shape[-1]).tolist()}


def case(maps, boxes, size=(2, 2), groups=None, ratio=(2, 2), scale=1.0, offset=None, gamma=0.25, grad=None):
    found = {
        "input": as_rows(maps),
        "boxes": boxes,
        "output_size": list(size),
        "spatial_scale": [scale] * 2,
        "sampling_ratio": list(ratio),
        "gamma": gamma,
        "mode": "avg",
    }
    found |= {} if groups is None else {"group_size": list(groups)}
    found |= {} if offset is None else {"offset": as_rows(offset)}
    return found | ({} if grad is None else {"grad": as_rows(grad)})


def test_what_was_measured_of_mxnet_and_openvino():
    maps = np.arange(100.0).reshape(1, 4, 5, 5)
    for moved, right in (
        (None, [2.25, 29.5, 63.5, 90.75]),
        ((1, 0), [2.5, 30, 63.75, 91.25]),
        ((0, 1), [3.5, 30.75, 66, 93.25]),
    ):
        offset = None if moved is None else np.broadcast_to(np.reshape(moved, (1, 2, 1, 1)), (1, 2, 2, 2)).astype(float)
        found = ORACLE.values(case(maps, [[0, 0, 0, 4, 4]], offset=offset, gamma=0.1), Operation.FORWARD, MXNET)
        np.testing.assert_allclose(found.ravel().astype(float), right, rtol=1e-15)


def test_openvinos_template():
    """16 channels of 2 × 2 pixels, a scale of 1/16, two groups: the first pixel of each channel."""
    maps = np.arange(64.0).reshape(1, 16, 2, 2)
    found = ORACLE.values(case(maps, [[0, 1, 2, 4, 6]], ratio=(1, 1), scale=1 / 16), Operation.FORWARD, MXNET)
    assert found.ravel().tolist() == list(range(0, 64, 4))


def test_a_slope_at_a_pixel():
    """A scale of ½, and a box from 3 to 6: of MXNet's rule nothing is left, ours goes up to the next pixel."""
    y, x = np.mgrid[:6, :6]
    asked = case(
        (x * x + 10.0 * y)[None, None], [[0, 3, 3, 6, 6]], (1, 1), ratio=(1, 1), scale=0.5, gamma=0.5,
        offset=np.zeros((1, 2, 1, 1)), grad=np.ones((1, 1, 1, 1)),
    )  # fmt: skip
    assert ORACLE.values(asked, Operation.OFFSET_GRADIENT, OURS).ravel().tolist() == [3, 10]
    assert ORACLE.values(asked, Operation.OFFSET_GRADIENT, MXNET).ravel().tolist() == [0, 0]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_rounded_quotient_falls_short_by_the_type_of_coordinates(dtype):
    maps = np.ones((1, 1, 30, 4)) * np.arange(4)
    offset = np.zeros((1, 2, 22, 1))
    offset[0, 0, :, 0] = 1 + np.arange(22) % 2
    asked = case(maps, [[0, 0, 0, 0, 21]], (22, 1), (1, 1), (1, 1), gamma=1, offset=offset)
    ours, theirs = (
        np.ravel(ORACLE.answer_in(asked, Operation.FORWARD, dialect, dtype).output) for dialect in (OURS, MXNET)
    )
    assert np.flatnonzero(ours != theirs).tolist() == [{"float32": 13, "float64": 15}[dtype]]


@pytest.mark.parametrize(
    ("bins", "groups", "classes", "parts"),
    [((2, 2), (2, 2), 1, (2, 2)), ((2, 3), (1, 2), 2, (1, 2)), ((3, 2), (1, 1), 4, (2, 3))],
)
def test_gradients_are_those_of_differences(bins, groups, classes, parts):
    chance, channels = np.random.default_rng(3), 4
    maps = chance.integers(-8, 9, (1, channels * groups[0] * groups[1], 6, 7)).astype(float)
    grad = chance.integers(-4, 5, (2, channels, *bins)).astype(float)
    boxes, offset = [[0, 0.6, 1.1, 4.3, 5.4], [0, 5.2, -2.3, 7.1, 3.7]], chance.normal(size=(2, 2 * classes, *parts))
    how, step = {"size": bins, "groups": groups, "scale": 0.9, "gamma": 0.3}, 2.0**-20

    def pooled(maps, offset):
        asked = case(maps, boxes, offset=offset, **how)
        return float((ORACLE.values(asked, Operation.FORWARD, OURS) * grad).sum())

    asked = case(maps, boxes, offset=offset, grad=grad, **how)
    exact = ORACLE.values(asked, Operation.OFFSET_GRADIENT, OURS)
    for place in np.ndindex(exact.shape):
        up, down = offset.copy(), offset.copy()
        up[place] += step
        down[place] -= step
        difference = (pooled(maps, up) - pooled(maps, down)) / (2 * step)
        assert abs(float(exact[place]) - difference) < 1e-7, place
    sent = ORACLE.values(asked, Operation.FEATURE_GRADIENT, OURS)
    other = chance.integers(-4, 5, maps.shape).astype(float)
    assert abs(float((sent * other).sum()) - pooled(other, offset)) < 1e-9  # the transpose of what is linear


def in_floats(given_, dtype):
    """The output by a straightforward computation in a data type, as somebody else may have written it."""
    kind = numpy_dtype(dtype).type
    maps = np.array(given_["input"]["rows"], kind).reshape(given_["input"]["shape"])
    height, width = maps.shape[2:]
    (rows, columns), (g_y, g_x), gamma = given_["output_size"], given_["group_size"], kind(given_["gamma"])
    scale_y, scale_x = map(kind, given_["spatial_scale"])
    s_y, s_x = given_["sampling_ratio"]
    channels = maps.shape[1] // (g_y * g_x)
    moved = np.array(given_["offset"]["rows"], kind).reshape(given_["offset"]["shape"])
    out = np.zeros((len(given_["boxes"]), channels, rows, columns), kind)

    def whole(x):
        return kind(np.copysign(np.floor(abs(x) + kind(0.5)), x))

    for k, row in enumerate(given_["boxes"]):
        x1, y1, x2, y2 = (whole(kind(number)) for number in row[1:])
        y, x = y1 * scale_y - kind(0.5), x1 * scale_x - kind(0.5)
        h = max((y2 + kind(1)) * scale_y - kind(0.5) - y, kind(0.1))
        w = max((x2 + kind(1)) * scale_x - kind(0.5) - x, kind(0.1))
        for c, p, q in np.ndindex(*out.shape[1:]):
            n = 2 * (c // (channels // (moved.shape[1] // 2)))
            d_x, d_y = moved[k, n : n + 2, p * moved.shape[2] // rows, q * moved.shape[3] // columns]
            top, left = (
                kind(p) * (h / kind(rows)) + y + d_y * gamma * h,
                x + kind(q) * w / kind(columns) + w * d_x * gamma,
            )
            image = maps[int(row[0]), (c * g_y + p * g_y // rows) * g_x + q * g_x // columns]
            count, total = 0, kind(0)
            for i, j in np.ndindex(s_y, s_x):
                at_y = top + kind(i) * (h / kind(rows) / kind(s_y))
                at_x = left + kind(j) * (w / kind(columns) / kind(s_x))
                if not (-0.5 <= at_y <= height - 0.5 and -0.5 <= at_x <= width - 0.5):
                    continue
                at_y, at_x = min(max(at_y, kind(0)), kind(height - 1)), min(max(at_x, kind(0)), kind(width - 1))
                low, high, before, after = int(at_y), int(np.ceil(at_y)), int(at_x), int(np.ceil(at_x))
                down, across = at_y - kind(low), at_x - kind(before)
                above = image[low, before] * (1 - across) + image[low, after] * across
                below = image[high, before] * (1 - across) + image[high, after] * across
                total += above * (1 - down) + below * down
                count += 1
            out[k, c, p, q] = total / kind(count) if count else 0
    return out


@settings(max_examples=60, deadline=None)
@given(
    arguments(classes=("ordinary", "thrown", "tiny", "huge", "outside", "inverted", "halves", "free")),
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
