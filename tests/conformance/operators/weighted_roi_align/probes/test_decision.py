"""Every named dialect of weighted RoIAlign is read off who follows it; who weighs nothing, or divides by nothing, has no name."""

from dataclasses import replace

import numpy as np
import pytest

from roikit.conformance.findings import Readings
from roikit.conformance.operation import Operation
from roikit.conformance.operators.weighted_roi_align.operator import OPERATOR
from roikit.conformance.operators.weighted_roi_align.probes.asking import DIVIDED
from roikit.kernels.dialects import roi_align
from roikit.kernels.dialects.weighted_roi_align import DIALECTS
from tests.conformance.played_probes import Kernels, read

READ = OPERATOR.probes
DISTINCT = tuple({rules: name for name, rules in reversed(DIALECTS.items())}.values())
FORWARD = ("forward",)


class Unweighed(Kernels):
    """Who is handed weights and takes no notice of them."""

    def ask(self, call, shape):
        return super().ask(replace(call, weights=np.ones_like(call.weights)), shape)


class Undivided(Kernels):
    """Who never divides by weights."""

    def ask(self, call, shape):
        return super().ask(replace(call, normalise=False), shape)


@pytest.mark.parametrize("name", DISTINCT)
def test_named_dialects_whichever_is_asked_for(name):
    found = READ.detect(read(READ, Kernels(name, "torchvision", operations=FORWARD), OPERATOR.modes), "float32")
    assert set(found.names) == {other for other, rules in DIALECTS.items() if rules == DIALECTS[name]}
    assert (found.unexplained, found.is_sound, found.best) == ((), True, DIALECTS[name])
    assert [decision.point for decision in found.decisions] == list(READ.points)


@pytest.mark.parametrize("name", ["torchvision", "torchvision-aligned"])
def test_of_who_has_averages_alone_no_maximum_is_read(name):
    found = READ.detect(read(READ, Kernels(name, "torchvision", operations=FORWARD), ("avg",)), "float32")
    averages = {rules.for_mode("avg") for rules in (DIALECTS[name],)}
    assert set(found.names) == {other for other, rules in DIALECTS.items() if rules.for_mode("avg") in averages}
    assert (found.unexplained, found.is_sound) == ((), True)


@pytest.mark.parametrize("mode", ["avg", "max"])  # of other means nothing is read off
def test_gradients_are_the_derivatives_in_either_layout(mode):
    readings = read(READ, Kernels("torchvision-aligned", "torchvision", layout="NHWC"), (mode,))
    for derivative in READ.derivatives(readings, DIALECTS["torchvision-aligned"], "float32"):
        assert (derivative.differences, derivative.failures) == ((), ())
        assert derivative.compared


def test_a_gradient_that_is_not_the_derivative_is_seen():
    def doubled(call, answer):
        return answer * (2 if call.operation == Operation.FEATURE_GRADIENT else 1)

    readings = read(READ, Kernels("torchvision", "torchvision", spoil=doubled), ("avg",))
    for_maps, for_boxes = READ.derivatives(readings, DIALECTS["torchvision"], "float32")
    assert for_maps.differences
    assert not for_boxes.differences


def test_who_takes_no_notice_of_weights_has_no_name():
    found = READ.detect(read(READ, Unweighed("torchvision", "torchvision", operations=FORWARD), ("avg",)), "float32")
    assert (found.names, found.is_sound) == ((), False)


def test_who_does_not_divide_has_no_name():
    found = READ.detect(read(READ, Undivided("torchvision", "torchvision", operations=FORWARD), ("avg",)), "float32")
    assert (found.names, found.is_sound) == ((), False)
    assert [odd.probe for odd in found.unexplained] == [DIVIDED.name]


def test_who_follows_no_named_dialect_is_nearest_to_one():
    mine = roi_align.Dialect(adaptive="floor")
    found = READ.detect(read(READ, Kernels(mine, "torchvision", operations=FORWARD), ("avg",)), "float32")
    assert (found.names, found.is_sound) == ((), True)
    assert dict(found.differences) == {"adaptive": "ceil"}


def test_nothing_read():
    found = READ.detect(Readings(), "float32")
    assert (found.best, found.names, found.decisions) == (None, (), ())
    assert list(READ.footprints(Readings())) == []
