"""Which choice an implementation makes at each decision point, of what was read off it (`deduction`)."""

from __future__ import annotations

import itertools
from dataclasses import fields, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from .....kernels.dialects.roi_pool import DIALECTS, Dialect, MaxStart, NanPixel
from ....deduction import Detective
from .prediction import GEOMETRIES, predictions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ....findings import Choice, Detection, Reading
    from .calls import Probe

POINTS = tuple(field.name for field in fields(Dialect))
"""The decision points."""

OF_VALUES = ("start", "nan")
"""Those that only maps see which are not finite."""

_SEEN_NANS = tuple(nan for nan in NanPixel if nan != NanPixel.UNKNOWN)


def detect(readings: Mapping[Probe, Reading], dtype: str) -> Detection:
    """What readings of a forward say."""
    return _Detective(readings, dtype).report()


def _is_finite(probe: Probe) -> bool:
    return bool(np.isfinite(probe.maps).all())


class _Detective(Detective):
    dialects = DIALECTS
    points = POINTS
    not_seen = "no maximum is offered"
    predictions = staticmethod(predictions)

    def _most(self, candidates: Sequence[Dialect], *, finite: bool) -> list[Dialect]:
        """The candidates that predict most of the readings of finite maps, or of others."""
        read = [probe for probe in self.values if _is_finite(probe) == finite]
        scores = [sum(self.fits(probe, each) is True for probe in read) for each in candidates]
        return [each for each, score in zip(candidates, scores, strict=True) if score == max(scores)]

    @cached_property
    def geometries(self) -> list[Dialect]:
        """What finite maps leave."""
        return self._most(GEOMETRIES, finite=True)

    @cached_property
    def of_values(self) -> list[Dialect]:
        """One of the geometries, with all that a maximum may begin with, and make of a NaN."""
        first, *_ = self.geometries
        return [replace(first, start=start, nan=nan) for start, nan in itertools.product(MaxStart, _SEEN_NANS)]

    @cached_property
    def remaining(self) -> list[Any]:
        of_values = self._most(self.of_values, finite=False)
        return [replace(geometry, start=each.start, nan=each.nan) for geometry in self.geometries for each in of_values]

    @cached_property
    def explained(self) -> list[Any]:
        return [
            probe
            for probe in self.values
            if any(self.fits(probe, each) is True for each in (GEOMETRIES if _is_finite(probe) else self.of_values))
        ]

    @property
    def sees_enough(self) -> bool:
        return any(_is_finite(probe) for probe in self.explained)

    def left(self, point: str) -> tuple[Choice, ...]:
        seen = any(_is_finite(probe) != (point in OF_VALUES) for probe in self.values)
        if not seen or (point == "empty" and all(probe.mode == "avg" for probe in self.values)):
            return ()
        return tuple(dict.fromkeys(getattr(dialect, point) for dialect in self.remaining))

    def is_known(self, choice: Choice) -> bool:
        return bool(choice != NanPixel.UNKNOWN)
