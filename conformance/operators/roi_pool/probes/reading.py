"""What is asked of an implementation for each probe."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ....operation import Operation
from .calls import backward_of, call_of

if TYPE_CHECKING:
    from ....findings import Reading, Readings
    from ....operator import Asker
    from .calls import Probe


def read(asker: Asker, probe: Probe, readings: Readings) -> None:
    """Adds what a probe gives, forward and, if there is one, backward."""
    readings.forward[probe] = output(asker, probe)
    is_finite = bool(np.isfinite(probe.maps).all())
    if readings.forward[probe].values is not None and is_finite and Operation.FEATURE_GRADIENT in asker.operations:
        call = backward_of(probe, asker.dialect, asker.dtype, asker.layout)
        readings.backward[probe] = asker.ask(call, (1, *probe.maps.shape))


def output(asker: Asker, probe: Probe) -> Reading:
    """The output of a probe."""
    call = call_of(probe, probe.maps, asker.dialect, asker.dtype, asker.layout)
    return asker.ask(call, (len(probe.boxes), len(probe.maps), *probe.output_size))


def warm_up(asker: Asker, probe: Probe, readings: Readings) -> None:
    """Makes an ordinary call whose output is of the size of a malformed probe's."""
    answered = (other for other, reading in readings.forward.items() if reading.values is not None)
    if ordinary := next((other for other in answered if other.mode == probe.mode), None):
        output(asker, replace(ordinary, output_size=probe.output_size))
