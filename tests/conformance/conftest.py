import dataclasses

import pytest

from roikit.conformance.adapters.roikit import RoikitHost
from roikit.conformance.case import LAYOUTS, in_memory
from roikit.conformance.judge import judge_error, judge_output
from roikit.kernels import InvalidRoiError


def judge_our_kernels(cases, dialects, dtypes=None, layouts=LAYOUTS):
    """Yields (what, judgement) for every call that the cases make."""
    ours = RoikitHost()
    for case in cases:
        for dialect in dialects:
            for dtype in case.dtypes if dtypes is None else dtypes:
                expectation = case.expectation(dialect, dtype)
                for layout in layouts if expectation else ():
                    call = case.call(dialect, dtype, layout)
                    call = dataclasses.replace(call, input=in_memory(call.input, case.memory))
                    try:
                        judgement = judge_output(case, expectation, ours.roi_align(call), dtype, layout)
                    except InvalidRoiError as error:
                        judgement = judge_error(case, str(error))
                    yield (case.id, dialect, dtype, layout), judgement


@pytest.fixture(scope="session")
def judgements():
    """Our kernels on the CPU, in this process, judged by cases: the function above."""
    return judge_our_kernels
