"""The faults that golden cases are to notice: they are those of libraries, and show where they are said to."""

import dataclasses

import numpy as np
import pytest

from roikit.conformance import operators
from roikit.conformance.golden import adequacy, noticing
from roikit.conformance.operation import Operation
from roikit.conformance.operators.roi_align.faults.formulas import Call
from roikit.conformance.operators.roi_align.faults.mutants import Mutant
from roikit.kernels.dialects.roi_align import DIALECTS

OPERATOR = operators.get("roi_align")
MAINS = noticing.mains_of(OPERATOR)


def test_there_are_many_faults():
    assert len(OPERATOR.mutants) >= 100


TOO_NARROW = "a maximum exactly at -1 sends nothing"
"""It shows where outside samples are clamped, too (`gradient-max-half-outside`), which its `concerns` does not say yet."""


def test_a_fault_shows_only_under_dialects_that_it_is_said_to_concern():
    """Where it is said to be equivalent, no case of a sample of them tells it from the truth.

    A fault of one mode is not looked for in the other, where it is another fault, or none that one could make.
    """
    cases = [case for case in adequacy.cases_of(OPERATOR) if case.kind == "value"][::9]
    for mutant in OPERATOR.mutants:
        if mutant.name == TOO_NARROW:
            continue
        everywhere = dataclasses.replace(mutant, concerns=lambda *_: True)
        for mode in ("avg", "max"):
            others = {n: d for n, d in MAINS.items() if not mutant.concerns(d, mode)}
            if len(others) < len(MAINS):
                some = [c for c in cases if c.mode == mode and c.operation == mutant.operation][:3]
                for name, dialect in others.items():
                    assert not any(noticing.notices(case, everywhere, name, dialect) for case in some), mutant.name


@pytest.mark.one_in(3)
@pytest.mark.parametrize("name", MAINS)
def test_an_implementation_without_a_fault_is_noticed_by_none(name):
    dialect = MAINS[name]
    cases = adequacy.cases_of(OPERATOR)
    for operation in OPERATOR.operations:
        for dtype, some in {
            "float64": cases,
            "float32": cases[::9],
            "float16": cases[3::9],
            "bfloat16": cases[6::9],
        }.items():
            flawless = Mutant("none", operation=operation, dtype=dtype)
            assert [case.id for case in some if noticing.notices(case, flawless, name, dialect)] == []


def test_fewer_cases_would_let_faults_survive():
    """The certificate is not vacuous: without the border cases, faults of the boundary rule go unnoticed."""
    fewer = [case.id for case in adequacy.cases_of(OPERATOR) if case.group == "placement"]
    noticed = adequacy.recorded(OPERATOR.name)  # which test_recorded.py holds against what is computed
    alive = adequacy.survivors(OPERATOR, adequacy.by_fault(OPERATOR, {case: noticed[case] for case in fewer}))
    assert "outside begins at -1/2 (torchvision)" in alive
    assert "outside begins at H + 1 (torchvision)" in alive


def gradient_of_ones(pixels, start, box, bins, dialect, fault=None):
    mutants = {mutant.name: mutant for mutant in OPERATOR.mutants}
    mutant = mutants[fault] if fault else Mutant("none")
    call = Call(
        input=np.arange(start, start + pixels**2, dtype=float).reshape(1, 1, pixels, pixels),
        boxes=np.array([box]),
        output_size=bins,
        spatial_scale=(1, 1),
        sampling_ratio=(2, 2),
        mode="avg",
        dialect=DIALECTS[dialect],
        operation=Operation.FEATURE_GRADIENT,
        grad=np.ones((1, 1, *bins)),
    )
    return mutant.output(call).astype(float)[0, 0]


def test_paddle_s_gradient_was_measured_to_be_that_of_its_mutant():
    box = [0, 1.2, 1.2, 1.6, 1.6]
    assert gradient_of_ones(5, 0, box, (2, 2), "torchvision-aligned")[1, 1] == pytest.approx(3.0625, abs=5e-5)
    faulty = gradient_of_ones(5, 0, box, (2, 2), "paddle", "backward: minimum size always")
    assert faulty[1, 1] == pytest.approx(2.030625, abs=1e-6)  # printed as 2.03062


def test_mindspore_s_gradient_was_measured_to_be_that_of_its_mutant():
    box = [0, 1, 1, 3, 3]
    right = gradient_of_ones(6, 1, box, (2, 2), "mindspore-end-mode-0")[1:5, 1:5]
    assert right.tolist() == [[0.25, 0.5, 0.25, 0], [0.5, 1, 0.5, 0], [0.25, 0.5, 0.25, 0], [0, 0, 0, 0]]
    # Mode 1 does not enlarge RoIs either, which this box, of two pixels, does not show.
    faulty = gradient_of_ones(6, 1, box, (2, 2), "mindspore-end-mode-0", "backward: second corner one further")[
        1:5, 1:5
    ]
    published = [[0.0977, 0.2148], [0.2148, 0.4727]]
    assert faulty[:2, :2] == pytest.approx(np.array(published), abs=5e-5)
    assert faulty[2:, 2:] == pytest.approx(np.array(published)[::-1, ::-1], abs=5e-5)
