"""Weighted RoIAlign by calls of RoIAlign: what the exact oracle expects, in its bounds, and which calls there are."""

from dataclasses import replace

import pytest

from roikit.conformance.arrays import leaves
from roikit.conformance.cases.case import up_to
from roikit.conformance.cases.golden import golden_cases
from roikit.conformance.implementation import registered
from roikit.conformance.operation import Operation
from roikit.conformance.operators import dialects_of
from roikit.conformance.operators.weighted_roi_align.composition import composed
from roikit.conformance.verdict import Verdict
from roikit.conformance.verdicts.judge import judge_output
from roikit.kernels import roi_align, roi_align_backward, roi_align_backward_boxes

CASES = [
    case
    for case in up_to("small", golden_cases())
    if case.operator == "weighted_roi_align" and case.kind == "value" and not case.arranged
    if case.mode in ("avg", "max")  # no call of RoIAlign makes other means of samples
]


def ours(call):
    """RoIAlign by our kernels, which is not what is tried here."""
    how = {"mode": call.mode, "layout": call.layout, "dialect": call.dialect}
    where = (call.spatial_scale, call.sampling_ratio)
    if call.operation == Operation.FORWARD:
        return roi_align(call.input, call.boxes, call.output_size, *where, **how)
    if call.operation == Operation.FEATURE_GRADIENT:
        return roi_align_backward(call.grad, call.boxes, call.input.shape, *where, **how, input=call.input)
    return roi_align_backward_boxes(call.grad, call.input, call.boxes, *where, **how)


@pytest.mark.one_in(3)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_it_conforms(case):
    for dialect, dtype, layout in (("torchvision", "float32", "NCHW"), ("onnx-16", "float64", "NHWC")):
        expectation = case.expectation(dialect, dtype)
        if expectation:
            answer = composed(case.call(dialect, dtype, layout), ours)
            judgement = judge_output(case, expectation, answer, dtype, layout)
            assert judgement.verdict == Verdict.CONFORMS, judgement.reason


FAULTS = {
    "twice the output": lambda call: ours(call) * (2 if call.operation == Operation.FORWARD else 1),
    "half of what is sent": lambda call: ours(call) / (1 if call.operation == Operation.FORWARD else 2),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_roi_align_does_wrong_is_seen(fault):
    seen = set()
    for case in CASES:
        expectation = case.expectation("torchvision", "float32")
        if expectation is None or any(isinstance(value, str) for value in leaves(expectation.output)):
            continue
        answer = composed(case.call("torchvision", "float32", "NCHW"), FAULTS[fault])
        if judge_output(case, expectation, answer, "float32", "NCHW").verdict != Verdict.CONFORMS:
            seen.add(case.operation)
    sent_back = {Operation.FEATURE_GRADIENT, Operation.WEIGHT_GRADIENT, Operation.BOX_GRADIENT}
    assert seen >= ({Operation.FORWARD} if "output" in fault else sent_back)


def test_peers_that_have_it_claim_dialects_that_are_roi_aligns():
    names = {name for name, point in registered().items() if hasattr(point.load(), "weighted_roi_align")}
    assert names >= {"torchvision", "onnxruntime", "openvino", "roikit"}
    of_roi_align = dialects_of("roi_align")
    for name, rules in dialects_of("weighted_roi_align").items():
        assert of_roi_align[name] == rules


def test_a_maximum_is_divided_by_nothing():
    case = next(case for case in CASES if case.mode == "max")
    call = case.call("torchvision", "float32", "NCHW")
    composed(call, ours)
    with pytest.raises(ValueError, match="for averages alone"):
        composed(replace(call, normalise=True), ours)
