"""Every named dialect of PrRoIPool is read off who follows it, gradients are compared, and faults are seen."""

import numpy as np
import pytest

from roikit.conformance.findings import Readings
from roikit.conformance.operation import Operation
from roikit.conformance.operators.prroi_pool.operator import OPERATOR
from roikit.conformance.operators.prroi_pool.probes.calls import FLAT, PROBES
from roikit.kernels.dialects.prroi_pool import DIALECTS, FlatBox
from tests.conformance.played_probes import Kernels, left, predicted, read

READ = OPERATOR.probes
MODES = ("avg",)
DISTINCT = tuple({rules: name for name, rules in reversed(DIALECTS.items())}.values())


def test_probes_have_names_of_their_own():
    assert len({probe.name for probe in PROBES}) == len(PROBES)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", DISTINCT)
def test_named_dialects_are_read_off_the_oracle(name, dtype):
    found = READ.detect(predicted(READ, DIALECTS[name], dtype), dtype)
    assert set(found.names) == {other for other, rules in DIALECTS.items() if rules == DIALECTS[name]}
    assert left(found) == {"flat_box": (DIALECTS[name].flat_box,)}
    ((ruled_out,),) = [decision.ruled_out for decision in found.decisions]
    assert (ruled_out.probe, ruled_out.difference.where) == (FLAT.name, "RoI 0, corner x1")


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
@pytest.mark.parametrize("name", DISTINCT)
def test_named_dialects_are_read_off_our_kernels_whichever_is_asked_for(name, layout):
    readings = read(READ, Kernels(name, "mmcv", layout=layout), MODES)
    found = READ.detect(readings, "float32")
    assert set(found.names) == {other for other, rules in DIALECTS.items() if rules == DIALECTS[name]}
    assert (found.unexplained, found.is_sound) == ((), True)
    for derivative in READ.derivatives(readings, found.best, "float32"):
        assert (derivative.differences, derivative.failures) == ((), ())
        assert derivative.compared == len(PROBES) - 1


def test_of_who_has_no_gradient_for_boxes_nothing_is_decided_and_every_name_fits():
    readings = read(READ, Kernels("mmcv", "mmcv", operations=("forward", "feature_gradient")), MODES)
    found = READ.detect(readings, "float32")
    assert left(found) == {"flat_box": ()}
    assert set(found.names) == set(DIALECTS)
    assert found.decisions[0].open == "no gradient for boxes is offered"


def test_a_gradient_that_is_neither_is_unexplained():
    def spoil(call, answer):
        return answer + (call.operation == Operation.BOX_GRADIENT)

    readings = read(READ, Kernels("mmcv", "mmcv", spoil=spoil), MODES)
    found = READ.detect(readings, "float32")
    assert left(found)["flat_box"] == ()
    assert FLAT.name in {odd.probe for odd in found.unexplained}
    assert len(READ.derivatives(readings, DIALECTS["mmcv"], "float32")[1].differences) == len(PROBES) - 1


def test_what_samples_is_no_integral():
    """RoIAlign's mean of a few samples, say: each bin a little off."""

    def spoil(call, answer):
        return answer + np.float32(1e-3) * (call.operation == Operation.FORWARD)

    found = READ.detect(read(READ, Kernels("mmcv", "mmcv", spoil=spoil), MODES), "float32")
    assert (found.names, found.is_sound) == ((), False)


def test_a_choice_has_the_name_of_the_vocabulary():
    assert {each.flat_box for each in DIALECTS.values()} == set(FlatBox)


def test_nothing_read():
    found = READ.detect(Readings(), "float32")
    assert (found.best, found.names, found.decisions) == (None, (), ())
