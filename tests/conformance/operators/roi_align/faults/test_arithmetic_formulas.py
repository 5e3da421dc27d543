"""The faults of arithmetic do what they say, number by number."""

from fractions import Fraction

import numpy as np
import pytest

from roikit.conformance.exact.floats import FLOAT_TYPES
from roikit.conformance.operators.roi_align.faults import arithmetic_formulas as faults

ml_dtypes = pytest.importorskip("ml_dtypes")

TYPES = {"float16": np.float16, "bfloat16": ml_dtypes.bfloat16, "float32": np.float32}


@pytest.fixture(params=TYPES)
def type_and_numbers(request):
    rng = np.random.default_rng(3)
    numbers = rng.uniform(-2, 2, 300) * 2.0 ** rng.integers(-30, 12, 300)
    return FLOAT_TYPES[request.param], TYPES[request.param], numbers


def test_sums_are_rounded_as_the_types_of_numpy_round(type_and_numbers):
    kind, dtype, numbers = type_and_numbers
    assert np.array_equal(faults._rounding(kind)(numbers), numbers.astype(np.float32).astype(dtype).astype(float)) or (
        dtype is np.float32  # then float64 numbers are rounded once, and not twice
        and np.array_equal(faults._rounding(kind)(numbers), numbers.astype(np.float32).astype(float))
    )
    assert faults._rounding(kind)(np.array([kind.largest * 2]))[0] == np.inf


def test_cut_off_and_halves_away_from_zero(type_and_numbers):
    kind, _, numbers = type_and_numbers
    for x in map(Fraction, numbers):
        cut, away = faults.towards_zero_in(kind)(x), faults.halves_away_in(kind)(x)
        assert abs(cut) <= abs(x) < abs(cut) + kind.spacing(x)
        assert cut == kind.nearest(cut)
        assert away in (cut, cut + kind.spacing(x) * (1 if x > 0 else -1))
        assert abs(away - x) <= kind.spacing(x) / 2
    half = 1 + kind.spacing(Fraction(1)) / 2
    assert (kind.nearest(half), faults.halves_away_in(kind)(half)) == (1, 1 + kind.spacing(Fraction(1)))
    assert faults.halves_away_in(kind)(-half) == -1 - kind.spacing(Fraction(1))


def test_what_is_flushed_is_subnormal():
    kind = FLOAT_TYPES["float16"]
    flush = faults.flushed_in(kind)
    assert flush(Fraction(kind.smallest)) == kind.smallest
    assert flush(-Fraction(kind.smallest) / 2) == 0
    assert faults.each(flush)(np.array([2.0**-20, np.nan, -1.0, np.inf])).astype(str).tolist() == [
        "0.0",
        "nan",
        "-1.0",
        "inf",
    ]


def test_scales():
    assert faults.decimals(3)(Fraction(1, 16)) == Fraction(62, 1000)
    assert [faults.whole_stride(Fraction(3, 8)), faults.whole_stride(Fraction(2))] == [Fraction(1, 3), 2]
    assert faults.power_of_two(Fraction(3, 8)) == Fraction(1, 2)
