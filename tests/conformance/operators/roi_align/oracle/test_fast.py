"""The fast form against the exact oracle: its rows one by one, then output and gradients that are products of these."""

import math
from fractions import Fraction
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roikit.conformance.exact.numbers import as_float64
from roikit.conformance.operators.roi_align.oracle.fast import Rows, changes, footprints, read, share, spread
from roikit.conformance.operators.roi_align.oracle.gradient import bins, box_gradient, feature_gradient
from roikit.conformance.operators.roi_align.oracle.output import roi_align
from roikit.kernels.dialects.roi_align import Dialect
from tests.conformance.operators.roi_align.oracle.calls import dialects

SIZE = (4, 5)


class Drawn(NamedTuple):
    """A RoI and how it is pooled."""

    box: tuple
    output: tuple
    ratio: tuple
    dialect: Dialect


any_dialect = dialects(None, 0.0, -math.inf)


def drawn(coordinates, sizes, ratios):
    pair = st.tuples(sizes, sizes), st.tuples(ratios, ratios)
    return st.builds(Drawn, st.tuples(st.just(0), *[coordinates] * 4), *pair, any_dialect)


anything = drawn(st.fractions(-9, 14, max_denominator=12), st.integers(1, 3), st.integers(0, 5))
dyadic = drawn(st.integers(-24, 48).map(lambda n: Fraction(n, 4)), st.sampled_from([1, 2]), st.sampled_from([1, 2, 4]))


NO_CHANNELS = np.zeros((1, 0, *SIZE))


def call_of(asked, mode, maps=NO_CHANNELS):
    return roi_align(maps, [asked.box], asked.output, (1, 1), asked.ratio, mode, asked.dialect)


def as_rows(exact, pixels, reading):
    """Rows of the exact oracle, which have a column for each of some pixels, as rows of all pixels."""
    rows = np.zeros((len(exact), pixels))
    rows[:, reading.pixels] = exact.astype(float)
    return rows


def assert_rows_agree(asked, mode, tolerance):
    call = call_of(asked, mode)
    y, x = (Rows(axis, mode) for axis in call.stages[0][1:])
    for bin_ in bins(call):
        for rows, n, reading in ((y, bin_.p, bin_.axes[0]), (x, bin_.q, bin_.axes[1])):
            of_bin = rows.bins == n
            assert rows.inside[n] == sum(sample.count for sample in reading.samples)
            if not reading.samples:
                assert not rows.weights[of_bin].any()
                continue
            found = (rows.weights, *rows.slopes)
            for fast, exact in zip(found, (reading.weights, *reading.slopes), strict=True):
                right = as_rows(exact, rows.axis.pixels, reading)
                np.testing.assert_allclose(fast[of_bin], right, rtol=tolerance, atol=tolerance)
            counts = np.repeat([s.count for s in reading.samples], rows.per_sample) if mode == "max" else [1]
            assert rows.counts[of_bin].tolist() == list(counts)


@pytest.mark.parametrize("mode", ["avg", "max"])
@settings(deadline=None, max_examples=150)
@given(asked=anything)
def test_rows_are_those_of_the_exact_oracle(mode, asked):
    assert_rows_agree(asked, mode, 1e-13)


@pytest.mark.parametrize("mode", ["avg", "max"])
@settings(deadline=None, max_examples=150)
@given(asked=dyadic)
def test_rows_that_float64_holds_are_not_rounded(mode, asked):
    assert_rows_agree(asked, mode, 0)


def assert_averages_agree(asked, seed, tolerance):
    """Output, its operator pixel by pixel, and both gradients; ``tolerance`` relative to the largest numbers there may be."""
    rng = np.random.default_rng(seed)
    maps, sent = (
        rng.integers(-9, 10, (1, 2, *SIZE)).astype(float),
        rng.integers(-9, 10, (1, 2, *asked.output)).astype(float),
    )
    call = call_of(asked, "avg", maps)
    roi = call.stages[0]
    (y, by_y), (x, by_x) = ((rows.weights, rows.slopes) for rows in (Rows(roi.y), Rows(roi.x)))
    factor = share(roi.y, roi.x)
    output = factor * read(y, maps[0], x)
    np.testing.assert_allclose(output, as_float64(call.values)[0], rtol=0, atol=9 * tolerance)
    by_pixel = np.einsum("nc,npq->cpq", maps[0].reshape(2, -1).T, factor * footprints(y, x))
    np.testing.assert_allclose(by_pixel, output, rtol=0, atol=9 * tolerance)
    common = (1, 1), asked.ratio, "avg", asked.dialect
    arriving = sent[0] * np.nan_to_num(factor)
    right = feature_gradient(sent, [asked.box], maps.shape, *common).values[0].astype(float)
    np.testing.assert_allclose(spread(y, arriving, x), right, rtol=0, atol=36 * tolerance)
    found = [(arriving * change).sum() for change in changes(y, x, by_y, by_x, maps[0])]
    right = box_gradient(sent, maps, [asked.box], *common).values[0].astype(float)
    np.testing.assert_allclose(found, right, rtol=0, atol=2000 * tolerance)


@settings(deadline=None, max_examples=150)
@given(asked=anything, seed=st.integers(0, 2**32 - 1))
def test_averages_and_their_gradients_are_those_of_the_exact_oracle(asked, seed):
    assert_averages_agree(asked, seed, 1e-13)


@settings(deadline=None, max_examples=150)
@given(asked=dyadic, seed=st.integers(0, 2**32 - 1))
def test_so_they_are_to_the_last_bit_where_float64_holds_them(asked, seed):
    assert_averages_agree(asked, seed, 0)
