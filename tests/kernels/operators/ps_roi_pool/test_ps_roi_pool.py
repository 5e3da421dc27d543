"""PSRoIPool on the CPU against exact arithmetic, and that nothing decides its bits but the call."""

import numpy as np
import pytest

from roikit.kernels import (
    ps_roi_pool,
    ps_roi_pool_backward,
    roi_pool,
)
from roikit.kernels.dialects.choices import BinEdges
from roikit.kernels.dialects.ps_roi_pool import DIALECTS, Clip, Corners, Dialect, LeastSize
from tests.kernels.operators.arrays import DTYPES, as_nchw, drawn, epsilon, layouts, like, wide
from tests.kernels.operators.ps_roi_pool import reference

DISTINCT = {rules: name for name, rules in reversed(DIALECTS.items())}.values()
BOXES = [
    [0, 1, 1, 5, 5],
    [1, 0.25, 0, 9, 3.25],
    [0, -6, -3, 3, 20],
    [1, 4, 4, 1, 1],  # inverted
    [0, 40, 40, 50, 50],  # outside
    [1, 3, 2, 3, 2],
    [0, 0, 0, 6, 8],
    [0, -9.5, -8.5, -0.5, 30],
    [1, 2, 2, 57, 60],
]


def check(x, boxes, size, scale, rules):
    """Output and gradient in both layouts, to a few roundings."""
    dtype = x.dtype
    boxes = np.array(boxes, wide(dtype))
    expected = reference.ps_roi_pool(x, boxes, size, scale, rules)
    grad = drawn(expected.shape, dtype, 1)
    sent = reference.ps_roi_pool_backward(grad, x.shape, boxes, scale, rules)
    error = 4 * epsilon(dtype)
    for layout, pixels in layouts(x):
        how = {"layout": layout, "dialect": rules}
        out = ps_roi_pool(pixels, boxes, size, scale, **how)
        assert out.dtype == dtype
        np.testing.assert_allclose(as_nchw(out, layout).astype(float), expected, rtol=error, atol=error)
        got = ps_roi_pool_backward(like(grad, layout), boxes, pixels.shape, scale, **how)
        np.testing.assert_allclose(
            as_nchw(got, layout).astype(float), sent, rtol=error, atol=error * np.abs(sent).max()
        )


@pytest.mark.parametrize("dialect", DISTINCT)
@pytest.mark.parametrize("size", [(2, 2), (4, 1), (1, 1)])
def test_every_dialect_is_what_exact_arithmetic_makes_of_it(dialect, size):
    check(drawn((2, 5 * size[0] * size[1], 9, 11), np.float32), BOXES, size, (1.0, 0.5), DIALECTS[dialect])


@pytest.mark.parametrize("dtype", DTYPES, ids=lambda d: np.dtype(d).name)
@pytest.mark.parametrize("dialect", ["roikit", "mxnet"])
def test_every_data_type(dtype, dialect):
    check(drawn((2, 24, 9, 11), dtype), BOXES, (2, 4), (1.0, 1.0), DIALECTS[dialect])


@pytest.mark.parametrize("dtype", DTYPES, ids=lambda d: np.dtype(d).name)
@pytest.mark.parametrize("edges", [edges for edges in BinEdges if edges != "accumulated"])
def test_edges_are_off_where_products_of_their_type_are(dtype, edges):
    """Sizes and numbers of bins of which it is known that products round to another pixel: see RULES.md of RoIPool."""
    for bins, pixels in {7: (5, 29, 57, 58, 114, 116), 14: (1, 62), 6: (13,)}.items():
        x = np.broadcast_to(np.arange(120, dtype=np.float32).astype(dtype), (1, bins, 2, 120))
        boxes = np.array([[0, 1, 0, 1 + size, 1] for size in pixels], wide(dtype))
        rules = Dialect(edges=edges)
        expected = reference.ps_roi_pool(x, boxes, (1, bins), (1.0, 1.0), rules)
        for layout, given_ in layouts(x):
            out = ps_roi_pool(given_, boxes, (1, bins), dialect=rules, layout=layout)
            np.testing.assert_allclose(as_nchw(out, layout).astype(float), expected, rtol=epsilon(dtype))


def test_edges_do_differ():
    x = np.broadcast_to(np.arange(120, dtype=np.float32), (1, 7, 2, 120))
    box = np.array([[0, 0, 0, 57, 1]], np.float32)
    exact, rounded = (ps_roi_pool(x, box, (1, 7), dialect=Dialect(edges=edges)) for edges in ("exact", "float32"))
    assert exact[0, 0, 0, 6] == np.float32(52)  # the pixels from 48 to 56
    assert rounded[0, 0, 0, 6] == 52.5  # and 57
    assert np.array_equal(ps_roi_pool(x.astype(np.float16), box, (1, 7)), exact.astype(np.float16))


@pytest.mark.parametrize("corners", Corners)
@pytest.mark.parametrize("size", LeastSize)
@pytest.mark.parametrize("clip", Clip)
def test_choices_that_no_library_combines(corners, size, clip):
    check(
        drawn((2, 12, 9, 11), np.float32), BOXES, (2, 2), (1.0, 0.5), Dialect(corners=corners, min_size=size, clip=clip)
    )


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
def test_each_bin_reads_its_own_channel(layout):
    x = like(np.broadcast_to(np.arange(24.0)[:, None, None], (1, 24, 9, 9)), layout)
    out = as_nchw(ps_roi_pool(x, np.array([[0, 0, 0, 8.0, 8]]), (3, 2), layout=layout), layout)
    assert np.array_equal(out[0], np.arange(24.0).reshape(4, 3, 2))
    grad = np.ones_like(like(out, layout))
    sent = as_nchw(ps_roi_pool_backward(grad, np.array([[0, 0, 0, 8.0, 8]]), x.shape, layout=layout), layout)
    np.testing.assert_allclose(sent.sum(axis=(2, 3)), np.ones((1, 24)), rtol=1e-14)


def test_last_row_and_column_are_read_where_the_dialect_says_so():
    x, box = np.zeros((1, 1, 4, 4)), np.array([[0, 0, 0, 4.0, 4]])
    x[0, 0, 3, :] = x[0, 0, :, 3] = 1
    assert ps_roi_pool(x, box, 1).item() == 0
    assert ps_roi_pool(x, np.array([[0, 0, 0, 3.0, 3]]), 1, dialect="mxnet").item() == 7 / 16
    grad = ps_roi_pool_backward(np.ones((1, 1, 1, 1)), box, x.shape)
    assert not (grad * x).any()


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
@pytest.mark.parametrize("special", [np.nan, np.inf])
def test_what_no_bin_reads_reaches_nothing(layout, special):
    x = drawn((1, 8, 7, 7), np.float32)
    right = ps_roi_pool(like(x, layout), np.array([[0, 0, 0, 6, 6]], np.float32), 2, layout=layout)
    for p in range(2):
        for q in range(2):  # of the bin's channels all that other bins read
            rest = np.ones((7, 7), bool)
            rest[3 * p : 3 * p + 3, 3 * q : 3 * q + 3] = False
            x[0, 2 * p + q :: 4, rest] = special
    out = ps_roi_pool(like(x, layout), np.array([[0, 0, 0, 6, 6]], np.float32), 2, layout=layout)
    assert np.array_equal(out, right)


@pytest.mark.parametrize("dtype", DTYPES, ids=lambda d: np.dtype(d).name)
def test_vectors_of_channels(dtype):
    """Numbers of channels of which none divides that of a vector."""
    x = drawn((1, 83 * 6, 14, 20), dtype)
    boxes = np.array([[0, 1, 2, 15, 12], [0, -4, 0, 12, 8], [0, 10, 3, 19, 13]], wide(dtype))
    outs = [as_nchw(ps_roi_pool(pixels, boxes, (3, 2), layout=layout), layout) for layout, pixels in layouts(x)]
    assert np.array_equal(*outs)
    expected = reference.ps_roi_pool(x, boxes, (3, 2), (1.0, 1.0), DIALECTS["roikit"])
    error = 2 * epsilon(dtype)
    np.testing.assert_allclose(outs[0].astype(float), expected, rtol=error, atol=error)


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
def test_many_rois_on_several_tiles_send_what_the_output_makes_of_them(layout):
    rng = np.random.default_rng(0)
    x = like(rng.integers(-4, 5, (2, 12, 40, 79)).astype(np.float64), layout)
    corners = rng.integers(0, 30, (70, 2)) / 2
    boxes = np.column_stack([rng.integers(0, 2, 70), corners, corners + rng.integers(2, 50, (70, 2)) / 2])
    out = ps_roi_pool(x, boxes, 2, layout=layout)
    grad = rng.integers(-4, 5, out.shape).astype(float)
    sent = ps_roi_pool_backward(grad, boxes, x.shape, layout=layout, out=np.full_like(x, np.nan))
    assert (sent * x).sum() == pytest.approx((out * grad).sum(), rel=1e-12)


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
def test_more_bins_than_are_weighed_at_once(layout):
    """The weights of 32 bins are held at a time."""
    x = drawn((1, 2 * 70, 5, 160), np.float64)
    boxes = np.array([[0, 3, 0, 150, 4], [0, -20, 1, 200, 3], [0, 10, 0, 45, 4.0]])
    expected = reference.ps_roi_pool(x, boxes, (1, 70), (1.0, 1.0), DIALECTS["roikit"])
    out = ps_roi_pool(like(x, layout), boxes, (1, 70), layout=layout)
    np.testing.assert_allclose(as_nchw(out, layout), expected, rtol=1e-14, atol=1e-14)
    grad = drawn(expected.shape, np.float64, 2)
    sent = ps_roi_pool_backward(like(grad, layout), boxes, like(x, layout).shape, layout=layout)
    right = reference.ps_roi_pool_backward(grad, x.shape, boxes, (1.0, 1.0), DIALECTS["roikit"])
    np.testing.assert_allclose(as_nchw(sent, layout), right, rtol=1e-14, atol=1e-14)


@pytest.mark.parametrize("box", [[-1e30, -1e30, 1e30, 1e30], [3e38, 0, 3e38, 5], [-3e38, -3e38, -3e38, 3e38]])
def test_corners_beyond_every_map_are_finite_all_the_same(box):
    x, boxes = drawn((1, 12, 7, 8), np.float64), np.array([[0, *box]])
    expected = reference.ps_roi_pool(x, boxes, (2, 2), (1.0, 1.0), DIALECTS["roikit"])
    np.testing.assert_allclose(ps_roi_pool(x, boxes, 2), expected, rtol=1e-15)


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"dialect": "torchvison"}, ValueError, "no dialect of ps_roi_pool is called 'torchvison'"),
        ({"dialect": 3}, TypeError, r"dialect must be a ps_roi_pool\.Dialect or the name of one"),
        ({"output_size": True}, TypeError, "output_size must be an integer"),
        ({"output_size": -1}, ValueError, "output_size must not be negative"),
        ({"output_size": 3}, ValueError, "for each of the 3 x 3 bins: a multiple of 9, not 4"),
        ({"spatial_scale": 0.0}, ValueError, "spatial_scale must be finite and greater than 0"),
        ({"input": np.zeros((1, 4, 0, 3), np.float32)}, ValueError, "input has no pixels"),
        ({"boxes": np.zeros((1, 4), np.float32)}, ValueError, r"boxes must have shape \(K, 5\)"),
        ({"out": np.zeros((1, 4, 2, 2), np.float32)}, ValueError, r"out must have shape \(1, 1, 2, 2\)"),
        ({"layout": "NWHC"}, ValueError, "layout must be one of 'NCHW', 'NHWC'"),
    ],
)
def test_a_wrong_argument_is_named(changes, error, message):
    """What would be right is asked for before, and kept."""
    right = {
        "input": np.ones((1, 4, 4, 4), np.float32),
        "boxes": np.array([[0, 0, 0, 2, 2]], np.float32),
        "output_size": 2,
        "spatial_scale": 1.0,
    }
    assert (ps_roi_pool(**right) == 1).all()
    with pytest.raises(error, match=message):
        ps_roi_pool(**right | changes)


def test_what_arrives_must_have_the_shape_of_the_output():
    boxes = np.array([[0, 0, 0, 2, 2]], np.float32)
    with pytest.raises(ValueError, match=r"grad must have shape \(1, 1, 2, 2\)"):
        ps_roi_pool_backward(np.ones((1, 4, 2, 2), np.float32), boxes, (1, 4, 5, 5))
    with pytest.raises(ValueError, match="a multiple of 4, not 6"):
        ps_roi_pool_backward(np.ones((1, 1, 2, 2), np.float32), boxes, (1, 6, 5, 5))


def test_one_bin_is_an_average_of_roi_pool_that_ends_a_pixel_before():
    x = drawn((1, 3, 9, 9), np.float64)
    ours = ps_roi_pool(x, np.array([[0, 1, 2, 6.0, 7]]), 1)
    assert np.array_equal(ours, roi_pool(x, np.array([[0, 1, 2, 5.0, 6]]), 1, mode="avg"))
