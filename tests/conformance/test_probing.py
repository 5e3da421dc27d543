"""Operators that are read off an implementation by calls: named dialects are told from each other, and faults have no name."""

import numpy as np
import pytest

from roikit.conformance import operators
from roikit.conformance.call import LAYOUTS
from roikit.conformance.findings import Readings
from roikit.conformance.operation import Operation
from roikit.conformance.probing import CallProbes
from tests.conformance.played_probes import Kernels, predicted, read

OF_THEIR_OWN = ("crop_and_resize", "prroi_pool")  # which have more to say of the same
NAMES = [
    name for name in operators.NAMES if isinstance(operators.get(name).probes, CallProbes) and name not in OF_THEIR_OWN
]
DISTINCT = [
    (name, one)
    for name in NAMES
    for one in {rules: one for one, rules in reversed(operators.get(name).dialects.items())}.values()
]


AS_EXACT = {"detectron2", "roikit-degrees"}
"""Of rotated RoIAlign: who computes quarter turns in degrees may have them exactly, as our kernels do; then nobody can tell."""


def same_as(operator, name):
    dialects = operators.get(operator).dialects
    alike = AS_EXACT if operator == "roi_align_rotated" and name in AS_EXACT else ()
    return {other for other, rules in dialects.items() if rules == dialects[name]} | set(alike)


@pytest.mark.parametrize("operator", NAMES)
def test_probes_have_names_of_their_own_and_points_are_those_of_the_vocabulary(operator):
    known, probes = operators.get(operator), operators.get(operator).probes
    assert len({probe.name for probe in probes.probes}) == len(probes.probes)
    assert set(probes.points) == set(next(iter(known.dialects.values())).__dataclass_fields__)


@pytest.mark.one_in(4)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("operator", "name"), DISTINCT)
def test_named_dialects_are_read_off_the_oracle(operator, name, dtype):
    known, probes = operators.get(operator), operators.get(operator).probes
    found = probes.detect(predicted(probes, known.dialects[name], dtype, tuple(map(str, known.operations))), dtype)
    assert set(found.names) == same_as(operator, name)
    assert (found.unexplained, found.is_sound) == ((), True)
    for decision in found.decisions:
        assert getattr(known.dialects[name], decision.point) in decision.left
        assert decision.ruled_out or decision.point == "quarter_turns"
        assert len(decision.left) == 1 or (decision.point, known.dialects[name].unit) == ("quarter_turns", "degrees")
        assert all(each.difference.where for each in decision.ruled_out)


@pytest.mark.one_in(4)
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(("operator", "name"), DISTINCT)
def test_named_dialects_are_read_off_our_kernels_whichever_is_asked_for(operator, name, layout):
    known, probes = operators.get(operator), operators.get(operator).probes
    asked = known.function_dialects[0]
    kernels = Kernels(name, asked, layout=layout, operations=tuple(map(str, known.operations)))
    readings = read(probes, kernels, known.modes)
    found = probes.detect(readings, "float32")
    assert set(found.names) == same_as(operator, name)
    assert (found.unexplained, found.is_sound) == ((), True)
    for operation, derivative in zip(
        (Operation.FEATURE_GRADIENT, Operation.BOX_GRADIENT),
        probes.derivatives(readings, found.best, "float32"),
        strict=True,
    ):
        assert (derivative.differences, derivative.failures) == ((), ())
        assert bool(derivative.compared) == (operation in known.operations)


FAULTS = {
    "exchanged bins": lambda call, answer: np.flip(answer, -1) if call.operation == Operation.FORWARD else answer,
    "a little off": lambda call, answer: answer + (call.operation == Operation.FORWARD) / 64,
    "scaled": lambda call, answer: answer * (1.25 if call.operation == Operation.FORWARD else 1),
}


@pytest.mark.one_in(4)
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("operator", NAMES)
def test_a_fault_has_no_name(operator, fault):
    known, probes = operators.get(operator), operators.get(operator).probes
    name = known.function_dialects[0]
    kernels = Kernels(name, name, spoil=FAULTS[fault], operations=("forward",))
    found = probes.detect(read(probes, kernels, known.modes), "float32")
    assert (found.names, found.is_sound) == ((), False)
    assert found.unexplained


@pytest.mark.parametrize("operator", NAMES)
def test_gradients_that_are_not_those_of_the_outputs_are_seen(operator):
    known, probes = operators.get(operator), operators.get(operator).probes
    name = known.function_dialects[0]

    def spoil(call, answer):
        return answer if call.operation == Operation.FORWARD else answer * 1.5

    gradients = ("feature_gradient", "box_gradient")
    operations = tuple(operation for operation in ("forward", *gradients) if operation in known.operations)
    readings = read(probes, Kernels(name, name, spoil=spoil, operations=operations), known.modes)
    found = probes.derivatives(readings, known.dialects[name], "float32")
    assert [bool(each.differences) for each in found] == [gradient in operations for gradient in gradients]


@pytest.mark.parametrize("operator", NAMES)
def test_nothing_read(operator):
    found = operators.get(operator).probes.detect(Readings(), "float32")
    assert (found.best, found.names, found.decisions) == (None, (), ())
