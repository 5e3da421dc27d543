"""What is asked of an implementation for each probe, and what a file says of the footprints that come back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ....findings import Reading, number
from ....operation import Operation
from .calls import CORNERS, GENERIC, PIXELS, RAISED, SHIFT, SIZE, STEP, maps_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ....exact.numbers import Array
    from ....findings import Readings
    from ....operator import Asker
    from .calls import Probe


def read(asker: Asker, probe: Probe, readings: Readings) -> None:
    """Adds what a probe gives, forward and, if there is one, backward."""
    readings.forward[probe] = output(asker, probe, maps_of(probe, asker.dtype))
    if readings.forward[probe].values is None:
        return
    if Operation.FEATURE_GRADIENT in asker.operations:
        if probe.mode == "max":
            readings.slopes[probe] = _slopes(asker, probe)
        readings.backward[probe] = _gradient(asker, probe)
    if Operation.BOX_GRADIENT in asker.operations:
        readings.box_slopes[probe] = _box_slopes(asker, probe)
        readings.box_backward[probe] = _box_gradient(asker, probe)


def output(asker: Asker, probe: Probe, maps: Array) -> Reading:
    """The output on ``maps``, ``(C, H, W)``."""
    call = probe.forward(maps, asker.dialect, asker.dtype, asker.layout)
    return asker.ask(call, (len(probe.boxes), len(maps), *probe.output_size))


def _slopes(asker: Asker, probe: Probe) -> Reading:
    """The derivative of a maximum on a generic map, by differences."""
    raised = output(asker, probe, RAISED)
    if raised.values is None:
        return raised
    with np.errstate(invalid="ignore"):  # a maximum of nothing may be -inf
        return Reading((raised.values[:, 1:] - raised.values[:, :1]) / STEP)


def _gradient(asker: Asker, probe: Probe) -> Reading:
    """The gradient that arrives at each pixel from each bin."""
    call = probe.backward(asker.dialect, asker.dtype, asker.layout)
    arrived = asker.ask(call, (1, probe.bins, *SIZE))
    if arrived.values is None:
        return arrived
    return Reading(arrived.values.reshape(len(probe.boxes), *probe.output_size, PIXELS).transpose(0, 3, 1, 2))


def _box_slopes(asker: Asker, probe: Probe) -> Reading:
    """The derivatives by the corners from both sides, by differences."""
    moved = output(asker, probe.moved(), GENERIC[None])
    if moved.values is None:
        return moved
    outputs = moved.values.reshape(len(probe.boxes), 1 + 2 * len(CORNERS), *probe.output_size)
    here, greater, smaller = np.split(outputs, [1, 1 + len(CORNERS)], axis=1)
    with np.errstate(invalid="ignore"):
        return Reading(np.concatenate([greater - here, here - smaller], axis=1) / SHIFT)


def _box_gradient(asker: Asker, probe: Probe) -> Reading:
    """The gradient that arrives at each corner from each bin."""
    call = probe.backward_boxes(asker.dialect, asker.dtype, asker.layout)
    arrived = asker.ask(call, (probe.bins, len(CORNERS)))
    if arrived.values is None:
        return arrived
    by_bin = arrived.values.reshape(len(probe.boxes), *probe.output_size, len(CORNERS))
    return Reading(by_bin.transpose(0, 3, 1, 2))


def records(readings: Readings) -> Iterator[dict[str, Any]]:
    """What a file of footprints says of each footprint that was read, forward and backward."""
    for operation, those in ((Operation.FORWARD, readings.forward), (Operation.FEATURE_GRADIENT, readings.backward)):
        for probe, reading in those.items():
            if probe.mode == "avg":
                yield {"operation": operation, **probe_record(probe), **_taps(probe, reading)}


def probe_record(probe: Probe) -> dict[str, Any]:
    """What a file says of a probe."""
    return {
        "probe": probe.name,
        "output_size": list(probe.output_size),
        "scale": probe.scale,
        "sampling_ratio": probe.sampling_ratio,
    }


def _taps(probe: Probe, reading: Reading) -> dict[str, Any]:
    if reading.values is None:
        return {"failure": reading.reason}
    rois = []
    for box, weights in zip(probe.boxes, reading.values, strict=True):
        bins = []
        for p, q in np.ndindex(probe.output_size):
            tapped = [divmod(n, SIZE[1]) for n in np.flatnonzero(weights[:, p, q]).tolist()]
            taps = [[y, x, number(weights[y * SIZE[1] + x, p, q])] for y, x in tapped]
            bins.append({"bin": [p, q], "taps": taps})
        rois.append({"box": list(box), "bins": bins})
    return {"rois": rois}
