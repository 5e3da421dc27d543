"""The check of timed results: it passes what is right, and notices whatever is done to it."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.measuring.contestant import LAYOUTS
from benchmarks.measuring.judgement import Judgement
from benchmarks.measuring.problem import Level, Problem
from benchmarks.operators.border_align import reference as references
from benchmarks.operators.border_align.operations import Operation
from benchmarks.operators.border_align.operator import BORDER_ALIGN
from benchmarks.operators.border_align.points import points_of
from benchmarks.operators.border_align.workloads import BorderRow, on_map
from benchmarks.workloads import problem
from roikit.kernels import border_align
from tests.benchmarks.operators.checks import SPOILS, few_are_checked, narrow, right, wrong


@pytest.fixture
def work(small_row):
    return problem(small_row)


@pytest.mark.one_in(3)
@pytest.mark.parametrize("operation", Operation)
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
def test_ours_is_correct_and_every_element_is_checked(work, operation, layout, dtype):
    expected, judgement = right(BORDER_ALIGN, work, operation, layout, dtype)
    assert judgement.checked == judgement.elements
    assert expected.checked_exactly >= 2 * 2 * 4


def test_bounds_are_narrow(work):
    narrow(BORDER_ALIGN, work, {Operation.FORWARD: 1e-3, Operation.BACKWARD: 1e-2, Operation.BOXES: 1e-2})


@pytest.mark.one_in(3)
@pytest.mark.parametrize("operation", Operation)
@pytest.mark.parametrize("spoil", SPOILS)
def test_a_spoilt_result_is_wrong(work, operation, spoil):
    wrong(BORDER_ALIGN, work, operation, spoil)


def judged(work, pooled) -> Judgement:
    """The judgement of what is pooled of each level."""
    outputs = [pooled(level) for level in work.levels]
    return BORDER_ALIGN.reference(work, 1, Operation.FORWARD).judge(outputs, "float32")


def test_other_points_other_channels_and_boxes_that_are_shifted_are_wrong(work):
    assert judged(work, lambda level: border_align(level.feature, on_map(level), 10)).correct
    assert not judged(work, lambda level: border_align(level.feature, on_map(level), 9)).correct
    assert not judged(work, lambda level: border_align(np.roll(level.feature, 1, axis=1), on_map(level), 10)).correct
    aligned = judged(work, lambda level: border_align(level.feature, on_map(level), 10, dialect="roikit-aligned"))
    assert not aligned.correct


def test_what_may_win_besides_widens_bounds():
    """On a map that slopes along x alone all points of a vertical side are as great as each other."""
    maps = np.tile(np.arange(12, dtype=np.float32), (1, 4, 9, 1))
    level = Level(maps, np.array([[0, 2, 2, 8.5, 6.25]], np.float32), 1.0, np.arange(1))
    row = BorderRow("a1", "", 1, 1, 1, (1,), 4, None)
    found = references.sides(level, 0, points_of(level, 0, row), np.array([0]))
    assert found.winner[0, :, 0].tolist() == [4, 0, 0, 0], "the first of equals, and of a slope the last"
    assert found.rivals[0].sum(axis=-1).tolist() == [0, 4, 0, 4]
    value, bound = references.spread(level, row, np.ones((1, 1, 4), np.float32), np.array([0]))
    assert value[0, 1].sum() == 1
    assert bound[0, 1].max() >= 1, "of the left side any point may send"
    assert bound[0, 0].max() < 1e-3
    assert BORDER_ALIGN.geometry(Problem(row, (level,)), None).multiply_adds == 4 * 5 * 4


@pytest.mark.parametrize("operation", [Operation.FORWARD, Operation.BACKWARD])
def test_large_rows_are_checked_in_part(work, operation, monkeypatch):
    few_are_checked(monkeypatch)
    expected, judgement = right(BORDER_ALIGN, work, operation)
    assert judgement.checked < judgement.elements
    outputs = BORDER_ALIGN.cpu.ours[operation](work, "NCHW", "float32").checked_outputs()
    outputs[0][:, expected.blocks[0].index[1][0, 0]] += 0.1
    assert not expected.judge(outputs, "float32").correct


@pytest.mark.parametrize(
    ("name", "operation"),
    [("greatest", Operation.FORWARD), ("spread", Operation.BACKWARD), ("slope", Operation.BOXES)],
)
def test_a_reference_that_differs_from_the_rules_is_refused(work, name, operation, monkeypatch):
    honest = getattr(references, name)
    monkeypatch.setattr(references, name, lambda *given: (honest(*given)[0] * 1.001, honest(*given)[1]))
    with pytest.raises(AssertionError, match=r"the reference of .* is not what the oracle gives"):
        BORDER_ALIGN.reference(work, 1, operation)


def test_motions_are_those_of_points(work):
    """Against differences of boxes that are moved a little: by a power of two, of pixels of the map."""
    level, step = work.levels[0], 2.0**-6
    before = points_of(level, 0, work.row)
    for number in range(4):
        boxes = level.boxes.astype(np.float64)
        boxes[0, 1 + number] += step / level.scale
        after = points_of(replace(level, boxes=boxes), 0, work.row)
        moved = np.array([after.y - before.y, after.x - before.x]) / step
        np.testing.assert_allclose(moved, before.motions[number], atol=1e-9)
