"""The exact gradients of RoIAlign for the maps (RA-15) and for the boxes (RA-16), in rational arithmetic.

What RA-8 averages and RA-9 compares are sums ``Y · F · X``: a row Y of weights along y, a pixel block F, a row X along x.
The derivative of such a sum by the block is the outer product of Y and X, and its derivative by y1 is ``Y' · F · X``, Y'
being the derivative of Y by y1. So a bin needs, for each axis, rows of weights and the derivatives of these by the two
corners. The formulas, and the geometry, are `oracle`'s.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .....kernels.dialects.choices import EmptyGrid, Max
from ....exact.numbers import exact
from ....sampling.axis import Rules
from .output import roi_align

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import ArrayLike

    from .....kernels.dialects.roi_align import Dialect
    from ....exact.numbers import Array, Real
    from ....sampling.axis import Axis, Sample, Stages
    from .output import Result

    Choice = tuple[int, int] | None

ZERO = Fraction(0)


class Kink(StrEnum):
    """Why an output has no derivative by a corner of the box, only one from each side or not even that (RA-16)."""

    KNOT = "knot"
    """A sample lies exactly on a row or column of pixels, where the bilinear surface bends."""
    BOUND = "bound"
    """A sample lies exactly on −1 or H, where the output jumps."""
    EXTENT = "extent"
    """The extent is exactly the least one."""
    GRID = "grid"
    """The bin size is exactly on a step of the adaptive grid, where the output jumps."""
    TIE = "tie"
    """Candidates that change differently share a maximum."""


class FeatureGradient(NamedTuple):
    """The gradient for the maps, and what is needed to judge an inexact one.

    ``values`` is ``(N, C, H, W)`` of fractions; ``magnitude`` is of the same shape, Σ |gradient| · weight divided as the
    value is, and ``terms`` too: how many products are summed up. ``ties`` is ``(K, C, P_h, P_w)``, true where candidates
    that send the gradient differently share a maximum. ``invalid`` and ``stages`` are as in `oracle.Result`.
    """

    values: Array
    magnitude: Array
    terms: Array
    ties: Array
    invalid: tuple[str | None, ...]
    stages: tuple[Stages | None, ...]


class BoxGradient(NamedTuple):
    """The gradient for the boxes.

    ``values`` is ``(K, 4)`` of fractions, for x1, y1, x2, y2 in image pixels, None throughout an invalid RoI. ``kinks`` is
    ``(K, 4)`` of frozen sets of `Kink`: why there is no derivative, and the value a convention. ``invalid`` and ``stages``
    are as in `oracle.Result`.
    """

    values: Array
    kinks: Array
    invalid: tuple[str | None, ...]
    stages: tuple[Stages | None, ...]

    @property
    def kink(self) -> tuple[bool, ...]:
        """Whether each RoI has any kink."""
        return tuple(any(row) for row in self.kinks)


def sample_kinks(axis: Axis, position: Fraction) -> frozenset[Kink]:
    """RA-16: the kinks at this position of a sample that is inside."""
    little = Fraction(1, 2 * position.denominator)  # no other whole number is as near
    within = all(axis.rules.inside(y, axis.pixels) for y in (position - little, position + little))
    knot = position.denominator == 1 and 0 <= position <= axis.pixels - 1 and axis.pixels > 1
    return frozenset(kink for kink, found in ((Kink.KNOT, knot), (Kink.BOUND, not within)) if found)


def extent_kinks(axis: Axis) -> frozenset[Kink]:
    """RA-16: the kinks at the extent of the RoI, by comparing it with one a little smaller and one a little larger."""
    rules, little = axis.rules, Fraction(1, 4 * (axis.end - axis.start).denominator)  # no other step is as near
    less, same, more = extents = [rules.extent(axis.start, axis.end + d) for d in (-little, ZERO, little)]
    least = -1 if rules.dialect.empty_grid == EmptyGrid.NAN else 0  # what is less makes no difference (RA-8)
    grids = {max(rules.grid(rules.bin(h, axis.bins), axis.sampling_ratio), least) for h in extents}
    bends, steps = more - same != same - less, len(grids) > 1
    return frozenset(kink for kink, found in ((Kink.EXTENT, bends), (Kink.GRID, steps)) if found)


def feature_gradient(
    grad_output: ArrayLike,
    boxes: ArrayLike,
    input_shape: tuple[int, int, int, int],
    spatial_scale: tuple[Real, Real],
    sampling_ratio: tuple[int, int],
    mode: str,
    dialect: Dialect,
    input: ArrayLike | None = None,  # noqa: A002 - as everywhere
    rules: type[Rules] = Rules,
    *,
    last_of_ties: bool = False,
) -> FeatureGradient:
    """The derivative of Σ ``grad_output`` · output by every pixel of the maps.

    ``grad_output`` is ``(K, C, P_h, P_w)``, the rest as for `oracle.roi_align`. An average does not look at ``input``, a
    maximum needs it. All numbers of these two are finite; an invalid RoI contributes nothing. Of equal candidates for a
    maximum the first has the gradient, or the last with ``last_of_ties``.
    """
    gradient = _finite("grad_output", grad_output)
    maps = None if input is None or mode == "avg" else _finite("input", input)
    if mode == "max" and (maps is None or maps.shape != tuple(input_shape)):
        raise ValueError(f"the gradient of a maximum needs an input, of shape {tuple(input_shape)}")
    call = _call(gradient, boxes, input_shape, spatial_scale, sampling_ratio, mode, dialect, rules)
    values, magnitude = (np.full(input_shape, ZERO, object) for _ in range(2))
    terms = np.full(input_shape, 0, object)
    ties = np.zeros(gradient.shape, bool)
    for bin_ in bins(call):
        for c in range(gradient.shape[1]):
            choices = bin_.choices(maps, c)
            sent = [bin_.weights(choice) for choice in choices]
            ties[bin_.index(c)] = any((other != sent[0]).any() for other in sent[1:])
            chosen = -1 if last_of_ties else 0
            if choices and (choice := choices[chosen]):
                share = gradient[bin_.index(c)] / bin_.divisor
                values[bin_.pixels(c)] += share * sent[chosen]
                magnitude[bin_.pixels(c)] += abs(share) * sent[chosen]
                terms[bin_.pixels(c)] += np.outer(*(r.terms[n] for r, n in zip(bin_.axes, choice, strict=True)))
    return FeatureGradient(values, magnitude, terms, ties, call.invalid, call.stages)


def box_gradient(
    grad_output: ArrayLike,
    input: ArrayLike,  # noqa: A002 - as everywhere
    boxes: ArrayLike,
    spatial_scale: tuple[Real, Real],
    sampling_ratio: tuple[int, int],
    mode: str,
    dialect: Dialect,
    rules: type[Rules] = Rules,
) -> BoxGradient:
    """The derivative of Σ ``grad_output`` · output by x1, y1, x2, y2 of every RoI, in image pixels.

    ``grad_output`` is ``(K, C, P_h, P_w)``, the rest as for `oracle.roi_align`; all numbers of maps and ``grad_output``
    are finite.
    """
    gradient, maps = _finite("grad_output", grad_output), _finite("input", input)
    call = _call(gradient, boxes, maps.shape, spatial_scale, sampling_ratio, mode, dialect, rules)
    values = np.full((len(gradient), 4), None, object)
    kinks = np.full(values.shape, frozenset(), object)
    for k, roi in enumerate(call.stages):
        if roi:
            values[k] = ZERO
            kinks[k] = [extent_kinks(axis) for axis in (roi.x, roi.y, roi.x, roi.y)]
    for bin_ in bins(call):
        kinks[bin_.k] |= bin_.kinks()
        for c in range(gradient.shape[1]):
            changes = [bin_.change(choice, maps, c) for choice in bin_.choices(maps, c)]
            for change in changes[:1]:
                values[bin_.k] += gradient[bin_.index(c)] / bin_.divisor * change
            for other in changes[1:]:
                kinks[bin_.k] |= [frozenset({Kink.TIE} if differ else ()) for differ in other != changes[0]]
    return BoxGradient(values, kinks, call.invalid, call.stages)


class Reading(NamedTuple):
    """What a bin reads along one axis: a row for every sum, a column for each of ``pixels``.

    An average needs one sum, a maximum one per sample (or corner): ``per_sample``. ``weights`` are those of RA-7;
    ``slopes`` their derivatives by the two corners; ``terms`` says how many weights were added up; ``kinks`` are those by
    either corner; ``gap`` is the first sample that is outside, or the number of samples.
    """

    samples: list[Sample]
    per_sample: int
    pixels: Array
    weights: Array
    slopes: tuple[Array, Array]
    terms: Array
    kinks: tuple[frozenset[Kink], frozenset[Kink]]
    gap: int


def _reading(axis: Axis, p: int, mode: str) -> Reading:
    samples = list(axis.samples(p))
    per_sample = 0 if mode == "avg" else 2 if axis.rules.dialect.max == Max.CORNER else 1
    pixels = sorted({pixel for s in samples for pixel, _ in (s.low, s.high)})
    shape = (len(samples) * per_sample or min(len(samples), 1), len(pixels))
    weights, first, second = (np.full(shape, ZERO, object) for _ in range(3))
    terms = np.full(shape, 0, object)
    kinks: list[set[Kink]] = [set(), set()]
    gap = 0
    for n, s in enumerate(samples):
        gap += s.count if s.index == gap else 0
        moves, rises = axis.rules.motion(axis, p, s.index), axis.rules.slope(s.position, axis.pixels)
        for n_corner in range(2):
            kinks[n_corner] |= sample_kinks(axis, s.position) if moves[n_corner] else set()
        for high, (pixel, weight) in enumerate((s.low, s.high)):
            at = n * per_sample + (high if per_sample == 2 else 0), pixels.index(pixel)
            count = 1 if per_sample else s.count
            sign = rises if high else -rises
            weights[at] += count * weight
            first[at] += sign * moves[0]
            second[at] += sign * moves[1]
            terms[at] += count
    found_kinks = frozenset(kinks[0]), frozenset(kinks[1])
    return Reading(samples, per_sample, np.array(pixels, int), weights, (first, second), terms, found_kinks, gap)


@dataclass(frozen=True, slots=True)
class Bin:
    """A bin: RoI ``k``, row ``p``, column ``q``, and what it reads along y and x."""

    k: int
    p: int
    q: int
    roi: Stages
    mode: str
    axes: tuple[Reading, Reading]

    @property
    def divisor(self) -> int:
        """What RA-8 divides by, if there are samples; 1 for a maximum."""
        return self.roi.y.grid * self.roi.x.grid if self.mode == "avg" else 1

    def index(self, c: int) -> tuple[int, int, int, int]:
        """The place of channel ``c`` of the bin in the output."""
        return self.k, c, self.p, self.q

    def pixels(self, c: int) -> tuple[Any, ...]:
        """The place in the maps of the pixels that channel ``c`` of the bin reads."""
        y, x = self.axes
        return self.roi.batch, c, y.pixels[:, None], x.pixels

    def choices(self, maps: Array | None, c: int) -> list[Choice]:
        """RA-15: the sums that are the output, as rows along y and x, or None for a number that is read nowhere.

        An average is one sum. A maximum is the first; others are listed if they are equal.
        """
        y, x = self.axes
        if maps is None or self.mode == "avg":
            return [(0, 0)] if y.samples and x.samples else []
        rules = self.roi.y.rules
        table = y.weights @ maps[self.pixels(c)] @ x.weights.T if y.samples and x.samples else np.zeros((0, 0), object)
        greatest = rules.maximum(list(table.flat), self.outside is not None)
        chosen: list[tuple[tuple[int, ...], Choice]] = [
            (self._order(row, column), (row, column)) for row, column in np.argwhere(table == greatest).tolist()
        ]
        if self.outside and rules.dialect.max != Max.SAMPLE_INSIDE and greatest == 0:
            chosen.append((self.outside, None))
        if rules.dialect.max_start is not None and greatest == exact(rules.dialect.max_start):
            chosen.append(((), None))
        return [choice for _, choice in sorted(chosen, key=lambda item: item[0])]

    def _order(self, row: int, column: int) -> tuple[int, ...]:
        """RA-15: the order of candidates: samples along y, then along x, then corners along y, then along x."""
        y, x = self.axes
        (i, corner_y), (j, corner_x) = divmod(row, y.per_sample), divmod(column, x.per_sample)
        return y.samples[i].index, x.samples[j].index, corner_y, corner_x

    @property
    def outside(self) -> tuple[int, int] | None:
        """The first sample that is outside, if any."""
        y, x = (reading.gap for reading in self.axes)
        taken_y, taken_x = self.roi.y.taken, self.roi.x.taken
        if not (taken_y and taken_x) or (y == taken_y and x == taken_x):
            return None
        return (0, x) if y and x < taken_x else (y, 0)

    def weights(self, choice: Choice) -> Array:
        """RA-15: the derivative of a choice by the pixels that the bin reads."""
        y, x = self.axes
        if choice is None:
            return np.full((len(y.pixels), len(x.pixels)), ZERO, object)
        return np.outer(y.weights[choice[0]], x.weights[choice[1]])

    def change(self, choice: Choice, maps: Array, c: int) -> Array:
        """RA-16: the derivative of a choice by x1, y1, x2, y2."""
        if choice is None:
            return np.full(4, ZERO, object)
        (y, x), (row, column), block = self.axes, choice, maps[self.pixels(c)]
        along_y, along_x = block @ x.weights[column], y.weights[row] @ block
        changes = [(along_x @ x.slopes[n][column], y.slopes[n][row] @ along_y) for n in range(2)]
        return np.array(list(itertools.chain(*changes)), object)

    def kinks(self) -> Array:
        """RA-16: the kinks at the samples, by x1, y1, x2, y2; none if no sample is inside."""
        y, x = self.axes
        inside = y.samples and x.samples
        found = np.full(4, frozenset(), object)
        found[:] = [x.kinks[0], y.kinks[0], x.kinks[1], y.kinks[1]] if inside else [frozenset()] * 4
        return found


def bins(call: Result) -> Iterator[Bin]:
    """The bins of all RoIs that can be pooled."""
    for k, roi in enumerate(call.stages):
        if roi:
            ys, xs = ([_reading(axis, p, call.mode) for p in range(axis.bins)] for axis in (roi.y, roi.x))
            for (p, y), (q, x) in itertools.product(enumerate(ys), enumerate(xs)):
                yield Bin(k, p, q, roi, call.mode, (y, x))


def _call(gradient: Array, boxes: ArrayLike, shape: tuple[int, ...], *arguments: Any) -> Result:
    """The stages of a call, in the result of one on maps without channels."""
    images, channels, *size = shape
    call = roi_align(np.zeros((images, 0, *size)), boxes, gradient.shape[2:], *arguments)
    if gradient.shape[:2] != (len(call.stages), channels):
        raise ValueError(f"grad_output is of shape {gradient.shape} for {len(call.stages)} RoIs, {channels} channels")
    return call


def _finite(name: str, array: ArrayLike) -> Array:
    """The four-dimensional array as fractions."""
    numbers: Array = np.frompyfunc(exact, 1, 1)(np.asarray(array, dtype=object))
    if numbers.ndim != 4 or not all(isinstance(number, Fraction) for number in numbers.flat):
        raise ValueError(f"{name} is of shape {numbers.shape}; it must have four dimensions, and finite numbers only")
    return numbers
