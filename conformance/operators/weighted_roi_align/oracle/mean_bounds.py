"""How far from the exact result of SW-14 or SW-15 a sound implementation may be.

Let u be the rounding error of the type that is computed with. Where samples lie is to be exact (else nobody can say), so that a
sample errs by its own arithmetic alone: a product, weights, and a sum of four, ``8 u Σ |a w F|``; or by nothing, if that type
has all numbers on the way. What is allowed then:

* **powers and exponentials**: an exponential within 8 u of itself, and with t its exponent, 16 t u for an exponent of which
  factors and logarithm were rounded. Those of ``kernels/cuda/library/powers.cuh`` are within 5 u and 10 t u, and any library's
  within less.
* **power mean**: it errs no more than the worst of its samples (Minkowski). Its powers are relative to some number, to which the
  value is a rounded quotient, p u; they add up, n u, are divided, and all of that is taken to the power 1/p, which is rounded as
  a power.
* **softmax**: an error e of a sample changes its weight by a factor of beta e, which is to be small; an error ε of a weight
  changes the output by ``q ε (f - output)``. Exponents are relative to the greatest one, a difference that is rounded once.
* **gradients**: the coefficient of a sample that is off, between those of both ends (of a power mean it only grows with the
  sample); and what its factors err by. They add up over samples, times numbers that err by less than 24 u.

A bound of the first order is multiplied by 1.05, and there is none where it is more than a hundredth.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from ....exact.budgets import Budget, quantum, single
from ....exact.floats import FLOAT_TYPES, WORKING, as_float
from ....operation import Operation
from ....sampling.errors import AxisError
from .bounds import Handed
from .means import Bin, Point, PowerMean

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .....kernels.dialects.roi_align import Dialect
    from ....exact.floats import FloatType
    from ....exact.numbers import Array

    Arguments = Mapping[str, Any]

_OF_EXPONENTIAL, _OF_EXPONENT = 8, 16
_SMALL = 0.01
_MORE = 1.05


def bounded_mean(
    arguments: Arguments, operation: Operation, dialect: Dialect, dtype: str
) -> tuple[Array, Array] | None:
    """The exact result of a call of ``dtype``, and the greatest error of each element; None if nobody can say."""
    call = MeanErrors(arguments, dialect, dtype=dtype)
    if not call.are_positions_exact or (operation != Operation.FORWARD and not np.isfinite(call.weights).all()):
        return None
    if operation != Operation.FORWARD and not (np.isfinite(call.maps).all() and np.isfinite(call.given("grad")).all()):
        return None
    values = call.returned(operation)
    with np.errstate(over="ignore", invalid="ignore"):
        errors = call.errors(operation)
        storage = FLOAT_TYPES[dtype]
        number = np.frompyfunc(lambda v: isinstance(v, Fraction), 1, 1)(values).astype(bool)
        sizes = np.frompyfunc(lambda v: abs(as_float(v)), 1, 1)(values).astype(float)
        if storage is not call.working:
            most = sizes + np.where(np.isfinite(errors), errors, 0.0)
            errors = errors + np.where(most > 0, np.frompyfunc(storage.rounding, 1, 1)(most), 0.0)
        errors = (errors.astype(float) + 2.0**-52 * sizes) * (1 + 1e-9)
        errors = np.where(np.isnan(errors) | (sizes + errors > storage.largest), np.inf, errors)
    return values, np.where(number, errors, 0.0)


@dataclass(frozen=True)
class _Made:
    """A bin and channel: its mean, its samples as floats, what each may be off by, and what that makes of the output."""

    mean: Any
    values: list[Fraction]
    off: list[float]
    unit: float
    smallest: float

    @cached_property
    def samples(self) -> list[tuple[float, float, int]]:
        """Values, errors and how often each counts; of those outside too, which are exact."""
        found = [*zip(map(float, self.values), self.off, strict=True)]
        return [
            (float(value), found[n][1] if n < len(found) else 0.0, times)
            for n, (value, times) in enumerate(self.mean.samples)
        ]

    @cached_property
    def output(self) -> float:
        """The exact output."""
        return float(self.mean.output.middle)

    @cached_property
    def off_by(self) -> float:
        """How far the output may be off, before it is stored."""
        u, count = self.unit, self.mean.count
        worst = max((off for _, off, _ in self.samples), default=0.0)
        if isinstance(self.mean, PowerMean):
            return self._of_power(worst, u, count)
        if not worst and not any(value for value, _, _ in self.samples):
            return 0.0  # a sum of zeros, whatever their weights
        by_value, by_weight = 0.0, 0.0
        for value, off, times in self.samples:
            share = times * self._share(value)
            beside = self._weight_off(value, off)
            by_weight += share * beside * abs(value - self.output)
            by_value += share * (off + (count + 6) * u * abs(value))
            if share > 0 and beside > _SMALL:
                return math.inf
        largest = max((abs(value) for value, _, _ in self.samples), default=0.0)
        lost = self.smallest * count * (min(largest, 1e300) + 1)
        lost += self.smallest * 2.0**33 if largest > 2.0**64 else 0.0
        return (by_value + by_weight) * _MORE + lost  # type: ignore[no-any-return]

    def _of_power(self, worst: float, u: float, count: int) -> float:
        p, greatest = float(self.mean.parameter), float(self.mean.greatest)
        if not greatest:
            return worst
        if p * u > _SMALL:
            return math.inf
        mean = float(self.mean.root.middle)
        powers = [
            (times * (abs(v) / greatest / mean) ** p / count, abs(v) / greatest) for v, _, times in self.samples if v
        ]
        exponents = sum(share * p * abs(math.log(ratio)) for share, ratio in powers if share)
        of_sum = (count + 3 + _OF_EXPONENTIAL + p) * u + _OF_EXPONENT * u * exponents
        relative = of_sum / p + (_OF_EXPONENTIAL + 3) * u + _OF_EXPONENT * u * abs(math.log(mean))
        if relative > _SMALL or of_sum > _SMALL:
            return math.inf
        return (worst + self.output * relative) * _MORE + 2 * self.smallest * u * count + self.smallest * u  # type: ignore[no-any-return]

    def _share(self, value: float) -> float:
        return float(self.mean.share(Fraction(value)).middle)

    def _weight_off(self, value: float, off: float) -> float:
        """By what part of itself the weight of a sample may be off, but for what all have in common."""
        beta = float(self.mean.parameter)
        exponent = abs(beta * value - float(self.mean.top))
        return (_OF_EXPONENTIAL + _OF_EXPONENT * exponent) * self.unit + abs(beta) * off

    def coefficient(self, n: int) -> tuple[float, float]:
        """That of a sample, and how far it may be off; of one, however many count."""
        value, off, _ = self.samples[n]
        exact = float(self.mean.coefficient(self.values[n]).middle)
        if isinstance(self.mean, PowerMean):
            return exact, self._power_off(value, off, exact)
        u, beta = self.unit, float(self.mean.parameter)
        share, along = self._share(value), beta * (value - self.output)
        common = sum(times * self._share(v) * self._weight_off(v, e) for v, e, times in self.samples)
        relative = self._weight_off(value, off) + common + (self.mean.count + 8) * u
        beside = abs(beta) * (off + self.off_by + 4 * u * abs(value - self.output)) + 4 * u
        if relative > _SMALL or math.isinf(self.off_by):
            return exact, math.inf
        found = share * (relative * abs(1 + along) + beside * (1 + relative))
        return exact, found * _MORE + self.smallest * (2 + abs(along))

    def _power_off(self, value: float, off: float, exact: float) -> float:
        u, p = self.unit, float(self.mean.parameter)
        if not self.output:
            return 0.0 if not any(e for _, e, _ in self.samples) else math.inf
        ends = [self._power(value - off), self._power(value + off)]
        ratio = max(abs(value), off) / self.output
        exponent = (p - 1) * abs(math.log(ratio)) if ratio else 0.0
        relative = (
            (p - 1) * (self.off_by / self.output + 4 * u) + (_OF_EXPONENTIAL + 6) * u + _OF_EXPONENT * u * exponent
        )
        if relative > _SMALL:
            return math.inf
        most = max(map(abs, (*ends, exact)))
        return (
            max(abs(end - exact) for end in ends)
            + most * (relative * _MORE + 2.0**-50)
            + self.smallest * u * bool(value)
        )

    def _power(self, value: float) -> float:
        if not value:
            return 0.0
        return math.copysign((abs(value) / self.output) ** float(self.mean.parameter - 1) / self.mean.count, value)


@dataclass(frozen=True)
class MeanErrors(Handed):
    """A call of a data type, and how far it may be off."""

    @property
    def working(self) -> FloatType:
        """The type that is computed with."""
        return FLOAT_TYPES[WORKING[self.dtype]]

    @cached_property
    def are_positions_exact(self) -> bool:
        """Whether all samples lie where they should, whatever the order in which that is worked out."""
        for axis in (axis for roi in self.rois if roi for axis in roi[1:]):
            error = AxisError(axis, self.working)
            if error.bin.error or error.start.error or error.grid_is_fragile:
                return False
            samples = (s for p in range(axis.bins) for s in axis.samples(p))
            places = ((p, s) for p in range(axis.bins) for s in axis.beside_bounds(p))
            if any(error.position(*place) for place in places):
                return False
            weights = [weight for s in samples for _, weight in (s.low, s.high)]
            inside = ((p, s.index) for p in range(axis.bins) for s in axis.samples(p))
            if not all(map(self.working.represents, weights)) or any(error.position(*place) for place in inside):
                return False
        return True

    def off(self, bin_: Bin, c: int, point: Point) -> float:
        """How far the value of a sample may be off."""
        pixels = self.products[bin_.batch, c]
        read = [pixels[tap.row, tap.column] for tap in point.taps]
        terms = [tap.weight * pixel for tap, pixel in zip(point.taps, read, strict=True)]
        size = sum(map(abs, terms), Fraction(0))
        weights = [single(tap.weight) for tap in point.taps]
        if all(budget.fits(self.working) for budget in (Budget(quantum(terms), size), *map(single, read), *weights)):
            return 0.0
        return 8 * self.working.unit * as_float(size) * _MORE + 16 * self.working.underflow

    def made(self) -> Iterator[tuple[Bin, int, _Made]]:
        """Each bin and channel whose pixels are numbers."""
        for bin_ in self.bins:
            for c in range(self.maps.shape[1]):
                pixels = self.products[bin_.batch, c]
                taps = [tap for point in bin_.points for tap in point.taps]
                if all(isinstance(pixels[tap.row, tap.column], Fraction) for tap in taps):
                    values = [point.value(pixels) for point in bin_.points]
                    off = [self.off(bin_, c, point) for point in bin_.points]
                    yield (
                        bin_,
                        c,
                        _Made(self.made_of(bin_, values), values, off, self.working.unit, self.working.smallest),
                    )

    def errors(self, operation: Operation) -> Array:
        """How far each element of a result may be off, before it is stored."""
        if operation == Operation.FORWARD:
            found = np.zeros((len(self.rois), self.maps.shape[1], *self.arguments["output_size"]))
            for bin_, c, made in self.made():
                found[bin_.k, c, bin_.p, bin_.q] = made.off_by
            return found
        errors = _Sums((len(self.rois), 4) if operation == Operation.BOX_GRADIENT else self.maps.shape, self.working)
        for bin_, c, made in self.made():
            arriving = abs(float(self.share[bin_.k, c, bin_.p, bin_.q]))
            if arriving:
                for n, point in enumerate(bin_.points):
                    exact, off = made.coefficient(n)
                    sent = (arriving * point.times * abs(exact), arriving * point.times * off)
                    self._send(errors, operation, bin_, c, point, *sent)
        return self._added_up(errors, operation)

    def _send(
        self, errors: _Sums, operation: Operation, bin_: Bin, c: int, point: Point, sent: float, off: float
    ) -> None:
        pixels = self.products[bin_.batch, c]
        if operation == Operation.BOX_GRADIENT:
            for n in range(4):
                change = as_float(sum((tap.slopes[n] * pixels[tap.row, tap.column] for tap in point.taps), Fraction(0)))
                size = self._most_motion(bin_, n) * sum(abs(as_float(pixels[t.row, t.column])) for t in point.taps)
                moves = any(tap.slopes[n] for tap in point.taps)
                errors.add((bin_.k, n), abs(change) * off, size * sent if moves else 0.0)
            return
        for tap in point.taps:
            weight = as_float(tap.weight)
            if weight:
                errors.add((bin_.batch, c, tap.row, tap.column), weight * off, weight * sent)

    def _most_motion(self, bin_: Bin, n: int) -> float:
        roi = self.rois[bin_.k]
        assert roi is not None
        return as_float(roi[1 if n % 2 else 2].scale)  # type: ignore[union-attr]

    def _added_up(self, errors: _Sums, operation: Operation) -> Array:
        if operation == Operation.BOX_GRADIENT:
            return errors.total()
        own = np.vectorize(as_float, otypes=[float])
        if operation == Operation.FEATURE_GRADIENT:
            found = errors.total() * abs(own(self.exact_weights)) if self.maps.size else errors.total()
            found = np.where(np.isnan(found), np.inf, found)
            several = self.together(found)
            if self.images is None:
                return found
            terms = 1 + max(np.bincount(self.images[self.images >= 0], minlength=1)) if len(self.images) else 1
            sizes = self.together(abs(own(self.exact_weights)) * errors.sizes)
            return several + (terms + 2) * self.working.unit * sizes
        found = errors.total() * abs(self.maps)
        sizes = errors.sizes * abs(self.maps)
        channels = self.maps.shape[1] if self.weights.shape[1] == 1 else 1
        found = found + (channels + 2) * self.working.unit * sizes
        return self.summed(found) if found.size else np.zeros(self.weights.shape)


class _Sums:
    """Errors of sums: of what is added, and of adding it."""

    def __init__(self, shape: tuple[int, ...], type_: FloatType) -> None:
        self.off, self.sizes, self.terms, self.type = np.zeros(shape), np.zeros(shape), np.zeros(shape), type_

    def add(self, place: Any, off: float, size: float) -> None:
        """Another term."""
        self.off[place] += off
        self.sizes[place] += size
        self.terms[place] += bool(off or size)

    def total(self) -> Array:
        """How far each sum may be off."""
        adding = (self.terms + 24) * self.type.unit * (self.sizes + np.where(np.isfinite(self.off), self.off, 0.0))
        found: Array = self.off + adding * _MORE + self.type.underflow * 8 * self.terms
        return found
