"""Reads an implementation's sampling operator off it, as a black box, through its worker.

A worker that dies or hangs costs one reading. Boxes that may do harm come last, each in a worker of its own, after an ordinary
call whose output is of the same size: memory that the implementation leaves as it was then rarely looks like an answer.
"""

from __future__ import annotations

import math
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ..operator import Operation
from ..operators.roi_align.probes.probes import CORNERS, GENERIC, PIXELS, PROBES, RAISED, SHIFT, SIZE, STEP, maps_of
from ..verdicts.verdict import Judgement, Verdict
from ..workers.session import Session

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator, Sequence

    from ..exact.numbers import Array
    from ..implementation import Description
    from ..operators.roi_align.call import RoiAlignCall
    from ..operators.roi_align.probes.probes import Probe
    from ..results.result import Subject
    from ..workers.process import Target

FORMAT = 1
"""Version of the file of footprints; ``schema/footprints.schema.json`` describes it."""

_PATIENCE = 3  # calls without an answer in time, after which no more are made


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """How an implementation is asked: the dialect that its adapter is told to ask for, and the arrays it gets."""

    dialect: str
    dtype: str
    layout: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What a probe gave: ``values`` ``(K, C, P_h, P_w)``, float64, or why there are none."""

    values: Array | None
    failure: Judgement | None = None

    @property
    def reason(self) -> str:
        """Why there are no values."""
        return f"{self.failure.verdict}: {self.failure.reason}" if self.failure else ""


_NOT_ASKED = Reading(None, Judgement(Verdict.TIMED_OUT, "not asked, after others took too long"))


@dataclass(frozen=True, slots=True)
class Readings:
    """All readings of one implementation in one setting.

    Attributes:
        forward: Of each probe. Of an average, channel H · W · … is the weight on that pixel: the footprint.
        slopes: By how much each pixel raises each bin of a maximum: what `forward` is for an average.
        backward: The gradient of each bin by each pixel, laid out like the footprint.
        box_slopes: By how much each corner moves each bin of one map: four quotients with the corner greater, four with it
            smaller, ``(K, 8, P_h, P_w)``.
        box_backward: The gradient of each bin by each corner, ``(K, 4, P_h, P_w)``.
    """

    forward: dict[Probe, Reading] = field(default_factory=dict)
    slopes: dict[Probe, Reading] = field(default_factory=dict)
    backward: dict[Probe, Reading] = field(default_factory=dict)
    box_slopes: dict[Probe, Reading] = field(default_factory=dict)
    box_backward: dict[Probe, Reading] = field(default_factory=dict)


def offered(description: Description) -> list[Probe]:
    """Returns the probes of the modes that an implementation has."""
    return [probe for probe in PROBES if probe.mode in description.modes]


class Reader:
    """Reads one implementation; no call may take longer than ``seconds``."""

    def __init__(self, target: Target, seconds: float, stop: threading.Event) -> None:
        """Starts nothing yet."""
        self._target, self._seconds, self._stop = target, seconds, stop
        self._harmless = self._session()

    def _session(self) -> Session:
        return Session(self._target, self._seconds, self._stop)

    def open(self) -> Subject:
        """Starts a worker and returns what it says of its implementation."""
        return self._harmless.open()

    def close(self) -> None:
        """Ends the worker."""
        self._harmless.close()

    def read(
        self,
        description: Description,
        setting: Setting,
        on_reading: Callable[[], None],
        asked: Sequence[Probe] = PROBES,
    ) -> Readings:
        """Returns the readings in one setting of those probes that are ``asked``; ``on_reading`` is called after each."""
        readings = Readings()
        probes = offered(description)
        for probe in sorted((probe for probe in probes if probe in asked), key=lambda probe: probe.is_malformed):
            if self._has_given_up(readings):
                readings.forward[probe] = _NOT_ASKED
            elif probe.is_malformed and (lacking := _lacking(probe, readings)):
                readings.forward[probe] = lacking  # a worker may take long to start, only to say so
            elif probe.is_malformed:
                with closing(self._session()) as session:
                    asking = _Asking(session, description, setting)
                    if ordinary := _ordinary(probe, readings):
                        asking.output(replace(ordinary, output_size=probe.output_size), maps_of(probe, setting.dtype))
                    _read(asking, probe, readings)
            else:
                _read(_Asking(self._harmless, description, setting), probe, readings)
            on_reading()
        return readings

    def _has_given_up(self, readings: Readings) -> bool:
        failed = Counter(reading.failure.verdict for reading in readings.forward.values() if reading.failure)
        return self._stop.is_set() or failed[Verdict.TIMED_OUT] >= _PATIENCE


def _ordinary(probe: Probe, readings: Readings) -> Probe | None:
    """Returns the first probe of the same mode that was answered; another call than ``probe``, if that can be."""
    answered = (other for other, reading in readings.forward.items() if reading.values is not None)
    return next((other for other in answered if other.mode == probe.mode), None)


def _lacking(probe: Probe, readings: Readings) -> Reading | None:
    """Returns why a probe cannot be asked for, if no harmless one that is sampled like it can be."""
    alike = [
        reading
        for other, reading in readings.forward.items()
        if not other.is_malformed and (other.mode, other.sampling_ratio) == (probe.mode, probe.sampling_ratio)
    ]
    lack = all(reading.failure and reading.failure.verdict == Verdict.UNSUPPORTED for reading in alike)
    return alike[0] if alike and lack else None


def _read(asking: _Asking, probe: Probe, readings: Readings) -> None:
    """Adds what a probe gives, forward and, if there is one, backward."""
    readings.forward[probe] = asking.output(probe, maps_of(probe, asking.setting.dtype))
    if readings.forward[probe].values is None:
        return
    if asking.offers(Operation.FEATURE_GRADIENT):
        if probe.mode == "max":
            readings.slopes[probe] = asking.slopes(probe)
        readings.backward[probe] = asking.gradient(probe)
    if asking.offers(Operation.BOX_GRADIENT):
        readings.box_slopes[probe] = asking.box_slopes(probe)
        readings.box_backward[probe] = asking.box_gradient(probe)


@dataclass(frozen=True, slots=True)
class _Asking:
    """Probes on their way to a worker."""

    session: Session
    description: Description
    setting: Setting

    def offers(self, operation: Operation) -> bool:
        return operation in self.description.operations

    def output(self, probe: Probe, maps: Array) -> Reading:
        """Returns the output on ``maps``, ``(C, H, W)``."""
        call = probe.forward(maps, self.setting.dialect, self.setting.dtype, self.setting.layout)
        return self._ask(call, (len(probe.boxes), len(maps), *probe.output_size))

    def slopes(self, probe: Probe) -> Reading:
        """Returns the derivative of a maximum on a generic map, by differences."""
        raised = self.output(probe, RAISED)
        if raised.values is None:
            return raised
        with np.errstate(invalid="ignore"):  # a maximum of nothing may be -inf
            return Reading((raised.values[:, 1:] - raised.values[:, :1]) / STEP)

    def gradient(self, probe: Probe) -> Reading:
        """Returns the gradient that arrives at each pixel from each bin."""
        call = probe.backward(self.setting.dialect, self.setting.dtype, self.setting.layout)
        arrived = self._ask(call, (1, probe.bins, *SIZE))
        if arrived.values is None:
            return arrived
        return Reading(arrived.values.reshape(len(probe.boxes), *probe.output_size, PIXELS).transpose(0, 3, 1, 2))

    def box_slopes(self, probe: Probe) -> Reading:
        """Returns the derivatives by the corners from both sides, by differences."""
        moved = self.output(probe.moved(), GENERIC[None])
        if moved.values is None:
            return moved
        outputs = moved.values.reshape(len(probe.boxes), 1 + 2 * len(CORNERS), *probe.output_size)
        here, greater, smaller = np.split(outputs, [1, 1 + len(CORNERS)], axis=1)
        with np.errstate(invalid="ignore"):
            return Reading(np.concatenate([greater - here, here - smaller], axis=1) / SHIFT)

    def box_gradient(self, probe: Probe) -> Reading:
        """Returns the gradient that arrives at each corner from each bin."""
        call = probe.backward_boxes(self.setting.dialect, self.setting.dtype, self.setting.layout)
        arrived = self._ask(call, (probe.bins, len(CORNERS)))
        if arrived.values is None:
            return arrived
        by_bin = arrived.values.reshape(len(probe.boxes), *probe.output_size, len(CORNERS))
        return Reading(by_bin.transpose(0, 3, 1, 2))

    def _ask(self, call: RoiAlignCall, shape: tuple[int, ...]) -> Reading:
        answer = self.session.ask(call)
        if isinstance(answer, Judgement):
            return Reading(None, answer)
        values = answer.transpose(0, 3, 1, 2) if call.layout == "NHWC" and answer.ndim == 4 else answer
        if values.shape != shape:
            wrong = Judgement(Verdict.DEVIATES, f"the {call.operation} has shape {values.shape}, not {shape}")
            return Reading(None, wrong)
        return Reading(values.astype(np.float64))


def records(readings: Readings) -> Iterator[dict[str, Any]]:
    """Yields what a file of footprints says of each footprint that was read, forward and backward."""
    for operation, those in ((Operation.FORWARD, readings.forward), (Operation.FEATURE_GRADIENT, readings.backward)):
        for probe, reading in those.items():
            if probe.mode == "avg":
                yield {"operation": operation, **probe_record(probe), **_taps(probe, reading)}


def probe_record(probe: Probe) -> dict[str, Any]:
    """Returns what a file says of a probe."""
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


def number(value: float) -> float | str:
    """Returns a number for JSON, which has no NaN and no infinity."""
    return float(value) if math.isfinite(value) else str(float(value))
