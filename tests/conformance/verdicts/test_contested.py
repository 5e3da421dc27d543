"""Readings of a contested rule, and which dialects share everything else."""

import numpy as np

from roikit.conformance.arrays import numpy_dtype
from roikit.conformance.cases.golden import golden_cases
from roikit.conformance.verdict import Verdict
from roikit.conformance.verdicts import contested

CASES = {case.id: case for case in golden_cases()}


def output(case, dialect):
    return np.array(case.expectation(dialect, "float32").output, numpy_dtype("float32"))


def judge(case, dialect, values):
    return contested.judge_reading(case, dialect, values, "float32", "NCHW").verdict


def test_each_reading_conforms_under_its_own_dialect_and_is_contested_under_another():
    case = CASES["max-negative"]
    readings = ("torchvision-aligned", "onnx-16", "openvino-half-pixel-for-nn")
    outputs = {name: output(case, name) for name in readings}
    assert len({values.tobytes() for values in outputs.values()}) == len(readings)
    for declared in readings:
        for followed in readings:
            expected = Verdict.CONFORMS if declared == followed else Verdict.CONTESTED
            assert judge(case, declared, outputs[followed]) == expected


def test_what_no_reading_gives_deviates():
    case = CASES["max-mixed"]
    assert judge(case, "onnx-16", output(case, "onnx-16") + 1) == Verdict.DEVIATES


def test_another_grid_is_no_reading():
    case = CASES["max-mixed"]
    assert judge(case, "onnx-16", output(case, "torchvision")) == Verdict.DEVIATES


def test_averages_are_not_contested():
    case = CASES["place-half-pixel"]
    assert judge(case, "torchvision", output(case, "torchvision-aligned")) == Verdict.DEVIATES
    assert not contested.question_of(case)
