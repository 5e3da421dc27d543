"""Which answers the oracle of rotated RoIAlign gives: published numbers, enclosures, differences, and bounds that hold."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roikit.conformance.arrays import numpy_dtype
from roikit.conformance.exact.floats import FLOAT_TYPES
from roikit.conformance.operation import Operation
from roikit.conformance.operators.roi_align_rotated.draws.chance import arguments
from roikit.conformance.operators.roi_align_rotated.oracle import turning
from roikit.conformance.operators.roi_align_rotated.oracle.face import ORACLE
from roikit.kernels.dialects.roi_align_rotated import DIALECTS

QUARTER = math.pi / 2
RAMP = np.arange(25.0).reshape(1, 1, 5, 5)
TWO = np.array([[[[1, 2], [3, 4.0]]]])
FOUR = np.array([[[[1, 2, 5, 6], [3, 4, 7, 8], [9, 10, 13, 14], [11, 12, 15, 16.0]]]])


def case(maps, boxes, size=(2, 2), ratio=(2, 2), scale=1.0, grad=None):
    def as_rows(array):
        return {"shape": list(array.shape), "rows": array.reshape(-1, array.shape[-1]).tolist()}

    found = {
        "input": as_rows(maps),
        "boxes": boxes,
        "output_size": list(size),
        "spatial_scale": [scale] * 2,
        "sampling_ratio": list(ratio),
        "mode": "avg",
    }
    return found | ({} if grad is None else {"grad": as_rows(grad)})


def answered(given_, dialect, operation=Operation.FORWARD, dtype="float32"):
    return ORACLE.answer_in(given_, operation, DIALECTS[dialect], dtype)


def test_what_mmcv_has_published():
    box, ones = [0, 0.5, 0.5, 1, 1], np.ones((1, 1, 2, 2))
    for angle, expected in ((0, [1, 1.25, 1.5, 1.75]), (QUARTER, [1.5, 1, 1.75, 1.25])):
        assert np.ravel(answered(case(TWO, [[*box, angle]]), "roikit").output).tolist() == expected
        np.testing.assert_allclose(np.ravel(answered(case(TWO, [[*box, angle]]), "mmcv").output), expected, atol=1e-6)
        sent = answered(case(TWO, [[*box, angle]], grad=ones), "roikit", Operation.FEATURE_GRADIENT)
        assert np.ravel(sent.output).tolist() == [3.0625, 0.4375, 0.4375, 0.0625]
    for angle, expected in ((0, [1.9375, 4.75, 7.5625, 10.375]), (QUARTER, [7.5625, 1.9375, 10.375, 4.75])):
        found = answered(case(FOUR, [[0, 1.5, 1.5, 3, 3, angle]]), "roikit")
        assert np.ravel(found.output).tolist() == expected
        assert found.bound is None


def test_what_openvino_mxnet_and_detectron2_gave():
    box = [0, 2, 2, 2, 2]
    for dialect, angle, expected in (
        ("openvino", QUARTER, [11, 6, 12, 7]), ("openvino-clockwise", QUARTER, [7, 12, 6, 11]),
        ("openvino", 0, [6, 7, 11, 12]), ("mxnet", 0, [9, 10, 14, 15]), ("mxnet", 90, [14, 9, 15, 10]),
        ("mxnet", -90, [10, 15, 9, 14]), ("mxnet", 180, [15, 14, 10, 9]),
        ("detectron2", 90, [11, 6, 12, 7]),
    ):  # fmt: skip
        found = answered(case(RAMP, [[*box, angle]]), dialect)
        assert (found.bound is None) == (angle == 0)
        np.testing.assert_allclose(np.ravel(found.output), expected, atol=1e-5)


@given(st.floats(-1e4, 1e4), st.booleans())
def test_cosines_and_sines_are_enclosed(angle, degrees):
    found = turning.turned(Fraction(angle), degrees=degrees)
    radians = math.radians(angle) if degrees else angle
    assert abs(float(found.cos) - math.cos(radians)) < 1e-11
    assert abs(float(found.sin) - math.sin(radians)) < 1e-11
    assert abs(found.cos**2 + found.sin**2 - 1) < 4 * turning.SLACK
    double = turning.turned(2 * Fraction(angle), degrees=degrees)
    assert abs(found.cos**2 - found.sin**2 - double.cos) < 8 * turning.SLACK
    assert abs(2 * found.cos * found.sin - double.sin) < 8 * turning.SLACK


def test_known_cosines():
    for degrees, twice in ((60, 1), (120, -1), (300, 1), (420, 1)):
        assert abs(2 * turning.turned(Fraction(degrees), degrees=True).cos - twice) < 2 * turning.SLACK
    assert abs(2 * turning.turned(Fraction(45), degrees=True).sin ** 2 - 1) < 4 * turning.SLACK


@pytest.mark.parametrize("name", ["float32", "float64"])
def test_a_quarter_turn_is_the_nearest_number(name):
    type_, digits = FLOAT_TYPES[name], np.dtype(name).type
    for quarters in range(-turning.MOST_QUARTERS, turning.MOST_QUARTERS + 1):
        nearest = type_.nearest(quarters * turning.half_pi())
        assert turning.quarter_of(nearest, type_, degrees=False) == quarters % 4
        if quarters:
            beside = Fraction(float(np.nextafter(digits(float(nearest)), digits(100))))
            assert turning.quarter_of(beside, type_, degrees=False) is None
    beyond = type_.nearest((turning.MOST_QUARTERS + 1) * turning.half_pi())
    assert turning.quarter_of(beyond, type_, degrees=False) is None


@pytest.mark.parametrize("dialect", ["roikit", "roikit-clockwise", "roikit-legacy", "detectron2", "mxnet"])
def test_the_gradient_for_boxes_is_that_of_differences(dialect):
    numbers = np.random.default_rng(3).integers(-8, 9, (1, 1, 6, 7)).astype(float)
    grad = np.array([[[[1, 2], [3, -4.0]]]])
    box = [0, 3.1, 2.7, 3.3, 2.4, 23.0 if DIALECTS[dialect].unit == "degrees" else 0.4]
    (exact,) = ORACLE.values(case(numbers, [box], scale=0.9, grad=grad), Operation.BOX_GRADIENT, DIALECTS[dialect])
    step = 2.0**-20
    for n in range(5):
        ahead, behind = (
            (ORACLE.values(case(numbers, [moved], scale=0.9), Operation.FORWARD, DIALECTS[dialect])[0] * grad[0]).sum()
            for moved in ([*box[: n + 1], box[n + 1] + sign * step, *box[n + 2 :]] for sign in (1, -1))
        )
        assert abs(float(exact[n]) - float(ahead - behind) / (2 * step)) < 1e-8


def in_floats(given_, dtype, degrees):
    """The output by a straightforward computation in a data type, as somebody else may have written it."""
    kind = numpy_dtype(dtype).type
    maps = np.array(given_["input"]["rows"], kind).reshape(given_["input"]["shape"])
    height, width = maps.shape[2:]
    bins, scale = given_["output_size"], kind(given_["spatial_scale"][0])
    out = np.zeros((len(given_["boxes"]), maps.shape[1], *bins), kind)
    for k, row in enumerate(given_["boxes"]):
        cx, cy, w, h, angle = (kind(number) for number in row[1:])
        cx, cy, w, h = cx * scale - kind(0.5), cy * scale - kind(0.5), w * scale, h * scale
        turn = angle * kind(math.pi / 180) if degrees else angle
        cos, sin = np.cos(turn), np.sin(turn)
        g_y, g_x = (
            g or max(math.ceil(size / kind(p)), 0)
            for g, size, p in zip(given_["sampling_ratio"], (h, w), bins, strict=True)
        )
        for p, q, i, j in np.ndindex(*bins, g_y, g_x):
            v = -h / kind(2) + kind(p) * (h / kind(bins[0])) + (kind(i) + kind(0.5)) * (h / kind(bins[0])) / kind(g_y)
            u = -w / kind(2) + kind(q) * (w / kind(bins[1])) + (kind(j) + kind(0.5)) * (w / kind(bins[1])) / kind(g_x)
            y, x = v * cos - u * sin + cy, v * sin + u * cos + cx
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
    arguments(classes=("upright", "quarters", "degrees", "free", "tiny", "mirrored", "outside")),
    st.sampled_from(["float32", "float64"]),
)
def test_bounds_hold_of_another_computation(given_, dtype):
    for dialect in ("mmcv", "detectron2"):
        answer = ORACLE.answer_in(given_, Operation.FORWARD, DIALECTS[dialect], dtype)
        if answer is None:
            continue
        got = in_floats(given_, dtype, dialect == "detectron2").astype(float)
        bound = np.zeros(got.shape) if answer.bound is None else np.array(answer.bound, float)
        off = abs(got - np.array(answer.output, float))
        assert (np.isnan(bound) | (off <= bound)).all()
