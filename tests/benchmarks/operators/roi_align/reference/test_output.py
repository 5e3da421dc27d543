"""The check of timed results: it passes ours, and notices whatever is done to them."""

from dataclasses import replace

import ml_dtypes
import numpy as np
import pytest

from benchmarks.measuring import judgement as judging
from benchmarks.measuring.contestant import LAYOUTS
from benchmarks.operators.roi_align.operations import Operation
from benchmarks.operators.roi_align.operator import ROI_ALIGN
from benchmarks.operators.roi_align.reference import output as reference
from benchmarks.operators.roi_align.reference.output import make_reference, validate
from benchmarks.workloads import problem


@pytest.fixture
def work(small):
    return problem(small)


@pytest.fixture
def expected(work):
    return make_reference(work)


@pytest.mark.one_in(3)
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
def test_ours_is_correct_and_every_element_is_checked(work, expected, layout, dtype):
    assert len(work.levels) == 2
    judgement = expected.judge(ROI_ALIGN.cpu.ours[Operation.FORWARD](work, layout, dtype).checked_outputs(), dtype)
    assert judgement.correct
    assert 0 < judgement.error_over_bound <= 1
    assert judgement.checked == judgement.elements == work.row.outputs
    assert expected.checked_exactly == 4 * 9


@pytest.mark.parametrize("ratio", [0, 3])
def test_other_grids(small, ratio):
    work = problem(replace(small, sampling_ratio=ratio))
    judgement = make_reference(work).judge(
        ROI_ALIGN.cpu.ours[Operation.FORWARD](work, "NCHW", "float32").checked_outputs(), "float32"
    )
    assert judgement.correct
    assert judgement.checked == judgement.elements


def spoil_value(out):
    out[1, 2, 1, 1] += 0.01


def spoil_one_rounding_too_many(out):
    out[1, 2, 1, 1] += 4e-4


def spoil_channels(out):
    out[:] = np.roll(out, 1, axis=1)


def spoil_roi(out):
    out[0] = out[1]


def spoil_not_written(out):
    out[2, 3] = np.nan


@pytest.mark.one_in(3)
@pytest.mark.parametrize(
    "spoil", [spoil_value, spoil_one_rounding_too_many, spoil_channels, spoil_roi, spoil_not_written]
)
def test_a_spoilt_result_is_wrong(work, expected, spoil):
    outputs = ROI_ALIGN.cpu.ours[Operation.FORWARD](work, "NCHW", "float32").checked_outputs()
    spoil(outputs[0])
    judgement = expected.judge(outputs, "float32")
    assert not judgement.correct
    assert judgement.reason


def test_another_type_or_shape_is_wrong(work, expected):
    outputs = ROI_ALIGN.cpu.ours[Operation.FORWARD](work, "NCHW", "float32").checked_outputs()
    assert "instead of" in expected.judge([o.astype(np.float16) for o in outputs], "float32").reason
    assert "instead of" in expected.judge([o[:, :, :2] for o in outputs], "float32").reason


def test_infinity_is_noticed_in_every_data_type(work, expected):
    for dtype in (np.float32, np.float16, ml_dtypes.bfloat16):
        outputs = [
            o.astype(dtype) for o in ROI_ALIGN.cpu.ours[Operation.FORWARD](work, "NCHW", "float32").checked_outputs()
        ]
        outputs[1][0, 0, 0, 0] = np.inf
        assert "not finite" in expected.judge(outputs, np.dtype(dtype).name).reason


def test_a_contestant_that_writes_nothing_is_wrong(work, expected):
    lazy = ROI_ALIGN.cpu.ours[Operation.FORWARD](work, "NCHW", "float32")
    lazy()
    lazy.calls = [lambda out=out: [out] for out in lazy.owned]  # returns what an earlier call left
    assert "not written" in expected.judge(lazy.checked_outputs(), "float32").reason


def test_large_rows_are_checked_crosswise(work, monkeypatch):
    monkeypatch.setattr(reference, "WHOLE", 10)
    monkeypatch.setattr(judging, "SAMPLED_ROIS", 2)
    monkeypatch.setattr(judging, "SAMPLED_CHANNELS", 3)
    expected = make_reference(work)
    shapes = [block.value.shape[:2] for block in expected.blocks]
    counts = [len(level.boxes) for level in work.levels]
    assert shapes == [(counts[0], 3), (2, 9), (counts[1], 3), (2, 9)]
    outputs = ROI_ALIGN.cpu.ours[Operation.FORWARD](work, "NCHW", "float32").checked_outputs()
    assert expected.judge(outputs, "float32").correct
    outputs[1][:, expected.blocks[2].index[1][0, 0]] += 0.01
    assert not expected.judge(outputs, "float32").correct


def test_processes_change_nothing(work, expected):
    other = make_reference(work, processes=2)
    for a, b in zip(expected.blocks, other.blocks, strict=True):
        assert np.array_equal(a.value, b.value)
        assert np.array_equal(a.bound, b.bound)


@pytest.mark.parametrize(
    ("what", "message"), [("value", "not what the oracle gives"), ("bound", "bounds of the reference")]
)
def test_a_reference_that_differs_from_the_oracle_is_refused(work, expected, what, message):
    getattr(expected.blocks[0], what)[:] *= 1.01
    with pytest.raises(AssertionError, match=message):
        validate(work, expected, 0, Operation.FORWARD, np.random.default_rng(0))
