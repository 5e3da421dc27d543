"""Who answers probes that are calls: our kernels, or the exact oracle, whatever dialect they are asked for."""

from dataclasses import dataclass, field, replace

import numpy as np

from roikit.conformance.adapters.roikit import RoikitHost
from roikit.conformance.call import from_layout
from roikit.conformance.findings import Reading, Readings

ALL = ("forward", "feature_gradient", "box_gradient")


@dataclass
class Kernels:
    """Our kernels, which follow one dialect; what they answer may be spoiled."""

    rules: object
    dialect: str
    dtype: str = "float32"
    layout: str = "NCHW"
    operations: tuple = ALL
    spoil: object = field(default=lambda call, answer: answer)

    def ask(self, call, shape):
        answer = getattr(RoikitHost(), call.operator)(replace(call, dialect=self.rules))
        answer = from_layout(answer, call.answers[call.operation], self.layout)
        assert answer.shape == shape
        return Reading(np.array(self.spoil(call, answer), np.float64))


def read(probes, asker, modes):
    """All readings of somebody."""
    readings = Readings()
    for probe in probes.offered(modes):
        probes.read(asker, probe, readings)
    return readings


def predicted(probes, dialect, dtype="float32", operations=ALL):
    """All readings of who gives exactly what a dialect says, as far as that is said."""
    readings = Readings()
    for probe in probes.probes:
        allowed = probes.predictions(probe, dialect.for_mode(probe.mode), dtype)
        if allowed and probe.operation in operations:
            readings.forward[probe] = Reading(np.where(np.isinf(allowed[0].bound), 1.0, allowed[0].values))
    return readings


def left(detection):
    return {decision.point: decision.left for decision in detection.decisions}
