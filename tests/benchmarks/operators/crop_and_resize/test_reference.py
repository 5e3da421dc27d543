"""The check of timed results: it passes what is right, and notices whatever is done to it; and what a row must cost."""

from importlib.util import find_spec

import numpy as np
import pytest

from benchmarks.measuring.contestant import LAYOUTS
from benchmarks.measuring.floors import Rates
from benchmarks.operators.crop_and_resize import reference as references
from benchmarks.operators.crop_and_resize.floors import Geometry, floor, geometry, visited
from benchmarks.operators.crop_and_resize.operations import Operation
from benchmarks.operators.crop_and_resize.operator import CROP_AND_RESIZE
from benchmarks.operators.crop_and_resize.reference import reference_of
from benchmarks.workloads import problem


@pytest.fixture
def work(small_row):
    return problem(small_row)


@pytest.mark.one_in(3)
@pytest.mark.parametrize("operation", Operation)
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_ours_is_correct_and_every_element_is_checked(work, operation, layout, dtype):
    judgement = reference_of(work, 1, operation).judge(
        CROP_AND_RESIZE.cpu.ours[operation](work, layout, dtype).checked_outputs(), dtype
    )
    assert judgement.correct, judgement.reason
    assert judgement.checked == judgement.elements


@pytest.mark.parametrize(
    ("name", "operation"),
    [("crop", Operation.FORWARD), ("spread", Operation.BACKWARD), ("slope", Operation.BOXES)],
)
def test_a_reference_that_differs_from_the_rules_is_refused(work, name, operation, monkeypatch):
    assert reference_of(work, 1, operation).checked_exactly >= 2 * 4
    honest = getattr(references, name)
    monkeypatch.setattr(references, name, lambda *given: (honest(*given)[0] * 1.001, honest(*given)[1]))
    with pytest.raises(AssertionError, match=r"the reference of .* is not what the oracle gives"):
        reference_of(work, 1, operation)


@pytest.mark.one_in(3)
@pytest.mark.parametrize("operation", Operation)
@pytest.mark.parametrize("spoil", ["value", "first", "not written"])
def test_a_spoilt_result_is_wrong(work, operation, spoil):
    outputs = CROP_AND_RESIZE.cpu.ours[operation](work, "NCHW", "float32").checked_outputs()
    at = np.unravel_index(abs(outputs[0]).argmax(), outputs[0].shape)
    if spoil == "first":
        outputs[0][:] = outputs[0][::-1].copy()
    else:
        outputs[0][at] = np.nan if spoil == "not written" else outputs[0][at] * 1.05
    judgement = reference_of(work, 1, operation).judge(outputs, "float32")
    assert not judgement.correct
    assert judgement.reason


@pytest.mark.parametrize("name", CROP_AND_RESIZE.cpu.peers)
def test_peers_are_correct(work, name):
    library = CROP_AND_RESIZE.cpu.peers[name]
    if missing := [module for module in library.modules if find_spec(module) is None]:
        pytest.skip(f"{', '.join(missing)} is not installed")
    (operation,) = library.operations
    peer = library.operations[operation](work, 1)
    judgement = reference_of(work, 1, operation).under(peer.dialect).judge(peer.checked_outputs(), "float32")
    assert judgement.correct, judgement.reason


def test_the_floor_is_the_greatest_of_its_parts(work):
    counts, rates = Geometry(rois=2, footprint=100, touched=50, operations=1000), Rates(1.0, 10.0, 1e9, "")
    outputs, images = 12 * 9 * 9, sum(level.feature.size for level in work.levels)
    assert floor(work, counts, 4, rates, Operation.FORWARD).cold == 50 * 9 * 4 + outputs * 4
    assert floor(work, counts, 4, rates, Operation.BACKWARD).cold == (images + outputs) * 4
    assert floor(work, counts, 4, rates, Operation.BOXES).cold == 50 * 9 * 4 + outputs * 4 + 32
    assert floor(work, counts, 4, Rates(1e9, 1e9, 2.0, ""), Operation.FORWARD).hot == 4500
    seen = [visited(work, counts, operation) for operation in Operation]
    assert seen == [450, outputs + images, 450 + outputs]


def test_pixels_are_counted_once_and_for_each_box(work):
    counts = geometry(work)
    assert counts.rois == 12
    assert 0 < counts.touched < counts.footprint
    assert counts.operations <= 12 * 9 * 8
    assert {type(count) for count in vars(counts).values()} == {int}, "a record has no other numbers"
