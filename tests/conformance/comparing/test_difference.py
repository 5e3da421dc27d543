"""Two dialects beside each other: what is said of them is what their rules come to."""

import json
import math
from importlib.resources import files

import jsonschema_rs
import numpy as np
import pytest

from roikit.conformance import operators
from roikit.conformance.comparing import calls
from roikit.conformance.comparing.difference import difference, equal_dialects
from roikit.conformance.comparing.named import side
from roikit.conformance.errors import UsageError
from roikit.conformance.operation import Operation
from tests.command import roikit

ALIGN, POOL = operators.get("roi_align"), operators.get("roi_pool")
SCHEMA = jsonschema_rs.validator_for(
    json.loads(files("roikit.conformance").joinpath("schema/difference.schema.json").read_text())
)


def compared(first, second, mode="avg", operator=ALIGN, boxes=8):
    return difference(operator, first, second, mode, boxes, 0)


def facts(found):
    return {facts for facts, _ in found.agreeing}


def test_half_a_pixel_is_seen_by_every_box():
    found = compared("torchvision", "torchvision-aligned")
    assert [choice.name for choice in found.choices] == ["offset", "min_size"]
    assert found.smallest.call == calls.Small(((0, 0), (0, 1)), (0.0, 0.0, 1.0, 1.0), 1, 1, "avg")
    assert (found.smallest.first, found.smallest.second) == ([[0.25]], [[0]])
    assert all(seen.of_boxes == 1 and seen.of_values > 0.9 and 0 < seen.median < seen.greatest for seen in found.common)
    assert found.agreeing == ()


def test_an_empty_grid_is_seen_by_no_box_of_a_detector():
    found = compared("torchvision-aligned", "opencv")
    assert [(choice.name, choice.first, choice.second) for choice in found.choices] == [
        ("empty_grid", "zero", "one_sample")
    ]
    assert found.smallest.call.ratio == 0
    assert (found.smallest.first, found.smallest.second) == ([[0]], [[0.5]])
    assert [seen[2:] for seen in found.common] == [(0, 0, 0, 0, None)] * 3
    assert facts(found) == {("sampling_ratio is 1 or more",), ("boxes are not empty",)}


def test_what_lies_outside_of_the_map_is_said():
    assert facts(compared("torchvision", "nnapi")) == {("boxes lie within the map",)}


def test_what_is_no_number_is_infinitely_far():
    assert max(seen.greatest for seen in compared("torchvision", "mindspore", boxes=40).common) == math.inf


def test_the_same_function_has_nothing_to_say():
    found = compared("torchvision", "onnx-10")
    assert (found.choices, found.smallest, found.common, found.calls) == ((), None, (), 0)
    assert compared("torchvision", "onnx-10", "max").choices[0].name == "max"
    assert equal_dialects(ALIGN, "onnx-16", ("torchvision", "torchvision-aligned"), "avg") == ("torchvision-aligned",)


def test_an_operator_without_a_sampling_ratio_is_compared_too():
    found = compared("torchvision", "chainer-max", "max", POOL)
    assert [seen.head.name for seen in found.common] == ["box head", "mask head"]
    assert found.smallest.call.ratio is None
    assert not any("sampling_ratio" in name for names in facts(found) for name in names)


def test_a_difference_that_no_small_call_shows_is_shown_by_a_box_of_a_detector():
    found = compared("torchvision", "openvino", "avg", POOL, boxes=100)
    assert (found.smallest, found.agreeing, [choice.name for choice in found.choices]) == (None, (), ["edges"])
    seen = found.common[0]
    assert 0 < seen.of_values < seen.of_boxes < 0.1
    given = next(
        each for each in calls.detected(POOL, seen.head, "avg", 100, 0) if each["spatial_scale"][0] == seen.example[1]
    )
    given["boxes"] = [[0, *seen.example[0]]]
    both = (POOL.oracle.values(given, Operation.FORWARD, POOL.dialects[name]) for name in ("torchvision", "openvino"))
    assert (next(both) != next(both)).any()


def test_boxes_are_those_of_a_detector_and_follow_from_the_seed():
    first, again, other = ([*calls.detected(ALIGN, calls.HEADS[0], "avg", 300, seed)] for seed in (1, 1, 2))
    assert first == again != other
    assert {given["spatial_scale"][0] for given in first} == {1 / 4, 1 / 8, 1 / 16, 1 / 32}
    boxes = np.array([box for given in first for box in given["boxes"]])
    assert len(boxes) == 300
    assert (boxes[:, 1:] >= 0).all()
    assert (boxes[:, 3:] <= [1088, 800]).all()
    assert (boxes[:, 3:] > boxes[:, 1:3]).all()


def test_what_a_name_stands_for():
    assert side("onnx-16", ALIGN)[:4] == ("onnx-16", "", "onnx-16", ("onnx-10", "onnx-16-output-half-pixel"))
    assert side("onnxruntime:onnx-16", ALIGN).named == "onnxruntime (onnx-16)"
    assert side("torchvision", ALIGN).others == ("torchvision-aligned",)
    assert any("batch index" in reason for reason in side("torchvision", ALIGN).deviations)
    assert not any("batch index" in reason for reason in side("onnxruntime", ALIGN).deviations)
    with pytest.raises(
        UsageError, match="no dialect or implementation is called 'torchvison': did you mean torchvision"
    ):
        side("torchvison", ALIGN)
    with pytest.raises(UsageError, match="no dialect of onnxruntime is called 'paddle'"):
        side("onnxruntime:paddle", ALIGN)
    with pytest.raises(UsageError, match="detectron2 has no RoIPool"):
        side("detectron2", POOL)


def test_the_command_says_it_and_writes_it(tmp_path):
    run = roikit("difference", "torchvision", "opencv", "--boxes", "4", "--mode", "avg", "-o", tmp_path / "d.json")
    assert run.returncode == 0
    assert run.stdout.startswith("RoIAlign, avg: torchvision → opencv\n")
    assert "torchvision:torchvision-aligned" in run.stdout
    assert "box head, 7 × 7 bins, 2 × 2 samples a bin" in run.stdout
    document = json.loads((tmp_path / "d.json").read_text())
    SCHEMA.validate(document)
    assert document["difference"]["modes"][0]["mode"] == "avg"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nobody", "torchvision"], "no dialect or implementation is called 'nobody'"),
        (["torchvision", "opencv", "--mode", "sum"], "no mode of roi_align is called 'sum': there are avg, max"),
        (["torchvision", "opencv", "-o", "nowhere/d.json"], "d.json cannot be written: there is no folder"),
        (["torchvision", "opencv", "--op", "pool"], "no operator is called 'pool'"),
    ],
)
def test_a_mistake_is_a_line(arguments, message):
    run = roikit("difference", *arguments)
    assert (run.returncode, run.stderr.count("\n")) == (2, 1)
    assert message in run.stderr
