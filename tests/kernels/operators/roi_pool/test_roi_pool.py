"""RoIPool on the CPU against exact arithmetic, and that nothing decides its bits but the call."""

from dataclasses import replace

import ml_dtypes
import numpy as np
import pytest

from roikit.kernels import roi_align, roi_pool, roi_pool_backward
from roikit.kernels.dialects.choices import BinEdges, CornerSnap, EmptyBin, MinSize, SnappedEnd
from roikit.kernels.dialects.roi_pool import DIALECTS, Dialect, EdgeShift, MaxStart, NanPixel
from tests.kernels.operators.arrays import DTYPES, as_nchw, drawn, epsilon, layouts, like, wide
from tests.kernels.operators.roi_pool import reference

DISTINCT = {rules: name for name, rules in reversed(DIALECTS.items())}.values()
BOXES = [
    [0, 1, 1, 5, 5],
    [1, 0.25, 0, 9, 3.25],
    [0, -6, -3, 3, 20],
    [1, 4, 4, 1, 1],  # inverted
    [0, 40, 40, 50, 50],  # outside
    [1, 3, 2, 3, 2],
    [0, 0, 0, 6, 8],
    [0, -9, -9, -2, 30],
    [1, 2, 2, 57, 60],
]


def check(x, boxes, size, scale, mode, rules):
    """Output and gradient in both layouts; of an average to a few roundings."""
    dtype = x.dtype
    boxes = np.array(boxes, wide(dtype))
    expected = reference.roi_pool(x, boxes, size, scale, mode, rules)
    grad = drawn(expected.shape, dtype, 1)
    sent = reference.roi_pool_backward(grad, x, boxes, scale, mode, rules)
    error = 0 if mode == "max" else 4 * epsilon(dtype)
    for layout, pixels in layouts(x):
        how = {"mode": mode, "layout": layout, "dialect": rules}
        out = roi_pool(pixels, boxes, size, scale, **how)
        assert out.dtype == dtype
        np.testing.assert_allclose(as_nchw(out, layout).astype(float), expected, rtol=error, atol=error)
        got = roi_pool_backward(like(grad, layout), boxes, pixels.shape, scale, **how, input=pixels)
        tolerance = error * np.abs(sent).max() * 8 if mode == "avg" else 0
        np.testing.assert_allclose(as_nchw(got, layout).astype(float), sent, rtol=error, atol=tolerance)


@pytest.mark.parametrize("mode", ["max", "avg"])
@pytest.mark.parametrize("dialect", DISTINCT)
def test_every_dialect_is_what_exact_arithmetic_makes_of_it(dialect, mode):
    check(drawn((2, 5, 9, 11), np.float32), BOXES, (3, 2), (1.0, 0.5), mode, DIALECTS[dialect])


@pytest.mark.parametrize("mode", ["max", "avg"])
@pytest.mark.parametrize("dtype", DTYPES, ids=lambda d: np.dtype(d).name)
def test_every_data_type(dtype, mode):
    check(drawn((2, 3, 9, 11), dtype), BOXES, (2, 4), (1.0, 1.0), mode, DIALECTS["roikit"])


@pytest.mark.parametrize("dtype", DTYPES, ids=lambda d: np.dtype(d).name)
@pytest.mark.parametrize("edges", BinEdges)
def test_edges_are_off_where_products_of_their_type_are(dtype, edges):
    """Sizes and numbers of bins of which it is known that products round to another pixel: see RULES.md."""
    sizes = {7: (5, 29, 57, 58, 114, 116), 14: (1, 62), 21: (3,), 10: (1,), 6: (13,)}
    for bins, pixels in sizes.items():
        x = np.arange(120, dtype=np.float32).astype(dtype).reshape(1, 1, 1, 120)
        boxes = np.array([[0, 1, 0, size, 0] for size in pixels], wide(dtype))
        rules = Dialect(edges=edges)
        expected = reference.roi_pool(x, boxes, (1, bins), (1.0, 1.0), "max", rules)
        for layout, given_ in layouts(x):
            out = roi_pool(given_, boxes, (1, bins), dialect=rules, layout=layout)
            assert np.array_equal(as_nchw(out, layout).astype(float), expected)


def test_edges_do_differ():
    x = np.arange(120, dtype=np.float32).reshape(1, 1, 1, 120)
    box = np.array([[0, 0, 0, 56, 0]], np.float32)
    exact, rounded = (roi_pool(x, box, (1, 7), dialect=Dialect(edges=edges)) for edges in ("exact", "float32"))
    assert exact[0, 0, 0, 6] == 56
    assert rounded[0, 0, 0, 6] == 57
    narrow = np.arange(120, dtype=np.float16).reshape(1, 1, 1, 120)
    assert np.array_equal(roi_pool(narrow, box, (1, 7)), exact)


def mixed(n):
    """A dialect; some of them make every choice there is."""
    kinds = {"snap": CornerSnap, "end": SnappedEnd, "edges": BinEdges, "shift": EdgeShift, "empty": EmptyBin,
             "start": MaxStart, "nan": [k for k in NanPixel if k != NanPixel.UNKNOWN]}  # fmt: skip
    choices = {name: list(kind)[n % len(list(kind))] for name, kind in kinds.items()}
    return Dialect(**choices, min_size=(MinSize.NONE, MinSize.ONE)[n % 2])


@pytest.mark.parametrize("n", range(5))
def test_choices_that_no_library_combines(n):
    check(drawn((2, 3, 9, 11), np.float32), BOXES, (2, 3), (1.0, 0.5), "max", mixed(n))


@pytest.mark.parametrize("nan", [kind for kind in NanPixel if kind != NanPixel.UNKNOWN])
@pytest.mark.parametrize("start", MaxStart)
def test_pixels_that_are_no_numbers(nan, start):
    rng = np.random.default_rng(0)
    x = drawn((2, 3, 9, 11), np.float32)
    x[rng.random(x.shape) < 0.2] = np.nan
    x[rng.random(x.shape) < 0.05] = np.inf
    x[rng.random(x.shape) < 0.05] = -np.inf
    check(x, BOXES, (3, 4), (1.0, 1.0), "max", Dialect(nan=nan, start=start))


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
@pytest.mark.parametrize("dtype", DTYPES, ids=lambda d: np.dtype(d).name)
def test_a_bin_of_nothing_but_minus_infinity_is_what_a_maximum_begins_with_and_sends_nothing(dtype, layout):
    of_map = -float(ml_dtypes.finfo(dtype).max)
    lowest = -np.inf if of_map > reference.LOWEST else reference.LOWEST
    x, box = like(np.full((1, 1, 2, 2), -np.inf, dtype), layout), np.array([[0, 0, 0, 1, 1]], wide(dtype))
    for dialect, start in (("roikit", lowest), ("tvm", of_map), ("paddle", of_map), ("chainer", -np.inf)):
        how = {"layout": layout, "dialect": dialect}
        assert float(roi_pool(x, box, 1, **how).item()) == start
        assert not roi_pool_backward(np.ones((1, 1, 1, 1), dtype), box, x.shape, **how, input=x).any()


@pytest.mark.parametrize(
    ("pixels", "expected", "winner"),
    [([-np.inf], reference.LOWEST, None), ([np.nan, -np.inf], -np.inf, None), ([-1e39], reference.LOWEST, None),
     ([5, np.nan, -1e39], -1e39, 2), ([5, np.nan, -np.inf, -1e39], -1e39, 3), ([5, np.nan], np.nan, None)],
)  # fmt: skip
@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
def test_what_comes_after_a_nan_takes_its_place_whatever_a_maximum_begins_with(pixels, expected, winner, layout):
    x = like(np.array(pixels, float).reshape(1, 1, 1, -1), layout)
    box, how = np.array([[0.0, 0, 0, len(pixels) - 1, 0]]), {"layout": layout, "dialect": "onnxruntime"}
    np.testing.assert_equal(roi_pool(x, box, 1, **how).item(), expected)
    sent = roi_pool_backward(np.ones((1, 1, 1, 1)), box, x.shape, **how, input=x).ravel()
    assert sent.tolist() == [float(i == winner) for i in range(len(pixels))]


@pytest.mark.parametrize("mode", ["max", "avg"])
@pytest.mark.parametrize("dtype", DTYPES, ids=lambda d: np.dtype(d).name)
def test_vectors_of_channels_and_columns(dtype, mode):
    """Maps wider than a vector of the machine, and numbers of channels of which none divides the other."""
    x = drawn((1, 83, 24, 70), dtype)
    boxes = np.array([[0, 1, 2, 65, 18], [0, -4, 0, 12, 8], [0, 60, 3, 69, 19], [0, 3, 3, 3, 30]], wide(dtype))
    rules = DIALECTS["roikit"]
    expected = reference.roi_pool(x[:, :3], boxes, (3, 5), (1.0, 1.0), mode, rules)
    error = 0 if mode == "max" else epsilon(dtype)
    outs = [as_nchw(roi_pool(pixels, boxes, (3, 5), mode=mode, layout=layout), layout) for layout, pixels in layouts(x)]
    assert np.array_equal(*outs)
    np.testing.assert_allclose(outs[0][:, :3].astype(float), expected, rtol=error)
    for c in range(3, 83, 16):
        assert np.array_equal(outs[0][:, c], roi_pool(x[:, [c]], boxes, (3, 5), mode=mode)[:, 0])


@pytest.mark.parametrize("mode", ["max", "avg"])
def test_rois_wider_than_a_line_are_taken_in_parts(mode):
    x = drawn((1, 2, 3, 5000), np.float32)
    boxes = np.array([[0, 7, 0, 4990, 2], [0, 1020, 1, 2100, 2], [0, -9000, 0, 9000, 2]], np.float32)
    expected = reference.roi_pool(x, boxes, (1, 3), (1.0, 1.0), mode, DIALECTS["roikit"])
    np.testing.assert_allclose(roi_pool(x, boxes, (1, 3), mode=mode), expected, rtol=0 if mode == "max" else 1e-6)


@pytest.mark.parametrize("nan", [NanPixel.SKIPPED, NanPixel.PROPAGATES])
@pytest.mark.parametrize("dtype", DTYPES, ids=lambda d: np.dtype(d).name)
def test_bins_small_and_large_send_what_arrives_to_their_greatest_pixels(dtype, nan):
    """A CPU finds these in different ways, on several tiles, for registers of channels of which one is not full."""
    x = drawn((1, 19, 20, 300), dtype)
    boxes = [[0, 3, 1, 290, 18], [0, 250, 0, 262, 3], [0, 0, 4, 299, 4], [0, 17, -9, 17, 30], [0, 240, 2, 275, 19]]
    check(x, boxes, (2, 33), (1.0, 1.0), "max", replace(DIALECTS["roikit"], nan=nan))


@pytest.mark.parametrize("box", [[-1e30, -1e30, 1e30, 1e30], [3e38, 0, 3e38, 5], [-3e38, -3e38, -3e38, 3e38]])
def test_corners_beyond_every_map_are_finite_all_the_same(box):
    x, boxes = drawn((1, 3, 7, 8), np.float64), np.array([[0, *box]])
    for mode in ("max", "avg"):
        expected = reference.roi_pool(x, boxes, (3, 2), (1.0, 1.0), mode, DIALECTS["roikit"])
        np.testing.assert_allclose(roi_pool(x, boxes, (3, 2), mode=mode), expected, rtol=1e-15)


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"mode": "sum"}, ValueError, "mode must be one of 'avg', 'max'"),
        ({"dialect": "torchvison"}, ValueError, "no dialect of roi_pool is called 'torchvison'"),
        ({"dialect": 3}, TypeError, "dialect must be a roi_pool.Dialect or the name of one"),
        ({"output_size": True}, TypeError, "output_size must be an integer"),
        ({"output_size": -1}, ValueError, "output_size must not be negative"),
        ({"spatial_scale": 0.0}, ValueError, "spatial_scale must be finite and greater than 0"),
        ({"spatial_scale": True}, TypeError, "spatial_scale must be a number"),
        ({"input": np.zeros((1, 1, 0, 3), np.float32)}, ValueError, "input has no pixels"),
        ({"boxes": np.zeros((1, 4), np.float32)}, ValueError, r"boxes must have shape \(K, 5\)"),
        ({"out": np.zeros((1, 1, 1, 2), np.float32)}, ValueError, "out must have shape"),
    ],
)
def test_a_wrong_argument_is_named(changes, error, message):
    """What would be right is asked for before, and kept."""
    right = {
        "input": np.ones((1, 1, 4, 4), np.float32),
        "boxes": np.array([[0, 0, 0, 2, 2]], np.float32),
        "output_size": 1,
        "spatial_scale": 1.0,
    }
    assert roi_pool(**right).item() == 1
    with pytest.raises(error, match=message):
        roi_pool(**right | changes)


def test_the_gradient_of_a_maximum_needs_the_maps():
    boxes, grad = np.array([[0, 0, 0, 1, 1]], np.float32), np.ones((1, 1, 1, 1), np.float32)
    with pytest.raises(ValueError, match="pass input"):
        roi_pool_backward(grad, boxes, (1, 1, 4, 4))
    assert roi_pool_backward(grad, boxes, (1, 1, 4, 4), mode="avg").sum() == 1


def test_the_other_operator_has_other_rules():
    """One reads whole pixels, the other between them."""
    x, boxes = drawn((1, 1, 8, 8), np.float32), np.array([[0, 1, 1, 5, 5]], np.float32)
    assert not np.array_equal(roi_pool(x, boxes, 2), roi_align(x, boxes, 2, mode="max"))
