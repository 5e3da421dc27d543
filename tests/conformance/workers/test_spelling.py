"""A scale of another type is the same scale: who takes it for something else is found out, and told so."""

import os
from pathlib import Path

import numpy as np
import pytest

from roikit.conformance.cases.case import up_to
from roikit.conformance.cases.golden import golden_cases
from roikit.conformance.running.request import Selection
from roikit.conformance.running.runner import Listener, run
from roikit.conformance.verdict import Verdict
from roikit.conformance.workers.process import Target
from roikit.conformance.workers.spelling import respelled

HERE = Path(__file__).parents[1]
CASES = {case.id: case for case in up_to("small", golden_cases()) if case.operator == "roi_align"}
SOME = [
    case
    for case in CASES.values()
    if case.group in ("placement", "borders")
    and case.kind == "value"
    and case.mode == "avg"
    and case.operation == "forward"
]
SELECTION = Selection(dtypes=("float32",), layouts=("NCHW",), dialects=("torchvision",))


@pytest.fixture(autouse=True)
def _players_can_be_imported(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [str(HERE), os.environ.get("PYTHONPATH")])))


def judged(function):
    target, results = Target(function, f"callable:numpy:players:{function}", ("torchvision",)), []
    run(target, SOME, SELECTION, 20.0, Listener(lambda *_: None, results.append), once=True)
    return {r.case: r.judgement for r in results if r.judgement.verdict != Verdict.UNSUPPORTED}


def test_a_scale_of_any_type_is_the_same_number():
    kinds = set()
    for case in SOME:
        call = case.call("torchvision", "float32", "NCHW")
        other = respelled(call)
        assert other.spatial_scale == call.spatial_scale
        kinds |= {type(scale) for scale in other.spatial_scale}
    assert kinds == {int, np.int64, np.float32, np.float64}


def test_who_takes_any_number_conforms():
    assert {j.verdict for j in judged("transcribed").values()} == {Verdict.CONFORMS}


@pytest.mark.parametrize(
    ("function", "verdict", "reason"),
    [
        ("wants_a_float", Verdict.REJECTED, "TypeError: a float is required (with a spatial_scale of type "),
        ("of_the_type_of_its_scale", Verdict.NONDETERMINISTIC, "the call, and again with a spatial_scale of type "),
        (
            "takes_an_integer_for_a_stride",
            Verdict.NONDETERMINISTIC,
            "the call, and again with a spatial_scale of type int",
        ),
    ],
)
def test_who_does_not_is_found_out(function, verdict, reason):
    failed = [judgement for judgement in judged(function).values() if judgement.verdict != Verdict.CONFORMS]
    assert failed
    assert {judgement.verdict for judgement in failed} == {verdict}
    assert all(judgement.reason.startswith(reason) for judgement in failed)
