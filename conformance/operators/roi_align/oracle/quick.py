"""The exact oracle, quickly, for calls whose numbers are small multiples of powers of two: in 64-bit integers, RoI by RoI.

Where each sample lies, and with which weights it reads, is `oracle`'s own answer. Only the sums are formed here, those of all
bins and channels at once. They round nothing: a call that would not fit is refused. The certificate is that of `certificate`, the
sums of absolute values taken together: if even all terms of a bin fit, whatever their order, each of them does.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .....kernels.dialects.choices import Max
from .....kernels.dialects.roi_align import DIALECTS
from ....arrays import box_rows, feature_map
from ....exact.floats import FLOAT_TYPES
from ....exact.numbers import HALF
from ....sampling.axis import stages

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ....exact.floats import FloatType
    from ....exact.numbers import Array
    from ....sampling.axis import Axis, Sample, Stages

_MOST = 2.0**60
_FINEST = 2**30


class Weights(NamedTuple):
    """What the sums along one axis read: ``integers / 2**bits``, ``(sums, pixels)``, and to which bin each sum belongs."""

    integers: Array
    bits: int
    bins: Array
    inside: Array
    """How many samples of each bin are inside."""
    counts: Array
    """How many samples each sum stands for: one, except of a maximum far off the map."""

    @property
    def values(self) -> Array:
        """The weights as numbers."""
        return self.integers * 2.0**-self.bits


class NotExactError(Exception):
    """A number is no small multiple of a power of two."""


def quick(arguments: Mapping[str, Any], dialect: str, dtype: str) -> Array | None:
    """The exact output ``(K, C, P_h, P_w)`` of a call in float64, NaN throughout a RoI that cannot be pooled.

    None if a call is not exact in ``dtype``, in whatever order it is computed. Pixels must be integers.
    """
    maps, rows, type_ = feature_map(arguments["input"]), box_rows(arguments["boxes"]), FLOAT_TYPES[dtype]
    integers = maps.astype(np.int64)
    values = np.full((len(rows), maps.shape[1], *arguments["output_size"]), np.nan)
    for k, row in enumerate(rows):
        roi = stages_of(row, maps, arguments, dialect)
        if not roi:
            continue
        if not (fits(roi.y, type_.bits) and fits(roi.x, type_.bits)):
            return None
        try:
            values[k] = _pool(integers[roi.batch], roi, arguments["mode"], type_)
        except NotExactError:
            return None
    return values if holds(type_, np.concatenate([maps.ravel(), values.ravel()])) else None


def stages_of(row: Array, maps: Array, arguments: Mapping[str, Any], dialect: str) -> Stages | None:
    """Where the RoI of a row lies on ``maps``, ``(N, C, H, W)``; None if it cannot be pooled."""
    if not np.isfinite(row).all() or not 0 <= int(row[0]) < len(maps):
        return None
    return stages(
        row.tolist(),
        maps.shape[2:],
        tuple(arguments["output_size"]),
        tuple(arguments["spatial_scale"]),
        tuple(arguments["sampling_ratio"]),
        DIALECTS[dialect].for_mode(arguments["mode"]),
    )


def fits(axis: Axis, bits: int) -> bool:
    """Whether all coordinates along an axis are exact: the budgets of `certificate.coordinates`, in integers."""
    y1, y2 = axis.box
    singles = [y1, y2, axis.scale, axis.start, axis.end, axis.end - axis.start, axis.extent, axis.bin]
    singles += [y + shift for y in (y1, y2) for shift in (HALF, -HALF, 1)]  # whichever the dialect takes
    singles += [(y + shift) * axis.scale for y in (y1, y2) for shift in (0, HALF, -HALF, 1)]
    largest = 2**bits
    for x in singles:
        numerator, denominator = abs(x.numerator), x.denominator
        if denominator & (denominator - 1) or numerator // (numerator & -numerator or 1) >= largest:
            return False
    if not axis.taken:
        return True
    grid = axis.grid
    step, size, start = axis.bin / (2 * grid), abs(axis.bin), abs(axis.start)
    finest = max(axis.start.denominator, step.denominator)
    if grid & (grid - 1) or finest & (finest - 1):
        return False
    sums = (start + axis.bins * size) * finest, grid * size * 2 * axis.bin.denominator, Fraction(axis.bins * 2 * grid)
    return all(total <= largest for total in sums)


def holds(type_: FloatType, numbers: Array) -> bool:
    """Whether a data type holds those of these numbers exactly that are finite."""
    significand, _ = np.frexp(numbers[np.isfinite(numbers)])
    scaled = np.abs(significand) * 2.0**type_.bits
    sizes = np.abs(numbers[np.isfinite(numbers) & (numbers != 0)])
    in_range = sizes.size == 0 or (sizes.min() >= type_.smallest and sizes.max() <= type_.largest)
    return bool((scaled == np.floor(scaled)).all()) and bool(in_range)


def _pool(maps: Array, roi: Stages, mode: str, type_: FloatType) -> Array:
    """The output of one RoI, ``(C, P_h, P_w)``."""
    y, x = (weights(axis, samples_of(axis), mode) for axis in (roi.y, roi.x))
    certify(maps, roi, mode, type_, y, x)
    sums = (y.integers @ maps @ x.integers.T).astype(np.float64) * 2.0 ** -(y.bits + x.bits)
    return _average(sums, roi) if mode == "avg" else _maximum(sums, roi, y, x)


def certify(maps: Array, roi: Stages, mode: str, type_: FloatType, y: Weights, x: Weights) -> None:
    """Makes sure that all sums of one RoI over its image, ``(C, H, W)``, are exact, in whatever order.

    Raises:
        NotExactError: they are not.
    """
    count = max(roi.y.grid, 1) * max(roi.x.grid, 1) if mode == "avg" else 1
    denominator = y.bits + x.bits
    if (count & (count - 1) and y.inside.any() and x.inside.any()) or 2.0**-denominator / count < type_.smallest:
        raise NotExactError
    largest = float(abs(maps).max(initial=1))
    for integers in (y.integers, x.integers):
        largest *= float(abs(integers).sum(1, dtype=np.float64).max(initial=1))
    if largest > _MOST:  # no sum in 64 bits
        raise NotExactError
    at_least_one = np.maximum(abs(maps), 1)  # so that the weights themselves are counted, too
    most = int((abs(y.integers) @ at_least_one @ abs(x.integers).T).max(initial=1))
    if most > 2**type_.bits:
        raise NotExactError


def _average(sums: Array, roi: Stages) -> Array:
    """RA-8 of all bins, which is linear in the sum."""
    factor = roi.y.rules.average(Fraction(1), roi.y.grid, roi.x.grid)
    if not isinstance(factor, Fraction):
        return np.full(sums.shape, np.nan)
    return sums * float(factor)


def _maximum(sums: Array, roi: Stages, y: Weights, x: Weights) -> Array:
    """RA-9 of all bins."""
    rules, taken = roi.y.rules, roi.y.taken * roi.x.taken
    pooled = np.empty((len(sums), roi.y.bins, roi.x.bins))
    for c, p, q in np.ndindex(pooled.shape):
        of_bin = sums[c][y.bins == p][:, x.bins == q]
        largest = [Fraction(float(of_bin.max()))] if of_bin.size else []
        value = rules.maximum(largest, any_outside=int(y.inside[p]) * int(x.inside[q]) < taken)
        pooled[c, p, q] = float(value)
    return pooled


def samples_of(axis: Axis) -> list[list[Sample]]:
    """The samples of each bin of an axis that are inside."""
    return [list(axis.samples(p)) for p in range(axis.bins)]


def weights(axis: Axis, samples_of_bins: list[list[Sample]], mode: str) -> Weights:
    """The weights of an axis: of the one sum of each bin, or of each sample or corner that a maximum looks at."""
    corner = axis.rules.dialect.max == Max.CORNER
    rows: list[dict[int, Fraction]] = []
    bins: list[int] = []
    counts: list[int] = []
    denominators: set[int] = set()
    inside = np.zeros(axis.bins, np.int64)
    for p, samples in enumerate(samples_of_bins):
        inside[p] = sum(sample.count for sample in samples)
        taps = [[(s.low, s.count), (s.high, s.count)] for s in samples]
        denominators.update(weight.denominator for s in samples for _, weight in (s.low, s.high))
        counted = [1]
        if mode == "avg":
            taps = [[tap for pair in taps for tap in pair]]
        else:
            counted = [s.count for s in samples for _ in range(1 + corner)]
            taps = (
                [[(tap, 1)] for pair in taps for tap, _ in pair]
                if corner
                else [[(t, 1) for t, _ in pair] for pair in taps]
            )
        counts += counted
        for group in taps:
            row: dict[int, Fraction] = {}
            for (pixel, weight), count in group:
                row[pixel] = row.get(pixel, Fraction(0)) + weight * count
            rows.append(row)
            bins.append(p)
    largest = max(denominators, default=1)
    if largest & (largest - 1) or any(largest % denominator for denominator in denominators):
        raise NotExactError
    integers = np.zeros((len(rows), axis.pixels), np.int64)
    if largest > _FINEST:
        raise NotExactError
    for n, row in enumerate(rows):
        for pixel, weight in row.items():
            integers[n, pixel] = int(weight * largest)
    return Weights(integers, largest.bit_length() - 1, np.array(bins, np.int64), inside, np.array(counts, np.int64))
