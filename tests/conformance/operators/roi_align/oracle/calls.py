"""Calls of the exact oracle, short, and what tests of it draw them from."""

import math
from fractions import Fraction

import numpy as np
from hypothesis import strategies as st

from roikit.conformance.operators.roi_align.oracle.gradient import box_gradient, feature_gradient
from roikit.conformance.operators.roi_align.oracle.output import roi_align
from roikit.kernels.dialects.choices import Adaptive, EmptyGrid, End, GridCap, Max, MinSize, Offset, Outside
from roikit.kernels.dialects.roi_align import Dialect, named_dialect

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


def pool(feature, boxes, output=(2, 2), scale=1, ratio=2, mode="avg", dialect=LEGACY):
    return roi_align(feature, boxes, output, *pairs(scale, ratio), mode, dialect)


def fractions(low, high):
    return st.fractions(low, high, max_denominator=12)


def dialects(*starts):
    """Every combination of choices, with one of these for what a maximum starts from."""
    return st.builds(
        Dialect,
        offset=st.sampled_from(Offset),
        end=st.sampled_from(End),
        min_size=st.sampled_from(MinSize),
        adaptive=st.sampled_from(Adaptive),
        grid_cap=st.sampled_from(GridCap),
        empty_grid=st.sampled_from(EmptyGrid),
        outside=st.sampled_from(Outside),
        max=st.sampled_from(Max),
        max_start=st.sampled_from(starts),
    )


any_dialect = dialects(None, 0.0, -3.0, -math.inf)
small = st.integers(1, 3)
seeds = st.integers(0, 2**32 - 1)
boxes = st.tuples(st.integers(0, 1), *[fractions(-4, 9)] * 4)
quarter_boxes = st.tuples(st.integers(0, 1), *[st.integers(-8, 24).map(lambda n: Fraction(n, 4))] * 4)
ratios = st.tuples(st.integers(0, 3), st.integers(0, 3))
scales = st.tuples(fractions(Fraction(1, 4), 2), fractions(Fraction(1, 4), 2))
modes = st.sampled_from(["avg", "max"])


def integers(seed, shape):
    return np.random.default_rng(seed).integers(-9, 10, shape)
