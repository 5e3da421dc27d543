"""PSRoIAlign on the CPU: RoIAlign's bits of the channels that bins read, and that nothing decides them but the call."""

import numpy as np
import pytest

from roikit.kernels import (
    ps_roi_align,
    ps_roi_align_backward,
    ps_roi_align_backward_boxes,
    roi_align,
    roi_align_backward,
    roi_align_backward_boxes,
)
from roikit.kernels.dialects.ps_roi_align import DIALECTS, ChannelOrder, Dialect
from tests.kernels.operators.arrays import DTYPES, as_nchw, like, wide

DISTINCT = {rules: name for name, rules in reversed(DIALECTS.items())}.values()
BOXES = [
    [0, 1, 1, 5, 5],
    [1, 0.25, 0, 9, 3.25],
    [0, -6, -3, 3, 20],
    [1, 4, 4, 1, 1],  # inverted
    [0, 40, 40, 50, 50],  # outside
    [1, 3, 2, 3, 2],  # without area
    [0, 0, 0, 6, 8],
]


def drawn(shape, dtype, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


def read(channels, size, order):
    """PA-1: which channel of the maps each bin reads, ``(C_out, P_h, P_w)``."""
    c, p, q = np.ogrid[:channels, : size[0], : size[1]]
    if order == ChannelOrder.CLASS_MAJOR:
        return (c * size[0] + p) * size[1] + q
    return (p * size[1] + q) * channels + c


def check(x, boxes, size, scale, ratio, rules):
    """Output and gradients in both layouts, bit by bit those of RoIAlign of all channels, or where nothing else arrives."""
    boxes = np.array(boxes, wide(x.dtype))
    p, q = np.ogrid[: size[0], : size[1]]
    at = read(x.shape[1] // (size[0] * size[1]), size, rules.channels), p, q
    for layout in ("NCHW", "NHWC"):
        how, maps = {"layout": layout}, like(x, layout)
        where = (scale, ratio)
        full = as_nchw(roi_align(maps, boxes, size, *where, dialect=rules.sampling, **how), layout)
        out = ps_roi_align(maps, boxes, size, *where, dialect=rules, **how)
        assert out.dtype == x.dtype
        np.testing.assert_array_equal(as_nchw(out, layout), full[:, *at])
        grad = drawn(out.shape, x.dtype, 1)
        arriving = np.zeros(full.shape, x.dtype)
        arriving[:, *at] = as_nchw(grad, layout)
        arriving = like(arriving, layout)
        sent = ps_roi_align_backward(grad, boxes, maps.shape, *where, dialect=rules, **how)
        right = roi_align_backward(arriving, boxes, maps.shape, *where, dialect=rules.sampling, **how)
        np.testing.assert_array_equal(sent, right)
        got = ps_roi_align_backward_boxes(grad, maps, boxes, *where, dialect=rules, **how)
        right = roi_align_backward_boxes(arriving, maps, boxes, *where, dialect=rules.sampling, **how)
        np.testing.assert_allclose(got, right, rtol=1e-5, atol=1e-4 * np.abs(right).max())


@pytest.mark.parametrize("dialect", DISTINCT)
@pytest.mark.parametrize("size", [(2, 3), (4, 1), (1, 1)])
@pytest.mark.parametrize("ratio", [0, 2])
def test_every_dialect_is_roi_align_of_the_channels_that_bins_read(dialect, size, ratio):
    check(drawn((2, 5 * size[0] * size[1], 9, 11), np.float32), BOXES, size, (1.0, 0.5), ratio, DIALECTS[dialect])


@pytest.mark.parametrize("dtype", DTYPES, ids=lambda d: np.dtype(d).name)
@pytest.mark.parametrize("order", ChannelOrder)
def test_every_data_type(dtype, order):
    check(drawn((2, 24, 9, 11), dtype), BOXES, (2, 4), 0.75, 2, Dialect(channels=order))


@pytest.mark.parametrize("channels", [1, 4, 16, 33, 67])
@pytest.mark.parametrize("order", ChannelOrder)
def test_vectors_of_channels(channels, order):
    """Of which none divides most numbers of channels."""
    check(drawn((1, channels * 6, 14, 20), np.float32), BOXES[:1] + BOXES[6:], (3, 2), 1.0, 2, Dialect(channels=order))


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
@pytest.mark.parametrize("order", ChannelOrder)
def test_each_bin_reads_its_own_channels(layout, order):
    """Channels that are constant are told apart by what comes out, and by where a gradient goes."""
    box, rules = np.array([[0, 0, 0, 8.0, 8]]), {"layout": layout, "dialect": Dialect(channels=order)}
    x = like(np.broadcast_to(np.arange(24.0)[:, None, None], (1, 24, 9, 9)), layout)
    out = ps_roi_align(x, box, (3, 2), 1.0, 2, **rules)
    assert np.array_equal(as_nchw(out, layout)[0], read(4, (3, 2), order))
    arriving = like(np.arange(1.0, 25).reshape(1, 4, 3, 2), layout)
    sent = as_nchw(ps_roi_align_backward(arriving, box, x.shape, 1.0, 2, **rules), layout)
    expected = np.empty(24)
    expected[read(4, (3, 2), order)] = np.arange(1.0, 25).reshape(4, 3, 2)
    np.testing.assert_allclose(sent.sum(axis=(0, 2, 3)), expected, rtol=1e-14)


def test_a_bin_without_samples_is_0_or_not_a_number_as_the_dialect_says():
    x, boxes = np.ones((1, 8, 5, 5)), np.array([[0, 2, 1, 2.0, 4], [0, 1, 1, 3.0, 3]])
    assert (ps_roi_align(x, boxes, 2)[0] == 0).all()
    assert np.isnan(ps_roi_align(x, boxes, 2, dialect="torchvision")[0]).all()
    assert (ps_roi_align(x, boxes, 2, dialect="torchvision")[1] == 1).all()
    sent = ps_roi_align_backward(np.ones((2, 2, 2, 2)), boxes, x.shape, dialect="torchvision")
    assert sent.sum() == 8
    assert not ps_roi_align_backward_boxes(np.ones((2, 2, 2, 2)), x, boxes, dialect="torchvision").any()


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
@pytest.mark.parametrize("special", [np.nan, np.inf])
def test_what_no_bin_reads_reaches_nothing(layout, special):
    x, box = drawn((1, 8, 9, 9), np.float32), np.array([[0, 0.5, 0.5, 8.5, 8.5]], np.float32)
    right = ps_roi_align(like(x, layout), box, 2, 1.0, 1, layout=layout)
    for p, q in np.ndindex(
        2, 2
    ):  # of the bin's channels all that other bins read: a sample at 2 or 6 reads one pixel and its next
        rest = np.ones((9, 9), bool)
        rest[4 * p + 2 : 4 * p + 4, 4 * q + 2 : 4 * q + 4] = False
        x[0, 2 * p + q :: 4, rest] = special
    assert np.array_equal(ps_roi_align(like(x, layout), box, 2, 1.0, 1, layout=layout), right)


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
def test_many_rois_on_several_tiles_send_what_the_output_makes_of_them(layout):
    rng = np.random.default_rng(0)
    x = like(rng.integers(-4, 5, (2, 12, 40, 79)).astype(np.float64), layout)
    corners = rng.integers(0, 30, (70, 2)) / 2
    boxes = np.column_stack([rng.integers(0, 2, 70), corners, corners + rng.integers(2, 50, (70, 2)) / 2])
    out = ps_roi_align(x, boxes, 2, layout=layout)
    grad = rng.integers(-4, 5, out.shape).astype(float)
    sent = ps_roi_align_backward(grad, boxes, x.shape, layout=layout, out=np.full_like(x, np.nan))
    assert (sent * x).sum() == pytest.approx((out * grad).sum(), rel=1e-12)


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"dialect": "torchvison"}, ValueError, "no dialect of ps_roi_align is called 'torchvison'"),
        ({"dialect": 3}, TypeError, r"dialect must be a ps_roi_align\.Dialect or the name of one"),
        ({"output_size": True}, TypeError, "output_size must be an integer"),
        ({"output_size": 3}, ValueError, "for each of the 3 x 3 bins: a multiple of 9, not 4"),
        ({"spatial_scale": 0.0}, ValueError, "spatial_scale must be finite and greater than 0"),
        ({"sampling_ratio": 1.5}, TypeError, "sampling_ratio must be an integer"),
        ({"sampling_ratio": 4096}, ValueError, "sampling_ratio must be at most 1024"),
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
    assert (ps_roi_align(**right) == 1).all()
    with pytest.raises(error, match=message):
        ps_roi_align(**right | changes)


def test_what_arrives_must_have_the_shape_of_the_output():
    x, boxes = np.ones((1, 4, 5, 5), np.float32), np.array([[0, 0, 0, 2, 2]], np.float32)
    grad = np.ones((1, 4, 2, 2), np.float32)
    for call in (
        lambda: ps_roi_align_backward(grad, boxes, x.shape),
        lambda: ps_roi_align_backward_boxes(grad, x, boxes),
    ):
        with pytest.raises(ValueError, match=r"grad must have shape \(1, 1, 2, 2\)"):
            call()
    with pytest.raises(ValueError, match="a multiple of 4, not 6"):
        ps_roi_align_backward(np.ones((1, 1, 2, 2), np.float32), boxes, (1, 6, 5, 5))
