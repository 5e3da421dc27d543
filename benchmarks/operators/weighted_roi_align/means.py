"""Power means and softmaxes of samples in float64, their gradients for maps, and how far a sound result may be from them.

Samples are off by what `measuring.axes` says of each. A power mean errs no more than the worst of its samples, a softmax by what
each weighs and by what its own weight may change; a coefficient of a gradient by what lies between the ends of its sample. Powers
and exponentials, whoever makes them, are within 8 roundings and 16 more for each unit of their exponent.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from roikit.conformance.exact.floats import FLOAT_TYPES

from ...measuring import axes
from ...measuring.judgement import FLOAT64
from .workloads import weights

if TYPE_CHECKING:
    from ...measuring.problem import Level, Row

EXPONENT = 3.0
"""That of a power mean, as the function has it."""

_UNIT = FLOAT_TYPES["float32"].unit
_OF_EXPONENTIAL, _OF_EXPONENT = 8, 16
_OTHERS = 12  # roundings of factors, quotients, and of a division by how many there are


class Made(NamedTuple):
    """What the samples of a RoI's bins come to.

    Attributes:
        value, bound: Of each bin, ``(C, P, P)``, and how far it may be off.
        coefficients, off: What each sample, ``(C, P, S, P, S)``, is sent of what arrives at its bin, and how far that may be off.
    """

    value: np.ndarray
    bound: np.ndarray
    coefficients: np.ndarray
    off: np.ndarray


def _over_samples(numbers: np.ndarray) -> np.ndarray:
    found: np.ndarray = numbers.sum(axis=(2, 4), keepdims=True)
    return found


def power_mean(samples: np.ndarray, errors: np.ndarray) -> Made:
    """The means of their sizes to a power, of bins ``(C, P, S, P, S)``."""
    p, count = EXPONENT, samples.shape[2] * samples.shape[4]
    sizes = abs(samples)
    mean = (_over_samples(sizes**p) / count) ** (1 / p)
    above = np.where(mean > 0, mean, 1)

    def coefficient(values: np.ndarray) -> np.ndarray:
        found: np.ndarray = np.sign(values) * (abs(values) / above) ** (p - 1) / count
        return np.where(mean > 0, found, 0)

    least = np.where((sizes > 0) & (mean > 0), sizes, above)  # a power of nothing is exact
    exponents = abs(np.log(least / above))
    largest = np.where(mean > 0, abs(np.log(above / sizes.max(axis=(2, 4), keepdims=True, initial=1e-300))), 0)
    roundings = (
        count + _OTHERS + 2 * _OF_EXPONENTIAL + p + _OF_EXPONENT * (exponents.max(initial=0) + largest)
    ) * _UNIT
    bound = errors.max(axis=(2, 4), keepdims=True) + mean * roundings
    ends = np.maximum(abs(coefficient(samples + errors)), abs(coefficient(samples - errors)))
    most = np.maximum(ends, abs(coefficient(samples)))
    between = np.maximum(
        abs(coefficient(samples + errors) - coefficient(samples)),
        abs(coefficient(samples - errors) - coefficient(samples)),
    )
    relative = (p - 1) * bound / above + (_OTHERS + _OF_EXPONENTIAL + _OF_EXPONENT * p * exponents) * _UNIT
    off = between + most * relative + FLOAT64
    unsure = (mean == 0) & (errors.max(axis=(2, 4), keepdims=True) > 0)
    return Made(*(of[:, :, 0, :, 0] for of in (mean, bound)), coefficient(samples), np.where(unsure, np.inf, off))


def softmax(samples: np.ndarray, errors: np.ndarray) -> Made:
    """The means of samples in which each weighs the more the greater it is, of bins ``(C, P, S, P, S)``."""
    count = samples.shape[2] * samples.shape[4]
    exponents = samples.max(axis=(2, 4), keepdims=True) - samples
    shares = np.exp(-exponents) / _over_samples(np.exp(-exponents))
    mean = _over_samples(shares * samples)
    beside = (_OF_EXPONENTIAL + _OF_EXPONENT * exponents) * _UNIT + errors
    summed = (count + _OTHERS) * _UNIT
    bound = _over_samples(shares * (errors + beside * abs(samples - mean) + summed * abs(samples)))
    along = samples - mean
    relative = beside + _over_samples(shares * beside) + summed
    off = shares * (relative * abs(1 + along) + errors + bound + 8 * _UNIT * (1 + abs(along)))
    return Made(*(of[:, :, 0, :, 0] for of in (mean, bound)), shares * (1 + along), off + FLOAT64)


MEANS = {"lp": power_mean, "softmax": softmax}


def pooled(products: Level, k: int, row: Row, channels: np.ndarray, mode: str) -> tuple[np.ndarray, np.ndarray]:
    """The means of a RoI's bins in some channels, and how far they may be off."""
    made = MEANS[mode](*axes.samples(products, k, row, channels))
    return made.value, made.bound + FLOAT64 * abs(made.value)


def spread(level: Level, row: Row, sent: np.ndarray, channels: np.ndarray, mode: str) -> tuple[np.ndarray, np.ndarray]:
    """What some channels of maps get if RoIs send ``(K, C, P, P)``, and a bound of its error."""
    products = replace(level, feature=level.feature[:, channels] * weights(level))
    exact, off = [], []
    for k, arriving in enumerate(sent.astype(np.float64)):
        along = axes.samples_of(products, k, row)
        made = MEANS[mode](*axes.samples(products, k, row, np.arange(len(channels))))
        lengths = len(arriving), *(len(one.weights) for one in along)
        each = arriving[:, :, None, :, None]
        exact.append((along, (each * made.coefficients).reshape(lengths)))
        off.append((along, (abs(each) * made.off).reshape(lengths)))
    value, bound = axes.spread_along(products, exact, len(channels))
    unsure, more = axes.spread_along(products, off, len(channels))
    return value * weights(level), (bound + unsure + more) * weights(level) * (1 + 2 * _UNIT)
