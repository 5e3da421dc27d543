"""The exact oracle plays implementations that are read, without a worker in between."""

from functools import cache

import numpy as np

from roikit.conformance.findings import Reading, Readings
from roikit.conformance.operators.roi_align.oracle.gradient import box_gradient, feature_gradient
from roikit.conformance.operators.roi_align.oracle.output import roi_align
from roikit.conformance.operators.roi_align.probes.calls import GENERIC, PIXELS, PROBES, RAISED, SHIFT, STEP, maps_of
from roikit.conformance.sampling.axis import Rules
from roikit.conformance.verdict import Judgement, Verdict
from roikit.kernels.dialects.roi_align import DIALECTS

REFUSED = Reading(None, Judgement(Verdict.REJECTED, "ValueError: no"))
UNSUPPORTED = Reading(None, Judgement(Verdict.UNSUPPORTED, "adaptive sampling"))
DISTINCT = {dialect: name for name, dialect in reversed(DIALECTS.items())}


def floats(exact):
    return np.frompyfunc(float, 1, 1)(exact).astype(np.float64)


def arguments(probe, dialect):
    pairs = (probe.scale, probe.scale), (probe.sampling_ratio, probe.sampling_ratio)
    return (*pairs, probe.mode, dialect)


@cache
def output_on_its_maps(probe, dialect, rules, dtype):
    return output(probe, dialect, maps_of(probe, dtype), rules)


def output(probe, dialect, maps, rules=Rules):
    return floats(roi_align(maps[None], probe.rows, probe.output_size, *arguments(probe, dialect), rules).values)


def played(dialect, rules=Rules, probes=PROBES, dtype="float32"):
    """What an implementation that does exactly what ``dialect`` says gives."""
    return {probe: Reading(output_on_its_maps(probe, dialect, rules, dtype)) for probe in probes}


def gradient(probe, dialect):
    """The exact gradient of every bin, laid out like a footprint."""
    one_hot = np.eye(probe.bins).reshape(probe.bins, len(probe.boxes), *probe.output_size).swapaxes(0, 1)
    maps = np.repeat(GENERIC[None, None], probe.bins, axis=1)
    got = feature_gradient(one_hot, probe.rows, maps.shape, *arguments(probe, dialect), maps).values
    return floats(got).reshape(len(probe.boxes), *probe.output_size, PIXELS).transpose(0, 3, 1, 2)


def slopes(probe, dialect):
    raised = output(probe, dialect, RAISED)
    with np.errstate(invalid="ignore"):
        return (raised[:, 1:] - raised[:, :1]) / STEP


def with_backward(dialect, backward):
    """Readings of an implementation that pools as ``dialect`` says, with the gradient of ``backward``."""
    probes = [probe for probe in PROBES if probe.name != "max: box without area, adaptive"]
    return Readings(
        forward=played(dialect, probes=probes),
        slopes={probe: Reading(slopes(probe, dialect)) for probe in probes if probe.mode == "max"},
        backward={probe: Reading(gradient(probe, backward)) for probe in probes},
    )


def with_box_gradient(dialect, backward):
    """Readings of an implementation that pools as ``dialect`` says, with the gradient for boxes of ``backward``."""
    readings = Readings(forward=played(dialect))
    for probe in PROBES:
        outputs = output(probe.moved(), dialect, GENERIC[None]).reshape(len(probe.boxes), 9, *probe.output_size)
        with np.errstate(invalid="ignore"):
            sides = outputs[:, 1:5] - outputs[:, :1], outputs[:, :1] - outputs[:, 5:]
        readings.box_slopes[probe] = Reading(np.concatenate(sides, axis=1) / SHIFT)
        call = probe.backward_boxes("torchvision", "float64", "NCHW")
        values = box_gradient(call.grad, call.input, call.boxes, *arguments(probe, backward)).values
        by_bin = floats(values).reshape(len(probe.boxes), *probe.output_size, 4)
        readings.box_backward[probe] = Reading(by_bin.transpose(0, 3, 1, 2))
    return readings


def left(detection):
    return {decision.point: decision.left for decision in detection.decisions}
