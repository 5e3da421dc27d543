"""Of the faults that are planted into kernels a few are run each time (`one_in`); that they fit the sources is seen of all."""

import pytest

from roikit.conformance import operators
from tests.conformance import planted

pytestmark = pytest.mark.every_run

FAULTS = dict(planted.everywhere())


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_fits_the_source_that_it_is_planted_into(fault):
    assert planted.broken(*FAULTS[fault])


def test_every_operator_has_some():
    assert {name.partition(",")[0] for name in FAULTS} == set(operators.NAMES)
    assert len(FAULTS) > 150


def test_one_that_does_not_fit_is_noticed():
    with pytest.raises(AssertionError, match="no longer fits"):
        planted.broken("roi_pool/forward.cu", "no line of it", "line", "word")
