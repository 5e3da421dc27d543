"""Every named dialect of poolers is read off who follows it, or its equals in a data type, and faults are seen."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from roikit.conformance.findings import Reading, Readings
from roikit.conformance.operation import Operation
from roikit.conformance.operators.multiscale_roi_align.operator import OPERATOR
from roikit.conformance.operators.multiscale_roi_align.oracle.levels import levels_of
from roikit.conformance.operators.multiscale_roi_align.probes.asking import LEVELS, LevelProbe
from roikit.conformance.verdict import Judgement, Verdict
from roikit.kernels.dialects.multiscale_roi_align import DIALECTS, Dialect, LevelRule, NoLevel
from tests.conformance.operators.roi_align.probes.played import played
from tests.conformance.played_probes import Kernels, left, read

READ = OPERATOR.probes
EQUALS = {"torchvision": ("torchvision", "mmdetection-legacy"), "roikit-aligned": ("roikit-aligned", "mmdetection")}
"""Dialects that nothing tells apart in float32: where torchvision has a level, a rounding may make mmdetection's of it."""


@cache
def of_oracle(name, dtype):
    """Readings of who does exactly what a dialect says, computed without rounding."""
    rules = DIALECTS[name]
    readings = Readings(forward=dict(played(rules.sampling, probes=sampling(), dtype=dtype)))
    for probe in LEVELS:
        exact = [-1 if level is None else level for (level,) in levels_of(probe.arguments, rules)]
        readings.forward[probe] = Reading(np.array(exact, float).reshape(-1, 1, 1, 1))
    return readings


def sampling():
    return [probe for probe in READ.offered(("avg",)) if not isinstance(probe, LevelProbe)]


@pytest.mark.one_in(4)
@pytest.mark.parametrize("name", DIALECTS)
def test_named_dialects_are_read_off_the_oracle_in_float64(name):
    found = READ.detect(of_oracle(name, "float64"), "float64")
    assert (found.names, found.unexplained, found.is_sound) == ((name,), (), True)
    rules = DIALECTS[name]
    assert left(found) == {point: (getattr(rules, point),) for point in READ.points}


@pytest.mark.parametrize("name", DIALECTS)
def test_named_dialects_are_read_off_the_oracle_in_float32_or_those_that_rounding_makes_one_of_them(name):
    found = READ.detect(of_oracle(name, "float32"), "float32")
    assert found.names == EQUALS.get(name, (name,))
    assert (found.unexplained, found.is_sound) == ((), True)
    assert left(found)["no_level"] == (DIALECTS[name].no_level,)


@pytest.mark.parametrize("name", DIALECTS)
def test_named_dialects_are_read_off_our_kernels_whichever_is_asked_for(name):
    readings = read(READ, Kernels(name, "torchvision", operations=("forward",)), ("avg",))
    found = READ.detect(readings, "float32")
    assert found.names == EQUALS.get(name, (name,))
    assert (found.unexplained, found.is_sound) == ((), True)


def test_in_float64_our_kernels_are_told_apart_and_gradients_are_compared():
    readings = read(READ, Kernels("mmdetection", "torchvision", dtype="float64", layout="NHWC"), ("avg",))
    found = READ.detect(readings, "float64")
    assert found.names == ("mmdetection",)
    for derivative in READ.derivatives(readings, found.best, "float64"):
        assert (derivative.differences, derivative.failures) == ((), ())
        assert derivative.compared > 10


def test_every_rule_that_is_ruled_out_has_evidence():
    found = READ.detect(of_oracle("torchvision", "float64"), "float64")
    rule, none, *_ = found.decisions
    assert {each.choice for each in rule.ruled_out} == set(LevelRule) - {LevelRule.TORCHVISION}
    assert [(each.choice, each.probe) for each in none.ruled_out] == [(NoLevel.FIRST, "boxes of negative area")]
    assert rule.ruled_out[0].difference.where.startswith("box to (")


def test_who_follows_no_named_dialect_is_nearest_to_one():
    readings = of_oracle("torchvision", "float64")
    other = of_oracle("roikit-axlearn", "float64").forward
    readings = replace(readings, forward=readings.forward | {LEVELS[-1]: other[LEVELS[-1]]})
    found = READ.detect(readings, "float64")
    assert (found.names, found.is_sound) == ((), True)
    assert (found.nearest, found.differences) == ("torchvision", (("no_level", NoLevel.ZERO),))


def test_levels_by_no_rule_are_unexplained():
    def one_coarser(call, answer):
        return answer + (call.operation == Operation.FORWARD and bool(call.level_sizes))

    found = READ.detect(
        read(READ, Kernels("torchvision", "torchvision", operations=("forward",), spoil=one_coarser), ("avg",)),
        "float32",
    )
    assert (found.names, found.is_sound) == ((), False)
    assert LEVELS[0].name in {odd.probe for odd in found.unexplained}


def test_a_crash_of_boxes_of_negative_area_leaves_the_rest():
    readings = of_oracle("torchvision", "float64")
    died = Reading(None, Judgement(Verdict.CRASHED, "killed by SIGSEGV"))
    found = READ.detect(replace(readings, forward=readings.forward | {LEVELS[-1]: died}), "float64")
    assert found.names == ("torchvision",)
    assert found.decisions[1].open == "crashed: killed by SIGSEGV"
    died_early = replace(readings, forward=readings.forward | {LEVELS[0]: died})
    assert not READ.detect(died_early, "float64").is_sound


def test_who_does_not_have_several_maps_is_said_to_lack_them():
    readings = of_oracle("torchvision", "float64")
    lacks = Reading(None, Judgement(Verdict.UNSUPPORTED, "one map alone"))
    found = READ.detect(replace(readings, forward=readings.forward | dict.fromkeys(LEVELS, lacks)), "float64")
    assert left(found)["level_rule"] == ()
    assert {odd.probe for odd in found.unsupported} >= {probe.name for probe in LEVELS}


def test_the_vocabulary_has_no_point_that_is_not_read():
    assert list(READ.points) == list(Dialect.__dataclass_fields__)


def test_nothing_read():
    found = READ.detect(Readings(), "float32")
    assert (found.best, found.names, found.decisions) == (None, (), ())
