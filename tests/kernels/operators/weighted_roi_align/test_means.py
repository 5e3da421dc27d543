"""Power means and softmaxes of weighed samples on the CPU: what they are, derivatives, ranges, and what is refused."""

import math

import numpy as np
import pytest

from roikit.kernels import (
    InvalidRoiError,
    precompile,
    weighted_roi_align,
    weighted_roi_align_backward,
    weighted_roi_align_backward_boxes,
    weighted_roi_align_backward_weights,
)
from roikit.kernels.calls.problem import forget
from roikit.kernels.dialects.weighted_roi_align import DIALECTS
from roikit.kernels.operators.weighted_roi_align import rois
from roikit.kernels.staging import pooling_plan
from tests.kernels.operators.arrays import DTYPES, LAYOUTS, like, wide

BOXES = [
    [0, 1, 1, 5, 5],
    [1, 0.25, 0, 9, 3.25],
    [0, -6, -3, 3, 20],
    [1, 4, 4, 1, 1],  # inverted
    [0, 40, 40, 50, 50],  # outside
]
POWER, SOFTMAX = {"mode": "lp", "p": 2.5}, {"mode": "softmax", "beta": -0.75}
MEANS = pytest.mark.parametrize("mean", [POWER, SOFTMAX], ids=lambda mean: mean["mode"])


def samples_of(x, w, rows, bins, ratio):
    """The samples of each bin, by averages of bins of one sample: ``(K, C, P, P, g²)``, on float64 maps."""
    fine = weighted_roi_align(x, rows, w, bins * ratio, 0.5, 1, True)
    k, c = fine.shape[:2]
    of_bins = fine.reshape(k, c, bins, ratio, bins, ratio).transpose(0, 1, 2, 4, 3, 5)
    return of_bins.reshape(k, c, bins, bins, ratio * ratio)


def mean_of(f, mode, p=3.0, beta=1.0):
    if mode == "lp":
        return (abs(f) ** p).mean(-1) ** (1 / p)
    q = np.exp(beta * f - (beta * f).max(-1, keepdims=True))
    return (q * f).sum(-1) / q.sum(-1)


@pytest.mark.parametrize("dtype", DTYPES, ids=lambda d: np.dtype(d).name)
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(
    "how", [{"mode": "lp"}, {"mode": "lp", "p": 1}, {"mode": "lp", "p": 7.5}, {"mode": "softmax"}, SOFTMAX]
)
def test_it_is_that_mean_of_the_samples(dtype, layout, how):
    rng = np.random.default_rng(0)
    x, w = (rng.integers(-8, 9, shape).astype(dtype) for shape in ((2, 33, 9, 11), (2, 1, 9, 11)))
    out = weighted_roi_align(
        like(x, layout), np.array(BOXES, wide(dtype)), like(w, layout), 2, 0.5, 2, True, layout=layout, **how
    )
    out = out if layout == "NCHW" else out.transpose(0, 3, 1, 2)
    f = samples_of(x.astype(float), w.astype(float), np.array(BOXES, float), 2, 2)
    tolerance = {2: 1e-2, 4: 1e-5, 8: 1e-13}[np.dtype(dtype).itemsize]
    np.testing.assert_allclose(out.astype(float), mean_of(f, **how), rtol=tolerance, atol=30 * tolerance)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("of", ["images", "rois"])
@pytest.mark.parametrize("ratio", [0, 2])
@MEANS
def test_gradients_are_derivatives(layout, of, ratio, mean):
    rng = np.random.default_rng(5)
    rows = np.array([[1, 1.1, 0.72, 5.2, 4.91], [0, -1.3, 2.2, 6.6, 6.1], [1, 2.1, 1.4, 5.9, 6.2]])
    x = like(rng.standard_normal((2, 3, 6, 7)), layout)
    w = like(rng.uniform(0.25, 2, (3 if of == "rois" else 2, 1, 6, 7)), layout)
    how, where = {**mean, "layout": layout, "weights_of": of}, (0.8, ratio, True)

    def output(x=x, rows=rows, w=w):
        return weighted_roi_align(x, rows, w, 2, *where, **how)

    grad = rng.standard_normal(output().shape)
    steps = {
        "x": weighted_roi_align_backward(grad, rows, w, x.shape, *where, **how, input=x),
        "w": weighted_roi_align_backward_weights(grad, x, rows, w, *where, **how),
        "rows": np.pad(weighted_roi_align_backward_boxes(grad, x, rows, w, *where, **how), ((0, 0), (1, 0))),
    }
    for name, array in (("x", x), ("w", w), ("rows", rows)):
        step = rng.standard_normal(array.shape) * 1e-6
        if name == "rows":
            step[:, 0] = 0
        change = output(**{name: array + step}) - output(**{name: array - step})
        assert (change * grad).sum() == pytest.approx(2 * (steps[name] * step).sum(), rel=1e-5)


@pytest.mark.parametrize("dialect", {rules.for_mode("lp"): name for name, rules in DIALECTS.items()}.values())
def test_a_softmax_of_beta_0_is_the_average_in_every_dialect(dialect):
    rng = np.random.default_rng(1)
    x, w = (rng.integers(-8, 9, shape).astype(np.float32) for shape in ((2, 5, 9, 11), (2, 5, 9, 11)))
    boxes = np.array([*BOXES, [0, 3, 3, 3, 3]], np.float32)
    for ratio in (0, 2):
        where = (2, 0.5, ratio)
        average = weighted_roi_align(x, boxes, w, *where, dialect=dialect)
        found = weighted_roi_align(x, boxes, w, *where, dialect=dialect, mode="softmax", beta=0)
        np.testing.assert_allclose(found, average, rtol=1e-6, atol=1e-5)
        ones = weighted_roi_align(abs(x), boxes, abs(w), *where, dialect=dialect)
        found = weighted_roi_align(abs(x), boxes, abs(w), *where, dialect=dialect, mode="lp", p=1)
        np.testing.assert_allclose(found, ones, rtol=1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_nothing_on_the_way_is_too_large_or_too_small(dtype):
    info = np.finfo(dtype)
    largest, least = float(info.max), float(info.smallest_subnormal)
    w, box = np.ones((1, 1, 4, 4), dtype), np.array([[0, 0, 0, 4, 4]], dtype)
    for value in (largest, -largest, least, 64 * least):
        x = np.full((1, 1, 4, 4), value, dtype)
        assert (weighted_roi_align(x, box, w, 2, 1.0, 2, True, mode="lp") == abs(value)).all()
        assert (weighted_roi_align(x, box, w, 2, 1.0, 2, True, mode="softmax") == value).all()
    x = np.where(np.arange(4) % 2, largest, -largest).astype(dtype).reshape(1, 1, 1, 4).repeat(4, 2)
    halves = np.array([[0, 0, 0, 4, 1]], dtype)
    assert weighted_roi_align(x, halves, w, (1, 1), 1.0, (1, 4), True, mode="lp", p=2) == largest
    tiny = 1 / largest
    found = weighted_roi_align(x, halves, w, (1, 1), 1.0, (1, 4), True, mode="softmax", beta=tiny)
    assert found == pytest.approx(largest * math.tanh(tiny * largest), rel=1e-5)
    assert weighted_roi_align(x, halves, w, (1, 1), 1.0, (1, 4), True, mode="softmax", beta=-1) == -largest
    how = {"mode": "softmax", "beta": float(tiny), "input": x}
    sent = weighted_roi_align_backward(np.ones((1, 1, 1, 1), dtype), halves, w, x.shape, 1.0, (1, 4), True, **how)
    assert np.isfinite(sent).all()


@pytest.mark.parametrize("p", [1.0, 2.0, 3.0, 17.5, 1e30])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_samples_of_one_size_have_that_mean_to_the_last_bit(p, dtype):
    signs = np.where(np.arange(16).reshape(1, 1, 4, 4) % 3, 1, -1)
    x, w = (0.3 * np.ones((1, 1, 4, 4))).astype(dtype), signs.astype(dtype)
    out = weighted_roi_align(x, np.array([[0, 0, 0, 4, 4]], dtype), w, 2, 1.0, 2, True, mode="lp", p=p)
    ones = weighted_roi_align(x, np.array([[0, 0.5, 0.5, 3.5, 3.5]], dtype), w, 4, 1.0, 1, True, mode="lp", p=p)
    assert (out <= x[0, 0, 0, 0]).all()
    assert (ones[:, :, ::3, ::3] > 0).all()
    alike = weighted_roi_align(x, np.array([[0, 0, 0, 4, 4]], dtype), np.ones_like(w), 2, 1.0, 2, True, mode="lp", p=p)
    assert (alike == x[0, 0, 0, 0]).all()


@MEANS
def test_a_nan_reaches_the_bins_that_read_it(mean):
    x, w, box = np.ones((1, 2, 6, 6)), np.zeros((1, 1, 6, 6)), np.array([[0, 0, 0, 6.0, 6]])
    x[0, 1, 0, 0] = np.nan  # whose weight is 0
    for layout in LAYOUTS:
        out = weighted_roi_align(like(x, layout), box, like(w, layout), 2, 1.0, 3, True, layout=layout, **mean)
        nan = np.isnan(out if layout == "NCHW" else out.transpose(0, 3, 1, 2))
        assert nan.tolist() == [[[[False, False], [False, False]], [[True, False], [False, False]]]]


def test_where_all_is_0_nothing_is_sent():
    x, w, box = np.zeros((1, 1, 4, 4)), np.ones((1, 1, 4, 4)), np.array([[0, 0, 0, 4.0, 4]])
    grad, where = np.ones((1, 1, 2, 2)), (1.0, 2, True)
    for p in (1, 1.5, 3):
        assert not weighted_roi_align(x, box, w, 2, *where, mode="lp", p=p).any()
        assert not weighted_roi_align_backward(grad, box, w, x.shape, *where, mode="lp", p=p, input=x).any()


@pytest.mark.parametrize("layout", LAYOUTS)
@MEANS
def test_neither_threads_nor_parts_change_a_bit(layout, mean, monkeypatch):
    rng = np.random.default_rng(3)
    x, w = (like(rng.standard_normal((2, c, 37, 41)).astype(np.float32), layout) for c in (48, 1))
    corners = rng.uniform(-9, 30, (40, 2))
    boxes = np.column_stack([rng.integers(0, 2, 40), corners, corners + rng.uniform(0, 9, (40, 2))]).astype(np.float32)
    monkeypatch.setattr(pooling_plan, "_SMALL", 0)
    how, seen = {"layout": layout, **mean}, set()
    forget()
    for i in range(4):
        monkeypatch.setenv("ROIKIT_NUM_THREADS", str(1 + i % 3))
        monkeypatch.setattr(rois, "_BYTES", 1 if i % 2 else 2**26)
        out = weighted_roi_align(x, boxes, w, (3, 4), **how)
        found = (
            out,
            weighted_roi_align_backward(out, boxes, w, x.shape, **how, input=x),
            weighted_roi_align_backward_weights(out, x, boxes, w, **how),
            weighted_roi_align_backward_boxes(out, x, boxes, w, **how),
        )
        seen.add(tuple(array.tobytes() for array in found))
    forget()
    assert len(seen) == 1


@pytest.mark.parametrize("of", ["images", "rois"])
@pytest.mark.parametrize("row", [[2, 0, 0, 1, 1], [0, 0, 0, 1, np.nan], [0, 0, 0, 3e6, 1]])
@MEANS
def test_a_roi_that_cannot_be_pooled_is_named(row, of, mean):
    x, w, boxes = np.ones((2, 3, 7, 8)), np.ones((2, 1, 7, 8)), np.array([[0, 0, 0, 1, 1], row], float)
    grad, how = np.ones((2, 3, 2, 2)), {**mean, "weights_of": of}
    for call in (
        lambda: weighted_roi_align(x, boxes, w, 2, **how),
        lambda: weighted_roi_align_backward(grad, boxes, w, x.shape, **how, input=x),
        lambda: weighted_roi_align_backward_weights(grad, x, boxes, w, **how),
        lambda: weighted_roi_align_backward_boxes(grad, x, boxes, w, **how),
    ):
        with pytest.raises(InvalidRoiError, match=r"boxes\[1\] cannot be pooled"):
            call()


def test_what_means_cannot_do_is_said():
    x, w, box = (np.ones(shape, np.float32) for shape in ((1, 2, 4, 4), (1, 1, 4, 4), (1, 5)))
    box[0] = 0, 0, 0, 4, 4
    grad = np.ones((1, 2, 2, 2), np.float32)
    for call in (
        lambda **how: weighted_roi_align(x, box, w, 2, **how),
        lambda **how: weighted_roi_align_backward(grad, box, w, x.shape, **how, input=x),
        lambda **how: weighted_roi_align_backward_weights(grad, x, box, w, **how),
        lambda **how: weighted_roi_align_backward_boxes(grad, x, box, w, **how),
    ):
        for how, why in (
            ({"mode": "lp", "normalise": True}, 'mode="lp" is no such sum'),
            ({"mode": "softmax", "normalise": True}, 'mode="softmax" is no such sum'),
            ({"mode": "avg", "p": 2}, 'p is of mode="lp" alone'),
            ({"mode": "softmax", "p": 2}, 'p is of mode="lp" alone'),
            ({"mode": "max", "beta": 2}, 'beta is of mode="softmax" alone'),
            ({"mode": "lp", "beta": 2}, 'beta is of mode="softmax" alone'),
            ({"mode": "lp", "p": 0.99}, "p must be 1 or greater"),
            ({"mode": "lp", "p": math.inf}, "p must be finite"),
            ({"mode": "softmax", "beta": math.nan}, "beta must be finite"),
            ({"mode": "softmax", "beta": 1e39}, "beta must be finite in float32"),
        ):
            with pytest.raises(ValueError, match=why):
                call(**how)
        for how in ({"mode": "lp", "p": "3"}, {"mode": "softmax", "beta": True}):
            with pytest.raises(TypeError, match="must be a number"):
                call(**how)
    for mode in ("lp", "softmax"):
        with pytest.raises(ValueError, match=f'the gradient of mode="{mode}" needs the maps'):
            weighted_roi_align_backward(grad, box, w, x.shape, mode=mode)


def test_their_kernels_are_compiled_ahead():
    how = {"operations": ["forward"], "layouts": ["NCHW"], "operators": ["weighted_roi_align", "roi_align"]}
    assert precompile(np, **how, modes=["lp", "softmax"]) == 2
    with pytest.raises(ValueError, match="modes must be one of 'avg', 'max', 'lp', 'softmax'"):
        precompile(np, **how, modes=["median"])
