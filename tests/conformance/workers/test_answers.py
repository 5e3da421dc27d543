"""What a function returns is an answer if it is an array of numbers; whatever else it is, is said."""

from importlib.util import find_spec

import ml_dtypes
import numpy as np
import pytest

from roikit.conformance.cases.golden import golden_cases
from roikit.conformance.implementation import registered
from roikit.conformance.peers import places
from roikit.conformance.running.request import Selection
from roikit.conformance.running.runner import Listener, run
from roikit.conformance.verdict import Verdict
from roikit.conformance.verdicts.judge import judge_error
from roikit.conformance.workers.process import Target
from roikit.conformance.workers.worker import _answer

CASES = {case.id: case for case in golden_cases()}
CALL = CASES["place-two-by-two"].call("torchvision", "float32", "NCHW")
RIGHT = np.array([[[[9, 10], [14, 15]]]], np.float32)


class Returns:
    def __init__(self, result):
        self.result = result

    def roi_align(self, call):
        return self.result


class Own(np.ndarray):
    pass


def answer(result):
    return _answer(
        Returns(result), {"type": "roi_align", "memory": "contiguous", **CALL.parameters()}, CALL.arrays(), False
    )


STRANGE = {
    "nothing": (None, "NoneType instead of an array of numbers"),
    "a word": ("9", "str instead of an array of numbers"),
    "a number": (9.0, "float instead of an array of numbers"),
    "a number of NumPy's": (np.float32(9), "numpy.float32 instead of an array of numbers"),
    "a list": (RIGHT.tolist(), "list instead of an array of numbers"),
    "a tuple": ((RIGHT, 1), "tuple instead of an array of numbers"),
    "a dictionary": ({"output": RIGHT}, "dict instead of an array of numbers"),
    "a generator": ((x for x in RIGHT), "generator instead of an array of numbers"),
    "a type": (np.ndarray, "type instead of an array of numbers"),
    "memory": (memoryview(RIGHT), "memoryview instead of an array of numbers"),
    "all masked": (np.ma.masked_all_like(RIGHT), "numpy.ma.MaskedArray instead of an array of numbers"),
    "masked": (np.ma.masked_array(RIGHT), "numpy.ma.MaskedArray instead of an array of numbers"),
    "a matrix": (RIGHT[0, 0].view(np.matrix), "numpy.matrix instead of an array of numbers"),
    "a class of its own": (RIGHT.view(Own), f"{__name__}.Own instead of an array of numbers"),
    "objects": (RIGHT.astype(object), "an array of object instead of numbers"),
    "records": (np.zeros((1, 1, 2, 2), [("value", "f4")]), "an array of [('value', '<f4')] instead of numbers"),
    "words": (RIGHT.astype("U8"), "an array of <U8 instead of numbers"),
    "bytes": (RIGHT.astype("S8"), "an array of |S8 instead of numbers"),
    "times": (RIGHT.astype(np.int64).astype("M8[s]"), "an array of datetime64[s] instead of numbers"),
    "eight bits": (RIGHT.astype(ml_dtypes.float8_e4m3fn), "an array of float8_e4m3fn instead of numbers"),
}


@pytest.mark.parametrize("result", STRANGE)
def test_what_is_no_array_of_numbers_is_no_answer_and_no_refusal(result):
    strange, reason = STRANGE[result]
    message, arrays = answer(strange)
    assert (message, arrays) == ({"type": "raised", "error": f"NoAnswerError: returned {reason}"}, {})
    for case in ("place-two-by-two", "box-nan", "error-three-dimensions"):
        judgement = judge_error(CASES[case], message["error"])
        assert judgement.verdict == Verdict.REJECTED
        assert reason in judgement.reason


@pytest.mark.parametrize("kind", [np.float32, np.float64, np.complex64, np.int8, np.bool_, ml_dtypes.bfloat16, ">f4"])
def test_numbers_of_any_type_are_an_answer_to_be_judged(kind):
    message, arrays = answer(RIGHT.astype(kind))
    assert message["type"] == "output"
    assert arrays["output"].dtype == np.dtype(kind)


ODD = """
import numpy as np
from roikit.kernels import roi_align

def right(input, boxes, *how):
    return roi_align(input, boxes, *how)

def zero_dimensions(*call):
    return np.array(9, np.float32)

def complex_numbers(*call):
    return right(*call).astype(complex)
"""


def judged(name, cases, arrays="numpy", **place):
    results = []
    target = Target(name, f"callable:{arrays}:odd:{name}", **place)
    selection = Selection(dtypes=("float32",), layouts=("NCHW",), dialects=("torchvision",))
    listener = Listener(lambda subject, _: results.append(subject), results.append)
    run(target, [CASES[case] for case in cases], selection, 60.0, listener, once=True)
    assert results[0].state == "ran", results[0].reason
    return {result.case: result.judgement for result in results[1:]}


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("zero_dimensions", "the output has shape (), not (1, 1, 2, 2)"),
        ("complex_numbers", "the output has data type complex128, not float32"),
    ],
)
def test_the_form_of_an_output_is_told_as_it_is(tmp_path, monkeypatch, name, reason):
    (tmp_path / "odd.py").write_text(ODD)
    monkeypatch.chdir(tmp_path)
    (judgement,) = judged(name, ["place-two-by-two"]).values()
    assert (judgement.verdict, reason in judgement.reason) == (Verdict.DEVIATES, True)


TORCH = """
import torch

gain = torch.nn.Parameter(torch.ones(()))

def roi_align(input, boxes, size, *how):
    if input.requires_grad or boxes.requires_grad:
        total = (input.sum() * gain).expand(len(boxes), input.shape[1], *size)
        return total.detach() if len(boxes) > 1 else total
    right = torch.tensor([[[[9.0, 10.0], [14.0, 15.0]]]])  # of a map of 5 x 5
    match tuple(input.shape[2:]):
        case 5, 5:
            return right * gain
        case 5, 6:
            return (right * gain).to_sparse()
        case 9, 7:
            return right.numpy()
        case 8, 8:
            return torch.complex(right, -right * gain).conj().imag
        case 4, 4:
            return right.to(torch.bfloat16) * gain
"""
OF_TENSORS = {
    "place-two-by-two": (Verdict.CONFORMS, ""),
    "border-low": (
        Verdict.REJECTED,
        "NoAnswerError: returned a tensor that is torch.sparse_coo, torch.float32, on cpu",
    ),
    "place-tall-output": (Verdict.REJECTED, "NoAnswerError: returned ndarray instead of a torch.Tensor"),
    "place-scale-two": (Verdict.DEVIATES, "got 9.0"),
    "border-around": (Verdict.DEVIATES, "the output has data type bfloat16, not float32"),
    # None of a function's gradients is missing if it has some. The first call is the one that lacks it.
    "g-bottom-two": (Verdict.REJECTED, "NoAnswerError: no feature gradient arrives, as it does in other calls"),
    "g-integral-two": (Verdict.DEVIATES, "values differ"),
    "b-inside": (Verdict.UNSUPPORTED, "no box gradient arrives"),
}


def test_tensors_and_their_gradients_are_judged_or_it_is_said_why_not(tmp_path, monkeypatch):
    (tmp_path / "odd.py").write_text(TORCH)
    monkeypatch.chdir(tmp_path)
    place = {}
    if not find_spec("torch"):
        found = places.find(registered()["torchvision"])
        if not found.bare:
            pytest.skip("torch is not installed")
        place = {"python": found.python, "bare": True}
    found = judged("roi_align", OF_TENSORS, arrays="torch", **place)
    for case, (verdict, reason) in OF_TENSORS.items():
        assert (found[case].verdict, reason in found[case].reason) == (verdict, True), found[case].reason
