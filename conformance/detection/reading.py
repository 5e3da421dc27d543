"""Reads off an implementation, as a black box through its worker, how it computes an operator.

A worker that dies or hangs costs one reading. Boxes that may do harm come last, each in a worker of its own.
"""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..call import from_layout
from ..findings import Reading, Readings
from ..verdict import Judgement, Verdict
from ..workers.session import Session

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Sequence

    from ..call import Call
    from ..implementation import Capability
    from ..operator import Probe, Probes
    from ..results.result import Subject
    from ..workers.process import Target

_PATIENCE = 3  # calls without an answer in time, after which no more are made
_NOT_ASKED = Reading(None, Judgement(Verdict.TIMED_OUT, "not asked, after others took too long"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """How an implementation is asked: the operator, the dialect that its adapter is told to ask for, the arrays it gets."""

    operator: str
    dialect: str
    dtype: str
    layout: str


@dataclass(frozen=True, slots=True)
class WorkerAsker:
    """Asks a worker what probes want to know."""

    session: Session
    setting: Setting
    operations: tuple[str, ...]

    @property
    def dialect(self) -> str:
        """The dialect that the adapter is told to ask for."""
        return self.setting.dialect

    @property
    def dtype(self) -> str:
        """The data type of the maps."""
        return self.setting.dtype

    @property
    def layout(self) -> str:
        """The layout of the maps."""
        return self.setting.layout

    def ask(self, call: Call, shape: tuple[int, ...]) -> Reading:
        """The reading of a call whose answer has this shape, in the order of case files."""
        answer = self.session.ask(call)
        if isinstance(answer, Judgement):
            return Reading(None, answer)
        values = from_layout(answer, call.answers[call.operation], call.layout)
        if values.shape != shape:
            wrong = Judgement(Verdict.DEVIATES, f"the {call.operation} has shape {values.shape}, not {shape}")
            return Reading(None, wrong)
        return Reading(values.astype(np.float64))


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
        probes: Probes,
        capability: Capability,
        setting: Setting,
        on_reading: Callable[[], None],
        asked: Sequence[Probe] | None = None,
    ) -> Readings:
        """The readings in one setting of those probes that are ``asked``, or of all; ``on_reading`` is called after each."""
        readings = Readings()
        offered = [probe for probe in probes.offered(capability.modes) if asked is None or probe in asked]
        for probe in sorted(offered, key=lambda probe: probe.is_malformed):
            if self._has_given_up(readings):
                readings.forward[probe] = _NOT_ASKED
            elif probe.is_malformed and (lacking := _lacking(probes, probe, readings)):
                readings.forward[probe] = lacking  # a worker may take long to start, only to say so
            elif probe.is_malformed:
                with closing(self._session()) as session:
                    asker = WorkerAsker(session, setting, capability.operations)
                    probes.warm_up(asker, probe, readings)
                    probes.read(asker, probe, readings)
            else:
                probes.read(WorkerAsker(self._harmless, setting, capability.operations), probe, readings)
            on_reading()
        return readings

    def _has_given_up(self, readings: Readings) -> bool:
        failed = Counter(reading.failure.verdict for reading in readings.forward.values() if reading.failure)
        return self._stop.is_set() or failed[Verdict.TIMED_OUT] >= _PATIENCE


def _lacking(probes: Probes, probe: Probe, readings: Readings) -> Reading | None:
    """Why a probe cannot be asked for, if no harmless one like it can be."""
    alike = [
        reading
        for other, reading in readings.forward.items()
        if not other.is_malformed and probes.are_alike(probe, other)
    ]
    lack = all(reading.failure and reading.failure.verdict == Verdict.UNSUPPORTED for reading in alike)
    return alike[0] if alike and lack else None
