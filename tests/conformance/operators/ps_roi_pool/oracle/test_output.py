"""PSRoIPool's oracle in fractions and in float64, which must agree, and each of its formulas."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roikit.conformance.exact.numbers import Special, as_float64
from roikit.conformance.operation import Operation
from roikit.conformance.operators.ps_roi_pool.draws.chance import BOXES, arguments
from roikit.conformance.operators.ps_roi_pool.oracle import output
from roikit.conformance.operators.ps_roi_pool.oracle.face import asked_of
from roikit.conformance.operators.ps_roi_pool.oracle.geometry import Rules
from roikit.conformance.windows.geometry import all_stages
from roikit.conformance.windows.pixels import exact_pixels
from roikit.kernels.dialects.ps_roi_pool import DIALECTS


@settings(max_examples=60, deadline=None)
@given(arguments(classes=BOXES), st.sampled_from(sorted(DIALECTS)))
def test_float64_is_what_fractions_are(call, dialect):
    asked = asked_of(call, DIALECTS[dialect], "float64")
    about = asked.rois, asked.output_size, asked.rules
    exact, quick = (output.ps_roi_pool(maps, *about) for maps in (asked.maps, asked.pixels))
    assert np.array_equal(exact.counts, quick.counts)
    assert np.array_equal(as_float64(exact.magnitude), quick.magnitude)
    np.testing.assert_allclose(as_float64(exact.values), quick.values, rtol=1e-15, equal_nan=True)


@settings(max_examples=60, deadline=None)
@given(arguments(classes=BOXES, operation=Operation.FEATURE_GRADIENT), st.sampled_from(sorted(DIALECTS)))
def test_the_gradient_is_the_transpose_of_the_output(call, dialect):
    asked = asked_of(call, DIALECTS[dialect], "float64")
    about = asked.rois, asked.output_size, asked.rules
    values = output.ps_roi_pool(asked.maps, *about).values
    sent = output.feature_gradient(asked.arriving, asked.pixels.shape, *about)
    assert (sent.values * asked.maps).sum() == (values * asked.arriving).sum()
    sums = output.feature_gradient(asked.grad, asked.pixels.shape, *about)
    assert np.array_equal(sums.counts, sent.counts)


@pytest.mark.parametrize(("bins", "channels"), [((2, 3), 4), ((3, 1), 2), ((1, 1), 5)])
def test_every_channel_of_the_maps_is_read_by_one_bin(bins, channels):
    rules = Rules(DIALECTS["roikit"], "float64")
    read = [rules.channel(c, p, q, bins) for c in range(channels) for p in range(bins[0]) for q in range(bins[1])]
    assert read == list(range(channels * bins[0] * bins[1]))


def test_rounding_is_away_from_zero():
    rules = Rules(DIALECTS["roikit"], "float64")
    halves = [Fraction(n, 2) for n in (-5, -3, -1, 1, 3, 5)]
    assert [int(rules.snap(half)) for half in halves] == [-3, -2, -1, 1, 2, 3]


@pytest.mark.parametrize(("pixel", "value"), [(np.nan, Special.NAN), (np.inf, Special.NONFINITE)])
def test_what_is_no_number_reaches_the_bins_that_read_it(pixel, value):
    maps = np.ones((1, 2, 4, 4))
    maps[0, 1, 1, 1] = pixel
    rules = Rules(DIALECTS["roikit"], "float64")
    rois = all_stages(np.array([[0, 0, 0, 3, 3], [0, 0, 2, 3, 3.0]]), maps.shape, (1, 2), (1, 1), rules)
    values = output.ps_roi_pool(exact_pixels(maps), rois, (1, 2), rules).values
    assert values[:, 0, 0].tolist() == [[1, value], [1, 1]]
