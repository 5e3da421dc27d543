"""The golden cases of PSRoIAlign on pyramids: they claim what they are, use their levels, and no constant passes them."""

import json

import numpy as np
import pytest

from roikit.conformance.arrays import leaves, numpy_dtype
from roikit.conformance.cases.case import case_files, up_to
from roikit.conformance.cases.golden import golden_cases
from roikit.conformance.golden import generator
from roikit.conformance.operators.multiscale_ps_roi_align.claims import MAIN_DIALECTS, claims
from roikit.conformance.operators.multiscale_ps_roi_align.draws import sizes, systematic
from roikit.conformance.operators.multiscale_ps_roi_align.operator import OPERATOR
from roikit.conformance.operators.multiscale_roi_align.oracle.answers import exactly
from roikit.conformance.operators.ps_roi_pool.call import channels_of
from roikit.conformance.verdict import Verdict
from roikit.conformance.verdicts.judge import judge_output
from roikit.kernels.dialects.multiscale_ps_roi_align import DIALECTS

NAME = "multiscale_ps_roi_align"
FILES = case_files(NAME)
CASES = {case.id: case for case in up_to("small", golden_cases()) if case.operator == NAME}
DATA = {case["id"]: case for file in FILES for case in json.loads(file.read_text())["cases"]}
VALUES = [case for case in CASES.values() if case.kind == "value"]
LEVELS = [case for case in VALUES if case.group in ("levels", "level-gradient", "channels")]


def test_main_dialects_are_answered_in_float64():
    for case in VALUES:
        for name in MAIN_DIALECTS:
            assert case.expectation(name, "float64"), (case.id, name)


@pytest.mark.one_in(30)  # a false claim cannot be sealed
@pytest.mark.parametrize("case", VALUES, ids=lambda case: case.id)
def test_a_case_claims_what_it_is(case):
    if DATA[case.id]["claims"] != "fragile":  # which a case may be for the sake of a dialect that is no main one
        assert claims(case.arguments, case.operation) == DATA[case.id]["claims"]


def test_channels_are_those_of_the_bins():
    for case in (case for case in CASES.values() if case.kind != "error"):
        channels = channels_of(case.arguments["input"]["shape"][1], case.arguments["output_size"])
        assert channels is not None, case.id
        if "grad" in case.arguments:
            assert case.arguments["grad"]["shape"][1] == channels, case.id


def test_several_bins_are_read_on_several_levels():
    """Of each operation there are cases of which several levels are read by several bins, in several channels of the output."""
    seen = set()
    for case in VALUES:
        shape, levels = case.arguments["input"]["shape"], set(exactly(case.arguments, DIALECTS["roikit"]))
        bins = int(np.prod(case.arguments["output_size"]))
        if bins > 1 and shape[1] > bins and len(levels) > 1:
            seen.add(case.operation)
    assert seen == set(OPERATOR.operations)


def test_systematic_cases_are_those_that_the_generator_draws():
    for planned in (*systematic.blueprints().values(), sizes.blueprints()["sizes"]):
        for blueprint in planned[::23]:
            drawn = generator.generate(blueprint, OPERATOR)
            assert all(DATA[blueprint.id][key] == value for key, value in drawn.items())


@pytest.mark.parametrize("group", ["systematic", "gradient"])
def test_no_constant_passes(group):
    for case in (case for case in VALUES if case.group == group):
        for expectation in (each for each in case.expected if set(each.dialects) & set(MAIN_DIALECTS)):
            for constant in {*map(float, leaves(expectation.answers[0].output)), 0.0, 1.0}:
                output = np.full(case.shape, constant, numpy_dtype(expectation.dtypes[-1]))
                verdict = judge_output(case, expectation, output, expectation.dtypes[-1], "NCHW").verdict
                assert verdict != Verdict.CONFORMS or output.size == 1, case.id
