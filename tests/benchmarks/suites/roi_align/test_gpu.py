"""The series on a GPU take their figures from a row as a record has it; on the stand-in for CuPy."""

import numpy as np
import pytest

from benchmarks.measuring import probes
from benchmarks.measuring.floors import ASSUMED
from benchmarks.operators.roi_align.operations import Operation
from benchmarks.operators.roi_align.operator import ROI_ALIGN
from benchmarks.record import gpu_rows
from benchmarks.suites import gpu as series
from benchmarks.suites.roi_align import forward_gpu, gradients_gpu


def test_series_of_asv_take_their_figures_from_the_row(gpu, small):
    suite = forward_gpu.Forward()
    row = gpu_rows.measure_on_gpu(ROI_ALIGN, Operation.FORWARD, small, ASSUMED, 0.0, 1, series.VARIANTS)
    cache = {"a1": series.figures(row)}
    assert list(cache["a1"]) == list(series.VARIANTS)
    arguments = (cache, "a1", "NHWC float32")
    suite.setup(*arguments)
    assert suite.track_kernel_cold(*arguments) == pytest.approx(200)
    assert suite.track_kernel_hot(*arguments) == pytest.approx(200)
    assert 0 < suite.track_gap_to_floor(*arguments) < 1
    assert suite.track_python_call(*arguments) > 0
    assert suite.track_workspace(*arguments) == 0
    assert np.isnan(suite.track_ratio_torchvision(*arguments)), "torchvision is not here"
    with pytest.raises(NotImplementedError):
        suite.setup({}, "a1", "NHWC float32")


@pytest.mark.parametrize(
    ("suite", "operation"),
    [
        (forward_gpu.Forward, Operation.FORWARD),
        (gradients_gpu.Backward, Operation.BACKWARD),
        (gradients_gpu.Pooler, Operation.POOLER),
        (gradients_gpu.PoolerBackward, Operation.POOLER_BACKWARD),
        (gradients_gpu.BoxesBackward, Operation.BOXES),
    ],
)
def test_each_suite_of_asv_measures_its_operation(gpu, small, monkeypatch, suite, operation):
    measured = []
    honest = gpu_rows.measure_on_gpu

    def measure(*arguments):
        measured.append(arguments[:2])
        return honest(*arguments)

    monkeypatch.setattr(gpu_rows, "measure_on_gpu", measure)
    monkeypatch.setattr(series, "ROWS", ("a1",))
    monkeypatch.setattr(series.gpu, "present", lambda: True)
    monkeypatch.setattr(probes, "bandwidths", lambda timer: [])
    cache = suite().setup_cache()
    assert measured == [(ROI_ALIGN, operation)]
    suite().setup(cache, "a1", "NHWC float16")
    assert suite().track_kernel_cold(cache, "a1", "NHWC float16") > 0


def test_rows_that_an_operator_lacks_are_not_measured_but_skipped(gpu, small, monkeypatch):
    monkeypatch.setattr(series, "ROWS", ("a1", "another"))
    monkeypatch.setattr(series.gpu, "present", lambda: True)
    monkeypatch.setattr(probes, "bandwidths", lambda timer: [])
    cache = forward_gpu.Forward().setup_cache()
    assert list(cache) == ["a1"]
    with pytest.raises(NotImplementedError, match="no such row"):
        forward_gpu.Forward().setup(cache, "another", "NHWC float16")
