"""The bit-budget certificate: in which data types a call is exact, in whatever order it is computed.

Numbers are within the `Budget` of a type if all are multiples of one power of two, the *quantum*, and even the sum of
their absolute values is no more than 2ᵇⁱᵗˢ quanta: then every partial sum, in any order, fused or not, is exact. So the
certificate needs no list of the orders in use. It asks for the budgets of

* coordinates: boxes, corners scaled and shifted, extent, bin, ``p·bin``, ``(i+.5)·bin``, ``(i+.5)·bin/g``, ``bin/g``,
  ``(i+.5)/g``, ``p+(i+.5)/g``, positions; and of the other ways to form these, ``start + t·extent`` and
  ``start·(1−t) + end·t`` with ``t = (p·g+i+.5)/(P·g)``;
* weights of an axis, and these times the pixels; products of two weights, and these times the pixels;
* all of that divided by the number of samples, which must be a power of two for its reciprocal to be exact;
* the result.

Maps of 16 bits are only stored in these: everything but maps and result has float32 (RA-14), and the result is rounded once.

A call is described by the ``arguments`` of a case: input, boxes, output_size, spatial_scale, sampling_ratio, mode.
"""

from __future__ import annotations

import itertools
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .....kernels.dialects.choices import Adaptive, End, Max, Offset, Outside
from ....arrays import box_rows, feature_map
from ....exact.budgets import Budget, numbers, quantum, single
from ....exact.floats import FLOAT_TYPES, WORKING
from ....sampling.axis import Rules
from ....sampling.errors import AxisError
from .bounds import bounds
from .output import refused, roi_align

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from .....kernels.dialects.roi_align import Dialect
    from ....exact.numbers import Array
    from ....sampling.axis import Axis, Sample
    from .output import Result

HALF = Fraction(1, 2)


def exact_dtypes(arguments: Mapping[str, Any], dialect: Dialect) -> tuple[str, ...]:
    """The data types in which everything is exact but the rounding of the result to a type of 16 bits."""
    result = forward_result(arguments, dialect)
    wide, narrow = (refused(result, FLOAT_TYPES[name]) for name in ("float64", "float32"))
    budgets = _computed(wide)
    return exact_in(set(_pixels(result)), result.values, budgets, budgets if narrow is wide else _computed(narrow))


def exact_in(stored: set[Budget], values: Array, wide: set[Budget], narrow: set[Budget]) -> tuple[str, ...]:
    """The data types that hold what is ``stored``, and whose arithmetic holds the budgets of a computation, and its ``values``.

    The budgets are ``wide`` ones in float64 and ``narrow`` ones in float32.
    """
    largest = max((abs(value) for value in values.flat if isinstance(value, Fraction)), default=Fraction(0))
    in_ = {"float64": wide, "float32": narrow}
    exact = {name: all(budget.fits(FLOAT_TYPES[name]) for budget in budgets) for name, budgets in in_.items()}
    return tuple(
        name
        for name, type_ in FLOAT_TYPES.items()
        if exact[WORKING[name]] and largest <= type_.largest and all(budget.fits(type_) for budget in stored)
    )


def _computed(result: Result) -> set[Budget]:
    return {*numbers(result.values), *coordinates(result), *sums(result)}


def forward_budgets(arguments: Mapping[str, Any], dialect: Dialect) -> set[Budget]:
    """The budgets of all numbers that a computation of an output may form."""
    result = refused(forward_result(arguments, dialect), FLOAT_TYPES["float64"])
    return {*_pixels(result), *_computed(result)}


def nearest_decision(arguments: Mapping[str, Any], dialect: Dialect) -> Fraction | None:
    """The least distance of any sample from a bound, and of any adaptive bin size from a step; None without any."""
    distances = []
    for axis in (axis for roi in forward_result(arguments, dialect).stages if roi for axis in roi[1:]):
        if axis.sampling_ratio <= 0:
            steps = axis.bin * 2 if dialect.adaptive == Adaptive.ROUND else axis.bin
            distances.append(abs(steps - round(steps)))
        if dialect.outside == Outside.ZERO and axis.taken:
            at = [axis.position(p, i) for p in range(axis.bins) for i in axis.beside_bounds(p)]
            distances += [abs(y - bound) for y in at for bound in (-1, axis.pixels)]
    return min(distances, default=None)


def fairness(arguments: Mapping[str, Any], dialect: Dialect, dtype: str = "float32") -> list[str]:
    """A sentence for every question that rounding decides in ``dtype``; none if the call is fair.

    Such questions are whether a sample is inside, how many samples a bin has, and whether a NaN is read. A sample
    exactly on a bound is fair as long as its position is exact in whatever order it is computed.
    """
    result = forward_result(arguments, dialect, np.dtype(WORKING[dtype]))
    type_ = FLOAT_TYPES[WORKING[dtype]]
    complaints = []
    for k, roi in enumerate(result.stages):
        for name, axis in zip("yx", roi[1:] if roi else (), strict=False):
            error = AxisError(axis, type_)
            if error.grid_is_fragile:
                complaints.append(f"RoI {k}: the bin size along {name}, {float(axis.bin)}, is on a step of the grid")
            complaints += [
                f"RoI {k}: sample {i} of bin {p} at {name} = {float(axis.position(p, i))} is on the bound of the map"
                for p in range(axis.bins)
                for i in error.at_bound(p)
            ]
    if not complaints and bounds(result, dtype).fragile.any():
        complaints.append("a pixel that is not finite lies beside a sample, or a value is out of range")
    return complaints


def forward_result(
    arguments: Mapping[str, Any],
    dialect: Dialect,
    coordinates: np.dtype[Any] | None = None,
    pixels: np.dtype[Any] | None = None,
    rules: type[Rules] = Rules,
) -> Result:
    """The exact output of a case's call, its boxes rounded to ``coordinates`` and its maps to ``pixels`` if given.

    RoIs that reach too far for ``coordinates`` are invalid then.
    """
    result = roi_align(
        feature_map(arguments["input"]).astype(pixels or np.float64).astype(np.float64),
        box_rows(arguments["boxes"]).astype(coordinates or np.float64),
        tuple(arguments["output_size"]),
        tuple(arguments["spatial_scale"]),
        tuple(arguments["sampling_ratio"]),
        arguments["mode"],
        dialect,
        rules,
    )
    return result if coordinates is None else refused(result, FLOAT_TYPES[coordinates.name])


def _pixels(result: Result) -> Iterator[Budget]:
    """The budgets of the input, each number alone."""
    for integer in set(result.maps.integers.flat):
        yield single(Fraction(integer, result.maps.denominator))


def coordinates(result: Result) -> Iterator[Budget]:
    """The budgets of all coordinates of all RoIs (RA-1 to RA-5)."""
    for roi in filter(None, result.stages):
        yield single(Fraction(roi.batch))
        for axis in (roi.y, roi.x):
            yield from coordinates_along(axis)


def coordinates_along(axis: Axis) -> Iterator[Budget]:
    """The budgets of all coordinates of an axis."""
    yield from _corners(axis)
    if axis.taken:
        yield from _positions(axis)


def _corners(axis: Axis) -> Iterator[Budget]:
    dialect, (y1, y2), on_the_way = axis.rules.dialect, axis.box, []
    if dialect.end == End.PLUS_ONE:
        y2 += 1
        on_the_way.append(y2)
    if shift := {Offset.HALF_BEFORE_SCALE: -HALF, Offset.PIXEL_CENTRE: HALF}.get(dialect.offset):
        y1, y2 = y1 + shift, y2 + shift
        on_the_way += [y1, y2]
    if dialect.offset in (Offset.HALF, Offset.PIXEL_CENTRE):
        on_the_way += [y1 * axis.scale, y2 * axis.scale]
    mapped = axis.start, axis.end, axis.end - axis.start, axis.extent, axis.bin
    yield from map(single, (*axis.box, axis.scale, *on_the_way, *mapped))


def _positions(axis: Axis) -> Iterator[Budget]:
    step, size = axis.bin / (2 * axis.grid), abs(axis.bin)
    per_sample = Fraction(1, 2 * axis.grid)
    yield Budget(HALF, Fraction(axis.grid))  # i + .5
    yield Budget(quantum([axis.bin]), axis.bins * size)  # p * bin
    yield Budget(quantum([axis.bin / 2]), axis.grid * size)  # (i + .5) * bin
    yield Budget(quantum([step]), size)  # (i + .5) * bin / g, bin / g
    yield Budget(quantum([per_sample]), Fraction(axis.bins))  # (i + .5) / g, p + (i + .5) / g
    yield Budget(quantum([axis.start, step]), abs(axis.start) + axis.bins * size)  # start + p * bin, positions
    end, per_bin = axis.start + axis.extent, quantum([per_sample / axis.bins])
    yield Budget(per_bin, Fraction(1))  # t, 1 - t
    yield Budget(quantum([step]), axis.bins * size)  # t * extent
    yield Budget(quantum([axis.start, end]) * per_bin, max(abs(axis.start), abs(end)))  # start * (1 - t) + end * t


def sums(result: Result) -> Iterator[Budget]:
    """The budgets of weights, products and sums (RA-7 to RA-9)."""
    for roi in filter(None, result.stages):
        corner = roi.y.rules.dialect.max == Max.CORNER
        ys, xs = ([_groups(list(axis.samples(p)), result.mode, corner) for p in range(axis.bins)] for axis in roi[1:])
        count = roi.y.grid * roi.x.grid if result.mode == "avg" and roi.y.taken and roi.x.taken else 1
        if count & (count - 1):
            yield Budget(Fraction(0), Fraction(count))
        images = [
            [[Fraction(v, result.maps.denominator) for v in row] for row in channel]
            for channel in result.maps.integers[roi.batch]
        ]
        for y_groups, x_groups in itertools.product(ys, xs):
            for y, x in itertools.product(y_groups, x_groups):
                yield from _products(y, x, count)
                for pixels in images:
                    yield from _readings(y, x, pixels, count)


class _Taps(NamedTuple):
    """What a sum reads along one axis: per pixel the quantum of its weights that are not 0, and their sum."""

    quanta: dict[int, Fraction]
    weights: dict[int, Fraction]


def _groups(samples: Sequence[Sample], mode: str, corner: bool) -> list[_Taps]:
    """The taps that are summed up: those of a bin for an average, of a sample or a corner for a maximum."""
    taps = [[(s.low, s.count), (s.high, s.count)] for s in samples]
    if mode == "avg":
        taps = [list(itertools.chain.from_iterable(taps))]
    elif corner:
        taps = [[tap] for pair in taps for tap in pair]
    groups = []
    for group in taps:
        found = _Taps({}, {})
        for (pixel, weight), count in group:
            if weight:
                found.quanta[pixel] = min(found.quanta.get(pixel, Fraction(1)), quantum([weight]))
                found.weights[pixel] = found.weights.get(pixel, Fraction(0)) + weight * (count if mode == "avg" else 1)
        groups.append(found)
    return groups


def _products(y: _Taps, x: _Taps, count: int) -> Iterator[Budget]:
    """The budgets of the weights: along one axis, of both, and divided by the count."""
    quantum_y, quantum_x = (min(taps.quanta.values(), default=Fraction(1)) for taps in (y, x))
    total_y, total_x = (sum(taps.weights.values(), Fraction(0)) for taps in (y, x))
    yield Budget(quantum_y, total_y)
    yield Budget(quantum_x, total_x)
    yield Budget(quantum_y * quantum_x, total_y * total_x)
    yield Budget(quantum_y * quantum_x / count, total_y * total_x / count)


def _readings(y: _Taps, x: _Taps, pixels: list[list[Fraction]], count: int) -> Iterator[Budget]:
    """The budgets of pixels times weights: those of one axis, of both, and divided by the count."""
    rows = {row: _weighted({column: pixels[row][column] for column in x.quanta}, x) for row in y.quanta}
    columns = [_weighted({row: pixels[row][column] for row in y.quanta}, y) for column in x.quanta]
    yield from (*rows.values(), *columns)
    least = min((y.quanta[row] * sum_.quantum for row, sum_ in rows.items() if sum_.total), default=Fraction(1))
    total = sum((y.weights[row] * sum_.total for row, sum_ in rows.items()), Fraction(0))
    yield Budget(least, total)
    yield Budget(least / count, total / count)


def _weighted(pixels: Mapping[int, Fraction], taps: _Taps) -> Budget:
    """The budget of a sum of pixels times their weights along one axis."""
    quanta = [quantum([pixel]) * taps.quanta[i] for i, pixel in pixels.items() if pixel]
    return Budget(
        min(quanta, default=Fraction(1)), sum((abs(v) * taps.weights[i] for i, v in pixels.items()), Fraction(0))
    )
