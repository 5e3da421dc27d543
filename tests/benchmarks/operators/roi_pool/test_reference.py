"""The check of timed results: it passes what is right, and notices whatever is done to it."""

from importlib.util import find_spec

import numpy as np
import pytest

from benchmarks.measuring.contestant import LAYOUTS
from benchmarks.operators.roi_pool import reference as references
from benchmarks.operators.roi_pool.operations import Operation
from benchmarks.operators.roi_pool.operator import ROI_POOL
from benchmarks.operators.roi_pool.reference import reference_of
from benchmarks.operators.roi_pool.workloads import CPU_ROWS
from benchmarks.workloads import problem

FIGURES = (
    # maps, box, bins, what each bin gives: published by the libraries named
    (np.arange(25.0).reshape(5, 5), [1, 1, 3, 3], 2, [12, 13, 17, 18]),  # torchvision
    (np.arange(48.0).reshape(6, 8), [0, 0, 4, 4], 2, [18, 20, 34, 36]),
    (np.arange(1.0, 65).reshape(8, 8), [0, 0, 3, 3], 2, [10, 12, 26, 28]),  # torchvision's issue 1953
    ([[1, 2, 5, 6], [3, 4, 7, 8], [9, 10, 13, 14], [11, 12, 15, 16]], [0, 0, 3, 3], 2, [4, 8, 12, 16]),  # mmcv
)


@pytest.mark.parametrize(("maps", "box", "bins", "expected"), FIGURES)
def test_published_figures(maps, box, bins, expected):
    from benchmarks.measuring.problem import Level
    from benchmarks.operators.roi_pool.edges import EXACT, windows_of

    level = Level(np.array(maps, np.float32)[None, None], np.array([[0, *box]], np.float32), 1.0, np.arange(1))
    found = references.greatest(level, windows_of(level, bins, EXACT), 0, np.arange(1))
    assert found.ravel().tolist() == expected


@pytest.fixture
def work(small_pool):
    return problem(small_pool)


@pytest.mark.one_in(3)
@pytest.mark.parametrize("operation", Operation)
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "bfloat16"])
def test_ours_is_correct_and_every_element_is_checked(work, operation, layout, dtype):
    expected = reference_of(work, 1, operation)
    judgement = expected.judge(ROI_POOL.cpu.ours[operation](work, layout, dtype).checked_outputs(), dtype)
    assert judgement.correct, judgement.reason
    assert judgement.checked == judgement.elements
    assert expected.checked_exactly > 30
    if operation.mode == "max" and not (operation.gradient and dtype.endswith("16")):
        assert judgement.error_over_bound == judgement.greatest_error == 0


def spoil_value(output):
    at = np.unravel_index(abs(output).argmax(), output.shape)
    output[at] *= 1 + 1e-4


def spoil_channels(output):
    output[:] = np.roll(output, 1, axis=1)


def spoil_first(output):
    output[:] = output[::-1]


def spoil_not_written(output):
    output[1, 3] = np.nan


@pytest.mark.one_in(3)
@pytest.mark.parametrize("operation", Operation)
@pytest.mark.parametrize("spoil", [spoil_value, spoil_channels, spoil_first, spoil_not_written])
def test_a_spoilt_result_is_wrong(work, operation, spoil):
    outputs = ROI_POOL.cpu.ours[operation](work, "NCHW", "float32").checked_outputs()
    spoil(outputs[0])
    judgement = reference_of(work, 1, operation).judge(outputs, "float32")
    assert not judgement.correct
    assert judgement.reason


def test_the_last_of_several_greatest_pixels_is_wrong(work):
    """A gradient that goes to another pixel of the same value."""
    expected = reference_of(work, 1, Operation.BACKWARD)
    (output, *others) = ROI_POOL.cpu.ours[Operation.BACKWARD](work, "NCHW", "float32").checked_outputs()
    maps = work.levels[0].feature
    image, channel, y, x = np.argwhere(output)[0]
    twins = np.argwhere((maps[image, channel] == maps[image, channel, y, x]) & (output[image, channel] == 0))
    assert len(twins)
    output[image, channel, *twins[-1]], output[image, channel, y, x] = output[image, channel, y, x], 0
    assert not expected.judge([output, *others], "float32").correct


@pytest.mark.parametrize("operation", Operation)
def test_large_rows_are_checked_in_part(work, operation, monkeypatch):
    monkeypatch.setattr(references, "WHOLE", 10)
    monkeypatch.setattr(references, "SAMPLED_CHANNELS", 3)
    monkeypatch.setattr("benchmarks.measuring.judgement.SAMPLED_CHANNELS", 3)
    monkeypatch.setattr("benchmarks.measuring.judgement.SAMPLED_ROIS", 2)
    expected = reference_of(work, 1, operation)
    assert len(expected.blocks) == 4
    outputs = ROI_POOL.cpu.ours[operation](work, "NCHW", "float32").checked_outputs()
    judgement = expected.judge(outputs, "float32")
    assert judgement.correct, judgement.reason
    assert judgement.checked < judgement.elements
    block = expected.blocks[1]
    others = np.setdiff1d(np.arange(9), expected.blocks[0].index[1])
    at = (block.index[0][0, 0], others[0], *(axis[0, 0] for axis in block.index[2:]))
    outputs[0][at] += 0.01
    assert not expected.judge(outputs, "float32").correct, "a channel that is not checked throughout"


@pytest.mark.parametrize("operation", Operation)
def test_a_reference_that_differs_from_the_rules_is_refused(work, operation, monkeypatch):
    name = {
        Operation.FORWARD: "greatest", Operation.AVERAGE: "average",
        Operation.BACKWARD: "spread_greatest", Operation.AVERAGE_BACKWARD: "spread_average",
    }[operation]  # fmt: skip
    honest = getattr(references, name)

    def spoilt(*arguments):
        made = honest(*arguments)
        return made * 1.001 if isinstance(made, np.ndarray) else (made[0] * 1.001, made[1])

    monkeypatch.setattr(references, name, spoilt)
    with pytest.raises(AssertionError, match="not what the rules give"):
        reference_of(work, 1, operation)


@pytest.mark.parametrize("row", [None, "e"])
@pytest.mark.parametrize(
    ("name", "operation"), [(name, one) for name, peer in ROI_POOL.cpu.peers.items() for one in peer.operations]
)
def test_peers_are_correct_by_their_own_rules(small_pool, name, operation, row):
    library = ROI_POOL.cpu.peers[name]
    if missing := [module for module in library.modules if find_spec(module) is None]:
        pytest.skip(f"{', '.join(missing)} is not installed")
    work = problem(CPU_ROWS[row] if row else small_pool)
    peer = library.operations[operation](work, 1)
    expected = reference_of(work, 1, operation)
    judgement = expected.under(peer.dialect).judge(peer.checked_outputs(), "float32")
    assert judgement.correct, judgement.reason


def test_mnns_edges_are_others_in_row_e():
    """Its bins of a RoI of 5 pixels are not those of the others, so that nobody else's reference would do."""
    expected = reference_of(problem(CPU_ROWS["e"]), 1, Operation.FORWARD)
    values = [block.value for block in expected.blocks]
    theirs = [block.value for block in expected.others["mnn"].blocks]
    assert any((mine != other).any() for mine, other in zip(values, theirs, strict=True))
    assert expected.others["torchvision"] is expected
