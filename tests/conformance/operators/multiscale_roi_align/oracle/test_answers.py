"""The oracle of poolers: numbers worked out by hand, RoIAlign's answers on each level, and gradients that are transposes."""

from fractions import Fraction

import numpy as np
import pytest

from roikit.conformance.operation import Operation
from roikit.conformance.operators.multiscale_roi_align.oracle.answers import MultiscaleRoiAlignOracle, name_of
from roikit.kernels.dialects.multiscale_roi_align import DIALECTS
from roikit.kernels.dialects.roi_align import DIALECTS as OF_ROI_ALIGN

ORACLE = MultiscaleRoiAlignOracle()
SIZES = [(12, 16), (6, 8), (3, 4)]


def arguments(boxes, grad=None, ratio=2):
    """Boxes on maps of scales 1/4, 1/8 and 1/16: that of level l is 1000 l, plus a slope along x and y in image pixels."""
    maps = np.full((1, 1, 21, 16), -7.0)
    first = 0
    for level, (rows, columns) in enumerate(SIZES):
        y, x = np.mgrid[:rows, :columns] * 4 * 2**level
        maps[0, 0, first : first + rows, :columns] = 1000 * level + 2 * y + x
        first += rows
    found = {
        "input": {"shape": [1, 1, 21, 16], "rows": maps.reshape(-1, 16).tolist()},
        "boxes": boxes,
        "output_size": [1, 1],
        "level_sizes": [list(size) for size in SIZES],
        "spatial_scale": [0.25, 0.25],
        "canonical_size": 16,
        "canonical_level": 3,
        "sampling_ratio": [ratio, ratio],
        "mode": "avg",
    }
    if grad is not None:
        found["grad"] = {"shape": [len(boxes), 1, 1, 1], "rows": [[g] for g in grad]}
    return found


@pytest.mark.parametrize("name", ["torchvision", "detectron2-legacy", "mmdetection-legacy"])
def test_a_box_has_the_average_of_its_level(name):
    boxes = [[0, 10, 10, 22, 20], [0, 12, 8, 32, 32], [0, 4, 4, 44, 40], [0, 20, 4, 16, 36]]
    values = ORACLE.values(arguments(boxes), Operation.FORWARD, DIALECTS[name]).ravel().tolist()
    assert values == [2 * 15 + 16, 1000 + 2 * 20 + 22, 2000 + 2 * 22 + 24, 0]


def test_what_is_on_no_level_gets_nothing_and_sends_nothing():
    boxes = [[0, 20, 4, 16, 36], [0, 10, 10, 22, 20]]
    for name, is_zero in (("torchvision", True), ("roikit-axlearn", False)):
        rules = DIALECTS[name]
        alone = ORACLE.values(arguments(boxes[1:], [3]), Operation.FEATURE_GRADIENT, rules)
        both = ORACLE.values(arguments(boxes, [5, 3]), Operation.FEATURE_GRADIENT, rules)
        assert (both == alone).all() == is_zero
        assert any(ORACLE.values(arguments(boxes, [5, 3]), Operation.BOX_GRADIENT, rules)[0]) != is_zero


@pytest.mark.parametrize("name", ["torchvision", "detectron2", "roikit-matterport"])
def test_the_gradient_for_maps_is_the_transpose(name):
    rng = np.random.default_rng(1)
    boxes = [[0, 10, 10, 22, 20], [0, 12, 8, 32, 32], [0, 4, 4, 44, 40], [0, -8, 20, 30, 60], [0, 20, 4, 16, 36]]
    given = arguments(boxes, rng.integers(-4, 5, 5).tolist())
    output = ORACLE.values(given, Operation.FORWARD, DIALECTS[name])
    gradient = ORACLE.values(given, Operation.FEATURE_GRADIENT, DIALECTS[name])
    arriving, maps = (
        np.array([[Fraction(x) for x in row] for row in given[key]["rows"]]).reshape(given[key]["shape"])
        for key in ("grad", "input")
    )
    assert (output * arriving).sum() == (gradient * maps).sum()
    assert not gradient[0, 0, 12:18, 8:].any(), "what lies beside a narrow map is none of it"


def test_the_gradient_for_boxes_is_the_derivative_on_each_level():
    boxes = [[0, 10.5, 11, 21.5, 19], [0, 13, 9, 31, 33], [0, 6, 5, 42, 41]]
    given, step = arguments(boxes, [3, -2, 5], ratio=1), Fraction(1, 64)
    rules = DIALECTS["detectron2"]
    gradient = ORACLE.values(given, Operation.BOX_GRADIENT, rules)
    for k, corner in np.ndindex(3, 4):
        sides = []
        for sign in (1, -1):
            moved = [list(box) for box in boxes]
            moved[k][1 + corner] = float(Fraction(moved[k][1 + corner]) + sign * step)
            sides.append(
                ORACLE.values({**given, "boxes": moved}, Operation.FORWARD, rules)[k, 0, 0, 0]
                * given["grad"]["rows"][k][0]
            )
        assert (sides[0] - sides[1]) / (2 * step) == gradient[k, corner]


def test_where_rounding_decides_a_level_nothing_is_said_unless_a_case_is_about_it():
    b = 1 / 1024
    given = arguments([[0, 8, 8, 24 + b, 24 - b]])
    rules = DIALECTS["roikit-axlearn"]
    assert "float32" not in dict(ORACLE.answers(given, Operation.FORWARD, rules, "exact"))
    assert ORACLE.exact_dtypes(given, Operation.FORWARD, rules) == ("float64",)
    assert len(dict(ORACLE.answers(given, Operation.FORWARD, rules, "fragile"))["float32"]) == 2


@pytest.mark.parametrize("name", DIALECTS)
def test_roi_align_has_a_dialect_that_samples_alike(name):
    found = OF_ROI_ALIGN[name_of(DIALECTS[name])]
    assert found.for_mode("avg") == DIALECTS[name].sampling.for_mode("avg")


def test_quick_answers_are_the_exact_ones():
    given = arguments([[0, 10, 10, 22, 20], [0, 12, 8, 32, 32], [0, 4, 4, 44, 40]], [1, 2, 3])
    for name, rules in DIALECTS.items():
        for operation in (Operation.FORWARD, Operation.FEATURE_GRADIENT):
            (quick,) = ORACLE.quick(given, operation, name, "float32", kinks=False, bounds=False)
            exact = ORACLE.values(given, operation, rules)
            assert np.array_equal(np.array(quick.output, float), exact.astype(float))
