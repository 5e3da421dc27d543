"""Every named dialect of weighted RoIAlign on pyramids is read off who follows it, and faults are seen."""

from dataclasses import replace

import numpy as np
import pytest

from roikit.conformance.findings import Readings
from roikit.conformance.operation import Operation
from roikit.conformance.operators.multiscale_roi_align.probes.asking import LEVELS
from roikit.conformance.operators.multiscale_weighted_roi_align.operator import OPERATOR
from roikit.kernels.dialects.multiscale_weighted_roi_align import DIALECTS, Dialect
from tests.conformance.played_probes import Kernels, left, read

READ = OPERATOR.probes
MODES = ("avg", "max")


def forward(name, modes=MODES, **how):
    """Readings of our kernels, which follow a dialect whatever they are asked for."""
    return read(READ, Kernels(name, "torchvision", operations=("forward",), **how), modes)


class Unweighed(Kernels):
    """Who is handed weights and takes no notice of them."""

    def ask(self, call, shape):
        return super().ask(replace(call, weights=np.ones_like(call.weights)), shape)


@pytest.mark.one_in(3)
@pytest.mark.parametrize("name", DIALECTS)
def test_named_dialects_are_read_off_our_kernels_whichever_is_asked_for(name):
    found = READ.detect(forward(name, dtype="float64"), "float64")
    assert name in found.names
    assert all(DIALECTS[other] == DIALECTS[name] for other in found.names)
    assert (found.unexplained, found.is_sound) == ((), True)
    assert [decision.point for decision in found.decisions] == list(READ.points)
    for point, choices in left(found).items():
        assert getattr(DIALECTS[name], point) in choices


def test_gradients_are_compared():
    readings = read(READ, Kernels("detectron2", "torchvision", dtype="float64", layout="NHWC"), ("avg",))
    for derivative in READ.derivatives(readings, DIALECTS["detectron2"], "float64"):
        assert (derivative.differences, derivative.failures) == ((), ())
        assert derivative.compared > 10


def test_who_follows_no_named_dialect_is_nearest_to_one():
    """Boxes of negative area are on no level, though nothing is added to a size."""
    readings, other = (forward(name, dtype="float64") for name in ("roikit-onnx-16", "torchvision"))
    readings.forward[LEVELS[-1]] = other.forward[LEVELS[-1]]
    found = READ.detect(readings, "float64")
    assert (found.names, found.is_sound, found.unexplained) == ((), True, ())
    assert (found.nearest, dict(found.differences)) == ("roikit-onnx-16", {"no_level": "first"})
    assert found.best == replace(DIALECTS["roikit-onnx-16"], no_level="zero")


def test_levels_by_no_rule_are_unexplained():
    def one_coarser(call, answer):
        return answer + (call.operation == Operation.FORWARD and bool(call.level_sizes))

    found = READ.detect(forward("torchvision", ("avg",), spoil=one_coarser), "float32")
    assert (found.names, found.is_sound) == ((), False)
    assert LEVELS[0].name in {odd.probe for odd in found.unexplained}


def test_who_takes_no_notice_of_weights_has_no_name():
    readings = read(READ, Unweighed("torchvision", "torchvision", operations=("forward",)), ("avg",))
    found = READ.detect(readings, "float32")
    assert (found.names, found.is_sound) == ((), False)


def test_a_gradient_that_is_not_the_derivative_is_seen():
    def doubled(call, answer):
        return answer * (2 if call.operation == Operation.FEATURE_GRADIENT else 1)

    readings = read(READ, Kernels("torchvision", "torchvision", spoil=doubled), ("avg",))
    for_maps, for_boxes = READ.derivatives(readings, DIALECTS["torchvision"], "float32")
    assert len(for_maps.differences) > 10
    assert for_boxes.differences == ()


def test_nothing_read():
    found = READ.detect(Readings(), "float32")
    assert (found.best, found.names, found.decisions) == (None, (), ())
    assert list(READ.footprints(Readings())) == []


def test_the_vocabulary_has_no_point_that_is_not_read():
    assert set(READ.points) == set(Dialect.__dataclass_fields__)
    assert all(rule.startswith("MW-") for rule in READ.points.values())
