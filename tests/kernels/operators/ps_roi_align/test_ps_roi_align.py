"""PSRoIAlign on the CPU: RoIAlign's bits of the channels that bins read, and that nothing decides them but the call."""

from contextlib import suppress

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roikit.kernels import (
    InvalidRoiError,
    ps_roi_align,
    ps_roi_align_backward,
    ps_roi_align_backward_boxes,
    ps_roi_align_backward_workspace,
    roi_align,
    roi_align_backward,
    roi_align_backward_boxes,
)
from roikit.kernels.calls.problem import forget
from roikit.kernels.dialects.ps_roi_align import DIALECTS, ChannelOrder, Dialect
from roikit.kernels.staging import pooling_plan

DTYPES = [np.float16, ml_dtypes.bfloat16, np.float32, np.float64]
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


def wide(dtype):
    return np.float64 if dtype == np.float64 else np.float32


def like(array, layout):
    return array if layout == "NCHW" else np.ascontiguousarray(array.transpose(0, 2, 3, 1))


def as_nchw(array, layout):
    return array if layout == "NCHW" else array.transpose(0, 3, 1, 2)


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
def test_the_number_of_threads_does_not_change_a_bit(layout, monkeypatch):
    rng = np.random.default_rng(3)
    x = like(drawn((2, 48, 37, 41), np.float32), layout)
    corners = rng.uniform(-9, 30, (40, 2))
    boxes = np.column_stack([rng.integers(0, 2, 40), corners, corners + rng.uniform(0, 30, (40, 2))]).astype(np.float32)
    monkeypatch.setattr(pooling_plan, "_SMALL", 0)
    seen = set()
    forget()
    for i in range(9):
        monkeypatch.setenv("ROIKIT_NUM_THREADS", str(1 + i % 3))
        out = ps_roi_align(x, boxes, (3, 4), layout=layout)
        sent = ps_roi_align_backward(out, boxes, x.shape, layout=layout)
        seen.add((out.tobytes(), sent.tobytes(), ps_roi_align_backward_boxes(out, x, boxes, layout=layout).tobytes()))
    forget()
    assert len(seen) == 1


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


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.lists(st.floats(width=32), min_size=5, max_size=5), min_size=1, max_size=4),
    st.sampled_from(sorted(DIALECTS)),
    st.sampled_from([0, 2]),
)
def test_no_box_whatever_corrupts_memory(rows, dialect, ratio):
    boxes, x = np.array(rows, np.float32), drawn((2, 12, 7, 8), np.float32)
    for layout in ("NCHW", "NHWC"):
        guarded = np.full(len(rows) * 3 * 4 + 128, 77, np.float32)
        shape = (len(rows), 3, 2, 2) if layout == "NCHW" else (len(rows), 2, 2, 3)
        how, maps = {"layout": layout, "dialect": dialect}, like(x, layout)
        with suppress(InvalidRoiError):
            out = ps_roi_align(maps, boxes, 2, 0.5, ratio, **how, out=guarded[64:-64].reshape(shape))
            ps_roi_align_backward(out, boxes, maps.shape, 0.5, ratio, **how)
            ps_roi_align_backward_boxes(out, maps, boxes, 0.5, ratio, **how)
        assert (guarded[:64] == 77).all()
        assert (guarded[-64:] == 77).all()


@pytest.mark.parametrize("row", [[2, 0, 0, 1, 1], [-1, 0, 0, 1, 1], [np.nan, 0, 0, 1, 1], [0, np.inf, 0, 1, 1],
                                 [0, 0, 0, 1, np.nan], [0, 0, 0, 3e6, 1]])  # fmt: skip
def test_a_roi_that_cannot_be_pooled_is_named(row):
    x, boxes = drawn((2, 12, 7, 8), np.float32), np.array([[0, 0, 0, 1, 1], row], np.float32)
    grad = np.ones((2, 3, 2, 2), np.float32)
    for call in (
        lambda: ps_roi_align(x, boxes, 2),
        lambda: ps_roi_align(like(x, "NHWC"), boxes, 2, layout="NHWC"),
        lambda: ps_roi_align_backward(grad, boxes, x.shape),
        lambda: ps_roi_align_backward_boxes(grad, x, boxes),
    ):
        with pytest.raises(InvalidRoiError, match=r"boxes\[1\] cannot be pooled"):
            call()


def test_strides_do_not_matter_nor_that_arrays_are_read_only():
    x = drawn((2, 8, 8, 8), np.float32).transpose(0, 1, 3, 2)[:, ::2]
    x.flags.writeable = False
    boxes = np.array(BOXES, np.float32)
    assert np.array_equal(ps_roi_align(x, boxes[::-1], 2)[::-1], ps_roi_align(x.copy(), boxes, 2))
    grad = np.broadcast_to(np.float32(1), (len(boxes), 1, 2, 2))
    for call in (
        lambda grad: ps_roi_align_backward(grad, boxes, x.shape),
        lambda grad: ps_roi_align_backward_boxes(grad, x, boxes),
    ):
        assert np.array_equal(call(grad), call(grad.copy()))


def test_more_than_2_to_the_31_elements_are_addressed_right():
    """The map is never written to, so that the system need not provide its memory."""
    x = np.zeros((1, 2**15 + 4, 2**8, 2**8), np.float16)
    x[0, -1, -2, -2] = 5
    out = ps_roi_align(x, np.array([[0, 253.5, 253.5, 255.5, 255.5]], np.float32), 2, 1.0, 1)
    assert out[0, -1, 1, 1] > 0
    assert not out[0, :-1].any()
    grad = np.zeros((1, 2**13 + 1, 2, 2), np.float16)
    grad[0, -1, 1, 1] = 1
    assert ps_roi_align_backward_boxes(grad, x, np.array([[0, 252, 252, 255, 255]], np.float32), 1.0, 1).any()


@pytest.mark.parametrize(
    ("shape", "rois", "size", "expected"),
    [
        ((2, 12, 7, 8), 0, 2, (0, 3, 2, 2)),
        ((2, 0, 7, 8), 3, 2, (3, 0, 2, 2)),
        ((0, 12, 7, 8), 0, 2, (0, 3, 2, 2)),
        ((2, 3, 7, 8), 3, (0, 2), (3, 3, 0, 2)),
    ],
)
def test_nothing_to_do_gives_an_empty_output_and_gradients_of_zeros(shape, rois, size, expected):
    x, boxes = drawn(shape, np.float32), np.array(BOXES[:rois], np.float32).reshape(rois, 5)
    assert ps_roi_align(x, boxes, size).shape == expected
    grad = np.ones(expected, np.float32)
    assert not ps_roi_align_backward(grad, boxes, shape).any()
    gradient = ps_roi_align_backward_boxes(grad, x, boxes)
    assert gradient.shape == (rois, 4)
    assert not gradient.any()


def test_memory_beside_the_gradient_and_the_workspace_is_left_alone():
    x, boxes = drawn((2, 36, 18, 19), np.float32), np.array(BOXES, np.float32)
    for layout in ("NCHW", "NHWC"):
        how, maps = {"layout": layout}, like(x, layout)
        grad = ps_roi_align(maps, boxes, (3, 4), **how)
        size = ps_roi_align_backward_workspace(maps.shape, len(boxes), (3, 4), **how, on_gpu=False)
        memory = np.full(size + 64, 0x5A, np.uint8)
        begin = -memory.ctypes.data % 16 + 16
        around = np.full(x.size + 32, 7, np.float32)
        out = around[16:-16].reshape(maps.shape)
        got = ps_roi_align_backward(grad, boxes, maps.shape, **how, out=out, workspace=memory[begin : begin + size])
        assert got is out
        assert np.array_equal(out, ps_roi_align_backward(grad, boxes, maps.shape, **how))
        assert (np.r_[around[:16], around[-16:]] == 7).all()
        assert (np.r_[memory[:begin], memory[begin + size :]] == 0x5A).all()


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
