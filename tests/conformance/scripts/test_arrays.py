"""Scripts of large calls, and of arrays that lie in memory in some way: they say in NumPy what the harness does."""

import dataclasses
import json

import numpy as np
import pytest

from roikit import kernels
from roikit.conformance import operators
from roikit.conformance.arranging import MAY_BE_REFUSED, WAYS
from roikit.conformance.cases.case import Origin, case_from_json
from roikit.conformance.cases.golden import golden_cases
from roikit.conformance.cases.selection import find_case
from roikit.conformance.golden.expectations import exact_answers
from roikit.conformance.operation import Operation
from roikit.conformance.operators.roi_align.draws import sizes
from roikit.conformance.scripts.arrays import arranged
from roikit.conformance.scripts.reproduce import script_of
from roikit.conformance.scripts.script import inputs

FUNCTIONS = {
    Operation.FORWARD: "roi_align",
    Operation.FEATURE_GRADIENT: "roi_align_backward",
    Operation.BOX_GRADIENT: "roi_align_backward_boxes",
}
SIZES = {
    Operation.FORWARD: {"images": 7, "channels": 65, "rois": 37},
    Operation.FEATURE_GRADIENT: {"images": 7, "channels": 8, "rois": 28},
    Operation.BOX_GRADIENT: {"images": 6, "channels": 9, "rois": 37},
}


def large(operation, **changes):
    """A case that is drawn, and what it expects under one dialect."""
    size = sizes.Size("t", "A large call", operation=operation, **SIZES[operation] | changes)
    operator, name = operators.get("roi_align"), "torchvision-aligned"
    for attempt in range(50):
        drawn = sizes.draw(size, attempt)
        if sizes.suits(drawn, [operator.dialects[name].for_mode(size.mode)]):
            break
    answers = dict(exact_answers(drawn, operator, operator.dialects[name].for_mode(size.mode)))["float32"]
    expected = [{"dialects": [name], "dtypes": ["float32"], "output": answers[0].output}]
    data = {**drawn, "dtypes": ["float32"], "expected": expected}
    return case_from_json(json.loads(json.dumps(data)), Origin("t", "2026-11", "roi_align"))


def ran(script):
    """What a script exits with."""
    try:
        exec(compile(script, "script", "exec"), {"__name__": "__main__"})
    except SystemExit as end:
        return end.code or 0
    return 0


def wrong_from(name, n):
    """One of our functions, the last of whose results along some axis are left out."""
    right = getattr(kernels, name)

    def broken(*arguments, **how):
        result = right(*arguments, **how)
        result[n:] = 0
        return result

    return broken


@pytest.mark.parametrize(
    ("operation", "mode"),
    [(operation, "avg") for operation in operators.get("roi_align").operations] + [("forward", "max")],
)
def test_a_large_call_is_enlarged_by_a_few_lines(operation, mode, monkeypatch):
    case = large(Operation(operation), mode=mode)
    script = script_of(case, "roikit", None, "float32")
    assert len(script.splitlines()) < 250
    assert ran(script) == 0
    # The last of what is not 0: no RoI lies on the last of seven images.
    last = {Operation.FEATURE_GRADIENT: 5}.get(operation, 36)
    monkeypatch.setattr(kernels, FUNCTIONS[operation], wrong_from(FUNCTIONS[operation], last))
    assert "values differ" in ran(script)


def test_maps_and_answers_that_are_products_stay_so(monkeypatch):
    case = large(Operation.FORWARD, bins=(16, 17), pixels=(40, 50), channels=4)
    assert "outer" in case.arguments["input"]
    script = script_of(case, "roikit", None, "float32")
    assert len(script) < 15000  # of 37 × 4 × 16 × 17 values
    assert ran(script) == 0
    monkeypatch.setattr(kernels, "roi_align", wrong_from("roi_align", 36))
    assert "values differ" in ran(script)


def test_indices_apart_are_those_of_the_large_call():
    case = large(Operation.FORWARD)
    call = case.call("torchvision-aligned", "float32", "NCHW")
    namespace = {"np": np}
    exec(inputs(case, call.arrays(), "np.float32", "np.float32", {}, apart=True), namespace)
    assert np.array_equal(namespace["boxes"], call.boxes[:, 1:])
    assert np.array_equal(namespace["batch_indices"], call.boxes[:, 0])
    assert len(set(namespace["batch_indices"])) == 6


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("shape", [(2, 3, 4, 5), (6, 5), (0, 5)])
def test_the_statements_lay_an_array_out_as_the_harness_does(way, shape):
    values = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    if way == "expanded":
        values[...] = values[..., :1]
    namespace = {"np": np, "it": values.copy()}
    exec(arranged("it", way, values), namespace)
    same, wanted = namespace["it"], WAYS[way](values)
    assert np.array_equal(same, values)
    assert (same.dtype, same.shape) == (wanted.dtype, wanted.shape)
    assert same.strides == wanted.strides or not values.size
    flags = ("ALIGNED", "WRITEABLE", "C_CONTIGUOUS", "F_CONTIGUOUS")
    assert [same.flags[flag] for flag in flags] == [wanted.flags[flag] for flag in flags]


@pytest.mark.parametrize("way", WAYS)
def test_a_script_hands_over_arrays_that_lie_so(way, monkeypatch):
    case = dataclasses.replace(
        find_case(golden_cases(), "place-two-by-two"), arranged=dict.fromkeys(("input", "boxes"), way)
    )
    script = script_of(case, "roikit", None, "float32")
    assert ran(script) == 0
    seen = []

    def broken(features, boxes, *_, **__):
        seen.extend(array.strides for array in (features, boxes))
        return np.zeros(case.shape, np.float32)

    monkeypatch.setattr(kernels, "roi_align", broken)
    assert "values differ" in ran(script)
    call = case.call("torchvision-aligned", "float32", "NCHW")
    assert seen == [WAYS[way](array).strides for array in (call.input, call.boxes)]

    def refuses(*_, **__):
        raise ValueError("not such an array")

    monkeypatch.setattr(kernels, "roi_align", refuses)
    if way in MAY_BE_REFUSED:
        assert ran(script) == 0
    else:
        with pytest.raises(ValueError, match="not such an array"):
            ran(script)


def test_pytorch_is_handed_no_negative_strides():
    case = find_case(golden_cases(), "place-two-by-two")
    lies = dataclasses.replace(case, arranged={"input": "reversed", "boxes": "sliced"})
    script = script_of(lies, "torchvision", None, "float32")
    assert "np.flip" not in script
    assert "[..., 1::2] = boxes" in script
