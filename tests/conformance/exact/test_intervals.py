"""Intervals of exponentials, logarithms and powers, against decimal numbers of more digits."""

from decimal import Decimal, localcontext
from fractions import Fraction

import numpy as np
import pytest

from roikit.conformance.exact.intervals import Interval, exp, log, power

DRAWN = np.random.default_rng(7)
EXPONENTS = [*map(float, DRAWN.uniform(-60, 60, 40)), 1.0, -1.0, 2.0**-60, -(2.0**-300), 700.0, -11000.0]
NUMBERS = [*(2.0 ** DRAWN.uniform(-80, 80, 40)), 1.0 + 2.0**-52, 1.0 - 2.0**-53, 2.0**-1074, 2.0**1023, 3.0]


def decimal(x):
    return Decimal(x.numerator) / Decimal(x.denominator)


def holds(interval, value, width):
    low, high = decimal(interval.low), decimal(interval.high)
    assert low <= value <= high
    assert high - low <= Decimal(2) ** -width * abs(value)


@pytest.fixture(autouse=True)
def many_digits():
    with localcontext() as context:
        context.prec = 120
        context.Emin, context.Emax = -99999, 99999
        yield


@pytest.mark.parametrize("x", EXPONENTS)
def test_an_exponential_is_within(x):
    holds(exp(Fraction(x)), decimal(Fraction(x)).exp(), 110)


@pytest.mark.parametrize("x", NUMBERS)
def test_a_logarithm_is_within(x):
    value = decimal(Fraction(x)).ln()
    if value:
        holds(log(Fraction(x)), value, 110)
    else:
        assert log(Fraction(x)) == Interval.of(0)


@pytest.mark.parametrize("y", [1.5, -0.25, 3.0, 40.0])
def test_a_power_is_within(y):
    for x in NUMBERS[:10]:
        holds(
            power(Interval.of(Fraction(x)), Fraction(y)), (decimal(Fraction(x)).ln() * decimal(Fraction(y))).exp(), 100
        )


def test_what_is_exact_stays_so():
    one, third = Interval.of(1), Interval.of(Fraction(1, 3))
    assert exp(Fraction(0)) == log(Fraction(1)) + one == power(one, Fraction(7, 5)) == power(third, Fraction(0)) == one
    assert power(third, Fraction(1)) == third
    assert power(Interval.of(0), Fraction(5, 2)) == Interval.of(0)


def test_ends_of_sums_and_products_are_rounded_outward():
    a, b = Interval(Fraction(-1, 3), Fraction(1, 7)), Interval(Fraction(2, 3), Fraction(5, 7))
    total, product = a + b, a * b
    assert total.low <= Fraction(1, 3)
    assert total.high >= Fraction(6, 7)
    assert product.low <= Fraction(-5, 21) < Fraction(5, 49) <= product.high
    assert a.times(-3).low <= Fraction(-3, 7)
    assert a.times(-3).high == 1
    with pytest.raises(ValueError, match="may be 0"):
        b.over(a)
    with pytest.raises(ValueError, match="no logarithm"):
        log(Fraction(0))
    with pytest.raises(ValueError, match="may be 0"):
        power(a, Fraction(2))


def test_of_what_is_too_small_for_any_type_no_series_is_summed():
    assert exp(Fraction(-(10**30))) == Interval(Fraction(0), exp(Fraction(-20_000)).high)
