"""Weighted RoIAlign on the CPU: RoIAlign's bits, two calls of it, derivatives, and that nothing decides anything but the call."""

from contextlib import suppress

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roikit.kernels import (
    InvalidRoiError,
    roi_align,
    roi_align_backward,
    roi_align_backward_boxes,
    weighted_roi_align,
    weighted_roi_align_backward,
    weighted_roi_align_backward_boxes,
    weighted_roi_align_backward_weights,
)
from roikit.kernels.calls.problem import forget
from roikit.kernels.dialects.choices import Outside
from roikit.kernels.dialects.roi_align import Dialect
from roikit.kernels.dialects.weighted_roi_align import DIALECTS
from roikit.kernels.staging import pooling_plan

DTYPES = [np.float16, ml_dtypes.bfloat16, np.float32, np.float64]
LAYOUTS = ("NCHW", "NHWC")
BOXES = [
    [0, 1, 1, 5, 5],
    [1, 0.25, 0, 9, 3.25],
    [0, -6, -3, 3, 20],
    [1, 4, 4, 1, 1],  # inverted
    [0, 40, 40, 50, 50],  # outside
    [1, 3, 2, 3, 2],  # without area
    [0, 0, 0, 6, 8],
]
GUARDS = ({}, {"guard": "zero"}, {"guard": "add", "epsilon": 0.25}, {"guard": "clamp", "epsilon": 0.5})


def wide(dtype):
    return np.float64 if dtype == np.float64 else np.float32


def like(array, layout):
    return array if layout == "NCHW" else np.ascontiguousarray(array.transpose(0, 2, 3, 1))


def as_nchw(array, layout):
    return array if layout == "NCHW" else array.transpose(0, 3, 1, 2)


def drawn(shape, dtype=np.float64, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


def positive(shape, dtype=np.float64, seed=1):
    return np.random.default_rng(seed).uniform(0.25, 2, shape).astype(dtype)


def composed(x, w, boxes, size, *where, normalise=False, guard="zero", epsilon=1e-6, **how):
    """Two calls of RoIAlign, and a division, in float64."""
    sums = roi_align(x * w, boxes, size, *where, **how)
    if not normalise:
        return sums
    totals = roi_align(w, boxes, size, *where, **how)
    divisor = {"add": totals + epsilon, "clamp": np.maximum(totals, epsilon)}.get(guard, totals)
    return np.where(divisor == 0, 0, sums / np.where(divisor == 0, 1, divisor))


@pytest.mark.parametrize("dtype", DTYPES, ids=lambda d: np.dtype(d).name)
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("ratio", [0, 2, 3])
def test_weights_of_1_have_roi_aligns_bits(dtype, layout, ratio):
    x, boxes = like(drawn((2, 33, 9, 11), dtype), layout), np.array(BOXES, wide(dtype))
    right = roi_align(x, boxes, (3, 2), 0.75, ratio, True, layout=layout)
    for channels in (1, 33):
        ones = like(np.ones((2, channels, 9, 11), dtype), layout)
        out = weighted_roi_align(x, boxes, ones, (3, 2), 0.75, ratio, True, layout=layout)
        assert out.dtype == x.dtype
        np.testing.assert_array_equal(out, right)
        sent = weighted_roi_align_backward(out, boxes, ones, x.shape, 0.75, ratio, True, layout=layout)
        np.testing.assert_array_equal(sent, roi_align_backward(out, boxes, x.shape, 0.75, ratio, True, layout=layout))
        if wide(dtype) == dtype:
            moved = weighted_roi_align_backward_boxes(out, x, boxes, ones, 0.75, ratio, True, layout=layout)
            due = roi_align_backward_boxes(out, x, boxes, 0.75, ratio, True, layout=layout)
            np.testing.assert_array_equal(moved, due)


@pytest.mark.parametrize("dialect", {rules: name for name, rules in DIALECTS.items()}.values())
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("channels", [1, 5])
@pytest.mark.parametrize("guard", GUARDS)
def test_the_output_is_that_of_two_calls_of_roi_align(dialect, layout, channels, guard):
    x, w, boxes = drawn((2, 5, 9, 11)), positive((2, channels, 9, 11)), np.array(BOXES, float)
    how = {"dialect": dialect, "normalise": bool(guard), **guard}
    expected = composed(x, w, boxes, (3, 2), 0.75, 2, **how)
    out = weighted_roi_align(like(x, layout), boxes, like(w, layout), (3, 2), 0.75, 2, layout=layout, **how)
    np.testing.assert_allclose(as_nchw(out, layout), expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("guard", GUARDS)
@pytest.mark.parametrize("ratio", [0, 2])
def test_gradients_are_derivatives(layout, channels, guard, ratio):
    x, w = drawn((2, 3, 6, 7)), positive((2, channels, 6, 7))
    boxes = np.array([[0, 1.1, 0.72, 5.2, 4.91], [1, -1.3, 2.2, 6.6, 6.1]])
    how = {"layout": layout, "normalise": bool(guard), **guard}
    where = (0.8, ratio, True)
    maps, weights = like(x, layout), like(w, layout)

    def output(x=maps, boxes=boxes, w=weights):
        return weighted_roi_align(x, boxes, w, 2, *where, **how)

    grad = drawn(output().shape, seed=2)
    steps = {
        "x": weighted_roi_align_backward(grad, boxes, weights, maps.shape, *where, **how),
        "w": weighted_roi_align_backward_weights(grad, maps, boxes, weights, *where, **how),
        "boxes": np.pad(weighted_roi_align_backward_boxes(grad, maps, boxes, weights, *where, **how), ((0, 0), (1, 0))),
    }
    for name, array in (("x", maps), ("w", weights), ("boxes", boxes)):
        step = drawn(array.shape, seed=3) * 1e-6
        if name == "boxes":
            step[:, 0] = 0
        change = output(**{name: array + step}) - output(**{name: array - step})
        assert (change * grad).sum() == pytest.approx(2 * (steps[name] * step).sum(), rel=1e-5)


@pytest.mark.parametrize("dtype", DTYPES[:3], ids=lambda d: np.dtype(d).name)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_results_of_16_bits_are_rounded_once(dtype, layout):
    x, w, boxes = drawn((2, 17, 9, 11), dtype), positive((2, 1, 9, 11), dtype), np.array(BOXES, np.float32)
    x, w = like(x, layout), like(w, layout)
    how = {"layout": layout, "normalise": True}
    single = [array.astype(np.float32) for array in (x, w)]
    out = weighted_roi_align(x, boxes, w, 2, 1.0, 2, **how)
    wide_out = weighted_roi_align(single[0], boxes, single[1], 2, 1.0, 2, **how)
    np.testing.assert_array_equal(out, wide_out.astype(dtype))
    grad = drawn(out.shape, dtype, 4)
    as_single = grad.astype(np.float32)
    for got, due in (
        (
            weighted_roi_align_backward(grad, boxes, w, x.shape, 1.0, 2, **how),
            weighted_roi_align_backward(as_single, boxes, single[1], x.shape, 1.0, 2, **how),
        ),
        (
            weighted_roi_align_backward_weights(grad, x, boxes, w, 1.0, 2, **how),
            weighted_roi_align_backward_weights(as_single, single[0], boxes, single[1], 1.0, 2, **how),
        ),
    ):
        assert got.dtype == dtype
        np.testing.assert_array_equal(got, due.astype(dtype))
    moved = weighted_roi_align_backward_boxes(grad, x, boxes, w, 1.0, 2, **how)
    assert moved.dtype == np.float32


def test_a_bin_whose_weights_add_up_to_nothing():
    x, w, box = np.full((1, 2, 4, 4), 3.0), np.zeros((1, 1, 4, 4)), np.array([[0, 0, 0, 4.0, 4]])
    w[..., 2:] = 2
    how = {"sampling_ratio": 1, "aligned": True, "normalise": True}

    def bins(**guard):
        return weighted_roi_align(x, box, w, 2, **how, **guard)[0, 0].tolist()

    assert bins() == [[0, 3], [0, 3]]
    assert bins(guard="add", epsilon=2.0) == [[0, 1.5], [0, 1.5]]
    assert bins(guard="clamp", epsilon=4.0) == [[0, 1.5], [0, 1.5]]
    assert np.isnan(weighted_roi_align(x, box, w, 2, **how, guard="none")[0, 0, :, 0]).all()
    grad = np.ones((1, 2, 2, 2))
    assert not weighted_roi_align_backward(grad, box, w, x.shape, **how)[..., :2].any()
    assert not weighted_roi_align_backward_weights(grad, x, box, w, **how).any()
    assert not weighted_roi_align_backward_boxes(grad, x, box, w, **how).any()


def test_what_is_constant_stays_so_whatever_the_weights():
    x, w, boxes = np.full((2, 3, 9, 11), 7.0), positive((2, 3, 9, 11)), np.array(BOXES[:2], float)
    np.testing.assert_allclose(weighted_roi_align(x, boxes, w, 3, 1.0, 2, normalise=True), 7, rtol=1e-14)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("special", [np.nan, np.inf])
def test_weights_that_no_bin_reads_reach_nothing(layout, special):
    x, w, box = drawn((1, 3, 9, 9)), positive((1, 1, 9, 9)), np.array([[0, 1.0, 1, 5, 5]])
    how = {"layout": layout, "normalise": True}
    right = weighted_roi_align(like(x, layout), box, like(w, layout), 2, 1.0, 2, True, **how)
    w[..., 6:], w[..., 6:, :] = special, special
    np.testing.assert_array_equal(
        weighted_roi_align(like(x, layout), box, like(w, layout), 2, 1.0, 2, True, **how), right
    )


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("normalise", [False, True])
def test_the_number_of_threads_does_not_change_a_bit(layout, normalise, monkeypatch):
    rng = np.random.default_rng(3)
    x, w = like(drawn((2, 48, 37, 41), np.float32), layout), like(positive((2, 1, 37, 41), np.float32), layout)
    corners = rng.uniform(-9, 30, (40, 2))
    boxes = np.column_stack([rng.integers(0, 2, 40), corners, corners + rng.uniform(0, 30, (40, 2))]).astype(np.float32)
    monkeypatch.setattr(pooling_plan, "_SMALL", 0)
    how, seen = {"layout": layout, "normalise": normalise}, set()
    forget()
    for i in range(6):
        monkeypatch.setenv("ROIKIT_NUM_THREADS", str(1 + i % 3))
        out = weighted_roi_align(x, boxes, w, (3, 4), **how)
        found = (
            out,
            weighted_roi_align_backward(out, boxes, w, x.shape, **how),
            weighted_roi_align_backward_weights(out, x, boxes, w, **how),
            weighted_roi_align_backward_boxes(out, x, boxes, w, **how),
        )
        seen.add(tuple(array.tobytes() for array in found))
    forget()
    assert len(seen) == 1


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.lists(st.floats(width=32), min_size=5, max_size=5), min_size=1, max_size=4),
    st.sampled_from(sorted(DIALECTS)),
    st.sampled_from([0, 2]),
    st.sampled_from([1, 3]),
)
def test_no_box_whatever_corrupts_memory(rows, dialect, ratio, channels):
    boxes, x = np.array(rows, np.float32), drawn((2, 3, 7, 8), np.float32)
    w = positive((2, channels, 7, 8), np.float32)
    for layout in LAYOUTS:
        guarded = np.full(len(rows) * 3 * 4 + 128, 77, np.float32)
        shape = (len(rows), 3, 2, 2) if layout == "NCHW" else (len(rows), 2, 2, 3)
        how = {"layout": layout, "dialect": dialect, "normalise": True}
        maps, weights = like(x, layout), like(w, layout)
        with suppress(InvalidRoiError):
            out = guarded[64:-64].reshape(shape)
            weighted_roi_align(maps, boxes, weights, 2, 0.5, ratio, **how, out=out)
            weighted_roi_align_backward(out, boxes, weights, maps.shape, 0.5, ratio, **how)
            weighted_roi_align_backward_weights(out, maps, boxes, weights, 0.5, ratio, **how)
            weighted_roi_align_backward_boxes(out, maps, boxes, weights, 0.5, ratio, **how)
        assert (guarded[:64] == 77).all()
        assert (guarded[-64:] == 77).all()


@pytest.mark.parametrize("row", [[2, 0, 0, 1, 1], [-1, 0, 0, 1, 1], [np.nan, 0, 0, 1, 1], [0, np.inf, 0, 1, 1],
                                 [0, 0, 0, 1, np.nan], [0, 0, 0, 3e6, 1]])  # fmt: skip
@pytest.mark.parametrize("normalise", [False, True])
def test_a_roi_that_cannot_be_pooled_is_named(row, normalise):
    x, w, boxes = drawn((2, 3, 7, 8)), positive((2, 1, 7, 8)), np.array([[0, 0, 0, 1, 1], row], float)
    grad, how = np.ones((2, 3, 2, 2)), {"normalise": normalise}
    for call in (
        lambda: weighted_roi_align(x, boxes, w, 2, **how),
        lambda: weighted_roi_align_backward(grad, boxes, w, x.shape, **how),
        lambda: weighted_roi_align_backward_weights(grad, x, boxes, w, **how),
        lambda: weighted_roi_align_backward_boxes(grad, x, boxes, w, **how),
    ):
        with pytest.raises(InvalidRoiError, match=r"boxes\[1\] cannot be pooled"):
            call()


def test_strides_do_not_matter_nor_that_arrays_are_read_only():
    x, w = drawn((2, 8, 8, 8)).transpose(0, 1, 3, 2)[:, ::2], positive((2, 2, 8, 8))[:, 1:, ::-1]
    for array in (x, w):
        array.flags.writeable = False
    boxes, how = np.array(BOXES, float), {"normalise": True}
    right = weighted_roi_align(x.copy(), boxes, w.copy(), 2, **how)
    assert np.array_equal(weighted_roi_align(x, boxes[::-1], w, 2, **how)[::-1], right)
    grad = np.broadcast_to(1.0, right.shape)
    for call in (
        lambda grad, x, w: weighted_roi_align_backward(grad, boxes, w, x.shape, **how),
        lambda grad, x, w: weighted_roi_align_backward_weights(grad, x, boxes, w, **how),
        lambda grad, x, w: weighted_roi_align_backward_boxes(grad, x, boxes, w, **how),
    ):
        assert np.array_equal(call(grad, x, w), call(grad.copy(), x.copy(), w.copy()))


def test_every_choice_of_roi_align_is_one_here():
    x, w, boxes = drawn((2, 3, 9, 11)), positive((2, 1, 9, 11)), np.array(BOXES, float)
    mine = Dialect(outside=Outside.CLAMP, end="plus_one", adaptive="floor")
    for how in ({}, {"normalise": True}):
        out = weighted_roi_align(x, boxes, w, 2, dialect=mine, **how)
        np.testing.assert_allclose(out, composed(x, w, boxes, 2, dialect=mine, **how), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    ("shape", "rois", "size", "expected"),
    [
        ((2, 3, 7, 8), 0, 2, (0, 3, 2, 2)),
        ((2, 0, 7, 8), 3, 2, (3, 0, 2, 2)),
        ((0, 3, 7, 8), 0, 2, (0, 3, 2, 2)),
        ((2, 3, 7, 8), 3, (0, 2), (3, 3, 0, 2)),
    ],
)
@pytest.mark.parametrize("normalise", [False, True])
def test_nothing_to_do_gives_an_empty_output_and_gradients_of_zeros(shape, rois, size, expected, normalise):
    x, boxes, how = drawn(shape), np.array(BOXES[:rois], float).reshape(rois, 5), {"normalise": normalise}
    for w in (positive((shape[0], 1, *shape[2:])), positive(shape)):
        assert weighted_roi_align(x, boxes, w, size, **how).shape == expected
        grad = np.ones(expected)
        assert not weighted_roi_align_backward(grad, boxes, w, shape, **how).any()
        weigh = weighted_roi_align_backward_weights(grad, x, boxes, w, **how)
        assert weigh.shape == w.shape
        assert not weigh.any()
        moved = weighted_roi_align_backward_boxes(grad, x, boxes, w, **how)
        assert moved.shape == (rois, 4)
        assert not moved.any()


def test_a_result_goes_where_it_is_told():
    x, w, boxes = drawn((2, 5, 9, 11)), positive((2, 1, 9, 11)), np.array(BOXES, float)
    how = {"normalise": True}
    grad = drawn((len(boxes), 5, 2, 2), seed=5)
    for call in (
        lambda **out: weighted_roi_align(x, boxes, w, 2, **how, **out),
        lambda **out: weighted_roi_align_backward(grad, boxes, w, x.shape, **how, **out),
        lambda **out: weighted_roi_align_backward_weights(grad, x, boxes, w, **how, **out),
        lambda **out: weighted_roi_align_backward_boxes(grad, x, boxes, w, **how, **out),
    ):
        right = call()
        around = np.full(right.size + 32, 7.0)
        out = around[16:-16].reshape(right.shape)
        assert call(out=out) is out
        assert np.array_equal(out, right)
        assert (np.r_[around[:16], around[-16:]] == 7).all()


def test_more_than_2_to_the_31_elements_are_addressed_right():
    """The arrays are never written to, so that the system need not provide their memory."""
    x = np.zeros((1, 2**15 + 4, 2**8, 2**8), np.float16)
    x[0, -1, -2, -2] = 5
    box = np.array([[0, 253.5, 253.5, 255.5, 255.5]], np.float32)
    for w in (np.ones((1, 1, 2**8, 2**8), np.float16), x):
        out = weighted_roi_align(x, box, w, 2, 1.0, 1, True)
        assert out[0, -1, 1, 1] > 0
        assert not out[0, :-1].any()


RIGHT = {
    "input": np.ones((1, 3, 4, 4), np.float32),
    "boxes": np.array([[0, 0, 0, 2, 2]], np.float32),
    "weights": np.ones((1, 1, 4, 4), np.float32),
    "output_size": 2,
}


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"dialect": "torchvison"}, ValueError, "no dialect of roi_align is called 'torchvison'"),
        ({"dialect": 3}, TypeError, r"dialect must be a roi_align\.Dialect or the name of one"),
        ({"aligned": True, "dialect": "mmcv"}, ValueError, "aligned=True goes with no dialect"),
        ({"output_size": True}, TypeError, "output_size must be an integer"),
        ({"spatial_scale": 0.0}, ValueError, "spatial_scale must be finite and greater than 0"),
        ({"sampling_ratio": 4096}, ValueError, "sampling_ratio must be at most 1024"),
        ({"weights": np.ones((1, 2, 4, 4), np.float32)}, ValueError, r"weights must have shape \(1, 1, 4, 4\) or \(1, 3, 4, 4\)"),
        ({"weights": np.ones((1, 4, 4), np.float32)}, ValueError, "weights must have shape"),
        ({"weights": np.ones((2, 1, 4, 4), np.float32)}, ValueError, "weights must have shape"),
        ({"weights": np.ones((1, 1, 4, 4))}, TypeError, "weights has data type float64; it must be float32"),
        ({"weights": [[1.0]]}, TypeError, "weights must be"),
        ({"normalise": 1}, TypeError, "normalise must be True or False"),
        ({"guard": "nan"}, ValueError, "guard must be one of 'zero', 'add', 'clamp', 'none'"),
        ({"epsilon": 0.0}, ValueError, "epsilon must be finite and greater than 0"),
        ({"epsilon": np.nan}, ValueError, "epsilon must be finite and greater than 0"),
        ({"epsilon": "1"}, TypeError, "epsilon must be a number"),
        ({"boxes": np.zeros((1, 4), np.float32)}, ValueError, r"boxes must have shape \(K, 5\)"),
        ({"out": np.zeros((1, 4, 2, 2), np.float32)}, ValueError, r"out must have shape \(1, 3, 2, 2\)"),
        ({"layout": "NWHC"}, ValueError, "layout must be one of 'NCHW', 'NHWC'"),
    ],
)  # fmt: skip
def test_a_wrong_argument_is_named(changes, error, message):
    """What would be right is asked for before, and kept."""
    assert (weighted_roi_align(**RIGHT) == 1).all()
    with pytest.raises(error, match=message):
        weighted_roi_align(**RIGHT | changes)


def test_what_overlaps_is_refused():
    given = RIGHT | {"weights": np.ones((1, 3, 4, 4), np.float32)}
    with pytest.raises(ValueError, match="out overlaps weights"):
        weighted_roi_align(**given, out=given["weights"].reshape(-1)[:12].reshape(1, 3, 2, 2))


def test_what_arrives_must_have_the_shape_of_the_output():
    x, boxes, w = RIGHT["input"], RIGHT["boxes"], RIGHT["weights"]
    grad = np.ones((1, 2, 2, 2), np.float32)
    for call in (
        lambda: weighted_roi_align_backward(grad, boxes, w, x.shape),
        lambda: weighted_roi_align_backward_weights(grad, x, boxes, w),
        lambda: weighted_roi_align_backward_boxes(grad, x, boxes, w),
    ):
        with pytest.raises(ValueError, match=r"grad must have shape \(1, 3, 2, 2\)"):
            call()
