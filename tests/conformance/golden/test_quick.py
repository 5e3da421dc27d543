"""The quick tier: its few cases notice what all cases notice, in the calls that are made of them."""

import json
import os

import pytest

from roikit.conformance import operators
from roikit.conformance.cases import quick
from roikit.conformance.cases.golden import golden_cases
from roikit.conformance.cases.history import AFTER_FORK, AT_ONCE
from roikit.conformance.golden import quick as certificate
from roikit.conformance.implementation import Description
from roikit.conformance.running.request import Selection
from roikit.conformance.running.runner import plan
from roikit.conformance.workers.process import Target

PARTS = {
    name: json.loads(operators.folder(name).joinpath(quick.FILE).read_text(encoding="utf-8"))
    for name in operators.NAMES
}


@pytest.mark.every_run
@pytest.mark.parametrize("name", operators.NAMES)
def test_it_is_of_the_certificate_of_today(name):
    certified = certificate.certified(operators.get(name))
    assert PARTS[name]["of"] == certified, "python -m roikit.conformance.golden.quick conformance"


@pytest.mark.one_in(5)
@pytest.mark.parametrize("name", operators.NAMES)
def test_every_fault_is_noticed_but_those_that_are_left_by_name(name):
    """A sample of the faults is looked at, another in each run: they change with the certificate alone."""
    operator = operators.get(name)
    is_full = os.environ.get("ROIKIT_LEDGER") == "full"
    alive, left = certificate.certify(operator, quick.names(name), 1 if is_full else 0.1)
    assert alive == []
    assert set(left) <= set(PARTS[name]["left to --full"])
    assert not is_full or left == PARTS[name]["left to --full"]


def test_what_is_left_shows_in_other_data_types_only():
    operator = operators.get("roi_align")
    mutants = {mutant.name: mutant.dtype for mutant in operator.mutants}
    of_formulas = [name for name in PARTS["roi_align"]["left to --full"] if name in mutants]
    assert {mutants[name] for name in of_formulas} <= {"float64", "bfloat16"}
    assert len(of_formulas) < len(mutants) / 6


@pytest.mark.one_in(2)
def test_without_some_of_them_faults_survive():
    """Of formulas each is noticed by two cases where it can be: so every second case is left out."""
    parts = PARTS["roi_pool"]["cases"]
    left_out = {*parts["rules"][::2], "rp-z-channels-2050", "rp-h-threads-2"}
    alive, _ = certificate.certify(operators.get("roi_pool"), quick.names("roi_pool") - left_out)
    for said in (", chainer-max", "channels", "threads, forward"):
        assert any(said in fault for fault in alive), (said, alive)


def test_all_different_dialects_are_told_apart_that_cases_tell_apart():
    """By cases of one dialect the harness would not notice that an implementation follows another."""
    cases = [case for case in golden_cases() if case.id in quick.names("roi_align")]
    pairs = certificate._pairs(operators.get("roi_align"))
    told = certificate._dialects(cases, pairs)
    assert len(told) > len(pairs) - 60
    assert ("torchvision", "torchvision-aligned") in told


@pytest.mark.one_in(2)
def test_one_other_choice_of_a_plain_function_is_noticed():
    """It takes one scale and one ratio, so that it is not asked for many of the calls by which others are found out."""
    operator, ids = operators.get("roi_align"), quick.names("roi_align")
    other = [*certificate._other_choices(operator)]
    element = ("min_size zero", "torchvision-aligned")
    assert element in [each for each, _ in other]
    noticed = certificate._choices([case for case in golden_cases() if case.id in ids], other)
    assert element in noticed
    assert ("adaptive floor", "torchvision") in noticed
    fewer = ids - set(PARTS["roi_align"]["cases"]["choices"]) - set(noticed[element])
    assert element not in certificate._choices([case for case in golden_cases() if case.id in fewer], other)


CAPABLE = {
    "dialects": ("torchvision", "caffe2", "detectron2", "onnx-16"),
    "modes": ("avg", "max"),
    "dtypes": ("float64", "float32", "bfloat16", "float16"),
    "operations": tuple(operators.call_type("roi_align").answers),
    "layouts": ("NCHW", "NHWC"),
}


def planned(dtypes=CAPABLE["dtypes"], asked=()):
    description = Description(version="1", homepage="", **{**CAPABLE, "dtypes": dtypes})
    cases = quick.cases_of(golden_cases())
    return list(plan(description, cases, Selection(quick=True, dtypes=asked), Target("x", "x")))


def test_calls_are_few_of_each_case():
    calls = [call for call in planned() if call[0].kind != "error"]
    assert {dtype for _, _, dtype, _ in calls} == {"float32", "float16"}
    assert {layout for _, _, dtype, layout in calls if dtype == "float16"} == {"NCHW"}
    assert {dialect for _, dialect, _, _ in calls} == {"torchvision", "detectron2", "onnx-16"}
    other_layout = {
        dialect for case, dialect, _, layout in calls if layout == "NHWC" and case.says("torchvision", "float32")
    }
    assert other_layout == {"torchvision"}
    few = {case.id: 0 for case, *_ in calls}
    for case, *_ in calls:
        few[case.id] += 1
    assert all(few[case.id] == 1 for case, *_ in calls if case.kind in (AT_ONCE, AFTER_FORK))
    assert {d for case, d, dtype, _ in calls if case.size == "real" and case.says("torchvision", dtype)} == {
        "torchvision"
    }


def test_who_has_other_data_types_is_judged_in_them():
    assert {call[2] for call in planned(("bfloat16",))} == {"bfloat16"}
    assert {call[2] for call in planned(("float64",))} == {"float64"}
    assert {call[2] for call in planned(asked=("float64", "bfloat16"))} == {"float64", "bfloat16"}
