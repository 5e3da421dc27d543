"""The oracle of poolers of rotated boxes: numbers worked out by hand, rotated RoIAlign on each level, and transposes."""

import math
from fractions import Fraction

import numpy as np
import pytest

from roikit.conformance.operation import Operation
from roikit.conformance.operators.multiscale_roi_align.oracle.answers import MultiscaleRoiAlignOracle
from roikit.conformance.operators.multiscale_roi_align_rotated.oracle.answers import ORACLE
from roikit.kernels.dialects.multiscale_roi_align import DIALECTS as OF_UPRIGHT
from roikit.kernels.dialects.multiscale_roi_align_rotated import DIALECTS, Dialect

SIZES = [(12, 16), (6, 8), (3, 4)]
QUARTER = math.pi / 2


def arguments(boxes, grad=None, ratio=2, bins=(1, 1)):
    """Boxes on maps of scales 1/4, 1/8 and 1/16: that of level l is 1000 l, plus a slope along x and y in image pixels."""
    maps = np.full((1, 1, 21, 16), -7.0)
    first = 0
    for level, (rows, columns) in enumerate(SIZES):
        y, x = (np.mgrid[:rows, :columns] + 0.5) * 4 * 2**level  # of the middle of a pixel
        maps[0, 0, first : first + rows, :columns] = 1000 * level + 2 * y + x
        first += rows
    found = {
        "input": {"shape": [1, 1, 21, 16], "rows": maps.reshape(-1, 16).tolist()},
        "boxes": boxes,
        "output_size": list(bins),
        "level_sizes": [list(size) for size in SIZES],
        "spatial_scale": [0.25, 0.25],
        "canonical_size": 16,
        "canonical_level": 3,
        "sampling_ratio": [ratio, ratio],
        "mode": "avg",
    }
    if grad is not None:
        found["grad"] = {"shape": [len(boxes), 1, *bins], "rows": np.reshape(grad, (-1, bins[1])).tolist()}
    return found


@pytest.mark.parametrize("name", ["roikit", "roikit-clockwise", "detectron2", "mmrotate"])
def test_a_box_has_the_average_of_its_level_however_it_is_turned(name):
    """Of a plane that is the number in the centre. A box of 12 x 10 is on the first level, of 20 x 24 on the second."""
    boxes = [[0, 16, 15, 12, 10, 0.3], [0, 22, 20, 20, 24, -1], [0, 26, 24, 40, 36, 2], [0, 18, 20, -4, 32, 0]]
    values = ORACLE.values(arguments(boxes), Operation.FORWARD, DIALECTS[name]).ravel().astype(float)
    right = [2 * 15 + 16, 1000 + 2 * 20 + 22, 2000 + 2 * 24 + 26]
    np.testing.assert_allclose(values[:3], right, rtol=1e-12)
    assert values[3] == (2 * 20 + 18 if name.startswith("roikit") else 0)


@pytest.mark.parametrize(
    ("name", "alike"), [("roikit", "roikit-axlearn"), ("detectron2", "detectron2"), ("mmrotate", "mmdetection")]
)
def test_of_upright_boxes_it_is_the_pooler_of_these(name, alike):
    corners = [[0, 10, 10, 22, 20], [0, 12, 8, 32, 32], [0, 4, 4, 44, 40], [0, 20, 4, 16, 36], [0, -8, 20, 30, 60]]
    centres = [[k, (x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1, 0] for k, x1, y1, x2, y2 in corners]
    upright, how = MultiscaleRoiAlignOracle(), {"bins": (2, 2)}
    for operation, grad in ((Operation.FORWARD, None), (Operation.FEATURE_GRADIENT, np.arange(20))):
        got = ORACLE.values(arguments(centres, grad, **how), operation, DIALECTS[name])
        right = upright.values(arguments(corners, grad, **how), operation, OF_UPRIGHT[alike])
        assert (got == right).all()


def test_quarter_turns_are_exact_on_every_level():
    boxes = [[0, 16, 15, 12, 10, QUARTER], [0, 22, 20, 24, 20, QUARTER], [0, 26, 24, 36, 40, -QUARTER]]
    answer = ORACLE.answer_in(arguments(boxes, bins=(2, 2)), Operation.FORWARD, DIALECTS["roikit"], "float32")
    assert answer.bound is None
    assert ORACLE.answer_in(arguments(boxes), Operation.FORWARD, DIALECTS["mmrotate"], "float32").bound is not None


def test_what_is_on_no_level_gets_nothing_and_sends_nothing():
    boxes = [[0, 18, 20, -12, 16, 0.5], [0, 16, 15, 12, 10, 0.25]]
    for name, is_zero in (("detectron2", True), ("mmrotate", True), ("roikit", False)):
        rules = DIALECTS[name]
        alone = ORACLE.values(arguments(boxes[1:], [3]), Operation.FEATURE_GRADIENT, rules)
        both = ORACLE.values(arguments(boxes, [5, 3]), Operation.FEATURE_GRADIENT, rules)
        assert (both == alone).all() == is_zero
        assert any(ORACLE.values(arguments(boxes, [5, 3]), Operation.BOX_GRADIENT, rules)[0]) != is_zero


@pytest.mark.parametrize("name", ["roikit", "detectron2"])
def test_the_gradient_for_maps_is_the_transpose(name):
    boxes = [[0, 16, 15, 12, 10, 0.3], [0, 22, 20, 20, 24, -1], [0, 26, 24, 40, 36, 2], [0, 11, 40, 38, 40, 4]]
    given = arguments(boxes, [3, -2, 5, 1])
    output = ORACLE.values(given, Operation.FORWARD, DIALECTS[name])
    gradient = ORACLE.values(given, Operation.FEATURE_GRADIENT, DIALECTS[name])
    arriving, maps = (
        np.array([[Fraction(x) for x in row] for row in given[key]["rows"]]).reshape(given[key]["shape"])
        for key in ("grad", "input")
    )
    assert (output * arriving).sum() == (gradient * maps).sum()
    assert not gradient[0, 0, 12:18, 8:].any(), "what lies beside a narrow map is none of it"


def test_the_gradient_for_boxes_is_the_derivative_on_each_level():
    """Of a plane it is the slope for the centre, and 0 for size and angle, by which samples move both ways alike."""
    boxes = [[0, 16, 15, 12, 10, 0.3], [0, 22, 20, 20, 24, -1], [0, 26, 24, 20, 36, 2]]
    gradient = ORACLE.values(arguments(boxes, [3, -2, 5]), Operation.BOX_GRADIENT, DIALECTS["roikit"]).astype(float)
    np.testing.assert_allclose(gradient, [[g, 2 * g, 0, 0, 0] for g in (3, -2, 5)], atol=1e-12)


def test_where_rounding_decides_a_level_nothing_is_said():
    b = 1 / 1024
    given, rules = arguments([[0, 16, 16, 16 + b, 16 - b, 0]]), DIALECTS["roikit"]
    assert "float32" not in dict(ORACLE.answers(given, Operation.FORWARD, rules, "exact"))
    assert ORACLE.exact_dtypes(given, Operation.FORWARD, rules) == ("float64",)


def test_quick_answers_are_the_exact_ones():
    given = arguments([[0, 16, 15, 12, 10, 0], [0, 22, 20, 20, 24, 0]], [1, 2])
    for name, rules in DIALECTS.items():
        for operation in (Operation.FORWARD, Operation.FEATURE_GRADIENT):
            (quick,) = ORACLE.quick(given, operation, name, "float64", kinks=False, bounds=False)
            assert np.array_equal(np.array(quick.output, float), ORACLE.values(given, operation, rules).astype(float))


def test_a_level_and_what_is_sampled_are_chosen_apart():
    assert Dialect(turn="clockwise").sampling.turn == "clockwise"
    assert DIALECTS["detectron2"].sampling.unit == "degrees"
