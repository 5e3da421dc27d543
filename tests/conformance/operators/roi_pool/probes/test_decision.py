"""Every named dialect of RoIPool is read off what it predicts, and faults are seen."""

from dataclasses import replace

import numpy as np
import pytest

from roikit.conformance.findings import Reading, Readings
from roikit.conformance.operation import Operation
from roikit.conformance.operators.roi_pool.faults.mutants import MUTANTS
from roikit.conformance.operators.roi_pool.operator import OPERATOR
from roikit.conformance.operators.roi_pool.probes import RoiPoolProbes
from roikit.conformance.operators.roi_pool.probes.calls import AVERAGES, MAXIMA, PROBES
from roikit.conformance.operators.roi_pool.probes.decision import detect
from roikit.conformance.operators.roi_pool.probes.prediction import predictions
from roikit.kernels.dialects.choices import EmptyBin
from roikit.kernels.dialects.roi_pool import DIALECTS, MaxStart, NanPixel

KNOWN = [name for name, dialect in DIALECTS.items() if dialect.nan != NanPixel.UNKNOWN]


def readings_of(dialect, probes=MAXIMA, dtype="float32"):
    found = ((probe, predictions(probe, dialect.for_mode(probe.mode), dtype)) for probe in probes)
    return {probe: Reading(allowed[0].values) for probe, allowed in found if allowed}


def test_probes_have_names_of_their_own():
    assert len({probe.name for probe in PROBES}) == len(PROBES)


@pytest.mark.one_in(4)
@pytest.mark.parametrize("name", KNOWN)
def test_named_dialects(name):
    found = detect(readings_of(DIALECTS[name]), "float32")
    assert name in found.names
    assert found.unexplained == ()
    for decision in found.decisions:
        assert getattr(DIALECTS[name], decision.point) in decision.left
        assert len(decision.left) == 1 or decision.point in ("edges", "start")


@pytest.mark.one_in(4)
@pytest.mark.parametrize("name", KNOWN)
def test_a_maximum_begins_otherwise_in_float64(name):
    """float32's lowest number is that of a map of float32."""
    in_float32, in_float64 = (
        next(d.left for d in detect(readings_of(DIALECTS[name], dtype=dtype), dtype).decisions if d.point == "start")
        for dtype in ("float32", "float64")
    )
    begins = DIALECTS[name].start
    assert in_float64 == (begins,)
    either = (MaxStart.LOWEST, MaxStart.LOWEST_OF_MAP)
    assert in_float32 == (either if begins in either else (begins,))


@pytest.mark.parametrize("name", ["roikit", "chainer-average", "mmcv"])
def test_averages(name):
    found = detect(readings_of(DIALECTS[name], AVERAGES), "float32")
    assert name in found.names
    left = {decision.point: decision.left for decision in found.decisions}
    assert not left["empty"]
    assert not left["nan"]
    assert left["snap"] == (DIALECTS[name].snap,)


def test_who_follows_no_named_dialect_is_nearest_to_one():
    """OpenVINO's rules, but that an empty bin is minus infinity."""
    found = detect(readings_of(replace(DIALECTS["openvino"], empty=EmptyBin.MINUS_INFINITY)), "float32")
    assert (found.names, found.is_sound, found.unexplained) == ((), True, ())
    assert DIALECTS[found.nearest] == DIALECTS["openvino"]
    assert found.differences == (("empty", EmptyBin.ZERO),)


def test_every_choice_that_is_ruled_out_has_evidence():
    found = detect(readings_of(DIALECTS["roikit"]), "float32")
    for decision in found.decisions:
        if decision.point != "shift":  # which whole corners do not show
            seen = {str(each.choice) for each in decision.ruled_out} | {str(each) for each in decision.left}
            missing = {str(choice) for choice in type(decision.left[0])} - seen
            assert missing <= {"zero", "unknown"}, decision.point


@pytest.mark.parametrize(
    "fault", ["a maximum begins with 0", "corners half a pixel off", "bins do not overlap", "clipped before the edges"]
)
def test_a_fault_has_no_name(fault):
    mutant = next(mutant for mutant in MUTANTS if mutant.name == fault)
    readings = {}
    for probe in MAXIMA:
        values = mutant.returned(probe.arguments, Operation.FORWARD, DIALECTS["torchvision"], many=False)
        readings[probe] = Reading(values.astype(float))
    found = detect(readings, "float64")
    assert found.names == ()
    assert found.unexplained
    assert not found.is_sound


def test_backward():
    dialect = DIALECTS["roikit"]
    readings = Readings(forward=readings_of(dialect))
    finite = [probe for probe in MAXIMA if np.isfinite(probe.maps).all()]
    for probe in finite:
        (allowed,) = predictions(probe, dialect, "float32", Operation.FEATURE_GRADIENT)
        readings.backward[probe] = Reading(allowed.values)
    assert RoiPoolProbes().derivatives(readings, dialect, "float32")[0].differences == ()
    assert RoiPoolProbes().derivatives(readings, dialect, "float32")[0].compared == len(finite)
    readings.backward[finite[0]] = Reading(readings.backward[finite[0]].values + 1)
    assert [odd.probe for odd in RoiPoolProbes().derivatives(readings, dialect, "float32")[0].differences] == [
        finite[0].name
    ]


def test_nothing_read():
    found = detect({}, "float32")
    assert (found.best, found.names, found.decisions) == (None, (), ())
    assert OPERATOR.probes is not None
    assert list(OPERATOR.probes.footprints(Readings())) == []
