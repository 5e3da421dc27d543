"""The exact gradient for the boxes against finite differences of the forward oracle, and where it has kinks."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from roikit.conformance.operators.roi_align.oracle.gradient import Kink, box_gradient
from roikit.conformance.operators.roi_align.oracle.output import roi_align
from roikit.kernels.dialects.choices import Adaptive, EmptyGrid, Max, MinSize, Outside
from roikit.kernels.dialects.roi_align import Dialect
from tests.conformance.operators.roi_align.oracle.calls import (
    ALIGNED,
    ARANGE,
    LEGACY,
    TINY,
    any_dialect,
    boxes,
    by_box,
    decimals,
    integers,
    modes,
    numbers,
    quarter_boxes,
    ratios,
    scales,
    seeds,
    small,
)


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
