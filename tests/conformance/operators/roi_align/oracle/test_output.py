"""The oracle against published numbers, the ONNX reference, plain enumeration, and laws that RoIAlign obeys."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roikit.conformance.exact.numbers import Special
from roikit.conformance.operators.roi_align.oracle.output import roi_align
from roikit.conformance.sampling.axis import Rules, stages
from roikit.kernels.dialects.choices import Adaptive, EmptyGrid, End, GridCap, Max, MinSize, Offset, Outside
from roikit.kernels.dialects.roi_align import DIALECTS, Dialect, named_dialect

LEGACY, ALIGNED = named_dialect("torchvision"), named_dialect("torchvision-aligned")
ARANGE = np.arange(25.0).reshape(1, 1, 5, 5)
TEN_Y_PLUS_X = np.fromfunction(lambda n, c, y, x: n + c + 10 * y + x, (1, 1, 6, 6))
ARTICLE_BOX = [0, Fraction("0.8"), 0, Fraction("2.4"), Fraction("4.5")]


def pool(feature, boxes, output=(2, 2), scale=1, ratio=2, mode="avg", dialect=LEGACY):
    pair = [v if isinstance(v, tuple) else (v, v) for v in (scale, ratio)]
    return roi_align(feature, boxes, output, *pair, mode, dialect)


def decimals(values):
    return [Fraction(v) for v in values.split()]


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


def enumerated(feature, box, output, scale, ratio, mode, dialect):
    """One RoI, sample by sample, straight from the text of the rules."""
    b, x1, y1, x2, y2 = box
    _, channels, height, width = feature.shape

    def axis(first, last, s, bins, r, pixels):
        last = last + 1 if dialect.end == "plus_one" else last
        before = {"half_before_scale": Fraction(-1, 2), "pixel_centre": Fraction(1, 2)}.get(dialect.offset, 0)
        after = Fraction(1, 2) if dialect.offset in ("half", "pixel_centre") else 0
        start, end = (first + before) * s - after, (last + before) * s - after
        extent = max(end - start, {"none": end - start, "zero": 0, "one": 1}[dialect.min_size])
        size = extent / Fraction(bins)
        away = math.floor(size + Fraction(1, 2)) if size >= 0 else math.ceil(size - Fraction(1, 2))
        g = r if r > 0 else {"ceil": math.ceil(size), "floor": math.floor(size), "round": away}[dialect.adaptive]
        g = max(g, 1) if dialect.empty_grid == "one_sample" else g
        taken = min(g, pixels) if dialect.grid_cap == "map" and r <= 0 else g
        return [[start + p * size + (i + Fraction(1, 2)) * size / g for i in range(taken)] for p in range(bins)], g

    ys, gy = axis(y1, y2, scale[0], output[0], ratio[0], height)
    xs, gx = axis(x1, x2, scale[1], output[1], ratio[1], width)
    out = np.full((channels, *output), None)
    for c, p, q in np.ndindex(out.shape):
        samples, candidates = [], [] if dialect.max_start is None else [Fraction(dialect.max_start)]
        for at_y, at_x in itertools.product(ys[p], xs[q]):
            if dialect.outside == "zero" and not (-1 <= at_y <= height and -1 <= at_x <= width):
                samples.append(0)
                candidates += [] if dialect.max == "sample_inside" else [0]
                continue
            y, x = min(max(at_y, 0), height - 1), min(max(at_x, 0), width - 1)
            corners = []
            for row, column in itertools.product(
                (math.floor(y), math.floor(y) + 1), (math.floor(x), math.floor(x) + 1)
            ):
                weight = (1 - abs(y - row)) * (1 - abs(x - column))
                pixel = feature[int(b), c, min(row, height - 1), min(column, width - 1)]
                corners.append(weight * Fraction(float(pixel)))
            samples.append(sum(corners))
            candidates += corners if dialect.max == "corner" else [sum(corners)]
        if mode == "max":
            out[c, p, q] = max(candidates, default=0)
        elif gy > 0 and gx > 0:
            out[c, p, q] = sum(samples) / Fraction(gy * gx)
        else:
            out[c, p, q] = Special.NAN if dialect.empty_grid == "nan" and 0 in (gy, gx) else 0
    return out


def fractions(low, high):
    return st.fractions(low, high, max_denominator=12)


any_dialect = st.builds(
    Dialect,
    offset=st.sampled_from(Offset),
    end=st.sampled_from(End),
    min_size=st.sampled_from(MinSize),
    adaptive=st.sampled_from(Adaptive),
    grid_cap=st.sampled_from(GridCap),
    empty_grid=st.sampled_from(EmptyGrid),
    outside=st.sampled_from(Outside),
    max=st.sampled_from(Max),
    max_start=st.sampled_from([None, 0.0, -3.0]),
)
small = st.integers(1, 3)
seeds = st.integers(0, 2**32 - 1)
mixed_boxes = st.tuples(st.integers(0, 1), *[fractions(-12, 14)] * 4)
inner_corners = st.tuples(*[fractions(2, 5)] * 2, *[fractions(0, 3)] * 2)


def integers(seed, shape=(2, 2, 4, 5)):
    return np.random.default_rng(seed).integers(-9, 10, shape).astype(float)


def box_of(corner_and_size, batch=0):
    x, y, width, height = corner_and_size
    return [batch, x, y, x + width, y + height]


@settings(deadline=None, max_examples=200)
@given(
    seed=seeds,
    size=st.tuples(small, st.integers(1, 6)),
    box=mixed_boxes,
    output=st.tuples(small, small),
    scale=st.tuples(fractions(Fraction(1, 4), 2), fractions(Fraction(1, 4), 2)),
    ratio=st.tuples(st.integers(-1, 3), st.integers(-1, 3)),
    mode=st.sampled_from(["avg", "max"]),
    dialect=any_dialect,
)
def test_equals_plain_enumeration(seed, size, box, output, scale, ratio, mode, dialect):
    feature = integers(seed, (2, 2, *size))
    got = roi_align(feature, [box], output, scale, ratio, mode, dialect).values[0]
    assert (got == enumerated(feature, box, output, scale, ratio, mode, dialect)).all()


@settings(deadline=None, max_examples=50)
@given(inner_corners, small, st.integers(0, 3), any_dialect)
def test_a_constant_map_gives_the_constant(corners, bins, ratio, dialect):
    uncapped = replace(dialect, min_size=MinSize.ONE, adaptive=Adaptive.CEIL, grid_cap=GridCap.NONE)
    result = pool(np.full((1, 1, 10, 10), 2.5), [box_of(corners)], (bins, bins), ratio=ratio, dialect=uncapped)
    assert set(result.values.flat) == {Fraction("2.5")}
    assert (result.magnitude == result.values).all()


@settings(deadline=None, max_examples=50)
@given(inner_corners, small, st.integers(1, 3), st.integers(-5, 5), st.integers(-5, 5))
def test_a_linear_map_gives_its_value_at_the_centre_of_the_bin(corners, bins, ratio, a, b):
    feature = np.fromfunction(lambda n, c, y, x: a * y + b * x + n + c, (1, 1, 10, 10))
    x, y, width, height = corners
    values = pool(feature, [box_of(corners)], (bins, bins), ratio=ratio, dialect=ALIGNED).values[0, 0]
    for p, q in np.ndindex(values.shape):
        centre_y, centre_x = (
            start - Fraction(1, 2) + (n + Fraction(1, 2)) * size / bins
            for start, n, size in ((y, p, height), (x, q, width))
        )
        assert values[p, q] == a * centre_y + b * centre_x


@settings(deadline=None, max_examples=50)
@given(seeds, inner_corners, st.integers(0, 2), st.integers(0, 2), st.sampled_from([LEGACY, ALIGNED]))
def test_translation_by_whole_pixels(seed, corners, dy, dx, dialect):
    feature = integers(seed, (1, 1, 12, 12))
    x, y, *size = corners
    moved = box_of((x - dx + 2, y - dy + 2, *size))
    still = box_of((x + 2, y + 2, *size))
    cropped = feature[:, :, dy:, dx:]
    assert (
        pool(cropped, [moved], dialect=dialect, ratio=0).values
        == pool(feature, [still], dialect=dialect, ratio=0).values
    ).all()


@settings(deadline=None, max_examples=50)
@given(seeds, mixed_boxes, st.integers(0, 2), st.sampled_from([LEGACY, ALIGNED]))
def test_twice_the_scale_of_half_the_box(seed, box, ratio, dialect):
    half = [box[0], *(v / 2 for v in box[1:])]
    feature = integers(seed)
    one, two = (pool(feature, [b], scale=s, ratio=ratio, dialect=dialect).values for b, s in ((box, 1), (half, 2)))
    assert (one == two).all()


@settings(deadline=None, max_examples=30)
@given(seeds, st.lists(mixed_boxes, min_size=1, max_size=3), st.sampled_from(["avg", "max"]), any_dialect)
def test_rois_channels_and_images_do_not_meet(seed, boxes, mode, dialect):
    feature = integers(seed)
    together = pool(feature, boxes, mode=mode, dialect=dialect)
    for k, (batch, *corners) in enumerate(boxes):
        for c in range(2):
            alone = pool(feature[batch : batch + 1, c : c + 1], [[0, *corners]], mode=mode, dialect=dialect)
            assert (alone.values[0, 0] == together.values[k, c]).all()


@settings(deadline=None, max_examples=50)
@given(seeds, mixed_boxes, st.tuples(small, small), st.sampled_from(["avg", "max"]), any_dialect)
def test_both_axes_follow_the_same_rules(seed, box, output, mode, dialect):
    feature = integers(seed)
    b, x1, y1, x2, y2 = box
    straight = roi_align(feature, [box], output, (1, Fraction(1, 2)), (0, 2), mode, dialect)
    swapped = roi_align(
        feature.transpose(0, 1, 3, 2), [[b, y1, x1, y2, x2]], output[::-1], (Fraction(1, 2), 1), (2, 0), mode, dialect
    )
    assert (straight.values == swapped.values.transpose(0, 1, 3, 2)).all()


def test_a_subclass_of_the_rules_imitates_a_fault():
    class Sharp(Rules):
        def inside(self, y, pixels):
            return -1 < y < pixels

    box = [[0, 2, Fraction(-3, 2), 3, Fraction(-1, 2)]]
    arguments = (TEN_Y_PLUS_X + 1, box, (1, 1), (1, 1), (1, 1), "avg", LEGACY)
    assert roi_align(*arguments).values.item() != 0
    assert roi_align(*arguments, Sharp).values.item() == 0
