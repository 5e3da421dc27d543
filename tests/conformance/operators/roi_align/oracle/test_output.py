"""The oracle against published numbers, rule by rule, and the ONNX reference."""

import itertools
import math
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from roikit.conformance.exact.numbers import Special
from roikit.conformance.operators.roi_align.oracle.output import roi_align
from roikit.conformance.sampling.axis import Rules, stages
from roikit.kernels.dialects.choices import Adaptive, EmptyGrid, End, GridCap, Max, MinSize, Outside
from roikit.kernels.dialects.roi_align import DIALECTS, Dialect, named_dialect
from tests.conformance.operators.roi_align.oracle.calls import ALIGNED, ARANGE, LEGACY, decimals, pool

TEN_Y_PLUS_X = np.fromfunction(lambda n, c, y, x: n + c + 10 * y + x, (1, 1, 6, 6))
ARTICLE_BOX = [0, Fraction("0.8"), 0, Fraction("2.4"), Fraction("4.5")]


def test_the_articles_example():
    roi = stages(ARTICLE_BOX, (6, 6), (2, 2), (1, 1), (0, 0), LEGACY)
    assert (roi.x.bin, roi.y.bin) == (Fraction("0.8"), Fraction("2.25"))
    assert (roi.x.grid, roi.y.grid) == (1, 3)
    assert roi.x.positions()[0] == decimals("1.2")
    assert roi.y.positions()[0] == decimals("0.375 1.125 1.875")
    legacy = pool(TEN_Y_PLUS_X, [ARTICLE_BOX], ratio=0)
    assert list(legacy.values.flat) == decimals("12.45 13.25 34.95 35.75")
    assert set(legacy.taps.flat) == {12}
    aligned = pool(TEN_Y_PLUS_X, [ARTICLE_BOX], ratio=0, dialect=ALIGNED)
    assert list(aligned.values.flat) == decimals("221/30 49/6 29.45 30.25")


def test_the_weights_of_one_point():
    low, high = Rules(LEGACY).weights(Fraction("1.3"), 6), Rules(LEGACY).weights(Fraction("2.7"), 6)
    weights = {(y, x): wx * wy for (x, wx), (y, wy) in itertools.product(low, high)}
    assert weights == dict(zip([(2, 1), (2, 2), (3, 1), (3, 2)], decimals("0.21 0.09 0.49 0.21"), strict=True))
    assert sum(weights.values()) == 1


@pytest.mark.parametrize(
    ("dialect", "row"),
    [
        ("torchvision", "7.5 8 8.5 9"),
        ("openvino-asymmetric", "7.5 8 8.5 9"),
        ("detectron2", "4.5 5 5.5 6"),
        ("onnx-16", "4.5 5 5.5 6"),
    ],
)
def test_coordinate_transforms(dialect, row):
    result = pool(ARANGE, [[0, 1, 1, 3, 3]], (4, 4), ratio=0, dialect=named_dialect(dialect))
    assert list(result.values[0, 0, 0]) == decimals(row)


def test_mindspores_last_pixel():
    dialect = Dialect(end=End.PLUS_ONE, adaptive=Adaptive.FLOOR, min_size=MinSize.NONE, empty_grid=EmptyGrid.NAN)
    box = [[0, 1, 1, 3, 3]]
    assert list(pool(ARANGE, box, (4, 4), dialect=dialect).values[0, 0, 0]) == decimals("8.25 9 9.75 10.5")
    assert set(pool(ARANGE, box, (4, 4), ratio=0, dialect=dialect).values.flat) == {Special.NAN}


@pytest.mark.parametrize(
    ("dialect", "corner"),
    [("openvino-asymmetric", 9), ("openvino-half-pixel-for-nn", 6), ("openvino-half-pixel", Fraction("7.5"))],
)
def test_openvino_modes_at_half_scale(dialect, corner):
    result = pool(ARANGE, [[0, 2, 2, 6, 6]], scale=Fraction(1, 2), dialect=named_dialect(dialect))
    assert result.values[0, 0, 0, 0] == corner


@pytest.mark.parametrize(
    ("dialect", "values"),
    [("onnx-16", "3.375 3.9375 6.1875 6.75"), ("mmcv", "7.5 8.5 12.5 13.5")],
)
def test_meanings_of_max(dialect, values):
    result = pool(ARANGE, [[0, 1, 1, 3, 3]], mode="max", dialect=named_dialect(dialect))
    assert list(result.values.flat) == decimals(values)


def test_max_of_negative_and_outside_samples():
    far, across = [0, 20, 20, 22, 22], [0, 3, 3, 9, 9]
    for choices, expected in (
        ({"max": Max.SAMPLE}, (0, 0)),
        ({"max": Max.CORNER}, (0, 0)),
        ({"max": Max.SAMPLE_INSIDE}, (0, -24)),
        ({"max": Max.SAMPLE, "max_start": 0.0}, (0, 0)),
        ({"max": Max.SAMPLE_INSIDE, "max_start": -10000.0}, (-10000, -24)),
        ({"max": Max.SAMPLE_INSIDE, "max_start": -math.inf}, (Special.MINUS_INFINITY, -24)),
    ):
        result = pool(-ARANGE, [far, across], (1, 1), mode="max", dialect=replace(LEGACY, **choices))
        assert tuple(result.values.flat) == expected, choices


def test_samples_on_the_bounds_are_inside():
    for y, inside in ((-1, True), (6, True), (Fraction(-101, 100), False), (Fraction(601, 100), False)):
        box = [0, 2, y - Fraction(1, 2), 3, y + Fraction(1, 2)]
        result = pool(TEN_Y_PLUS_X + 1, [box], (1, 1), ratio=1)
        assert (result.values.item() != 0) == inside


def test_empty_grids():
    zero_area, inverted = [0, 2, 2, 2, 2], [0, 3, 3, 2, 2]
    for dialect, expected in ((ALIGNED, 0), (replace(ALIGNED, empty_grid=EmptyGrid.NAN), Special.NAN)):
        assert set(pool(ARANGE, [zero_area], ratio=0, dialect=dialect).values.flat) == {expected}
        assert set(pool(ARANGE, [[0, 4, 4, 1, 1]], ratio=0, dialect=dialect).values.flat) == {0}
    one_sample = replace(ALIGNED, empty_grid=EmptyGrid.ONE_SAMPLE)
    assert set(pool(ARANGE, [zero_area], ratio=0, dialect=one_sample).values.flat) == {9}
    assert set(pool(ARANGE, [zero_area], ratio=2, dialect=ALIGNED).values.flat) == {9}
    mirrored = pool(ARANGE, [inverted], dialect=ALIGNED).values[0, 0]
    assert (mirrored[::-1, ::-1] == pool(ARANGE, [[0, 2, 2, 3, 3]], dialect=ALIGNED).values[0, 0]).all()


@pytest.mark.parametrize(
    ("rule", "bin_size", "grid"),
    [("ceil", "1.5", 2), ("floor", "1.5", 1), ("round", "1.5", 2), ("round", "2.5", 3), ("round", "-0.5", -1)],
)
def test_adaptive_rules(rule, bin_size, grid):
    assert Rules(Dialect(adaptive=Adaptive(rule))).grid(Fraction(bin_size), 0) == grid


def test_a_capped_grid_still_divides_by_all_samples():
    capped = replace(named_dialect("torchvision-python"), grid_cap=GridCap.MAP)
    result = pool(np.ones((1, 1, 2, 2)), [[0, 0, 0, 8, 4]], (1, 1), ratio=0, dialect=capped)
    assert result.values.item() == Fraction(2 * 2, 8 * 4)
    assert pool(np.ones((1, 1, 2, 2)), [[0, 0, 0, 8, 4]], (1, 1), ratio=3, dialect=capped).values.item() == 1


def test_invalid_rois():
    nan, inf = math.nan, math.inf
    boxes = [
        [0, 0, nan, 2, 2],
        [0, 0, 0, inf, 2],
        [2, 0, 0, 2, 2],
        [-1, 0, 0, 2, 2],
        [-0.9, 0, 0, 2, 2],
        [1.9, 0, 0, 2, 2],
    ]
    result = pool(np.ones((2, 1, 5, 5)), boxes)
    assert result.invalid == ("RA-11", "RA-11", "RA-12", "RA-12", None, None)
    assert [roi is None for roi in result.stages] == [True] * 4 + [False] * 2
    assert set(result.values[:4].flat) == {None}
    assert set(result.values[4:].flat) == {1}


def test_pixels_that_are_not_finite():
    feature = np.zeros((1, 3, 6, 6))
    feature[0, 0, 2, 3], feature[0, 1, 2, 3], feature[0, 2, 2, 3] = math.nan, math.inf, 1
    read, beside, by_weight_zero = [0, 2.5, 1.5, 3.5, 2.5], [0, 0.5, 0.5, 1.5, 1.5], [0, 2, 1.5, 3, 2.5]
    for mode in ("avg", "max"):
        values = pool(feature, [read, beside, by_weight_zero], (1, 1), ratio=1, mode=mode, dialect=ALIGNED).values
        assert values[0, :2].flatten().tolist() == [Special.NAN, Special.NONFINITE]
        assert values[1].flatten().tolist() == [0, 0, 0]
        assert values[2].flatten().tolist() == [Special.NAN, Special.NONFINITE, 0]


def test_an_outside_sample_reads_no_pixel():
    feature = np.full((1, 1, 4, 4), math.nan)
    assert pool(feature, [[0, 8, 8, 9, 9]], (1, 1)).values.item() == 0
    clamp = replace(LEGACY, outside=Outside.CLAMP)
    assert pool(feature, [[0, 8, 8, 9, 9]], (1, 1), dialect=clamp).values.item() is Special.NAN


@pytest.mark.parametrize("shape", [(1, 3, 4, 4, 0), (1, 0, 4, 4, 2), (0, 3, 4, 4, 0)])
def test_empty_tensors(shape):
    *shape, rois = shape
    assert pool(np.zeros(shape), np.zeros((rois, 5))).values.shape == (rois, shape[1], 2, 2)


def test_bad_arguments():
    for feature, boxes, mode in (
        (ARANGE[0], [[0] * 5], "avg"),
        (ARANGE, [[0] * 4], "avg"),
        (ARANGE, [[0] * 5], "sum"),
        (np.zeros((1, 1, 0, 5)), [[0] * 5], "avg"),
    ):
        with pytest.raises(ValueError, match=r"zip|boxes|mode"):
            pool(feature, boxes, mode=mode)


def test_bfloat16_input():
    ml_dtypes = pytest.importorskip("ml_dtypes")
    feature = np.random.default_rng(0).standard_normal((1, 1, 5, 5)).astype(ml_dtypes.bfloat16)
    box = [[0, 0.3, 0.4, 3.1, 4.2]]
    assert (pool(feature, box).values == pool(feature.astype(float), box).values).all()


@pytest.mark.parametrize("dialect", [*DIALECTS.values(), Dialect(outside=Outside.CLAMP)])
@pytest.mark.parametrize("mode", ["avg", "max"])
def test_huge_adaptive_boxes_are_not_walked_sample_by_sample(dialect, mode):
    """They have 2 · 10^10 samples a bin, and this would not end."""
    result = pool(np.full((1, 1, 8, 8), 3.0), [[0, -5e5, -4e5, 5e5, 6e5]], (7, 7), ratio=0, mode=mode, dialect=dialect)
    size = Fraction(10**6 + (dialect.end == End.PLUS_ONE), 7)
    rounded = {"ceil": math.ceil(size), "floor": math.floor(size), "round": math.floor(size + Fraction(1, 2))}
    assert result.stages[0].y.grid == rounded[dialect.adaptive]
    if mode == "avg" and dialect.outside == Outside.ZERO:
        centre = pool(np.full((1, 1, 8, 8), 3.0), [[0, -5e5, -4e5, 5e5, 6e5]], (7, 7), ratio=0, dialect=dialect)
        inside = np.prod([max(sum(1 for _ in a.samples(p)) for p in range(7)) for a in centre.stages[0][1:]])
        assert max(result.values.flat) == Fraction(3 * int(inside), rounded[dialect.adaptive] ** 2)


def test_a_subclass_of_the_rules_imitates_a_fault():
    class Sharp(Rules):
        def inside(self, y, pixels):
            return -1 < y < pixels

    box = [[0, 2, Fraction(-3, 2), 3, Fraction(-1, 2)]]
    arguments = (TEN_Y_PLUS_X + 1, box, (1, 1), (1, 1), (1, 1), "avg", LEGACY)
    assert roi_align(*arguments).values.item() != 0
    assert roi_align(*arguments, Sharp).values.item() == 0


def onnx_reference(mode, coordinates, output, ratio, scale):
    onnx = pytest.importorskip("onnx")
    reference = pytest.importorskip("onnx.reference")
    info, float32 = onnx.helper.make_tensor_value_info, onnx.TensorProto.FLOAT
    node = onnx.helper.make_node(
        "RoiAlign", ["X", "rois", "batch"], ["Y"], mode=mode, coordinate_transformation_mode=coordinates,
        output_height=output[0], output_width=output[1], sampling_ratio=ratio, spatial_scale=scale,
    )  # fmt: skip
    inputs = [info("X", float32, None), info("rois", float32, None), info("batch", onnx.TensorProto.INT64, None)]
    graph = onnx.helper.make_graph([node], "roi_align", inputs, [info("Y", float32, None)])
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 16)])
    return reference.ReferenceEvaluator(model)


@pytest.mark.parametrize("mode", ["avg", "max"])
@pytest.mark.parametrize(
    ("coordinates", "dialect"), [("half_pixel", "onnx-16"), ("output_half_pixel", "onnx-16-output-half-pixel")]
)
def test_equals_the_onnx_reference_bit_for_bit(mode, coordinates, dialect):
    rng = np.random.default_rng(3)
    for output, ratio, scale in itertools.product([(1, 1), (2, 4), (4, 2)], [0, 1, 2], [1.0, 0.5]):
        evaluator = onnx_reference(mode, coordinates, output, ratio, scale)
        feature = rng.integers(-8, 9, (2, 1, 5, 7)).astype(np.float32)
        step = output[0] * output[1] if ratio == 0 else 0.25  # an adaptive grid is of 1, 2 or 4 samples: exact
        corners = rng.integers(-2 / step if ratio else 0, 9 / step if ratio else 1, (8, 2)) * step
        sizes = rng.integers(0, 6 / step, (8, 2)) * step if ratio else 2.0 ** rng.integers(0, 3, (8, 2)) * step
        batch = rng.integers(0, 2, 8)
        boxes = np.concatenate([batch[:, None], corners, corners + sizes], axis=1).astype(np.float32)
        (want,) = evaluator.run(None, {"X": feature, "rois": boxes[:, 1:], "batch": batch})
        got = pool(feature, boxes, output, scale, ratio, mode, named_dialect(dialect)).values
        assert (got.astype(float).astype(np.float32) == want).all()
