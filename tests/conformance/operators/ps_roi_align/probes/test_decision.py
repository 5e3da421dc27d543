"""Every named dialect of PSRoIAlign is read off who follows it, gradients are compared, and faults are seen."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from roikit.conformance.adapters.roikit import RoikitHost
from roikit.conformance.findings import Reading, Readings
from roikit.conformance.operation import Operation
from roikit.conformance.operators.ps_roi_align.operator import OPERATOR
from roikit.conformance.operators.ps_roi_align.probes import PsRoiAlignProbes
from roikit.conformance.operators.ps_roi_align.probes.asking import ORDER, order_read
from roikit.kernels.dialects.choices import MinSize
from roikit.kernels.dialects.ps_roi_align import DIALECTS, ChannelOrder, Dialect
from roikit.kernels.errors import InvalidRoiError

PROBES = PsRoiAlignProbes()
DISTINCT = {rules: name for name, rules in reversed(DIALECTS.items())}.values()


@dataclass
class Played:
    """Our kernels, which follow ``rules`` whatever dialect they are asked for."""

    rules: Dialect | str
    dialect: str = "torchvision"
    layout: str = "NCHW"
    dtype: str = "float32"
    operations: tuple = ("forward", "feature_gradient", "box_gradient")
    spoil: object = staticmethod(lambda call, answer: answer)

    def ask(self, call, shape):
        answer = RoikitHost().ps_roi_align(replace(call, dialect=self.rules))
        if answer.ndim == 4 and self.layout == "NHWC":
            answer = answer.transpose(0, 3, 1, 2)
        assert answer.shape == shape
        return Reading(np.array(self.spoil(call, answer), np.float64))


def readings_of(asker, gradients=False):
    readings = Readings()
    asker.operations = asker.operations if gradients else ("forward",)
    for probe in PROBES.offered(("avg",)):
        PROBES.read(asker, probe, readings)
    return readings


@pytest.mark.parametrize("name", DISTINCT)
@pytest.mark.parametrize("asked", ["torchvision", "roikit-bin-major"])
def test_named_dialects_whichever_is_asked_for(name, asked):
    found = PROBES.detect(readings_of(Played(name, asked)), "float32")
    assert {DIALECTS[other] for other in found.names} == {DIALECTS[name]}
    assert (found.unexplained, found.is_sound) == ((), True)
    assert found.best in (DIALECTS[name], replace(DIALECTS[name], empty_grid="zero"))
    assert [decision.point for decision in found.decisions] == list(PROBES.points)
    for decision in found.decisions:
        assert getattr(DIALECTS[name], decision.point) in decision.left
        assert len(decision.left) == 1 or decision.point == "empty_grid", "which a least size leaves open"


def test_the_layout_makes_no_difference():
    found = PROBES.detect(readings_of(Played("roikit-bin-major", layout="NHWC")), "float32")
    assert found.names == ("roikit-bin-major",)


def test_every_order_that_is_ruled_out_has_evidence():
    (channels, *_) = PROBES.detect(readings_of(Played("roikit")), "float32").decisions
    assert channels.left == (ChannelOrder.CLASS_MAJOR,)
    (other,) = channels.ruled_out
    assert (other.choice, other.probe) == (ChannelOrder.BIN_MAJOR, ORDER.name)
    assert other.difference == ("bin (0, 1), channel 0", 1.0, 2.0)


def test_the_order_is_read_of_who_rounds_weights():
    """As torchvision and MXNet do, whose averages of equal numbers are not always these."""

    def rounded(call, answer):
        return answer * np.float32(1 + 2.0**-20)

    found = PROBES.detect(readings_of(Played("roikit-bin-major", spoil=rounded)), "float32")
    assert found.decisions[0].left == (ChannelOrder.BIN_MAJOR,)


def test_who_follows_no_named_dialect_is_nearest_to_one():
    mine = Dialect(min_size=MinSize.ONE)
    found = PROBES.detect(readings_of(Played(mine)), "float32")
    assert (found.names, found.is_sound, found.unexplained) == ((), True, ())
    assert (found.nearest, dict(found.differences)) == ("torchvision", {"min_size": MinSize.NONE})


@pytest.mark.parametrize("name", ["roikit", "roikit-bin-major"])
def test_gradients_are_the_derivatives(name):
    readings = readings_of(Played(name), gradients=True)
    for_maps, for_boxes = PROBES.derivatives(readings, DIALECTS[name], "float32")
    assert (for_maps.differences, for_maps.failures, for_maps.compared) == ((), (), 17)
    assert (for_boxes.differences, for_boxes.failures) == ((), ())
    assert for_boxes.compared


def test_a_gradient_that_is_not_the_derivative_is_seen():
    def doubled(call, answer):
        return answer * (2 if call.operation == Operation.FEATURE_GRADIENT else 1)

    readings = readings_of(Played("roikit", spoil=doubled), gradients=True)
    for_maps, for_boxes = PROBES.derivatives(readings, DIALECTS["roikit"], "float32")
    assert len(for_maps.differences) > 10
    assert for_boxes.differences == ()


def test_channels_in_no_order_are_unexplained():
    def mixed(call, answer):
        return answer[:, :, ::-1, ::-1] if len(call.boxes) and call.output_size == ORDER.output_size else answer

    readings = readings_of(Played("roikit", spoil=mixed))
    assert order_read(readings.forward) is None
    found = PROBES.detect(readings, "float32")
    assert (found.names, found.is_sound) == ((), False)
    assert [odd.probe for odd in found.unexplained] == [ORDER.name]
    assert found.decisions[0].open == "bins read channels in no order that there is"


def test_a_choice_of_roi_align_that_nobody_makes_here_is_unexplained(monkeypatch):
    """Samples beyond the map clamped to its edge: RoIAlign's `outside`."""
    from roikit.kernels.dialects import ps_roi_align, roi_align
    from roikit.kernels.dialects.choices import Outside

    monkeypatch.setattr(
        ps_roi_align.Dialect,
        "sampling",
        property(lambda self: roi_align.Dialect(offset=self.offset, min_size=self.min_size, outside=Outside.CLAMP)),
    )
    found = PROBES.detect(readings_of(Played(Dialect())), "float32")
    assert not found.is_sound
    assert any("outside is clamp" in odd.reason for odd in found.unexplained)


def test_refused_boxes_are_no_crash():
    with pytest.raises(InvalidRoiError):
        RoikitHost().ps_roi_align(
            replace(
                ORDER.forward(np.ones((12, 6, 7)), "torchvision", "float32", "NCHW"),
                boxes=np.full((1, 5), np.nan, np.float32),
            )
        )


def test_nothing_read():
    found = PROBES.detect(Readings(), "float32")
    assert (found.best, found.names, found.decisions) == (None, (), ())
    assert list(OPERATOR.probes.footprints(Readings())) == []
