"""What a probe must give under any dialect, exactly, and how far a sound implementation may be from it.

The expected footprint comes from the oracle's axes, never from an implementation. A weight is a product of one along y and one
along x, so that its error is that of these (`tolerance`: how far samples may lie from where they belong, and rounding).
"""

from __future__ import annotations

import itertools
from dataclasses import fields, replace
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .....kernels.dialects.choices import EmptyGrid, Max
from .....kernels.dialects.roi_align import Dialect
from ....exact.floats import FLOAT_TYPES
from ....sampling.axis import Rules, stages
from ....sampling.errors import AxisError, beside
from ..oracle.bounds import bounds
from ..oracle.fast import Rows, footprints
from ..oracle.output import roi_align
from .calls import SIZE, maps_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from enum import StrEnum

    from ....exact.floats import FloatType
    from ....exact.numbers import Array, Exact
    from ....sampling.axis import Axis
    from .calls import Probe

POINTS = tuple(field.name for field in fields(Dialect))
"""The decision points."""

GEOMETRY = tuple(name for name in POINTS if name not in ("max", "max_start"))
"""Those that an average looks at."""


def choices(point: str) -> tuple[StrEnum, ...]:
    """The choices at a decision point other than ``max_start``."""
    kind: type[StrEnum] = type(getattr(Dialect(), point))
    return tuple(kind)


def _candidates() -> tuple[Dialect, ...]:
    combinations: Iterator[tuple[Any, ...]] = itertools.product(*map(choices, GEOMETRY))
    return tuple(Dialect(**dict(zip(GEOMETRY, each, strict=True))) for each in combinations)


CANDIDATES = _candidates()
"""Every combination of choices that an average looks at."""

_PLACES = {dialect: n for n, dialect in enumerate(CANDIDATES)}


def place(dialect: Dialect) -> int:
    """Which of the candidates does what ``dialect`` does to an average."""
    return _PLACES[replace(dialect, max=Max.SAMPLE, max_start=None)]


class Prediction(NamedTuple):
    """Arrays ``(K, C, P_h, P_w)``: what a probe must give, and the greatest error; infinite if rounding may decide."""

    values: Array
    bound: Array

    def wrong(self, got: Array) -> Array:
        """Which elements of ``got``, of the same shape, cannot be what was computed."""
        with np.errstate(invalid="ignore"):
            near = np.abs(got - self.values) <= self.bound
        wrong: Array = ~(near | (got == self.values) | (np.isnan(got) & np.isnan(self.values)) | np.isinf(self.bound))
        return wrong

    def fits(self, got: Array) -> bool:
        """Whether ``got`` may be what was computed."""
        return not self.wrong(got).any()


class Outcome(NamedTuple):
    """What a probe of an average must give under those candidates whose ``members`` is true."""

    prediction: Prediction
    members: Array


class _AxisWeights(NamedTuple):
    """Weights of one axis before division and their errors, ``(bins, pixels)``; whether rounding decides the grid.

    Coordinates may be formed in the data type of the maps, even one of 16 bits.
    """

    weights: Array
    error: Array
    is_fragile: bool


@cache
def outcomes(probe: Probe, dtype: str) -> tuple[Outcome, ...]:
    """All that a probe of an average may give in ``dtype``, each once."""
    rois = [_Footprints(probe, row, FLOAT_TYPES[dtype]) for row in probe.rows]
    found: dict[Any, tuple[Prediction, list[int]]] = {}
    for n, dialect in enumerate(CANDIDATES):
        prediction = Prediction(*map(np.stack, zip(*(roi.under(dialect) for roi in rois), strict=True)))
        same = prediction.values.tobytes(), prediction.bound.tobytes()
        found.setdefault(same, (prediction, []))[1].append(n)
    everyone = np.arange(len(CANDIDATES))
    return tuple(Outcome(prediction, np.isin(everyone, members)) for prediction, members in found.values())


class _Footprints:
    """The footprints of one RoI under the candidates. What several of these share is computed once."""

    def __init__(self, probe: Probe, row: Array, type_: FloatType) -> None:
        self._probe, self._row, self._type = probe, row, type_
        self._axes: dict[Any, tuple[Axis, Axis]] = {}
        self._along: dict[Any, _AxisWeights] = {}
        self._footprints: dict[Any, tuple[Array, Array]] = {}

    def under(self, dialect: Dialect) -> tuple[Array, Array]:
        """The footprint under a dialect and its error, ``(H · W, P_h, P_w)``."""
        axes = self._stages(dialect)
        keys = tuple((axis.pixels, axis.start, axis.extent, axis.grid, axis.taken, dialect.outside) for axis in axes)
        share = Rules(dialect).average(Fraction(1), axes[0].grid, axes[1].grid)
        # Errors depend on how positions came about, too.
        made = dialect.offset, dialect.end, dialect.min_size
        if (keys, made, share) not in self._footprints:
            along = [self._weights((key, made), axis, dialect) for key, axis in zip(keys, axes, strict=True)]
            self._footprints[keys, made, share] = _footprint(axes, along, share, self._type)
        return self._footprints[keys, made, share]

    def _stages(self, dialect: Dialect) -> tuple[Axis, Axis]:
        key: tuple[Any, ...] = dialect.offset, dialect.end, dialect.min_size
        if self._probe.sampling_ratio <= 0:
            key += dialect.adaptive, dialect.grid_cap, dialect.empty_grid == EmptyGrid.ONE_SAMPLE
        if key not in self._axes:
            roi = stages(self._row.tolist(), SIZE, self._probe.output_size, *_pairs(self._probe), dialect)
            self._axes[key] = roi.y, roi.x
        return self._axes[key]

    def _weights(self, key: Any, axis: Axis, dialect: Dialect) -> _AxisWeights:
        if key not in self._along:
            # RA-1 to RA-4, which the axis has applied, are the same under all that share it; RA-6 is not.
            self._along[key] = _weights(replace(axis, rules=Rules(dialect)), self._type)
        return self._along[key]


def _pairs(probe: Probe) -> tuple[tuple[float, float], tuple[int, int]]:
    return (probe.scale, probe.scale), (probe.sampling_ratio, probe.sampling_ratio)


def _footprint(
    axes: Sequence[Axis], along: Sequence[_AxisWeights], share: Exact, type_: FloatType
) -> tuple[Array, Array]:
    """The footprint of a RoI, ``share`` being what RA-8 makes of 1, and its error."""
    weights = footprints(*(part.weights for part in along))
    if not isinstance(share, Fraction):
        return np.full(weights.shape, np.nan), np.zeros(weights.shape)
    if any(part.is_fragile for part in along):
        return float(share) * weights, np.full(weights.shape, np.inf)
    with np.errstate(invalid="ignore"):  # no weight, infinitely off
        moved = footprints(*(part.weights + part.error for part in along)) - weights
    gamma = type_.gamma(4 * axes[0].taken * axes[1].taken + 8)
    error = float(share) * (moved + gamma * (weights + moved)) + type_.underflow * (weights > 0)
    return float(share) * weights, error


def _weights(axis: Axis, type_: FloatType) -> _AxisWeights:
    errors = AxisError(axis, type_)
    reach = errors.reach
    # A sample between two pixels takes from one what it gives to the other.
    error = beside(reach.total)
    error[reach.at_bound] = np.inf
    return _AxisWeights(Rows(axis).weights, error, errors.grid_is_fragile)


def geometry(probe: Probe, dialect: Dialect) -> tuple[Any, ...]:
    """Where the samples of a probe lie, and which are outside: what a maximum depends on beside its meaning."""
    rois = [stages(row.tolist(), SIZE, probe.output_size, *_pairs(probe), dialect) for row in probe.rows]
    axes = [axis for roi in rois for axis in (roi.y, roi.x)]
    return (dialect.outside, *((axis.start, axis.bin, axis.grid, axis.taken) for axis in axes))


@cache
def maximum(probe: Probe, dialect: Dialect, dtype: str) -> Prediction:
    """What a probe of a maximum must give under a dialect (what `Dialect.for_mode` leaves of it)."""
    return forward(probe, maps_of(probe, dtype), dialect, dtype)


def forward(probe: Probe, maps: Array, dialect: Dialect, dtype: str) -> Prediction:
    """The exact output of a probe on ``maps``, ``(C, H, W)``, and its bounds."""
    result = roi_align(maps[None], probe.rows, probe.output_size, *_pairs(probe), probe.mode, dialect, Rules)
    # In the data type itself, or in float32 and rounded last, as what a maximum starts from is.
    both = [bounds(result, dtype, storage_arithmetic=storage) for storage in (True, False)]
    values = np.asarray(np.frompyfunc(float, 1, 1)(result.values), float)
    return Prediction(values, np.max([np.where(b.fragile, np.inf, b.bound) for b in both], axis=0))
