"""The oracle of weighted RoIAlign on pyramids: numbers worked out by hand, weighted RoIAlign on each level, and transposes."""

import numpy as np
import pytest

from roikit.conformance.operation import Operation
from roikit.conformance.operators.multiscale_weighted_roi_align.oracle.answers import WEIGHTED, WeightedPyramidOracle
from roikit.conformance.operators.multiscale_weighted_roi_align.oracle.assembling import parts
from roikit.kernels.dialects.multiscale_weighted_roi_align import DIALECTS

ORACLE = WeightedPyramidOracle()
SIZES = [(12, 16), (6, 8), (3, 4)]
BOXES = [[0, 10, 10, 22, 20], [0, 12, 8, 32, 32], [0, 6, 6, 46, 42], [0, 20, 4, 16, 36]]
"""Of the first level, of the second, of the third, and of negative area."""
LEVELS = {"roikit-onnx-16": (0, 1, 2, 0), "torchvision": (0, 1, 2, None), "detectron2": (0, 1, 2, None)}
OPERATIONS = [Operation.FORWARD, Operation.FEATURE_GRADIENT, Operation.WEIGHT_GRADIENT, Operation.BOX_GRADIENT]


def stated(array):
    return {"shape": list(array.shape), "rows": array.reshape(-1, array.shape[-1]).tolist()}


def arguments(of="images", arriving=None, boxes=BOXES, **how):
    """Boxes on maps of scales 1/4 … of which that of level l is 1000 l, plus a slope in image pixels; weights 2, 4, 8."""
    first, maps = 0, np.full((1, 2, 21, 16), -7.0)
    weights = np.full((len(boxes) if of == "rois" else 1, 1, 21, 16), 5.0)
    for level, (rows, columns) in enumerate(SIZES):
        y, x = (np.mgrid[:rows, :columns] + 0.5) * 4 * 2**level  # of the middle of a pixel
        maps[0, :, first : first + rows, :columns] = 1000 * level + np.array([1, -3])[:, None, None] * y + x
        weights[:, :, first : first + rows, :columns] = 2.0 ** (level + 1)
        first += rows
    found = {
        "input": stated(maps), "weights": stated(weights), "boxes": boxes, "output_size": [2, 2],
        "level_sizes": [list(size) for size in SIZES], "spatial_scale": [0.25, 0.25], "canonical_size": 16,
        "canonical_level": 3, "sampling_ratio": [2, 2], "mode": "avg", "normalise": False, "weights_of": of, **how,
    }  # fmt: skip
    if arriving is not None:
        values = np.random.default_rng(arriving).integers(-4, 5, (len(boxes), 2, 2, 2))
        found["grad"] = stated(values)
    return found


@pytest.mark.parametrize("normalise", [False, True])
@pytest.mark.parametrize("of", ["images", "rois"])
def test_a_bin_has_its_average_by_the_weights_of_the_level_of_its_box(of, normalise):
    """Of a slope the average of a bin within the map is its value at the centre."""
    values = ORACLE.values(arguments(of, normalise=normalise), Operation.FORWARD, DIALECTS["detectron2"])
    for k, (_, x1, y1, x2, y2) in enumerate(BOXES[:3]):
        for c, p, q in np.ndindex(2, 2, 2):
            y, x = y1 + (p + 0.5) * (y2 - y1) / 2, x1 + (q + 0.5) * (x2 - x1) / 2
            centre = 1000 * k + (1, -3)[c] * y + x
            assert float(values[k, c, p, q]) == pytest.approx(centre * (1 if normalise else 2 ** (k + 1)))


@pytest.mark.parametrize("name", LEVELS)
@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("how", [{}, {"normalise": True, "guard": "add", "epsilon": 1}, {"mode": "max"}], ids=str)
@pytest.mark.parametrize("of", ["images", "rois"])
def test_it_is_weighted_roi_align_on_each_level(name, operation, how, of):
    given, rules = arguments(of, arriving=3, **how), DIALECTS[name]
    values = ORACLE.values(given, operation, rules)
    expected = np.zeros(values.shape, object)
    for part in parts(given, LEVELS[name]):
        right = WEIGHTED.values(part.arguments, operation, rules.pooling)
        rows, columns = SIZES[part.level]
        first = sum(size[0] for size in SIZES[: part.level])
        here = (slice(first, first + rows), slice(columns))
        if operation == Operation.FEATURE_GRADIENT:
            expected[:, :, *here] = right
        elif operation == Operation.WEIGHT_GRADIENT:
            expected[part.rois if of == "rois" else slice(None), :, *here] = right
        else:
            expected[part.rois] = right
    assert (values == expected).all()
    assert expected.any()


@pytest.mark.parametrize("guard", ["zero", "add", "clamp", "none"])
def test_what_is_on_no_level_is_0_whatever_it_is_divided_by(guard):
    given = arguments(normalise=True, guard=guard, epsilon=1)
    assert not ORACLE.values(given, Operation.FORWARD, DIALECTS["torchvision"])[3].any()
    assert ORACLE.values(given, Operation.FORWARD, DIALECTS["roikit-onnx-16"])[3].any()


def test_of_a_maximum_that_is_on_no_level_nothing_begins_at_less():
    values = ORACLE.values(arguments(mode="max"), Operation.FORWARD, DIALECTS["mmdetection"])
    assert not values[3].any()


@pytest.mark.parametrize("of", ["images", "rois"])
def test_gradients_for_maps_and_weights_are_transposes(of):
    """Of an output that is linear in maps, and in weights."""
    given, rules = arguments(of, arriving=1), DIALECTS["detectron2"]
    output = ORACLE.values(given, Operation.FORWARD, rules)
    arriving, maps, weights = (
        np.array(given[key]["rows"]).astype(int).astype(object).reshape(given[key]["shape"])
        for key in ("grad", "input", "weights")
    )
    due = (output * arriving).sum()
    assert (ORACLE.values(given, Operation.FEATURE_GRADIENT, rules) * maps).sum() == due
    assert (ORACLE.values(given, Operation.WEIGHT_GRADIENT, rules) * weights).sum() == due


def test_where_rounding_decides_a_level_nothing_is_said():
    b = 1 / 1024
    given, rules = arguments(boxes=[[0, 0, 0, 16 + b, 16 - b]]), DIALECTS["roikit-axlearn"]
    assert "float32" not in dict(ORACLE.answers(given, Operation.FORWARD, rules, "exact"))
    assert ORACLE.quick(given, Operation.FORWARD, "roikit-axlearn", "float32", kinks=False, bounds=True) == ()


@pytest.mark.parametrize("name", ["torchvision", "detectron2", "roikit-openvino"])
@pytest.mark.parametrize("operation", OPERATIONS)
def test_quick_answers_are_the_exact_ones(name, operation):
    given = arguments(arriving=5)
    (quick,) = ORACLE.quick(given, operation, name, "float64", kinks=True, bounds=True)
    exact = ORACLE.values(given, operation, DIALECTS[name]).astype(float)
    np.testing.assert_allclose(np.array(quick.output, float), exact, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("mode", ["lp", "softmax"])
def test_means_have_bounds_of_each_level(mode):
    given = arguments(mode=mode)
    found = dict(ORACLE.answers(given, Operation.FORWARD, DIALECTS["detectron2"], "bounded"))
    for part in parts(given, LEVELS["detectron2"]):
        (alone,) = dict(WEIGHTED.answers(part.arguments, Operation.FORWARD, DIALECTS["detectron2"].pooling, ""))[
            "float32"
        ]
        (together,) = found["float32"]
        for k, roi in enumerate(part.rois):
            assert together.bound[roi] == alone.bound[k]
            assert together.output[roi] == alone.output[k]
