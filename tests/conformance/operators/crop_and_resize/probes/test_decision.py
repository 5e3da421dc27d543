"""Every named dialect of crop_and_resize is read off who follows it, gradients are compared, and faults are seen."""

from dataclasses import replace

import numpy as np
import pytest

from roikit.conformance.findings import Readings
from roikit.conformance.operation import Operation
from roikit.conformance.operators.crop_and_resize.operator import OPERATOR
from roikit.conformance.operators.crop_and_resize.probes.calls import LAST_POINTS, OF_NEAREST, ON_PIXELS, PROBES
from roikit.conformance.operators.crop_and_resize.probes.prediction import is_beyond
from roikit.conformance.probing import combinations
from roikit.kernels.dialects.crop_and_resize import DIALECTS, Dialect, Knot, LastPoint
from tests.conformance.played_probes import Kernels, left, predicted, read

READ = OPERATOR.probes
MODES = ("bilinear", "nearest")
DISTINCT = tuple({rules: name for name, rules in reversed(DIALECTS.items())}.values())


def test_probes_have_names_of_their_own():
    assert len({probe.name for probe in PROBES}) == len(PROBES)


def test_in_either_type_of_coordinates_the_last_point_of_some_image_is_beyond_it():
    for dtype in ("float32", "float64"):
        assert {is_beyond(probe, dtype) for probe in LAST_POINTS} == {True, False}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("rules", combinations(Dialect))
def test_every_combination_of_choices_is_told_from_all_others(rules, dtype):
    found = READ.detect(predicted(READ, rules, dtype), dtype)
    assert left(found) == {point: (getattr(rules, point),) for point in READ.points}
    assert (found.unexplained, found.is_sound) == ((), True)
    assert {DIALECTS[name] for name in found.names} == ({rules} & set(DIALECTS.values()))


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
@pytest.mark.parametrize("name", DISTINCT)
def test_named_dialects_are_read_off_our_kernels_whichever_is_asked_for(name, layout):
    readings = read(READ, Kernels(name, "tensorflow", layout=layout), MODES)
    found = READ.detect(readings, "float32")
    assert set(found.names) == {other for other, rules in DIALECTS.items() if rules == DIALECTS[name]}
    assert (found.unexplained, found.is_sound) == ((), True)
    for derivative in READ.derivatives(readings, found.best, "float32"):
        assert (derivative.differences, derivative.failures) == ((), ())
        assert derivative.compared > 10


def test_of_who_has_no_gradients_only_the_last_point_is_known():
    readings = read(READ, Kernels("onnxruntime", "tensorflow", operations=("forward",)), MODES)
    found = READ.detect(readings, "float32")
    assert left(found) == {"last_point": (LastPoint.CORNER,), "knot": (), "nearest_slope": ()}
    assert set(found.names) == {"roikit", "onnxruntime", "openvino"}
    assert [d.open for d in found.decisions[1:]] == ["no gradient for boxes is offered"] * 2


def test_of_who_has_one_mode_the_other_is_not_asked():
    readings = read(READ, Kernels("tensorflow", "tensorflow"), ("bilinear",))
    assert OF_NEAREST not in readings.forward
    assert left(READ.detect(readings, "float32"))["nearest_slope"] == ()


def test_every_choice_that_is_ruled_out_has_evidence():
    found = READ.detect(predicted(READ, DIALECTS["tensorflow"]), "float32")
    last, knot, _ = found.decisions
    assert [(each.choice, each.probe) for each in last.ruled_out] == [("corner", "29 rows in 14 points")]
    assert [(each.choice, each.probe) for each in knot.ruled_out] == [(Knot.RIGHT, ON_PIXELS.name)]
    assert knot.ruled_out[0].difference.where == "corner y1"


@pytest.mark.parametrize(
    "spoil",
    [
        lambda call, answer: answer[:, :, ::-1] if call.operation == Operation.FORWARD else answer,
        lambda call, answer: answer + (call.mode == "nearest") * (call.operation == Operation.FORWARD),
    ],
)
def test_what_is_no_crop_has_no_name(spoil):
    found = READ.detect(read(READ, Kernels("tensorflow", "tensorflow", spoil=spoil), MODES), "float32")
    assert (found.names, found.is_sound) == ((), False)
    assert found.unexplained


def test_gradients_that_are_not_those_of_the_outputs_are_seen():
    def spoil(call, answer):
        return answer if call.operation == Operation.FORWARD else answer * np.float32(1.5)

    readings = read(READ, Kernels("roikit", "tensorflow", spoil=spoil), MODES)
    for derivative, place in zip(
        READ.derivatives(readings, DIALECTS["roikit"], "float32"), ("pixel", "corner"), strict=True
    ):
        assert derivative.differences
        assert place in derivative.differences[0].reason


def test_who_follows_no_named_dialect_is_nearest_to_one():
    mine = replace(DIALECTS["tensorflow"], knot=Knot.RIGHT)
    found = READ.detect(read(READ, Kernels(mine, "tensorflow"), MODES), "float32")
    assert (found.names, found.is_sound) == ((), True)
    assert DIALECTS[found.nearest] == DIALECTS["tensorflow"]
    assert found.differences == (("knot", Knot.ZERO),)


def test_nothing_read():
    found = READ.detect(Readings(), "float32")
    assert (found.best, found.names, found.decisions) == (None, (), ())
