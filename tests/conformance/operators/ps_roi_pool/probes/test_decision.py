"""Every named dialect of PSRoIPool is read off what it predicts, and faults are seen."""

from dataclasses import replace

import pytest

from roikit.conformance.findings import Reading, Readings
from roikit.conformance.operation import Operation
from roikit.conformance.operators.ps_roi_pool.faults.mutants import MUTANTS
from roikit.conformance.operators.ps_roi_pool.operator import OPERATOR
from roikit.conformance.operators.ps_roi_pool.probes import PsRoiPoolProbes
from roikit.conformance.operators.ps_roi_pool.probes.calls import PROBES
from roikit.conformance.operators.ps_roi_pool.probes.decision import detect
from roikit.conformance.operators.ps_roi_pool.probes.prediction import predictions
from roikit.kernels.dialects.ps_roi_pool import DIALECTS, Clip


def readings_of(dialect, dtype="float32"):
    found = ((probe, predictions(probe, dialect, dtype)) for probe in PROBES)
    return {probe: Reading(allowed[0].values) for probe, allowed in found if allowed}


def test_probes_have_names_of_their_own():
    assert len({probe.name for probe in PROBES}) == len(PROBES)


@pytest.mark.parametrize("name", DIALECTS)
def test_named_dialects(name):
    found = detect(readings_of(DIALECTS[name]), "float32")
    assert name in found.names
    assert {DIALECTS[other] for other in found.names} == {DIALECTS[name]}
    assert found.unexplained == ()
    for decision in found.decisions:
        if decision.left:
            assert getattr(DIALECTS[name], decision.point) in decision.left
            assert len(decision.left) == 1 or decision.point in ("edges", "min_size")


def test_who_follows_no_named_dialect_is_nearest_to_one():
    """MXNet's rules, but that the last row and column are never read."""
    found = detect(readings_of(replace(DIALECTS["mxnet"], clip=Clip.BEFORE_LAST)), "float32")
    assert (found.names, found.is_sound, found.unexplained) == ((), True, ())
    assert DIALECTS[found.nearest] == DIALECTS["mxnet"]
    assert found.differences == (("clip", Clip.MAP),)


def test_every_choice_that_is_ruled_out_has_evidence():
    found = detect(readings_of(DIALECTS["mxnet"]), "float32")
    for decision in found.decisions:
        if decision.left:
            seen = {str(each.choice) for each in decision.ruled_out} | {str(each) for each in decision.left}
            assert seen == {str(choice) for choice in type(decision.left[0])}, decision.point
        else:
            assert decision.point == "edges"


@pytest.mark.parametrize(
    "fault",
    ["channels sorted by bins first", "rows and columns of bins exchanged in the channel", "corners half a pixel off",
     "bins do not overlap", "clipped before the edges", "inclusive end, in feature pixels"],
)  # fmt: skip
def test_a_fault_has_no_name(fault):
    mutant = next(mutant for mutant in MUTANTS if mutant.name == fault)
    readings = {}
    for probe in PROBES:
        values = mutant.returned(probe.arguments, Operation.FORWARD, DIALECTS["torchvision"], many=False)
        readings[probe] = Reading(values.astype(float))
    found = detect(readings, "float64")
    assert found.names == ()
    assert found.unexplained
    assert not found.is_sound


def test_backward():
    dialect = DIALECTS["roikit"]
    readings = Readings(forward=readings_of(dialect))
    for probe in PROBES:
        (allowed,) = predictions(probe, dialect, "float32", Operation.FEATURE_GRADIENT)
        readings.backward[probe] = Reading(allowed.values)
    assert PsRoiPoolProbes().derivatives(readings, dialect, "float32")[0].differences == ()
    assert PsRoiPoolProbes().derivatives(readings, dialect, "float32")[0].compared == len(PROBES)
    readings.backward[PROBES[0]] = Reading(readings.backward[PROBES[0]].values + 1)
    assert [odd.probe for odd in PsRoiPoolProbes().derivatives(readings, dialect, "float32")[0].differences] == [
        PROBES[0].name
    ]


def test_nothing_read():
    found = detect({}, "float32")
    assert (found.best, found.names, found.decisions) == (None, (), ())
    assert OPERATOR.probes is not None
    assert list(OPERATOR.probes.footprints(Readings())) == []
