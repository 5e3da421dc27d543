"""Every named dialect of PSRoIAlign on pyramids is read off who follows it, or its equals in a data type, and faults are seen."""

from dataclasses import replace

import pytest

from roikit.conformance.findings import Readings
from roikit.conformance.operation import Operation
from roikit.conformance.operators.multiscale_ps_roi_align.operator import OPERATOR
from roikit.conformance.operators.multiscale_roi_align.probes.asking import LEVELS
from roikit.conformance.operators.ps_roi_align.probes.asking import ORDER
from roikit.kernels.dialects.multiscale_ps_roi_align import DIALECTS, Dialect
from tests.conformance.played_probes import Kernels, left, read

READ = OPERATOR.probes
EQUALS = {"torchvision": {"torchvision", "mmdetection"}}
"""Dialects that nothing tells apart in float32: where torchvision has a level, a rounding may make mmdetection's of it."""
OF_BINS = ("channels", "offset", "min_size", "empty_grid")


def forward(name, **how):
    """Readings of our kernels, which follow a dialect whatever they are asked for."""
    return read(READ, Kernels(name, "torchvision", operations=("forward",), **how), ("avg",))


@pytest.mark.one_in(2)
@pytest.mark.parametrize("name", DIALECTS)
def test_named_dialects_are_read_off_our_kernels_whichever_is_asked_for(name):
    found = READ.detect(forward(name), "float32")
    assert set(found.names) == EQUALS.get(name, {name})
    assert (found.unexplained, found.is_sound) == ((), True)
    assert [decision.point for decision in found.decisions] == ["level_rule", "no_level", *OF_BINS]
    for point, choices in left(found).items():
        assert getattr(DIALECTS[name], point) in choices


@pytest.mark.parametrize("name", ["mmdetection", "roikit-bin-major"])
def test_in_float64_our_kernels_are_told_apart_and_gradients_are_compared(name):
    readings = read(READ, Kernels(name, "torchvision", dtype="float64", layout="NHWC"), ("avg",))
    found = READ.detect(readings, "float64")
    assert found.names == (name,)
    assert found.best == DIALECTS[name]
    for derivative in READ.derivatives(readings, found.best, "float64"):
        assert (derivative.differences, derivative.failures) == ((), ())
        assert derivative.compared > 10


def test_who_follows_no_named_dialect_is_nearest_to_one():
    """Boxes of negative area are on no level, though nothing is added to a size."""
    readings, other = forward("roikit", dtype="float64"), forward("torchvision", dtype="float64")
    readings.forward[LEVELS[-1]] = other.forward[LEVELS[-1]]
    found = READ.detect(readings, "float64")
    assert (found.names, found.is_sound, found.unexplained) == ((), True, ())
    assert (found.nearest, dict(found.differences)) == ("roikit", {"no_level": "first"})
    assert found.best == replace(DIALECTS["roikit"], no_level="zero")


def test_levels_by_no_rule_are_unexplained():
    def one_coarser(call, answer):
        return answer + (call.operation == Operation.FORWARD and bool(call.level_sizes))

    found = READ.detect(forward("torchvision", spoil=one_coarser), "float32")
    assert (found.names, found.is_sound) == ((), False)
    assert LEVELS[0].name in {odd.probe for odd in found.unexplained}


def test_channels_in_no_order_are_unexplained():
    def mixed(call, answer):
        return answer[:, :, ::-1, ::-1] if len(call.boxes) and call.output_size == ORDER.output_size else answer

    found = READ.detect(forward("roikit", spoil=mixed), "float32")
    assert (found.names, found.is_sound) == ((), False)
    assert [odd.probe for odd in found.unexplained] == [ORDER.name]


def test_a_gradient_that_is_not_the_derivative_is_seen():
    def doubled(call, answer):
        return answer * (2 if call.operation == Operation.FEATURE_GRADIENT else 1)

    readings = read(READ, Kernels("roikit", "roikit", spoil=doubled), ("avg",))
    for_maps, for_boxes = READ.derivatives(readings, DIALECTS["roikit"], "float32")
    assert len(for_maps.differences) > 10
    assert for_boxes.differences == ()


def test_nothing_read():
    found = READ.detect(Readings(), "float32")
    assert (found.best, found.names, found.decisions) == (None, (), ())
    assert list(READ.footprints(Readings())) == []


def test_the_vocabulary_has_no_point_that_is_not_read():
    assert set(READ.points) == set(Dialect.__dataclass_fields__)
    assert all(rule.startswith("MP-") for rule in READ.points.values())
