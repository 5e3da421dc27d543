"""PrRoIPool on the CPU against a quadrature, and that nothing decides its bits but the call."""

import numpy as np
import pytest

from roikit.kernels import (
    prroi_pool,
    prroi_pool_backward,
    prroi_pool_backward_boxes,
    roi_align,
)
from tests.kernels.operators.arrays import DTYPES, as_nchw, drawn, epsilon, layouts, like, wide
from tests.kernels.operators.prroi_pool import reference

BOXES = [
    [0, 1, 1, 5, 5],
    [1, 0.25, 0, 9, 3.25],
    [0, -6, -3, 3, 20],
    [1, 4, 4, 1, 1],  # inverted
    [0, 40, 40, 50, 50],  # outside
    [1, 3, 2, 3, 2],  # a point
    [0, 2.25, 3.5, 2.5, 3.75],  # within a cell
    [0, -0.75, 8, 3, 8.75],  # where values fade
    [1, 2, 2, 57, 60],
]


def check(x, boxes, size, scale):
    """Output and both gradients in both layouts, to a few roundings."""
    dtype, boxes = x.dtype, np.array(boxes, wide(x.dtype))
    expected = reference.prroi_pool(x, boxes, size, scale)
    grad = drawn(expected.shape, dtype, 1)
    sent = reference.prroi_pool_backward(grad, x.shape, boxes, scale)
    moved = reference.prroi_pool_backward_boxes(grad, x, boxes, scale)
    error, fine = 8 * epsilon(dtype), 64 * epsilon(wide(dtype))
    for layout, pixels in layouts(x):
        out = prroi_pool(pixels, boxes, size, scale, layout=layout)
        assert out.dtype == dtype
        np.testing.assert_allclose(as_nchw(out, layout).astype(float), expected, rtol=error, atol=error + 8 * fine)
        got = prroi_pool_backward(like(grad, layout), boxes, pixels.shape, scale, layout=layout)
        assert got.dtype == dtype
        np.testing.assert_allclose(
            as_nchw(got, layout).astype(float), sent, rtol=error, atol=(error + fine) * abs(sent).max()
        )
        of_boxes = prroi_pool_backward_boxes(like(grad, layout), pixels, boxes, scale, layout=layout)
        assert of_boxes.dtype == wide(dtype)
        np.testing.assert_allclose(of_boxes, moved, rtol=64 * fine, atol=fine * 64 * (1 + abs(moved).max()))


@pytest.mark.parametrize("dtype", DTYPES, ids=lambda d: np.dtype(d).name)
@pytest.mark.parametrize(("size", "channels"), [((2, 3), 5), ((7, 7), 33), ((1, 1), 3)])
def test_every_data_type_and_layout(dtype, size, channels):
    check(drawn((2, channels, 9, 11), dtype), BOXES, size, 0.9 if size == (2, 3) else 1.0)


def test_a_scale_for_each_axis():
    x, boxes = drawn((1, 2, 9, 11), np.float64), np.array([[0, 2, 1, 18, 3.0]])
    expected = reference.prroi_pool(x, boxes * [1, 0.5, 2, 0.5, 2], (2, 2))
    np.testing.assert_allclose(prroi_pool(x, boxes, 2, (2.0, 0.5)), expected, rtol=1e-14)
    grad = drawn((1, 2, 2, 2), np.float64, 3)
    moved = reference.prroi_pool_backward_boxes(grad, x, boxes * [1, 0.5, 2, 0.5, 2]) * [0.5, 2, 0.5, 2]
    np.testing.assert_allclose(prroi_pool_backward_boxes(grad, x, boxes, (2.0, 0.5)), moved, rtol=1e-12)


@pytest.mark.parametrize("size", [2.0**-10, 2.0**-30, 2.0**-60, 1e-20])
def test_thin_bins_are_as_good_as_any(size):
    """What differences of integrals, or the area, would have lost in float32."""
    x = drawn((1, 2, 9, 11), np.float32)
    boxes = np.array([[0, 0.3, 0.6, 0.3 + size, 0.6 + size], [0, 0, 0, size, size], [0, 0, 0, size, 7]], np.float32)
    boxes[0, 3:] = np.nextafter(boxes[0, 1:3], np.float32(9))
    expected = reference.prroi_pool(x, boxes, (2, 2))
    for layout, pixels in layouts(x):
        out = as_nchw(prroi_pool(pixels, boxes, 2, layout=layout), layout)
        np.testing.assert_allclose(out, expected, rtol=1e-5, atol=1e-5)
        grad = np.ones(out.shape, np.float32)
        of_boxes = prroi_pool_backward_boxes(like(grad, layout), pixels, boxes, layout=layout)
        assert np.isfinite(of_boxes).all()
        assert abs(of_boxes).max() < 8 * 2 * 16 * 2  # no greater than slopes


def test_the_mean_of_a_slope_is_its_value_in_the_middle():
    ramp = np.add.outer(3.0 * np.arange(12), 5.0 * np.arange(14))[None, None]
    box = np.array([[0, 1.3, 2.1, 9.7, 8.4]])
    out = prroi_pool(ramp, box, (3, 2))
    middles = np.add.outer(3 * (2.1 + 6.3 * (np.arange(3) + 0.5) / 3), 5 * (1.3 + 8.4 * (np.arange(2) + 0.5) / 2))
    np.testing.assert_allclose(out[0, 0], middles, rtol=1e-14)
    np.testing.assert_allclose(out, roi_align(ramp, box, (3, 2), 1.0, 1, dialect="torchvision"), rtol=1e-14)


def test_the_gradient_for_boxes_is_continuous_where_edges_cross_pixels():
    x, grad = drawn((1, 3, 9, 11), np.float64), drawn((1, 3, 2, 2), np.float64, 5)
    at = np.array([[0, 2, 3, 6, 7.0]])
    here = prroi_pool_backward_boxes(grad, x, at)
    for step in (1e-9, -1e-9):
        beside = prroi_pool_backward_boxes(grad, x, at + np.array([0, step, step, step, step]))
        np.testing.assert_allclose(beside, here, atol=1e-6)


@pytest.mark.parametrize("box", [[0, 2, 1, 2, 5], [0, 2, 2, 2, 2], [0, 5, 5, 1, 1], [0, 5, 1, 1, 5]])
def test_without_area_there_is_nothing_or_nan_for_the_box(box):
    x, boxes, grad = np.ones((1, 1, 6, 6), np.float32), np.array([box], np.float32), np.ones((1, 1, 2, 2), np.float32)
    assert not prroi_pool(x, boxes, 2).any()
    assert not prroi_pool_backward(grad, boxes, x.shape).any()
    assert not prroi_pool_backward_boxes(grad, x, boxes).any()
    assert np.isnan(prroi_pool_backward_boxes(grad, x, boxes, dialect="paddle-legacy")).all()
    assert not prroi_pool(x, boxes, 2, dialect="paddle-legacy").any()


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
@pytest.mark.parametrize("special", [np.nan, np.inf])
def test_what_no_bin_weighs_reaches_nothing(layout, special):
    """Not even from the very edge of a bin: of 40 channels, which go through vectors, and of few."""
    for channels in (40, 3):
        x = drawn((1, channels, 9, 9), np.float32)
        boxes = np.array([[0, 2, 2, 6, 6]], np.float32)
        grad = drawn((1, channels, 2, 2), np.float32, 3)
        right = prroi_pool(like(x, layout), boxes, 2, layout=layout)
        moved = prroi_pool_backward_boxes(like(grad, layout), like(x, layout), boxes, layout=layout)
        outside = np.ones((9, 9), bool)
        outside[2:7, 2:7] = False
        x[..., outside] = special
        assert np.array_equal(prroi_pool(like(x, layout), boxes, 2, layout=layout), right)
        got = prroi_pool_backward_boxes(like(grad, layout), like(x, layout), boxes, layout=layout)
        assert np.array_equal(got, moved)


@pytest.mark.parametrize("box", [[-1e30, -1e30, 1e30, 1e30], [-3e8, 2, 3e8, 4], [1e30, 1e30, 2e30, 2e30]])
def test_huge_boxes_take_no_longer_and_give_almost_nothing(box):
    x, boxes = drawn((1, 5, 7, 8), np.float32), np.array([[0, *box]], np.float32)
    for layout, pixels in layouts(x):
        out = prroi_pool(pixels, boxes, 2, layout=layout)
        assert abs(out).max() < 1e-5
        sent = prroi_pool_backward(np.ones_like(out), boxes, pixels.shape, layout=layout)
        assert abs(sent).max() < 1e-5
        assert np.isfinite(prroi_pool_backward_boxes(np.ones_like(out), pixels, boxes, layout=layout)).all()


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
def test_many_rois_on_several_tiles_send_what_the_output_makes_of_them(layout):
    rng = np.random.default_rng(0)
    x = like(rng.integers(-4, 5, (2, 6, 40, 79)).astype(np.float64), layout)
    corners = rng.uniform(-3, 60, (70, 2))
    boxes = np.column_stack([rng.integers(0, 2, 70), corners, corners + rng.uniform(0, 50, (70, 2))])
    out = prroi_pool(x, boxes, (3, 2), layout=layout)
    grad = rng.integers(-4, 5, out.shape).astype(float)
    sent = prroi_pool_backward(grad, boxes, x.shape, layout=layout, out=np.full_like(x, np.nan))
    assert (sent * x).sum() == pytest.approx((out * grad).sum(), rel=1e-11)


def test_more_bins_than_are_weighed_at_once():
    """The weights of 32 bins are held at a time."""
    check(
        drawn((1, 2, 5, 160), np.float64), [[0, 3, 0, 150, 4], [0, -20, 1, 200, 3], [0, 10, 0, 45, 4.0]], (1, 70), 1.0
    )


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"dialect": "mmvc"}, ValueError, "no dialect of prroi_pool is called 'mmvc'"),
        ({"dialect": 3}, TypeError, r"dialect must be a prroi_pool\.Dialect or the name of one"),
        ({"output_size": True}, TypeError, "output_size must be an integer"),
        ({"output_size": -1}, ValueError, "output_size must not be negative"),
        ({"spatial_scale": 0.0}, ValueError, "spatial_scale must be finite and greater than 0"),
        ({"input": np.zeros((1, 4, 0, 3), np.float32)}, ValueError, "input has no pixels"),
        ({"boxes": np.zeros((1, 4), np.float32)}, ValueError, r"boxes must have shape \(K, 5\)"),
        ({"boxes": np.zeros((1, 5))}, TypeError, "boxes has data type float64; it must be float32"),
        ({"out": np.zeros((1, 1, 2, 2), np.float32)}, ValueError, r"out must have shape \(1, 4, 2, 2\)"),
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
    assert (prroi_pool(**right) == 1).all()
    with pytest.raises(error, match=message):
        prroi_pool(**right | changes)


def test_what_arrives_must_have_the_shape_and_type_of_the_output():
    boxes, x = np.array([[0, 0, 0, 2, 2]], np.float32), np.ones((1, 4, 5, 5), np.float32)
    with pytest.raises(ValueError, match=r"grad must have shape \(1, 4, 2, 2\)"):
        prroi_pool_backward(np.ones((1, 3, 2, 2), np.float32), boxes, x.shape)
    with pytest.raises(ValueError, match=r"grad must have shape \(1, 4, 2, 2\)"):
        prroi_pool_backward_boxes(np.ones((2, 4, 2, 2), np.float32), x, boxes)
    with pytest.raises(TypeError, match="grad has data type float16; it must be float32"):
        prroi_pool_backward_boxes(np.ones((1, 4, 2, 2), np.float16), x, boxes)
    with pytest.raises(ValueError, match=r"out must have shape \(1, 4\)"):
        prroi_pool_backward_boxes(np.ones((1, 4, 2, 2), np.float32), x, boxes, out=np.zeros((1, 5), np.float32))
