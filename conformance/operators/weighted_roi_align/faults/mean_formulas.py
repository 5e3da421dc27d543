"""Wrong means of samples, and wrong ways to send back what arrives at them (SW-14, SW-15)."""

from __future__ import annotations

from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from .....kernels.dialects.weighted_roi_align import MEANS
from ....exact.floats import FLOAT_TYPES
from ....exact.intervals import Interval, log, power
from ....exact.numbers import Special
from ..oracle.formulas import ZERO, Formulas, each, product
from ..oracle.means import Bin, Point, PowerMean, SoftmaxMean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ....exact.numbers import Array

_LARGEST = Fraction(FLOAT_TYPES["float32"].largest)
_LEAST = Fraction(FLOAT_TYPES["float32"].least)


class _Output:
    """What stands for an interval, and may be no number."""

    def __init__(self, middle: Any) -> None:
        self.middle = middle


def made_by(mean: type[Any]) -> type[Formulas]:
    """Formulas by which bins are made by another mean."""
    mode = "lp" if issubclass(mean, PowerMean) else "softmax"

    class Changed(Formulas):
        means: Mapping[str, type[Any]] = {**Formulas.means, mode: mean}

    return Changed


# ---- outputs ---------------------------------------------------------------------------------------------------------


class Signed(PowerMean):
    """Powers with the signs of samples: what has both cancels."""

    @cached_property
    def root(self) -> Interval:
        total = Interval.of(0)
        for value, times in self.samples:
            total += self.raised(value, self.parameter).times(times if value > 0 else -times)
        mean = total.middle / self.count
        found = power(Interval.of(abs(mean)), 1 / self.parameter) if mean else Interval.of(0)
        return found if mean > 0 else found.times(-1)


class NoRoot(PowerMean):
    """The mean of powers."""

    @cached_property
    def output(self) -> Any:
        return power(super().output, self.parameter) if self.greatest else Interval.of(0)


class Added(PowerMean):
    """The root of the sum of powers, over nothing."""

    @cached_property
    def output(self) -> Any:
        return super().output * power(Interval.of(Fraction(self.count)), 1 / self.parameter)


class Unscaled(PowerMean):
    """Powers in float32, of samples as they are: too large, or nothing."""

    @cached_property
    def output(self) -> Any:
        if not self.greatest:
            return Interval.of(0)
        greatest = log(self.greatest).times(self.parameter).middle
        if greatest > log(_LARGEST).low:
            return _Output(Special.INFINITY)
        return Interval.of(0) if greatest < log(_LEAST).high else super().output


def _of_parameter(kind: type[Any], change: Callable[[Fraction], Fraction]) -> type[Any]:
    class Other(kind):  # type: ignore[misc]
        def __init__(self, samples: Any, parameter: Fraction) -> None:
            super().__init__(samples, change(parameter))

    return Other


class Binary(SoftmaxMean):
    """Powers of two."""

    def exponential(self, value: Fraction) -> Interval:
        return power(Interval.of(Fraction(2)), self.parameter * value - self.top)


class Logarithm(SoftmaxMean):
    """The logarithm of the mean of exponentials, over beta."""

    @cached_property
    def output(self) -> Any:
        if not self.parameter:
            return super().output
        mean = self.total.times(Fraction(1, self.count))
        return (Interval.of(self.top) + log(mean.middle)).times(1 / self.parameter)


class OverCount(SoftmaxMean):
    """Exponentials over their number, not over their sum."""

    @cached_property
    def output(self) -> Any:
        return super().output * self.total.times(Fraction(1, self.count))


class Overflowing(SoftmaxMean):
    """Exponentials in float32, of samples as they are: too large, or nothing."""

    @cached_property
    def output(self) -> Any:
        if self.top > log(_LARGEST).high or self.top < log(_LEAST).low:
            return _Output(Special.NAN)
        return super().output


class InsideAlone(Formulas):
    """Samples that are outside are left out, and not counted."""

    def made_of(self, bin_: Bin, values: list[Fraction]) -> Any:
        if not values:
            return super().made_of(bin_, values)
        return super().made_of(bin_._replace(others=0), values)


class OfPixels(Formulas):
    """Of the pixels that samples read, each by its interpolation weights, and not of samples."""

    def _mean_of(self, bin_: Bin, c: int) -> Any:
        found = super()._mean_of(bin_, c)
        if not isinstance(found, Fraction):
            return found
        pixels = self.products[bin_.batch, c]
        parts: dict[Fraction, Fraction] = {Fraction(0): Fraction(bin_.others)}
        for point in bin_.points:
            for tap in point.taps:
                pixel = pixels[tap.row, tap.column]
                parts[pixel] = parts.get(pixel, Fraction(0)) + tap.weight * point.times
        assert self.mean is not None
        return self.mean(tuple((pixel, part) for pixel, part in parts.items() if part), self.parameter).output.middle


class InvalidIsNothing(Formulas):
    """A RoI that cannot be pooled is 0."""

    def pooled_means(self) -> Array:
        return each(lambda value: ZERO if value is None else value, super().pooled_means())


# ---- what samples are sent -------------------------------------------------------------------------------------------


class PowerOfP(PowerMean):
    """The power of a sample is p, not one less."""

    def coefficient(self, value: Fraction) -> Interval:
        found = super().coefficient(value)
        return found.times(abs(value))


class WithoutSign(PowerMean):
    """Negative samples are sent what positive ones are."""

    def coefficient(self, value: Fraction) -> Interval:
        return super().coefficient(abs(value))


class NotOverCount(PowerMean):
    """What samples are sent is not over their number."""

    def coefficient(self, value: Fraction) -> Interval:
        return super().coefficient(value).times(self.count)


class NotOverOutput(PowerMean):
    """What samples are sent is p - 1 powers of them, not over those of the output."""

    def coefficient(self, value: Fraction) -> Interval:
        if not value:
            return Interval.of(0)
        found = power(Interval.of(abs(value)), self.parameter - 1)
        return found.times(Fraction(1 if value > 0 else -1, self.count))


class ShareAlone(SoftmaxMean):
    """Samples are sent by their shares, which are held fixed."""

    def coefficient(self, value: Fraction) -> Interval:
        return self.share(value)


class ChangeAlone(SoftmaxMean):
    """Samples are sent what their shares change by, which are all that moves."""

    def coefficient(self, value: Fraction) -> Interval:
        return self.share(value) * (Interval.of(value) + self.output.times(-1)).times(self.parameter)


class WithoutBeta(SoftmaxMean):
    """The change of shares is that of a beta of 1."""

    def coefficient(self, value: Fraction) -> Interval:
        return self.share(value) * (Interval.of(1 + value) + self.output.times(-1))


class Reversed(SoftmaxMean):
    """The change of shares has the other sign."""

    def coefficient(self, value: Fraction) -> Interval:
        beyond = self.output + Interval.of(value).times(-1)
        return self.share(value) * (Interval.of(1) + beyond.times(self.parameter))


class OfZero(SoftmaxMean):
    """The output is not taken away from a sample."""

    def coefficient(self, value: Fraction) -> Interval:
        return self.share(value).times(1 + self.parameter * value)


class SentToAllAlike(Formulas):
    """All pixels of a sample are sent the same, whatever their interpolation weights."""

    def sendings(self) -> Iterator[tuple[Bin, int, Point, Fraction]]:
        for bin_, c, point, sent in super().sendings():
            alike = [tap._replace(weight=Fraction(1, 4), slopes=tuple(map(_signed, tap.slopes))) for tap in point.taps]
            yield bin_, c, point._replace(taps=tuple(alike)), sent


def _signed(slope: Fraction) -> Fraction:
    return Fraction((slope > 0) - (slope < 0))


class UnweighedMeans(Formulas):
    """Pixels are not weighed before they are sampled, where gradients look at samples."""

    @cached_property
    def products(self) -> Array:
        return product(self.maps, np.ones(()))


OUTPUTS: Mapping[str, tuple[type[Formulas], tuple[str, ...]]] = {
    "powers with the signs of samples": (made_by(Signed), ("lp",)),
    "the mean of powers, without a root": (made_by(NoRoot), ("lp",)),
    "the root of the sum of powers": (made_by(Added), ("lp",)),
    "powers that are too large for float32": (made_by(Unscaled), ("lp",)),
    "powers one higher": (made_by(_of_parameter(PowerMean, lambda p: p + 1)), ("lp",)),
    "powers of 3, whatever p is": (made_by(_of_parameter(PowerMean, lambda _: Fraction(3))), ("lp",)),
    "powers of two, not of e": (made_by(Binary), ("softmax",)),
    "the logarithm of the mean of exponentials": (made_by(Logarithm), ("softmax",)),
    "exponentials over their number": (made_by(OverCount), ("softmax",)),
    "exponentials that are too large for float32": (made_by(Overflowing), ("softmax",)),
    "a beta of 1, whatever it is": (made_by(_of_parameter(SoftmaxMean, lambda _: Fraction(1))), ("softmax",)),
    "beta without its sign": (made_by(_of_parameter(SoftmaxMean, abs)), ("softmax",)),
    "the mean of samples inside alone": (InsideAlone, MEANS),
    "the mean of pixels, not of samples": (OfPixels, MEANS),
    "a RoI that cannot be pooled has a mean of 0": (InvalidIsNothing, MEANS),
    "the mean of pixels that are not weighed": (UnweighedMeans, MEANS),
}
"""Faults of outputs, and the modes in which they can show."""

SENT: Mapping[str, tuple[type[Formulas], tuple[str, ...]]] = {
    "the power of a sample one too high": (made_by(PowerOfP), ("lp",)),
    "samples without their sign": (made_by(WithoutSign), ("lp",)),
    "samples not over their number": (made_by(NotOverCount), ("lp",)),
    "samples not over powers of the output": (made_by(NotOverOutput), ("lp",)),
    "powers of 3, whatever p is": (made_by(_of_parameter(PowerMean, lambda _: Fraction(3))), ("lp",)),
    "shares held fixed": (made_by(ShareAlone), ("softmax",)),
    "nothing but shares moves": (made_by(ChangeAlone), ("softmax",)),
    "shares that change by a beta of 1": (made_by(WithoutBeta), ("softmax",)),
    "shares that change the other way": (made_by(Reversed), ("softmax",)),
    "shares that change by samples alone": (made_by(OfZero), ("softmax",)),
    "a beta of 1, whatever it is": (made_by(_of_parameter(SoftmaxMean, lambda _: Fraction(1))), ("softmax",)),
    "samples inside alone": (InsideAlone, MEANS),
    "pixels of a sample all alike": (SentToAllAlike, MEANS),
    "samples of pixels that are not weighed": (UnweighedMeans, MEANS),
}
"""Those of gradients."""
