"""The exact gradient for the maps against finite differences of the forward oracle, and laws that it obeys."""

import itertools
import math
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roikit.conformance.operators.roi_align.oracle.gradient import feature_gradient
from roikit.conformance.operators.roi_align.oracle.output import roi_align
from roikit.kernels.dialects.choices import Max, Offset, Outside
from roikit.kernels.dialects.roi_align import DIALECTS, Dialect, named_dialect
from tests.conformance.operators.roi_align.oracle.calls import (
    ARANGE,
    LEGACY,
    ONES,
    TINY,
    any_dialect,
    boxes,
    by_feature,
    integers,
    modes,
    numbers,
    pairs,
    quarter_boxes,
    ratios,
    scales,
    seeds,
    small,
)


@pytest.mark.one_in(4)
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
