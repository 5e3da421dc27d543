"""What is peculiar to the probes of rotated RoIAlign: quarter turns, which show on one side of a box or on the other."""

from dataclasses import replace

import numpy as np
import pytest

from roikit.conformance.findings import Reading
from roikit.conformance.operators.roi_align_rotated.operator import OPERATOR
from roikit.conformance.operators.roi_align_rotated.probes.calls import DEGREES, RADIANS
from roikit.kernels.dialects.choices import MinSize, Offset
from roikit.kernels.dialects.roi_align_rotated import DIALECTS, QuarterTurns, Turn, Unit
from tests.conformance.played_probes import Kernels, left, predicted, read

READ = OPERATOR.probes


@pytest.mark.parametrize("side", [-2, -1])
@pytest.mark.parametrize("name", ["mmcv", "mmcv-legacy", "detectron2"])
def test_on_whichever_side_a_computed_quarter_turn_falls_it_is_known(name, side):
    readings, dialect = predicted(READ, DIALECTS[name]), DIALECTS[name]
    probe = DEGREES if dialect.unit == Unit.DEGREES else RADIANS
    readings.forward[probe] = Reading(READ.predictions(probe, dialect, "float32")[side].values)
    found = READ.detect(readings, "float32")
    assert left(found)["quarter_turns"] == (QuarterTurns.COMPUTED,)
    assert name in found.names


def test_who_computes_a_quarter_turn_in_degrees_exactly_may_do_so():
    readings = predicted(READ, DIALECTS["roikit-degrees"])
    found = READ.detect(readings, "float32")
    assert left(found)["quarter_turns"] == tuple(QuarterTurns)
    assert set(found.names) == {"roikit-degrees", "detectron2"}


def test_who_takes_a_sample_over_the_bound_on_both_sides_is_no_dialect():
    readings = predicted(READ, DIALECTS["roikit"])
    readings.forward[RADIANS] = Reading(np.zeros_like(readings.forward[RADIANS].values))
    found = READ.detect(readings, "float32")
    assert (found.names, found.is_sound) == ((), False)
    assert [odd.probe for odd in found.unexplained] == [RADIANS.name]


def test_who_follows_no_named_dialect_is_nearest_to_one():
    mine = replace(DIALECTS["mmcv"], unit=Unit.DEGREES, turn=Turn.CLOCKWISE)
    found = READ.detect(read(READ, Kernels(mine, "roikit"), ("avg",)), "float32")
    assert (found.names, found.is_sound) == ((), True)
    assert (found.nearest, dict(found.differences)) == ("mmcv-clockwise", {"unit": Unit.RADIANS})


def test_all_points_are_decided_apart():
    mine = replace(DIALECTS["roikit"], offset=Offset.NONE, quarter_turns=QuarterTurns.COMPUTED, min_size=MinSize.NONE)
    found = READ.detect(read(READ, Kernels(mine, "roikit"), ("avg",)), "float32")
    assert left(found) == {point: (getattr(mine, point),) for point in READ.points}
