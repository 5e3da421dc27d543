"""The check of timed results: it passes what is right, and notices whatever is done to it."""

from importlib.util import find_spec

import numpy as np
import pytest

from benchmarks.measuring.contestant import LAYOUTS
from benchmarks.measuring.problem import Level
from benchmarks.operators.ps_roi_pool import reference as references
from benchmarks.operators.ps_roi_pool.edges import DIALECTS, EXACT, windows_of
from benchmarks.operators.ps_roi_pool.operations import Operation
from benchmarks.operators.ps_roi_pool.operator import PS_ROI_POOL
from benchmarks.operators.ps_roi_pool.reference import reference_of
from benchmarks.operators.ps_roi_pool.workloads import CPU_ROWS
from benchmarks.workloads import problem

FIGURES = (
    # rules, box, what each bin of a ramp gives: seen of the libraries named
    (DIALECTS["torchvision"], [0, 0, 5, 5], [6, 32.5, 63.5, 90]),
    (EXACT, [0, 0, 4, 4], [3, 30, 63, 90]),
    (DIALECTS["mxnet"], [0, 0, 5, 5], [6, 33.5, 68.5, 96]),
    (DIALECTS["openvino"], [0.5, 0.5, 2.5, 2.5], [9, 35, 64, 90]),
)


@pytest.mark.parametrize(("rules", "box", "expected"), FIGURES)
def test_known_figures(rules, box, expected):
    maps = np.arange(100, dtype=np.float32).reshape(1, 4, 5, 5)
    level = Level(maps, np.array([[0, *box]], np.float32), 1.0, np.arange(1))
    found, _ = references.average(level, windows_of(level, 2, rules), 0, np.arange(1))
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
    judgement = expected.judge(PS_ROI_POOL.cpu.ours[operation](work, layout, dtype).checked_outputs(), dtype)
    assert judgement.correct, judgement.reason
    assert judgement.checked == judgement.elements
    assert expected.checked_exactly > 30


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
    outputs = PS_ROI_POOL.cpu.ours[operation](work, "NCHW", "float32").checked_outputs()
    spoil(outputs[0])
    judgement = reference_of(work, 1, operation).judge(outputs, "float32")
    assert not judgement.correct
    assert judgement.reason


@pytest.mark.parametrize("operation", Operation)
def test_large_rows_are_checked_in_part(work, operation, monkeypatch):
    monkeypatch.setattr(references, "WHOLE", 10)
    monkeypatch.setattr(references, "SAMPLED_CHANNELS", 3)
    monkeypatch.setattr("benchmarks.measuring.judgement.SAMPLED_CHANNELS", 3)
    monkeypatch.setattr("benchmarks.measuring.judgement.SAMPLED_ROIS", 2)
    expected = reference_of(work, 1, operation)
    outputs = PS_ROI_POOL.cpu.ours[operation](work, "NCHW", "float32").checked_outputs()
    judgement = expected.judge(outputs, "float32")
    assert judgement.correct, judgement.reason
    assert judgement.checked < judgement.elements
    channel = expected.blocks[0].index[1][0, 0]
    outputs[0][:, channel] += 0.01
    assert not expected.judge(outputs, "float32").correct


@pytest.mark.parametrize("operation", Operation)
def test_a_reference_that_differs_from_the_rules_is_refused(work, operation, monkeypatch):
    name = "spread" if operation.gradient else "average"
    honest = getattr(references, name)
    monkeypatch.setattr(references, name, lambda *given: (honest(*given)[0] * 1.001, honest(*given)[1]))
    with pytest.raises(AssertionError, match="not what the rules give"):
        reference_of(work, 1, operation)


@pytest.mark.parametrize("row", [None, "c1"])
@pytest.mark.parametrize("name", PS_ROI_POOL.cpu.peers)
def test_peers_are_correct_by_their_own_rules(small_pool, name, row):
    library = PS_ROI_POOL.cpu.peers[name]
    if missing := [module for module in library.modules if find_spec(module) is None]:
        pytest.skip(f"{', '.join(missing)} is not installed")
    work = problem(CPU_ROWS[row] if row else small_pool)
    (operation,) = library.operations
    peer = library.operations[operation](work, 1)
    judgement = reference_of(work, 1, operation).under(peer.dialect).judge(peer.checked_outputs(), "float32")
    assert judgement.correct, judgement.reason
