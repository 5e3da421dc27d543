"""Golden calls by the way to a GPU, as PTX: they have the bits of the host executor wherever both add in one order."""

import re
import sys
from functools import cache

import numpy as np
import pytest

from roikit.conformance.adapters.roikit_calls import aligned, pooled
from roikit.conformance.adapters.roikit_ptx import RoikitPtx
from roikit.conformance.cases.golden import golden_cases
from roikit.conformance.implementation import Unavailable
from roikit.conformance.verdict import Verdict
from roikit.conformance.verdicts.judge import judge_output
from roikit.kernels import roi_align, roi_align_backward
from roikit.kernels.emulation import stand_in
from roikit.kernels.emulation.executor import EmulationError
from roikit.kernels.emulation.nvrtc import ptx_of
from roikit.kernels.emulation.stand_in import emulated

pytest.importorskip("cuda.bindings.nvrtc", reason="NVRTC: pip install 'roikit[nvrtc]'")

DIALECT = {"roi_align": "torchvision", "roi_pool": "roikit"}
MAKE = {"roi_align": aligned, "roi_pool": pooled}
OTHER_ORDER = {
    *(("roi_align", "box_gradient", mode, layout) for mode in ("avg", "max") for layout in ("NCHW", "NHWC")),
    ("roi_pool", "forward", "avg", "NCHW"),
}
"""Sums that threads of a block share, and that one thread adds up in another order."""


@cache
def case_of(operator, operation, mode, dtype):
    """The case with the largest maps among the small ones."""
    known = (
        case
        for case in golden_cases()
        if (case.operator, case.operation, case.mode, case.size) == (operator, operation, mode, "small")
        and (case.kind, case.memory, case.steps, case.arranged) == ("value", "contiguous", (), {})
        and case.says(DIALECT[operator], dtype)
    )
    return max(known, key=lambda case: np.size(case.call(DIALECT[operator], dtype, "NCHW").input))


@pytest.mark.one_in(4)
@pytest.mark.parametrize("mode", ["avg", "max"])
@pytest.mark.parametrize(
    ("dtype", "layout"), [("float32", "NCHW"), ("float16", "NHWC"), ("bfloat16", "NCHW"), ("float64", "NHWC")]
)
@pytest.mark.parametrize(
    ("operator", "operation"),
    [
        ("roi_align", "forward"),
        ("roi_align", "feature_gradient"),
        ("roi_align", "box_gradient"),
        ("roi_pool", "forward"),
        ("roi_pool", "feature_gradient"),
    ],
)
def test_a_golden_call_has_the_bits_of_the_host_executor(operator, operation, dtype, layout, mode):
    case = case_of(operator, operation, mode, dtype)
    call = case.call(DIALECT[operator], dtype, layout)
    got = getattr(RoikitPtx(), operator)(call)
    judged = judge_output(case, case.expectation(DIALECT[operator], dtype), got, dtype, layout)
    assert judged.verdict == Verdict.CONFORMS, judged.reason
    if (operator, operation, mode, layout) not in OTHER_ORDER:
        assert got.tobytes() == np.ascontiguousarray(MAKE[operator](call, lambda array: array)).tobytes()


def case(channels=16):
    rng = np.random.default_rng(3)
    boxes = np.array([[0, 1, 1, 6, 7], [1, 0.3, 2, 8, 8.5], [1, -2, 0, 3, 4]], np.float32)
    return rng.standard_normal((2, 9, 10, channels)).astype(np.float32), boxes


HOW = {"spatial_scale": 0.5, "layout": "NHWC"}


@pytest.mark.parametrize("architecture", ["sm_75", "sm_120"])
def test_other_architectures_give_the_same_bits(architecture):
    maps, boxes = case()
    with emulated(architecture) as cupy:
        assert sys.modules["cupy"] is cupy
        got = roi_align(cupy.asarray(maps), cupy.asarray(boxes), (3, 2), **HOW)
    assert "cupy" not in sys.modules or sys.modules["cupy"] is not cupy
    assert got.held.tobytes() == roi_align(maps, boxes, (3, 2), **HOW).tobytes()


def test_maps_that_are_not_aligned_take_the_kernel_for_them():
    maps, boxes = case()
    with emulated() as cupy:
        room = cupy.asarray(np.zeros(maps.size + 1, np.float32))
        room[1:] = maps.ravel()
        shifted = stand_in.ndarray(room.held[1:].reshape(maps.shape))
        assert shifted.data.ptr % 16
        got = roi_align(shifted, cupy.asarray(boxes), (3, 2), **HOW)
    assert got.held.tobytes() == roi_align(maps, boxes, (3, 2), **HOW).tobytes()


def test_lists_too_long_for_shared_memory_go_to_a_workspace():
    maps = np.random.default_rng(0).standard_normal((1, 2, 5, 7000)).astype(np.float32)
    boxes = np.array([[0, 0, 0, 7000, 5], [0, 10, 1, 6500, 4]], np.float32)
    with emulated() as cupy:
        got = roi_align(cupy.asarray(maps), cupy.asarray(boxes), 2)
    assert got.held.tobytes() == roi_align(maps, boxes, 2).tobytes()


def test_an_array_that_is_shorter_than_it_says_is_found():
    class Longer(stand_in.ndarray):
        __module__ = "cupy"
        shape = (3, 3, 2, 16)

    maps, boxes = case()
    out = Longer(np.zeros(3 * 3 * 2 * 16 - 4, np.float32))
    message = r"^roi_align_forward, block \(2, 0, \d\), thread .* global write of \d+ bytes is out of bounds"
    with emulated() as cupy, pytest.raises(EmulationError, match=message):
        roi_align(cupy.asarray(maps), cupy.asarray(boxes), (3, 2), **HOW, out=out)


def test_an_output_that_was_never_written_is_not_handed_out():
    with emulated() as cupy:
        array = cupy.empty((2, 3), np.float32)
        array[0] = 1
        assert cupy.asnumpy(array[0]).tolist() == [1, 1, 1]
        with pytest.raises(EmulationError, match=r"read by the host: element \[1, 0\] of \(2, 3\)"):
            cupy.asnumpy(array)


def forward(cupy, mode, layout):
    maps, boxes = case()
    maps = maps if layout == "NHWC" else np.ascontiguousarray(maps.transpose(0, 3, 1, 2))
    roi_align(cupy.asarray(maps), cupy.asarray(boxes), (3, 2), 0.5, mode=mode, layout=layout)


def backward(cupy, mode, layout):
    maps, boxes = case()
    maps = maps if layout == "NHWC" else np.ascontiguousarray(maps.transpose(0, 3, 1, 2))
    grad = cupy.asarray(np.ones((3, 3, 2, 16) if layout == "NHWC" else (3, 16, 3, 2), np.float32))
    how = {"mode": mode, "layout": layout, "input": cupy.asarray(maps)}
    roi_align_backward(grad, cupy.asarray(boxes), maps.shape, 0.5, **how)


@pytest.mark.one_in(3)
@pytest.mark.parametrize("mode", ["avg", "max"])
@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
@pytest.mark.parametrize("call", [forward, backward])
def test_our_kernels_without_their_barriers_are_found_out(call, layout, mode, monkeypatch):
    def without(code, architecture, options):
        return ptx_of(code.replace("__syncthreads()", "(void)0"), architecture, options)

    monkeypatch.setattr(stand_in, "_compiled", without)
    with emulated() as cupy, pytest.raises(EmulationError, match=r"races with|is of what was never written"):
        call(cupy, mode, layout)


def test_the_adapter_says_what_it_runs():
    assert re.search(r"\(PTX of NVRTC \d+\.\d+ for sm_\d+, on a CPU\)$", RoikitPtx().describe().version)


def test_without_nvrtc_the_adapter_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "cuda.bindings", None)
    with pytest.raises(Unavailable, match=r"pip install 'roikit\[nvrtc\]', and a C\+\+ compiler"):
        RoikitPtx()
