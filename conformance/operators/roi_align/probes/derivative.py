"""Says whether a backward is the derivative of its own forward, and if not, whether it is that of another dialect's.

Both are read: the gradient of a bin by a pixel must be the weight that the bin was seen to put on that pixel, or, of a maximum,
the slope that was seen when the pixel was raised; that by a corner the slope that was seen when the corner was moved, which is
exact, as between two pixels the output is linear in each corner. That needs no dialect. The two may differ by the errors that
each may have.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from .....kernels.dialects.roi_align import DIALECTS
from ....exact.floats import FLOAT_TYPES
from ....findings import Derivative, Oddity
from ....verdict import Verdict
from .calls import GENERIC, RAISED, SHIFT, SIZE, STEP
from .decision import difference, fitting
from .prediction import CANDIDATES, GEOMETRY, Prediction, forward, outcomes, place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .....kernels.dialects.roi_align import Dialect
    from ....exact.numbers import Array
    from ....findings import Choice, Reading, Readings
    from .calls import Probe


def compare(readings: Readings, best: Dialect | None, dtype: str) -> Derivative:
    """How the gradients that were read go with the outputs; ``best`` is the dialect that fits the outputs best."""
    compared, differences, failures = 0, list[Oddity](), []
    for probe, gradient in readings.backward.items():
        output = readings.forward[probe] if probe.mode == "avg" else readings.slopes[probe]
        if gradient.values is None:
            failures.append(Oddity(probe.name, gradient.reason))
            continue
        if output.values is None or best is None or not np.isfinite(output.values).any():
            continue
        compared += 1
        # What is no number has no derivative.
        slack = np.where(np.isfinite(output.values), _slack(probe, best.for_mode(probe.mode), dtype), np.inf)
        differences += _mismatch(probe, gradient.values, Prediction(output.values, slack))
    other = _other(readings, best, dtype) if differences and best else None
    instead, names = other or ((), ())
    return Derivative(compared, tuple(differences), tuple(failures), instead, names)


def compare_boxes(readings: Readings, best: Dialect | None, dtype: str) -> Derivative:
    """How the gradients for boxes go with the outputs. Where these bend or jump (RA-16) nothing is compared."""
    compared, differences, failures = 0, list[Oddity](), []
    for probe, gradient in readings.box_backward.items():
        slopes = readings.box_slopes[probe].values
        if gradient.values is None:
            failures.append(Oddity(probe.name, gradient.reason))
            continue
        if slopes is None or best is None:
            continue
        slack = _box_slack(probe, best.for_mode(probe.mode), dtype)
        if slack >= 1:  # neighbours on the map differ by 1 at least; a coarser look sees nothing
            continue
        greater, smaller = np.split(slopes, 2, axis=1)
        with np.errstate(invalid="ignore"):
            has_derivative = np.abs(greater - smaller) <= slack
        if not has_derivative.any():
            continue
        compared += 1
        differences += _mismatch(probe, gradient.values, Prediction(greater, np.where(has_derivative, slack, np.inf)))
    offered = any(gradient.values is not None for gradient in readings.box_backward.values())
    said = [odd for odd in failures if offered or not odd.reason.startswith(Verdict.UNSUPPORTED)]
    return Derivative(compared, tuple(differences), tuple(said), (), ())


def _mismatch(probe: Probe, got: Array, expected: Prediction) -> Iterator[Oddity]:
    """Where a gradient is not as the output follows, if it is not."""
    if not expected.fits(got):
        off = difference(probe, got, expected)
        yield Oddity(probe.name, f"{off.where}: {off.got:.7g}, but the output follows by {off.predicted:.7g}")


@cache
def _slack(probe: Probe, dialect: Dialect, dtype: str) -> float:
    """By how much two readings of one number, both sound, may differ under a dialect."""
    if probe.mode == "avg":
        limits = [outcome.prediction.bound for outcome in outcomes(probe, dtype)]
        return 2 * max(float(bound[np.isfinite(bound)].max(initial=0.0)) for bound in limits)
    raised = forward(probe, RAISED, dialect, dtype).bound
    return 2 * float(raised[np.isfinite(raised)].max(initial=0.0)) / STEP + FLOAT_TYPES[dtype].gamma(12)


@cache
def _box_slack(probe: Probe, dialect: Dialect, dtype: str) -> float:
    """By how much a quotient of differences and a gradient, both sound, may differ under a dialect."""
    moved = forward(probe.moved(), GENERIC[None], dialect, dtype).bound
    of_outputs = float(moved[np.isfinite(moved)].max(initial=0.0))
    products = 4 * max(probe.sampling_ratio, *SIZE) ** 2  # no bin has more samples than that many pixels
    return 2 * of_outputs / SHIFT + FLOAT_TYPES[dtype].gamma(products) * float(GENERIC.max())


def _other(
    readings: Readings, best: Dialect, dtype: str
) -> tuple[tuple[tuple[str, Choice], ...], tuple[str, ...]] | None:
    """The choices beside those of ``best`` whose derivative all gradients of averages are, and who makes them."""
    fits = np.ones(len(CANDIDATES), bool)
    for probe, gradient in _averages(readings.backward):
        fits &= fitting(probe, gradient, dtype, empty_is_zero=True)
    if not fits.any():
        return None

    def instead(dialect: Dialect) -> tuple[tuple[str, Choice], ...]:
        pairs = ((point, getattr(dialect, point)) for point in GEOMETRY)
        return tuple((point, choice) for point, choice in pairs if choice != getattr(best, point))

    nearest = min((CANDIDATES[n] for n in np.flatnonzero(fits)), key=lambda dialect: len(instead(dialect)))
    names = tuple(name for name, dialect in DIALECTS.items() if fits[place(dialect)])
    return instead(nearest), names


def _averages(readings: dict[Probe, Reading]) -> list[tuple[Probe, Array]]:
    return [(p, reading.values) for p, reading in readings.items() if p.mode == "avg" and reading.values is not None]
