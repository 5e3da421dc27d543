"""Of the faults that are planted into kernels a few are run each time (`one_in`); that they fit the sources is seen of all."""

import pytest

from roikit.conformance import operators
from roikit.kernels.execution import source
from tests.conformance import planted
from tests.kernels.guards import compiled_by

pytestmark = pytest.mark.every_run

FAULTS = dict(planted.everywhere())


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_fits_the_source_that_it_is_planted_into(fault):
    assert planted.broken(*FAULTS[fault])


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_planted_where_a_cpu_which_judges_it_compiles(fault):
    file, line, _, _ = FAULTS[fault]
    text = source._read(file)
    first = text[: text.index(line)].count("\n")
    by = compiled_by(text)[first : first + line.count("\n") + 1]
    assert "GPU" not in by


def test_every_operator_has_some():
    assert {name.partition(",")[0] for name in FAULTS} == set(operators.NAMES)
    assert len(FAULTS) > 150


def test_one_that_does_not_fit_is_noticed():
    with pytest.raises(AssertionError, match="no longer fits"):
        planted.broken("roi_pool/forward.cu", "no line of it", "line", "word")
