"""The golden cases judge kernels that are compiled as users have them, whatever other tests do."""

import os

import pytest

from roikit.conformance.cases.golden import golden_cases
from roikit.conformance.golden import ledger
from roikit.kernels.execution import host


def test_judged_kernels_are_compiled_as_users_have_them(judgements, monkeypatch, tmp_path):
    compiled = []
    compiler = host._run_compiler
    monkeypatch.setattr(host, "cache_directory", lambda: tmp_path)
    monkeypatch.setattr(
        host, "_run_compiler", lambda text, flags, to: compiled.append(flags) or compiler(text, (*flags, "-O0"), to)
    )
    host._load.cache_clear()
    host._kernel.cache_clear()
    case = next(case for case in golden_cases("roi_align") if case.kind == "value")
    assert list(judgements([case], ["torchvision"], ["float32"], ["NCHW"]))
    host._load.cache_clear()  # what was compiled here is nobody else's
    host._kernel.cache_clear()
    assert [[flag for flag in flags if flag.startswith("-O")] for flags in compiled] == [["-O3"]]


@pytest.mark.skipif(ledger.is_full(), reason="everything is compiled as users have it")
def test_other_kernels_are_compiled_faster():
    assert "-O0" in os.environ["ROIKIT_CXXFLAGS"]
