"""The exact reference: RoIAlign in rational arithmetic, written as ``RULES.md`` reads.

`Rules` holds the formulas, one method per step; a subclass that overrides one imitates a faulty implementation. The
rest applies them, with two short cuts that round nothing. Far from the map all samples of a bin behave alike, so that
they are kept as one `Sample` with a ``count``, however large the box. And the weights of a sample are products of one
along y and one along x, so that a sum over samples is a matrix product ``Y · F · Xᵀ``, in integers over a denominator.
"""

from __future__ import annotations

import itertools
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from .....kernels.dialects.choices import Max
from ....exact.numbers import Real, Special, common_denominator, exact
from ....sampling.axis import Axis, Rules, Stages, stages

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from .....kernels.dialects.roi_align import Dialect
    from ....exact.floats import FloatType
    from ....exact.numbers import Array


class Maps(NamedTuple):
    """Feature maps ``(N, C, H, W)``, exactly: ``integers / denominator``, which is 0 where ``nan`` or ``infinite``."""

    integers: Array
    denominator: int
    nan: Array
    infinite: Array


class Result(NamedTuple):
    """The exact output of one call, and what `tolerance` needs to bound the error of an inexact one.

    ``values`` is ``(K, C, P_h, P_w)`` of `Exact`, None throughout an invalid RoI. ``magnitude`` is of the same shape:
    Σ |weight| |pixel| divided as the value is; in a maximum the largest of any sample (or corner). ``taps`` is
    ``(K, P_h, P_w)``: how many terms one sum has at most. ``invalid`` has for each RoI the rule for which it may be
    refused, ``"RA-11"`` or ``"RA-12"``, or None; ``stages`` has None for those.
    """

    values: Array
    magnitude: Array
    taps: Array
    invalid: tuple[str | None, ...]
    stages: tuple[Stages | None, ...]
    maps: Maps
    mode: str


def roi_align(
    input: ArrayLike,  # noqa: A002 - as everywhere
    boxes: ArrayLike,
    output_size: tuple[int, int],
    spatial_scale: tuple[Real, Real],
    sampling_ratio: tuple[int, int],
    mode: str,
    dialect: Dialect,
    rules: type[Rules] = Rules,
) -> Result:
    """The exact result of RoIAlign, ``mode`` being ``"avg"`` or ``"max"``; pairs are ``(y, x)``.

    ``input`` is ``(N, C, H, W)``, ``boxes`` ``(K, 5)`` rows ``[batch_index, x1, y1, x2, y2]`` in image pixels. Their
    numbers, fractions welcome, are what they are exactly. A ``sampling_ratio`` of 0 or less makes the grid adaptive.
    """
    maps = _maps(input)
    images, channels, *size = maps.integers.shape
    rows = np.asarray(boxes, dtype=object)
    if mode not in ("avg", "max"):
        raise ValueError(f"mode is {mode!r}, neither 'avg' nor 'max'")
    if rows.size and (rows.shape[1:] != (5,) or 0 in size):
        raise ValueError(f"boxes of shape {rows.shape} on maps of {size} pixels; not (K, 5) on at least one pixel")
    values: Array = np.full((rows.size // 5, channels, *output_size), None, object)
    magnitude: Array = np.full(values.shape, Fraction(0), object)
    taps: Array = np.full((len(values), *output_size), 0, object)
    rois: list[Stages | None] = []
    invalid: list[str | None] = []
    for k, row in enumerate(rows.reshape(-1, 5)):
        box = [number for number in map(exact, row) if isinstance(number, Fraction)]
        invalid.append("RA-11" if len(box) < len(row) else None if 0 <= int(box[0]) < images else "RA-12")
        roi = None if invalid[k] else stages(box, size, output_size, spatial_scale, sampling_ratio, dialect, rules)
        if roi:
            _pool(maps, roi, mode, values[k], magnitude[k], taps[k])
        rois.append(roi)
    return Result(values, magnitude, taps, tuple(invalid), tuple(rois), maps, mode)


def refused(result: Result, type_: FloatType) -> Result:
    """A result without the RoIs whose corners, or extents, in feature pixels are beyond the numbers of a type (RA-11)."""
    far = [k for k, roi in enumerate(result.stages) if roi and any(reaches_too_far(axis, type_) for axis in roi[1:])]
    if not far:
        return result
    values, magnitude, taps = result.values.copy(), result.magnitude.copy(), result.taps.copy()
    values[far], magnitude[far], taps[far] = None, Fraction(0), 0
    invalid, rois = list(result.invalid), list(result.stages)
    for k in far:
        invalid[k], rois[k] = "RA-11", None
    return result._replace(values=values, magnitude=magnitude, taps=taps, invalid=tuple(invalid), stages=tuple(rois))


def reaches_too_far(axis: Axis, type_: FloatType) -> bool:
    """Whether a corner, or the extent, of an axis is beyond the numbers of a type."""
    return any(map(type_.overflows, (*axis.box, axis.start, axis.end, axis.end - axis.start)))


def _pool(maps: Maps, roi: Stages, mode: str, values: Array, magnitude: Array, taps: Array) -> None:
    """Fills in values and magnitude, ``(C, P_h, P_w)``, and taps, ``(P_h, P_w)``, of one RoI."""
    rules = roi.y.rules
    corners = mode == "max" and rules.dialect.max == Max.CORNER
    ys, xs = ([_reading(axis, p, mode, corners) for p in range(axis.bins)] for axis in (roi.y, roi.x))
    for (p, y), (q, x), c in itertools.product(enumerate(ys), enumerate(xs), range(len(values))):
        tapped = (roi.batch, c, y.pixels[:, None], x.pixels)
        denominator = y.denominator * x.denominator * maps.denominator
        read = [Fraction(total, denominator) for total in (y.weights @ maps.integers[tapped] @ x.weights.T).flat]
        magnitudes = abs(y.weights) @ abs(maps.integers[tapped]) @ abs(x.weights).T
        magnitude[c, p, q] = Fraction(max(magnitudes.flat, default=0), denominator)
        inside = y.inside * x.inside
        taps[p, q] = 4 * inside if mode == "avg" else 4
        if mode == "avg":
            values[c, p, q] = rules.average(sum(read, Fraction(0)), roi.y.grid, roi.x.grid)
            magnitude[c, p, q] /= max(roi.y.grid * roi.x.grid, 1)
        else:
            values[c, p, q] = rules.maximum(read, any_outside=inside < roi.y.taken * roi.x.taken)
        if maps.nan[tapped].any() or maps.infinite[tapped].any():
            values[c, p, q] = Special.NAN if maps.nan[tapped].any() else Special.NONFINITE


class _Reading(NamedTuple):
    """What a bin reads along one axis: ``weights / denominator``, a column for each of ``pixels``, a row for each sum.

    An average needs one sum, a maximum one per sample (or corner).
    """

    weights: Array
    denominator: int
    pixels: Array
    inside: int


def _reading(axis: Axis, p: int, mode: str, corners: bool) -> _Reading:
    samples = list(axis.samples(p))
    sums = [[(pixel, s.count * weight) for s in samples for pixel, weight in (s.low, s.high)]] if samples else []
    if mode == "max":
        sums = [[tap] for s in samples for tap in (s.low, s.high)] if corners else [[s.low, s.high] for s in samples]
    pixels = sorted({pixel for terms in sums for pixel, _ in terms})
    weights: Array = np.full((len(sums), len(pixels)), Fraction(0), object)
    for row, terms in zip(weights, sums, strict=True):
        for pixel, weight in terms:
            row[pixels.index(pixel)] += weight
    return _Reading(*common_denominator(weights), np.array(pixels, int), sum(s.count for s in samples))


def _maps(array: ArrayLike) -> Maps:
    numbers: Array = np.frompyfunc(exact, 1, 1)(np.asarray(array, dtype=object))
    nan, infinite = (np.equal(numbers, special).astype(bool) for special in (Special.NAN, Special.NONFINITE))
    numbers[nan | infinite] = Fraction(0)
    return Maps(*common_denominator(numbers), nan, infinite)
