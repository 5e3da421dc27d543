"""The figures that asv follows of what was counted."""

import pytest

from benchmarks.suites import profiled
from benchmarks.suites.roi_align.profiled import Profiled


def test_figures_are_those_of_a_profile(small):
    pytest.importorskip("cuda.bindings.nvrtc", reason="NVRTC: pip install 'roikit[nvrtc]'")
    cache = profiled.measure("roi_align", ("forward",), ("a1",), ("NHWC float32",))
    series = Profiled()
    about = ("forward", "a1", "NHWC float32")
    series.setup(cache, "sectors", *about)
    found = {figure: series.track_figure(cache, figure, *about) for figure in profiled.FIGURES}
    assert all(number > 0 for number in found.values())
    assert found["l2_bytes"] >= 4  # a float32 is written


def test_without_nvrtc_it_is_skipped(monkeypatch):
    monkeypatch.setattr(profiled, "find_spec", lambda name: None)
    assert profiled.measure("roi_align", ("forward",), ("a1",), ("NHWC float32",)) == {}
    with pytest.raises(NotImplementedError, match="cuda-core"):
        Profiled().setup({}, "sectors", "forward", "a1", "NHWC float32")
