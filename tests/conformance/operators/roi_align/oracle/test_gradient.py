"""The gradient oracle against published numbers, finite differences of the forward oracle, and torchvision."""

from __future__ import annotations

import itertools
import math
import time
from dataclasses import replace
from fractions import Fraction
from importlib import import_module

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from roikit.conformance.operators.roi_align.oracle.gradient import Kink, box_gradient, feature_gradient
from roikit.conformance.operators.roi_align.oracle.output import roi_align
from roikit.conformance.sampling.axis import Rules
from roikit.kernels.dialects.choices import Adaptive, EmptyGrid, End, GridCap, Max, MinSize, Offset, Outside
from roikit.kernels.dialects.roi_align import DIALECTS, Dialect, named_dialect

LEGACY, ALIGNED = named_dialect("torchvision"), named_dialect("torchvision-aligned")
ARANGE = np.arange(25.0).reshape(1, 1, 5, 5)
ONES = np.ones((1, 1, 2, 2))
TINY = Fraction(1, 10**40)  # less than the distance to any kink, tie or discontinuity that is not met exactly


def pairs(scale, ratio):
    return [v if isinstance(v, tuple) else (v, v) for v in (scale, ratio)]


def by_feature(grad, box, shape=(1, 1, 5, 5), scale=1, ratio=2, mode="avg", dialect=LEGACY, feature=None):
    return feature_gradient(grad, [box], shape, *pairs(scale, ratio), mode, dialect, feature)


def by_box(grad, feature, box, scale=1, ratio=2, mode="avg", dialect=LEGACY):
    return box_gradient(grad, feature, [box], *pairs(scale, ratio), mode, dialect)


def decimals(values):
    return [Fraction(v) for v in values.split()]


def numbers(values):
    """The values of an oracle, where those that are none count as constants."""
    return np.frompyfunc(lambda v: v if isinstance(v, Fraction) else Fraction(0), 1, 1)(values)


# Published numbers


def test_mmcvs_own_expectations():
    # open-mmlab/mmcv, tests/test_ops/test_roi_align.py: 2 x 2 bins, aligned, sampling_ratio 2, gradient of ones
    small = by_feature(ONES, [0, 0, 0, 1, 1], (1, 1, 2, 2), dialect=named_dialect("mmcv"))
    assert list(small.values.flat) == decimals("3.0625 .4375 .4375 .0625")
    large = by_feature(ONES, [0, 0, 0, 3, 3], (1, 1, 4, 4), dialect=named_dialect("mmcv"))
    rows = [".47265625 .4296875 .4296875 .04296875", *[".4296875 .390625 .390625 .0390625"] * 2]
    rows.append(".04296875 .0390625 .0390625 .00390625")
    assert large.values.tolist() == [[[decimals(row) for row in rows]]]


def test_mindspores_own_expectation():
    # mindspore-ai/mindspore, tests/st/ops: test_roi_align_grad
    grad, scale = [[[decimals(".1 .2 .3")] * 3]], Fraction(1, 4)
    got = by_feature(grad, [0, -2, -2, 21, 21], (1, 1, 6, 6), scale=scale, dialect=named_dialect("mindspore"))
    assert got.values.tolist() == [[[decimals(".025 .025 .05 .05 .075 .075")] * 6]]


def test_the_mindspore_backward_that_ignores_its_mode():
    # measured: mode 0 returns at the centre what mode 1 should
    mode_0, mode_1 = named_dialect("mindspore-end-mode-0"), named_dialect("mindspore")
    centre = [by_feature(ONES, [0, 1, 1, 3, 3], dialect=d).values[0, 0, 2, 2] for d in (mode_0, mode_1)]
    assert centre == decimals("1 .47265625")


def test_the_paddle_backward_that_clamps():
    # measured, 2 x 2 bins: 3.0625 in torchvision, 2.03062 in Paddle
    box = [0, *decimals("1.2 1.2 1.6 1.6")]
    paddle = named_dialect("paddle")
    clamping = replace(paddle, min_size=MinSize.ONE)
    assert by_feature(ONES, box, dialect=paddle).values[0, 0, 1, 1] == Fraction("3.0625")
    assert by_feature(ONES, box, dialect=clamping).values[0, 0, 1, 1] == Fraction("2.030625")


# Laws of the feature gradient


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
    max_start=st.sampled_from([None, 0.0, -3.0, -math.inf]),
)
small = st.integers(1, 3)
seeds = st.integers(0, 2**32 - 1)
boxes = st.tuples(st.integers(0, 1), *[fractions(-4, 9)] * 4)
quarter_boxes = st.tuples(st.integers(0, 1), *[st.integers(-8, 24).map(lambda n: Fraction(n, 4))] * 4)
ratios = st.tuples(st.integers(0, 3), st.integers(0, 3))
scales = st.tuples(fractions(Fraction(1, 4), 2), fractions(Fraction(1, 4), 2))
modes = st.sampled_from(["avg", "max"])


def integers(seed, shape):
    return np.random.default_rng(seed).integers(-9, 10, shape)


@pytest.mark.parametrize("name", DIALECTS)
@settings(deadline=None, max_examples=15)
@given(
    seed=seeds, rois=st.lists(boxes, min_size=1, max_size=3), output=st.tuples(small, small), scale=scales, ratio=ratios
)
def test_the_average_is_the_adjoint_of_the_forward_operator(name, seed, rois, output, scale, ratio):
    x, g = integers(seed, (2, 2, 4, 5)), integers(seed + 1, (len(rois), 2, *output))
    arguments = (scale, ratio, "avg", named_dialect(name))
    forward = numbers(roi_align(x, rois, output, *arguments).values)
    backward = feature_gradient(g, rois, x.shape, *arguments)
    assert (forward * g).sum() == (backward.values * x).sum()
    assert not backward.ties.any()
    assert (backward.magnitude == feature_gradient(abs(g), rois, x.shape, *arguments).values).all()


@settings(deadline=None, max_examples=80)
@given(seed=seeds, box=boxes, output=st.tuples(small, small), ratio=ratios, dialect=any_dialect)
def test_an_average_conserves_what_falls_inside(seed, box, output, ratio, dialect):
    g = integers(seed, (1, 1, *output))
    got = by_feature(g, box, (2, 1, 4, 5), ratio=ratio, dialect=dialect)
    inside = 0
    for (p, q), value in np.ndenumerate(g[0, 0]):
        roi = got.stages[0]
        taken = [[axis.position(b, i) for i in range(axis.taken)] for axis, b in ((roi.y, p), (roi.x, q))]
        good = [
            dialect.outside == Outside.CLAMP or (-1 <= y <= 4 and -1 <= x <= 5) for y, x in itertools.product(*taken)
        ]
        inside += value * Fraction(sum(good), roi.y.grid * roi.x.grid) if good else 0
    assert got.values.sum() == inside


@settings(deadline=None, max_examples=100)
@given(
    seed=seeds,
    box=quarter_boxes,
    output=st.tuples(st.integers(1, 2), st.integers(1, 2)),
    ratio=ratios,
    mode=modes,
    dialect=any_dialect,
)
def test_the_feature_gradient_is_the_difference_quotient(seed, box, output, ratio, mode, dialect):
    """The output is piecewise linear in each pixel: away from ties both quotients are the derivative."""
    x = np.vectorize(Fraction, otypes=[object])(integers(seed, (2, 1, 3, 4)))
    g = integers(seed + 1, (1, 1, *output))
    arguments = (pairs(1, 0)[0], ratio, mode, dialect)
    got = feature_gradient(g, [box], x.shape, *arguments, x)
    tied = np.zeros(g.shape, bool)
    for place in np.ndindex(x.shape):
        quotients = []
        for step in (TINY, -TINY):
            moved = x.copy()
            moved[place] += step
            ahead, here = (numbers(roi_align(f, [box], output, *arguments).values) for f in (moved, x))
            quotients.append((ahead - here) / step)
        tied |= quotients[0] != quotients[1]
        if not got.ties.any():
            assert got.values[place] == (g * quotients[0]).sum()
    assert (tied == got.ties).all()


def first_of_the_maxima(feature, roi, p, q, dialect):
    """The pixels and weights of the first candidate that is a maximum, enumerated in the order of the text."""
    height, width = feature.shape
    candidates = [] if dialect.max_start is None else [(Fraction(dialect.max_start), {})]
    for i, j in itertools.product(range(roi.y.taken), range(roi.x.taken)):
        y, x = roi.y.position(p, i), roi.x.position(q, j)
        if dialect.outside == Outside.ZERO and not (-1 <= y <= height and -1 <= x <= width):
            candidates += [] if dialect.max == Max.SAMPLE_INSIDE else [(Fraction(0), {})]
            continue
        y, x = min(max(y, Fraction(0)), Fraction(height - 1)), min(max(x, Fraction(0)), Fraction(width - 1))
        corners = []
        for row, column in itertools.product((math.floor(y), math.floor(y) + 1), (math.floor(x), math.floor(x) + 1)):
            weight = (1 - abs(y - row)) * (1 - abs(x - column))
            corners.append({(min(row, height - 1), min(column, width - 1)): weight} if weight else {})
        whole = {pixel: weight for corner in corners for pixel, weight in corner.items()}
        for weights in corners if dialect.max == Max.CORNER else [whole]:
            candidates.append((sum((w * feature[pixel] for pixel, w in weights.items()), Fraction(0)), weights))
    return max(candidates, key=lambda candidate: candidate[0], default=(0, {}))[1]  # the first one, max() promises


max_dialect = st.builds(
    Dialect,
    offset=st.sampled_from([Offset.NONE, Offset.HALF]),
    outside=st.sampled_from(Outside),
    max=st.sampled_from(Max),
    max_start=st.sampled_from([None, 0.0, -3.0]),
)
steps = st.integers(0, 16).map(lambda n: Fraction(n, 4))


@settings(deadline=None, max_examples=300)
@given(
    seed=seeds,
    spread=st.integers(0, 2),
    box=st.tuples(steps, steps, steps, steps).map(lambda b: (0, b[0] - 2, b[1] - 2, b[0] + b[2] - 2, b[1] + b[3] - 2)),
    output=st.tuples(small, small),
    ratio=st.tuples(small, small),
    dialect=max_dialect,
)
def test_ties_go_to_the_first(seed, spread, box, output, ratio, dialect):
    rng = np.random.default_rng(seed)
    x, g = rng.integers(-spread, spread + 1, (1, 1, 3, 4)), rng.integers(1, 10, (1, 1, *output))
    got = by_feature(g, box, x.shape, ratio=ratio, mode="max", dialect=dialect, feature=x)
    want = np.full(x.shape, Fraction(0), object)
    for p, q in np.ndindex(output):
        for pixel, weight in first_of_the_maxima(x[0, 0], got.stages[0], p, q, dialect).items():
            want[0, 0][pixel] += weight * g[0, 0, p, q]
    assert (got.values == want).all()


def test_what_sends_no_gradient():
    far, across = [0, 20, 20, 22, 22], [0, 3, 3, 9, 9]
    for box, choices in (
        (far, {}),
        (far, {"max": Max.SAMPLE_INSIDE}),
        (across, {}),  # an outside sample's 0 is more than anything negative
        (across, {"max_start": 0.0}),
        ([0, 1, 1, 3, 3], {"max_start": 0.0}),
        ([0, 1, 1, 3, 3], {"max": Max.CORNER, "max_start": 0.0}),
    ):
        feature = -1 - ARANGE
        got = by_feature(ONES[..., :1, :1], box, mode="max", dialect=replace(LEGACY, **choices), feature=feature)
        assert set(got.values.flat) == {0}
        assert not got.ties.any()
    skipping = replace(LEGACY, max=Max.SAMPLE_INSIDE)
    sent = by_feature(ONES[..., :1, :1], across, mode="max", dialect=skipping, feature=-1 - ARANGE)
    assert sent.values.sum() == 1


def test_a_sample_exactly_at_minus_one_keeps_its_gradient():
    # mmcv loses it: -1 is also what it stores as "nowhere"
    mmcv = named_dialect("mmcv-legacy")
    got = by_feature([[[[1]]]], [0, 2, -2, 3, 0], ratio=1, mode="max", dialect=mmcv, feature=ARANGE)
    assert got.stages[0].y.position(0, 0) == -1
    assert got.values[0, 0, 0].tolist() == [0, 0, Fraction(1, 2), Fraction(1, 2), 0]


def test_all_corners_of_a_sample_come_before_the_next_sample():
    feature = np.zeros((1, 1, 2, 5))
    feature[0, 0, 1, 1] = feature[0, 0, 0, 3] = 4
    dialect = replace(LEGACY, max=Max.CORNER)
    got = by_feature([[[[1]]]], [0, 0, 0, 4, 1], feature.shape, 1, (1, 2), "max", dialect, feature)
    assert (got.stages[0].x.positions(), got.stages[0].y.positions()) == ([[1, 3]], [[Fraction(1, 2)]])
    assert np.argwhere(got.values).tolist() == [[0, 0, 1, 1]]
    assert got.ties.all()


def test_a_tie_of_alike_candidates_is_none():
    clamping = Dialect(outside=Outside.CLAMP)
    far_alike = by_feature(ONES, [0, 90, 90, 99, 99], mode="max", dialect=clamping, feature=ARANGE)
    assert far_alike.values[0, 0, 4, 4] == 4
    assert not far_alike.ties.any()
    flat = by_feature(ONES, [0, 1, 1, 3, 3], mode="max", feature=np.ones((1, 1, 5, 5)))
    assert flat.ties.all()
    assert flat.values.sum() == 4


def test_terms_count_products():
    got = by_feature(ONES, [0, 1, 1, 3, 3])
    assert got.terms.sum() == 2 * 2 * 4 * 4
    assert got.terms[0, 0, 2, 2] == 4 * 4
    assert by_feature(ONES, [0, 1, 1, 3, 3], mode="max", feature=ARANGE).terms.sum() == 2 * 2 * 4


# Laws of the box gradient


def quotient(x, g, box, corner, step, arguments):
    """(f(box + step) - f(box)) / step, f being the sum of g times the output."""
    moved = list(box)
    moved[1 + corner] += step
    ahead, here = ((numbers(roi_align(x, [b], g.shape[2:], *arguments).values) * g).sum() for b in (moved, box))
    return (ahead - here) / step


@settings(deadline=None, max_examples=250)
@given(
    seed=seeds,
    size=st.tuples(st.integers(1, 4), st.integers(1, 4)),
    box=st.one_of(boxes, quarter_boxes),
    output=st.tuples(small, small),
    scale=st.one_of(scales, st.just((1, 1))),
    ratio=ratios,
    mode=modes,
    dialect=any_dialect,
)
def test_the_box_gradient_is_the_difference_quotient(seed, size, box, output, scale, ratio, mode, dialect):
    """The output is piecewise linear in each corner: away from kinks both quotients are the derivative, exactly."""
    x, g = integers(seed, (2, 2, *size)), integers(seed + 1, (1, 2, *output))
    arguments = (scale, ratio, mode, dialect)
    got = box_gradient(g, x, [box], *arguments)
    for corner in range(4):
        if not got.kinks[0, corner]:
            assert quotient(x, g, box, corner, TINY, arguments) == got.values[0, corner]
            assert quotient(x, g, box, corner, -TINY, arguments) == got.values[0, corner]
        elif got.kinks[0, corner] == {Kink.KNOT}:
            assert quotient(x, g, box, corner, TINY, arguments) == got.values[0, corner]  # from the right


@settings(deadline=None, max_examples=60)
@given(seed=seeds, box=boxes, output=st.tuples(small, small), ratio=ratios, mode=modes)
def test_the_derivative_along_a_translation(seed, box, output, ratio, mode):
    """On a linear map every sample changes alike: d/dy1 + d/dy2 is the slope, and d/dy2 - d/dy1 that of the extent."""
    assume(abs(box[1] - box[3]) > 0 and abs(box[2] - box[4]) > 0)
    x = np.fromfunction(lambda n, c, y, x: 3 * y - 2 * x, (2, 1, 40, 40))
    inner = [box[0], *(v + 15 for v in box[1:])]
    g = integers(seed, (1, 1, *output))
    dialect = replace(ALIGNED, min_size=MinSize.NONE)
    got = by_box(g, x, inner, ratio=tuple(r or 1 for r in ratio), mode="avg", dialect=dialect)
    x1, y1, x2, y2 = got.values[0]
    assert (x1 + x2, y1 + y2) == (-2 * g.sum(), 3 * g.sum())


def test_slopes_at_the_edge():
    """From the right: bent at 0, where the surface begins to rise; flat in the clamped bands and at H - 1."""
    feature = np.fromfunction(lambda n, c, y, x: (y + 1) ** 2, (1, 1, 4, 4))
    for at, slope, kinks in (
        ("-1.25", 0, set()),
        ("-1", 0, {Kink.BOUND}),
        ("-.5", 0, set()),
        ("0", 3, {Kink.KNOT}),
        ("1", 5, {Kink.KNOT}),
        ("1.5", 5, set()),
        ("2.5", 7, set()),
        ("3", 0, {Kink.KNOT}),
        ("3.5", 0, set()),
        ("4", 0, {Kink.BOUND}),
        ("4.5", 0, set()),
    ):
        y = Fraction(at)
        got = by_box([[[[1]]]], feature, [0, 1, y - 1, 2, y + 1], ratio=1)
        assert got.values[0].tolist() == [0, Fraction(slope, 2), 0, Fraction(slope, 2)], y
        assert got.kinks[0, 1] == got.kinks[0, 3] == kinks, y
        clamped = by_box([[[[1]]]], feature, [0, 1, y - 1, 2, y + 1], ratio=1, dialect=Dialect(outside=Outside.CLAMP))
        assert (clamped.values == got.values).all()
        assert clamped.kinks[0, 1] == kinks - {Kink.BOUND}


def test_a_corner_at_the_last_row_does_not_move():
    dialect = Dialect(max=Max.CORNER)
    got = by_box([[[[1]]]], ARANGE, [0, Fraction("2.1"), 3, Fraction("3.3"), 5], ratio=1, mode="max", dialect=dialect)
    assert got.stages[0].y.position(0, 0) == 4
    assert got.values[0].tolist() == [Fraction(23, 2), 0, Fraction(23, 2), 0]  # of l_x F[4, 3], with l_x = 0.7


def test_a_least_extent():
    feature = np.fromfunction(lambda n, c, y, x: 8 * y, (1, 1, 9, 9))
    for height, y1, y2, kinks in (
        (".5", 8, 0, set()),
        ("1", 4, 4, {Kink.EXTENT}),
        ("1.5", 4, 4, set()),
        ("-2", 8, 0, set()),
    ):
        top = Fraction("3.1")
        got = by_box([[[[1]]]], feature, [0, 3, top, 5, top + Fraction(height)], ratio=1)
        assert (got.values[0, 1], got.values[0, 3]) == (y1, y2), height
        assert got.kinks[0, 1] == got.kinks[0, 3] == kinks
        unclamped = by_box([[[[1]]]], feature, [0, 3, top, 5, top + Fraction(height)], ratio=1, dialect=ALIGNED)
        assert (unclamped.values[0, 1], unclamped.values[0, 3]) == (4, 4)
        assert not unclamped.kinks[0, 1]


@pytest.mark.parametrize(
    ("rule", "heights"),
    [
        ("ceil", {"2": True, "2.5": False, "0": True, "-1": False}),
        ("floor", {"2": True, "1.5": False, "0": False}),
        ("round", {"2": False, "2.5": True, ".5": True, "-.5": False}),
    ],
)
def test_steps_of_the_adaptive_grid(rule, heights):
    dialect = replace(ALIGNED, adaptive=Adaptive(rule))
    for height, step in heights.items():
        box = [0, 2, Fraction("1.1"), Fraction("4.3"), Fraction("1.1") + Fraction(height)]
        found = by_box([[[[1]]]], ARANGE, box, ratio=0, dialect=dialect).kinks[0]
        assert (Kink.GRID in found[1], Kink.GRID in found[3]) == (step, step), height
        assert Kink.GRID not in found[0]
        fixed = by_box([[[[1]]]], ARANGE, box, ratio=2, dialect=dialect).kinks[0]
        assert not any(Kink.GRID in kinks for kinks in fixed)


def test_where_an_empty_grid_gives_nan_or_zero():
    box = [0, 2, Fraction("4.3"), 4, Fraction("3.3")]  # a bin of -1, beside one of less than 0
    for empty, kinks in ((EmptyGrid.NAN, {Kink.GRID}), (EmptyGrid.ZERO, set()), (EmptyGrid.ONE_SAMPLE, set())):
        dialect = replace(ALIGNED, empty_grid=empty)
        assert by_box([[[[1]]]], ARANGE, box, ratio=(0, 1), dialect=dialect).kinks[0, 1] - {Kink.KNOT} == kinks


def test_knots_that_do_not_matter():
    still = by_box([[[[1]]]], ARANGE, [0, 2, Fraction("1.5"), 4, Fraction("1.75")], ratio=1)
    assert still.stages[0].y.position(0, 0) == 2
    assert still.kinks[0].tolist() == [{Kink.KNOT}, {Kink.KNOT}, {Kink.KNOT}, set()]  # y2 moves nothing
    beside = by_box([[[[1]]]], ARANGE, [0, 92, Fraction("1.25"), 94, Fraction("2.75")], ratio=1)
    assert beside.stages[0].y.position(0, 0) == 2
    assert not beside.kink[0]
    one_pixel = by_box([[[[1]]]], ARANGE[..., :1, :1], [0, -1, -1, 1, 1], ratio=1)
    assert one_pixel.stages[0].y.position(0, 0) == 0
    assert not one_pixel.kink[0]


def test_an_extent_held_at_its_least_is_on_no_step():
    box = [0, 2, Fraction("1.1"), 4, Fraction("1.4")]
    assert by_box([[[[1]]]], ARANGE, box, ratio=0).stages[0].y.bin == 1
    assert not by_box([[[[1]]]], ARANGE, box, ratio=0).kinks[0, 1]


def test_ties_by_box():
    feature = np.zeros((1, 1, 5, 5))
    feature[0, 0, 2, 1] = feature[0, 0, 2, 3] = 1
    box = [0, Fraction("0.5"), Fraction("1.8"), Fraction("3.5"), Fraction("2.6")]
    dialect = replace(LEGACY, min_size=MinSize.NONE)
    arguments = {"ratio": (1, 2), "mode": "max", "dialect": dialect}
    got = by_box([[[[1]]]], feature, box, **arguments)  # samples at x = 1.25 and 2.75, both 0.75 of a peak
    assert [Kink.TIE in kinks for kinks in got.kinks[0]] == [True, False, True, False]
    assert got.values[0].tolist() == decimals("-.6 -.375 -.2 -.375")  # of the first
    assert got.kink == (True,)
    assert not by_box([[[[1]]]], feature * 0, box, **arguments).kink[0]


# Calls


def test_invalid_rois_contribute_nothing():
    rois = [[0, 1, 1, 3, 3], [0, math.nan, 1, 3, 3], [1, 1, 1, 3, 3], [-1, 1, 1, 3, 3]]
    arguments = ((1, 1), (2, 2), "avg", LEGACY)
    got = feature_gradient(np.ones((4, 1, 2, 2)), rois, (1, 1, 5, 5), *arguments)
    alone = feature_gradient(ONES, rois[:1], (1, 1, 5, 5), *arguments)
    assert (got.values == alone.values).all()
    assert got.invalid == (None, "RA-11", "RA-12", "RA-12")
    boxed = box_gradient(np.ones((4, 1, 2, 2)), ARANGE, rois, *arguments)
    assert boxed.values[0].tolist() != [None] * 4
    assert set(boxed.values[1:].flat) == {None}
    assert boxed.kink[1:] == (False,) * 3


@pytest.mark.parametrize("dialect", [ALIGNED, replace(ALIGNED, empty_grid=EmptyGrid.NAN)])
@pytest.mark.parametrize("box", [[0, 2, 2, 2, 2], [0, 3, 3, 2, 2], [0, 3, 2, 2, 4]])
def test_a_bin_without_samples_has_no_gradient(box, dialect):
    assert set(by_feature(ONES, box, ratio=0, dialect=dialect).values.flat) == {0}
    assert set(by_box(ONES, ARANGE, box, ratio=0, dialect=dialect).values.flat) == {0}


@pytest.mark.parametrize("shape", [(1, 3, 4, 4, 0), (1, 0, 4, 4, 2), (0, 3, 4, 4, 0)])
@pytest.mark.parametrize("mode", ["avg", "max"])
def test_empty_tensors(shape, mode):
    *shape, rois = shape
    g, rows, arguments = np.ones((rois, shape[1], 2, 2)), np.zeros((rois, 5)), ((1, 1), (2, 2), mode, LEGACY)
    feature = np.zeros(shape)
    assert set(feature_gradient(g, rows, feature.shape, *arguments, feature).values.flat) <= {0}
    assert box_gradient(g, feature, rows, *arguments).values.tolist() == [[0] * 4] * rois


def test_a_pixel_that_is_not_finite_is_no_matter_for_an_average():
    box, feature = [0, 1, 1, 3, 3], np.full((1, 1, 5, 5), math.nan)
    assert (by_feature(ONES, box, feature=feature).values == by_feature(ONES, box).values).all()


def test_bad_arguments():
    box, nan = [0, 1, 1, 3, 3], math.nan
    for arguments in (
        {"mode": "max"},
        {"mode": "max", "feature": ARANGE[..., :4]},
        {"mode": "max", "feature": ARANGE * nan},
        {"mode": "sum"},
        {"grad": ONES * nan},
        {"grad": ONES[0]},
        {"grad": np.ones((2, 1, 2, 2))},
        {"grad": np.ones((1, 2, 2, 2))},
    ):
        with pytest.raises(ValueError, match=r"grad_output|input|mode"):
            by_feature(**{"grad": ONES, "box": box} | arguments)
    with pytest.raises(ValueError, match="input"):
        by_box(ONES, (ARANGE + 1) * math.inf, box)


@pytest.mark.parametrize("dialect", [*DIALECTS.values(), Dialect(outside=Outside.CLAMP)])
@pytest.mark.parametrize("mode", ["avg", "max"])
def test_huge_adaptive_boxes_take_no_time(dialect, mode):
    feature, g, box = integers(0, (1, 1, 8, 8)), np.ones((1, 1, 7, 7)), [0, -5e5, -4e5, 5e5, 6e5]
    started = time.perf_counter()
    by_feature(g, box, feature.shape, ratio=0, mode=mode, dialect=dialect, feature=feature)
    by_box(g, feature, box, ratio=0, mode=mode, dialect=dialect)
    assert time.perf_counter() - started < 2


def test_a_subclass_of_the_rules_imitates_a_fault():
    class PaddleOnCpu(Rules):
        def extent(self, start, end):
            return max(end - start, Fraction(1))

    arguments = (ONES, [[0, *decimals("1.2 1.2 1.6 1.6")]], (1, 1, 5, 5), (1, 1), (2, 2), "avg", ALIGNED, None)
    assert feature_gradient(*arguments, PaddleOnCpu).values[0, 0, 1, 1] == Fraction("2.030625")


# torchvision


def exact_call(rng, aligned):
    """A call that is exact in float32: small whole pixels, boxes in quarters, powers of two elsewhere."""
    output, ratio = [int(rng.choice([1, 2, 4])) for _ in range(2)], int(rng.choice([0, 1, 2]))
    grid = max(output) if ratio == 0 else 1
    low = rng.integers(-8, 24, (4, 2)) / 4
    size = 2.0 ** rng.integers(0, 2, (4, 1)) * grid if ratio == 0 else rng.integers(0, 24, (4, 2)) / 4
    rois = np.concatenate([rng.integers(0, 2, (4, 1)), low, low + size], axis=1)
    return rng.integers(-8, 9, (2, 2, 5, 7)), rng.integers(-8, 9, (4, 2, *output)), rois, ratio


@pytest.mark.parametrize("aligned", [False, True])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_torchvisions_kernel_is_bit_identical_on_exact_calls(aligned, dtype):
    torch = pytest.importorskip("torch")
    ops = pytest.importorskip("torchvision.ops")
    rng, dialect = np.random.default_rng(4), named_dialect("torchvision-aligned" if aligned else "torchvision")
    for _ in range(40):
        feature, g, rois, ratio = exact_call(rng, aligned)
        x = torch.tensor(feature, dtype=getattr(torch, dtype), requires_grad=True)
        out = ops.roi_align(x, torch.tensor(rois, dtype=x.dtype), g.shape[2:], 1.0, ratio, aligned)
        out.backward(torch.tensor(g, dtype=x.dtype))
        want = feature_gradient(g, rois, feature.shape, (1, 1), (ratio, ratio), "avg", dialect).values
        assert (x.grad.numpy() == want.astype(dtype)).all()


@pytest.mark.parametrize("aligned", [False, True])
def test_autograd_of_torchvisions_python_path(aligned):
    torch = pytest.importorskip("torch")
    pytest.importorskip("torchvision")
    decorated = import_module("torchvision.ops.roi_align")._roi_align
    python_path = getattr(decorated, "__wrapped__", decorated)
    rng = np.random.default_rng(5)
    dialect = named_dialect("torchvision-python-aligned" if aligned else "torchvision-python")
    compared = 0
    for _ in range(60):
        feature, g, rois, ratio = exact_call(rng, aligned)
        x, b = (torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in (feature, rois))
        python_path(x, b, 1.0, *g.shape[2:], ratio, aligned).backward(torch.tensor(g, dtype=torch.float64))
        arguments = ((1, 1), (ratio, ratio), "avg", dialect)
        assert (x.grad.numpy() == feature_gradient(g, rois, feature.shape, *arguments).values.astype(float)).all()
        want = box_gradient(g, feature, rois, *arguments)
        # At 0 and at the least extent the gradient of torch.clamp is 1 before torch 2.14 and 0 since (pytorch#195931).
        for k, corner in np.ndindex(want.values.shape):
            if Kink.EXTENT not in want.kinks[k, corner] and not at_zero(want.stages[k], corner):
                assert b.grad[k, 1 + corner] == float(want.values[k, corner])
                compared += 1
    assert compared > 400


def at_zero(roi, corner):
    axis = (roi.x, roi.y)[corner % 2]
    return any(y == 0 for bin_ in axis.positions() for y in bin_)
