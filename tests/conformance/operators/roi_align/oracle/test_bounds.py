"""The bound must hold for every sound way to compute RoIAlign, and must not hold for a slightly wrong one."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from roikit.conformance.exact.floats import FLOAT_TYPES
from roikit.conformance.operators.roi_align.oracle.bounds import bounds
from roikit.conformance.operators.roi_align.oracle.output import roi_align
from roikit.conformance.sampling.errors import AxisError
from roikit.kernels.dialects.choices import Adaptive, End, GridCap, Max, MinSize, Offset, Outside
from roikit.kernels.dialects.roi_align import Dialect, named_dialect

ml_dtypes = pytest.importorskip("ml_dtypes")

ORDERS = {
    "torchvision": lambda start, size, g, p, i, half: start + p * size + (i + half) * size / g,
    "step": lambda start, size, g, p, i, half: start + p * size + (i + half) * (size / g),
    "paddle": lambda start, size, g, p, i, half: start + size * (p + (i + half) / g),
}
"""Positions from the bin's size; those from the share of the extent need the extent, too."""
SHARES = {
    "share": lambda start, extent, along: start + along * extent,
    "between": lambda start, extent, along: start * (type(along)(1) - along) + (start + extent) * along,
}
DIVISIONS = ("end", "sample", "reciprocal")


def dtype_of(name):
    return np.dtype(ml_dtypes.bfloat16 if name == "bfloat16" else name)


def computed(call, dtype, order, division="end", position_error=0.0, weight_factor=1.0):  # noqa: C901
    """RoIAlign as a plain loop in ``dtype``: no fused operation, samples summed one after the other."""
    feature, boxes, (ph, pw), scales, ratios, mode, dialect = call
    feature, t = feature.astype(dtype), dtype.type
    half, one, zero = t(0.5), t(1), t(0)
    _, channels, height, width = feature.shape
    out = np.zeros((len(boxes), channels, ph, pw), dtype)

    def axis(y1, y2, scale, bins, ratio, pixels):
        def mapped(y):
            match dialect.offset:
                case Offset.NONE:
                    return y * scale
                case Offset.HALF:
                    return y * scale - half
                case Offset.HALF_BEFORE_SCALE:
                    return (y - half) * scale
                case _:
                    return (y + half) * scale - half

        start, end = mapped(y1), mapped(y2 + one if dialect.end == End.PLUS_ONE else y2)
        extent = end - start
        if dialect.min_size != MinSize.NONE:
            extent = max(extent, one if dialect.min_size == MinSize.ONE else zero)
        size = extent / t(bins)
        rule = {"ceil": math.ceil, "floor": math.floor, "round": lambda v: math.floor(float(v) + 0.5)}
        g = ratio if ratio > 0 else rule[dialect.adaptive](size)
        taken = min(g, pixels) if ratio <= 0 and dialect.grid_cap == GridCap.MAP else g
        taps = []
        for p in range(bins):
            taps.append([])
            for i in range(taken):
                if order in SHARES:
                    y = SHARES[order](start, extent, (t(p) * t(g) + t(i) + half) / (t(bins) * t(g)))
                else:
                    y = ORDERS[order](start, size, t(g), t(p), t(i), half)
                y += t(position_error)
                if dialect.outside == Outside.ZERO and not -1 <= y <= pixels:
                    taps[p].append(None)
                    continue
                y = min(max(y, zero), t(pixels - 1))
                low = int(y)
                fraction = y - t(low)
                taps[p].append(((low, one - fraction), (min(low + 1, pixels - 1), fraction)))
        return taps, g

    for k, box in enumerate(boxes):
        b, (x1, y1, x2, y2) = int(box[0]), (t(v) for v in box[1:])
        ys, gy = axis(y1, y2, t(scales[0]), ph, ratios[0], height)
        xs, gx = axis(x1, x2, t(scales[1]), pw, ratios[1], width)
        for c, p, q in np.ndindex(out.shape[1:]):
            total, count = zero, t(max(gy * gx, 1))
            values = [] if dialect.max_start is None else [t(dialect.max_start)]
            for sy in ys[p]:
                for sx in xs[q]:
                    if sy is None or sx is None:
                        if dialect.max != Max.SAMPLE_INSIDE:
                            values.append(zero)
                        continue
                    corners = [(wy * wx) * feature[b, c, row, col] for row, wy in sy for col, wx in sx]
                    corners[0] = corners[0] * t(weight_factor)
                    value = ((corners[0] + corners[1]) + corners[2]) + corners[3]
                    values += corners if dialect.max == Max.CORNER else [value]
                    total = total + (value / count if division == "sample" else value)
            if mode == "max":
                out[k, c, p, q] = max(values, default=zero)
            else:
                finish = {"end": lambda v, n: v / n, "sample": lambda v, _: v, "reciprocal": lambda v, n: v * (one / n)}
                out[k, c, p, q] = finish[division](total, count)
    return out


def random_call(rng, dtype, dialect, mode="avg", size=(14, 18), rois=4, output=(3, 2), ratio=(2, 2), scale=(0.25, 0.3)):
    """A call with nothing exact in it; the numbers are those of the data type, so that they are the oracle's, too."""
    height, width = size
    scales = tuple(float(np.float32(s) if dtype != "float64" else s) for s in scale)
    feature = rng.standard_normal((1, 2, height, width)).astype(dtype_of(dtype))
    x, y = (rng.uniform(-3, n + 3, (rois, 2)) / s for n, s in ((width, scales[1]), (height, scales[0])))
    x.sort(), y.sort()
    boxes = np.stack([np.zeros(rois), x[:, 0], y[:, 0], x[:, 1], y[:, 1]], axis=1)
    boxes = boxes.astype("float64" if dtype == "float64" else "float32").astype(np.float64)
    return feature, boxes, output, scales, ratio, mode, dialect


def ratio_to_bound(call, got, dtype, **keywords):
    """Greatest error as a fraction of its bound, over the elements that have one."""
    result = roi_align(*call)
    limit = bounds(result, dtype, **keywords)
    error = np.abs(got.astype(np.float64) - result.values.astype(np.float64))
    sound = ~limit.fragile
    assert sound.mean() > 0.5
    assert (limit.bound[sound] > 0).any()
    with np.errstate(invalid="ignore"):
        return np.nan_to_num(np.where(error == 0, 0, error / limit.bound))[sound].max()


ALIGNED, LEGACY = named_dialect("detectron2"), named_dialect("torchvision")
DIALECTS = {
    "legacy": LEGACY,
    "aligned": ALIGNED,
    "before-scale": replace(ALIGNED, offset=Offset.HALF_BEFORE_SCALE),
    "pixel-centre": named_dialect("openvino-half-pixel"),
    "clamp": named_dialect("torchvision-python"),
    "plus-one": replace(ALIGNED, end=End.PLUS_ONE, adaptive=Adaptive.FLOOR, min_size=MinSize.ZERO),
}


@pytest.mark.one_in(3)
@pytest.mark.parametrize("order", [*ORDERS, *SHARES])
@pytest.mark.parametrize("division", DIVISIONS)
@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS)
@pytest.mark.parametrize("ratio", [(2, 3), (0, 0)], ids=["fixed", "adaptive"])
def test_float32_stays_within_the_bound(order, division, dialect, ratio):
    call = random_call(np.random.default_rng(1), "float32", dialect, ratio=ratio)
    assert 0 < ratio_to_bound(call, computed(call, np.dtype("float32"), order, division), "float32") <= 1


@pytest.mark.one_in(3)
@pytest.mark.parametrize("order", [*ORDERS, *SHARES])
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("meaning", list(Max))
def test_maximum_stays_within_the_bound(order, seed, meaning):
    call = random_call(np.random.default_rng(seed), "float32", replace(ALIGNED, max=meaning), mode="max")
    assert 0 < ratio_to_bound(call, computed(call, np.dtype("float32"), order), "float32") <= 1


@pytest.mark.one_in(3)
@pytest.mark.parametrize("order", [*ORDERS, *SHARES])
@pytest.mark.parametrize("mode", ["avg", "max"])
@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "bfloat16"])
def test_sums_in_the_working_type_and_one_rounding_to_storage(order, mode, dtype):
    call = random_call(np.random.default_rng(5), dtype, ALIGNED, mode)
    working = dtype_of("float64" if dtype == "float64" else "float32")
    got = computed(call, working, order).astype(dtype_of(dtype))
    assert 0 < ratio_to_bound(call, got, dtype) <= 1


@pytest.mark.one_in(3)
@pytest.mark.parametrize("order", [*ORDERS, *SHARES])
@pytest.mark.parametrize("division", DIVISIONS)
@pytest.mark.parametrize("mode", ["avg", "max"])
def test_float16_all_the_way(order, division, mode):
    call = random_call(np.random.default_rng(6), "float16", LEGACY, mode)
    got = computed(call, np.dtype("float16"), order, division)
    assert 0 < ratio_to_bound(call, got, "float16", storage_arithmetic=True) <= 1
    assert ratio_to_bound(call, got, "float16") > 1


@pytest.mark.one_in(3)
@pytest.mark.parametrize("order", [*ORDERS, *SHARES])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_wide_maps(order, dtype):
    call = random_call(np.random.default_rng(7), dtype, ALIGNED, size=(200, 300), output=(7, 7), rois=2)
    assert 0 < ratio_to_bound(call, computed(call, np.dtype(dtype), order), dtype) <= 1


@pytest.mark.one_in(6)
@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS)
@pytest.mark.parametrize("mode", ["avg", "max"])
@pytest.mark.parametrize("fault", [{"position_error": 1e-3}, {"weight_factor": 1.01}], ids=["position", "weight"])
def test_a_slightly_wrong_result_exceeds_the_bound(dialect, mode, fault):
    for size in ((14, 18), (200, 300)):
        call = random_call(np.random.default_rng(8), "float32", dialect, mode, size=size)
        assert ratio_to_bound(call, computed(call, np.dtype("float32"), "torchvision", **fault), "float32") > 2


def one_box(box, *, dialect=ALIGNED, scale=1.0, ratio=(2, 2), feature=None, output=(1, 1), mode="avg"):
    feature = np.arange(36.0).reshape(1, 1, 6, 6) if feature is None else feature
    return roi_align(feature, [[0, *box]], output, (scale, scale), ratio, mode, dialect)


def test_exact_coordinates_have_no_error():
    for box, exact in (([1, 1, 3, 3.5], True), ([1, 1, 3.1, 3.5], False)):
        roi = one_box(box).stages[0]
        error = AxisError(roi.x, FLOAT_TYPES["float32"])
        assert (error.position(0, 1) == 0) == exact


def test_a_sample_on_the_bound_is_fragile_unless_its_coordinates_are_exact():
    on_bound = one_box([0, 5, 2, 8], ratio=(1, 1))  # y = 4.5 + 1.5 = 6 = H
    assert on_bound.stages[0].y.position(0, 0) == 6
    assert not bounds(on_bound, "float32").fragile.any()
    third = Fraction(1, 3)
    assert bounds(one_box([0, 5 + third, 2, 8 - third], ratio=(1, 1)), "float32").fragile.all()
    assert not bounds(one_box([0, 5.1, 2, 7.8], ratio=(1, 1)), "float32").fragile.any()
    assert bounds(one_box([0, 4.1, 2, 8.8999999], ratio=(1, 1)), "float32").fragile.all()


def test_only_bins_that_meet_the_bound_are_fragile():
    third = Fraction(1, 3)
    result = one_box([2, 5 + third, 4, 8 - third], ratio=(1, 1), output=(3, 2))
    assert bounds(result, "float32").fragile.tolist() == [[[[False, False], [True, True], [False, False]]]]


def test_a_bin_size_on_a_step_of_the_grid_is_fragile_unless_exact():
    assert not bounds(one_box([0, 0, 4, 4], ratio=(0, 0), output=(2, 2)), "float32").fragile.any()
    tenth = Fraction(1, 10)
    assert bounds(one_box([tenth, 0, 4 + tenth, 4], ratio=(0, 0), output=(2, 2)), "float32").fragile.all()
    assert not bounds(one_box([tenth, 0, 4 + tenth, 4], ratio=(2, 2), output=(2, 2)), "float32").fragile.any()


def test_a_zero_area_box_of_the_dialect_with_a_least_size_is_not_fragile():
    box = [0.3, 0.3, 0.3, 0.3]
    assert not bounds(one_box(box, dialect=LEGACY, ratio=(0, 0)), "float32").fragile.any()


def test_a_nan_pixel_beside_a_knot_is_fragile():
    feature = np.zeros((1, 1, 6, 6))
    feature[..., 3] = np.nan
    tenth = Fraction(1, 10)
    exact = one_box([1.5, 1, 3.5, 3], feature=feature, ratio=(1, 1))  # x = 2 reads columns 2 and 3
    assert not bounds(exact, "float32").fragile.any()
    assert bounds(one_box([1.5 + tenth, 1, 3.5 - tenth, 3], feature=feature, ratio=(1, 1)), "float32").fragile.all()


def test_overflow_and_absent_values():
    huge = np.full((1, 1, 6, 6), 60000.0)
    assert np.isfinite(bounds(one_box([0.1, 0, 3, 3], feature=huge), "float16").bound).all()
    assert bounds(one_box([0.1, 0, 3, 3], feature=huge), "float16", storage_arithmetic=True).fragile.all()
    invalid = one_box([0, 0, math.nan, 3])
    assert not bounds(invalid, "float32").fragile.any()
    assert bounds(invalid, "float32").bound.sum() == 0


def test_huge_boxes_have_bounds():
    dialect = Dialect(outside=Outside.CLAMP)
    result = one_box([-5e5, -4e5, 5e5, 6e5], dialect=dialect, ratio=(0, 0))
    assert bounds(result, "float64").bound.shape == (1, 1, 1, 1)


@pytest.mark.parametrize("name", FLOAT_TYPES)
def test_float_types_agree_with_numpy(name):
    info = ml_dtypes.finfo(dtype_of(name))
    kind = FLOAT_TYPES[name]
    assert (kind.unit, kind.smallest, kind.largest) == (
        float(info.eps) / 2,
        float(info.smallest_normal),
        float(info.max),
    )
    rng = np.random.default_rng(0)
    for x in rng.uniform(1, 2, 200) * 2.0 ** rng.integers(-10, 10, 200):
        rounded = Fraction(float(dtype_of(name).type(x)))
        assert kind.represents(rounded)
        assert abs(rounded - Fraction(x)) <= kind.rounding(abs(x))
        assert kind.represents(Fraction(x)) == (rounded == Fraction(x))
