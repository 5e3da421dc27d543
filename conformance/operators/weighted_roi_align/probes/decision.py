"""Which dialect of weighted RoIAlign readings fit: what RoIAlign's say of sampling, if weights do what they must."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from .....kernels.dialects.weighted_roi_align import DIALECTS
from ....findings import Oddity
from ...roi_align.probes.composed import nearest as nearest_of
from ...roi_align.probes.decision import detect as detect_sampling
from .asking import DIVIDED, NUMBER, POINTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ....findings import Detection, Reading
    from ...roi_align.probes.calls import Probe

_NEAR = 0.125  # to the number of all pixels: sums of rounded weights need not have it exactly


def detect(readings: Mapping[Probe, Reading], dtype: str) -> Detection:
    """What readings of a forward say."""
    found = detect_sampling({probe: one for probe, one in readings.items() if probe != DIVIDED}, dtype)
    strange = _undivided(readings)
    is_sound = found.is_sound and not strange
    decisions = tuple(decision for decision in found.decisions if decision.point in POINTS)
    names = tuple(name for name in found.names if name in DIALECTS) if is_sound else ()
    nearest, differences = (None, ()) if names or not decisions else nearest_of(DIALECTS, decisions)
    return replace(
        found, decisions=decisions, names=names, nearest=nearest, differences=differences,
        unexplained=(*found.unexplained, *strange), is_sound=is_sound,
    )  # fmt: skip


def _undivided(readings: Mapping[Probe, Reading]) -> tuple[Oddity, ...]:
    """What is odd about bins that are divided by their weights."""
    reading = readings.get(DIVIDED)
    if reading is None or reading.values is None:
        return ()
    with np.errstate(invalid="ignore"):
        wrong = reading.values[~(np.abs(reading.values - NUMBER) < _NEAR)]
    return (Oddity(DIVIDED.name, f"{wrong.flat[0]:.7g}, where all pixels have {NUMBER:g}"),) if wrong.size else ()
