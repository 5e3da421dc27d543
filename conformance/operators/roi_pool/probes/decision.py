"""Which choices of a dialect explain what was read off an implementation.

Every combination of choices predicts every probe, exactly (`answers`). A reading that no combination predicts says nothing of a dialect.
What remains are the combinations that predict most of the others; a decision point is decided where all of them agree.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, fields
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from .....kernels.dialects.choices import BinEdges, CornerSnap, EmptyBin, MinSize, SnappedEnd
from .....kernels.dialects.roi_pool import DIALECTS, Dialect, EdgeShift, MaxStart, NanPixel
from ....operator import Operation
from ..oracle.answers import answers

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from enum import StrEnum

    from ....exact.numbers import Array
    from ..oracle.answers import Answer
    from .probes import Probe

POINTS = tuple(field.name for field in fields(Dialect))
"""The decision points."""

_OF_VALUES = ("start", "nan")
"""Those that only maps see which are not finite."""


def _geometries() -> Iterator[Dialect]:
    """Yields all that finite maps can tell from each other."""
    snapping = [snap for snap in CornerSnap if snap != CornerSnap.NONE]
    sizes = (MinSize.ONE, MinSize.NONE)
    for snap, end, size, edges, empty in itertools.product(snapping, SnappedEnd, sizes, BinEdges, EmptyBin):
        yield Dialect(snap=snap, end=end, min_size=size, edges=edges, empty=empty)
    # Unsnapped corners are judged only where no rounding moves an edge.
    for end, size, shift, empty in itertools.product(SnappedEnd, sizes, EdgeShift, EmptyBin):
        unsnapped = {"snap": CornerSnap.NONE, "edges": BinEdges.MAP}
        yield Dialect(**unsnapped, end=end, min_size=size, shift=shift, empty=empty)


GEOMETRIES = tuple(_geometries())
"""Every combination of choices that finite maps see."""

VALUES = tuple(
    Dialect(start=start, nan=nan) for start, nan in itertools.product(MaxStart, NanPixel) if nan != NanPixel.UNKNOWN
)
"""Every combination of choices that only other maps see."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found out.

    Attributes:
        left: The choices that remain at each decision point: one if it is decided, none if nothing can be said.
        names: The named dialects that predict all that any combination predicts; none if a harmless box is unexplained.
        unexplained: The probes that no combination predicts.
    """

    left: Mapping[str, tuple[StrEnum, ...]]
    names: tuple[str, ...]
    unexplained: tuple[Probe, ...]


def decide(readings: Mapping[Probe, Array], dtype: str) -> Finding:
    """What the outputs ``(K, C, P_h, P_w)`` of probes in a data type say."""
    finite = {probe: values for probe, values in readings.items() if np.isfinite(probe.maps).all()}
    others = {probe: values for probe, values in readings.items() if probe not in finite}
    geometries, odd = _survivors(finite, GEOMETRIES, dtype)
    values, odder = _survivors(others, VALUES, dtype)
    left: dict[str, tuple[Any, ...]] = {}
    for point in POINTS:
        those, read = (values, others) if point in _OF_VALUES else (geometries, finite)
        left[point] = tuple(dict.fromkeys(getattr(dialect, point) for dialect in those)) if read else ()
    if all(probe.mode == "avg" for probe in finite):
        left["empty"] = ()
    unexplained = (*odd, *odder)
    explained = {probe: values for probe, values in readings.items() if probe not in unexplained}
    sound = all(probe.is_malformed for probe in unexplained)
    return Finding(left, tuple(_named(explained, dtype)) if sound and explained else (), unexplained)


def _survivors(
    readings: Mapping[Probe, Array], candidates: tuple[Dialect, ...], dtype: str
) -> tuple[list[Dialect], list[Probe]]:
    """The combinations that predict most, and the probes that none predicts."""
    fitting = np.array(
        [[fits(probe, values, dialect, dtype) for dialect in candidates] for probe, values in readings.items()], bool
    ).reshape(len(readings), len(candidates))
    scores = fitting.sum(0)
    odd = [probe for probe, those in zip(readings, fitting, strict=True) if not those.any()]
    return [candidates[n] for n in np.flatnonzero(scores == scores.max(initial=0))], odd


def _named(readings: Mapping[Probe, Array], dtype: str) -> Iterator[str]:
    for name, dialect in DIALECTS.items():
        if all(fits(probe, values, dialect, dtype) for probe, values in readings.items()):
            yield name


def fits(probe: Probe, values: Array, dialect: Dialect, dtype: str) -> bool:
    """Whether a reading may be what a dialect computes; so may any where rounding leaves that open."""
    allowed = predictions(probe, dialect.for_mode(probe.mode), dtype)
    return not allowed or any(_is(answer, values) for answer in allowed)


@cache
def predictions(probe: Probe, dialect: Dialect, dtype: str) -> tuple[Answer, ...]:
    """What a probe may give under a dialect."""
    return answers(probe.arguments, Operation.FORWARD, dialect, dtype)


def _is(answer: Answer, got: Array) -> bool:
    wanted = np.vectorize(float, otypes=[float])(np.array(answer.output, object))
    if wanted.shape != got.shape:
        return False
    if answer.bound is None:
        return bool(np.array_equal(wanted, got, equal_nan=True))
    bound = np.array([[np.inf if b is None else b for b in np.ravel(np.array(answer.bound, object))]]).reshape(
        got.shape
    )
    with np.errstate(invalid="ignore"):
        return bool(((np.abs(got - wanted) <= bound) | np.isinf(bound)).all())
