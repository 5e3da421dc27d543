"""The gradient oracle against published numbers, and the calls that it takes."""

import math
import time
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from roikit.conformance.operators.roi_align.oracle.gradient import box_gradient, feature_gradient
from roikit.conformance.sampling.axis import Rules
from roikit.kernels.dialects.choices import EmptyGrid, MinSize, Outside
from roikit.kernels.dialects.roi_align import DIALECTS, Dialect, named_dialect
from tests.conformance.operators.roi_align.oracle.calls import (
    ALIGNED,
    ARANGE,
    LEGACY,
    ONES,
    by_box,
    by_feature,
    decimals,
    integers,
)


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
