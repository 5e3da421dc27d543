"""Faults of one step, put before the rules of operators whose bins are whole pixels."""

from fractions import Fraction

import pytest

from roikit.conformance.operators.ps_roi_pool.oracle.geometry import Rules as PsRoiPoolRules
from roikit.conformance.operators.roi_pool.oracle.geometry import Rules as RoiPoolRules
from roikit.conformance.windows.faults import MinSizeTwo, ReadsAtEdge, Truncated, faulty
from roikit.conformance.windows.geometry import axis
from roikit.kernels.dialects.ps_roi_pool import DIALECTS as OF_PS_ROI_POOL
from roikit.kernels.dialects.roi_pool import DIALECTS as OF_ROI_POOL

RULES = [(RoiPoolRules, OF_ROI_POOL["torchvision"]), (PsRoiPoolRules, OF_PS_ROI_POOL["mxnet"])]
HALF = Fraction(1, 2)


@pytest.mark.parametrize(("rules", "dialect"), RULES, ids=["roi_pool", "ps_roi_pool"])
def test_a_fault_changes_its_own_step_and_no_other(rules, dialect):
    right, least, cut = (
        each(dialect, "float64") for each in (rules, faulty(MinSizeTwo, rules), faulty(Truncated, rules))
    )
    assert right.extent(Fraction(3), Fraction(2)) < 2 == least.extent(Fraction(3), Fraction(2))
    assert right.snap(3 * HALF) == least.snap(3 * HALF) == 2 != cut.snap(3 * HALF)
    assert cut.extent(Fraction(1), Fraction(4)) == right.extent(Fraction(1), Fraction(4))


@pytest.mark.parametrize(("rules", "dialect"), RULES, ids=["roi_pool", "ps_roi_pool"])
def test_a_faulty_step_is_what_the_operators_own_steps_use(rules, dialect):
    outside = Fraction(7), Fraction(9), Fraction(1), 1, 5
    assert [axis(*outside, each(dialect, "float64")).windows for each in (rules, faulty(ReadsAtEdge, rules))] == [
        ((5, 5),),
        ((4, 5),),
    ]
