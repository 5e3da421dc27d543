"""Rows whose launches are counted, on a small one."""

import numpy as np
import pytest

from benchmarks.operators.roi_align.operations import Operation
from benchmarks.operators.roi_align.operator import ROI_ALIGN
from benchmarks.profile import rows
from benchmarks.profile.rows import profile
from benchmarks.workloads import problem
from roikit.kernels import roi_align, roi_align_backward
from roikit.kernels.emulation.stand_in import emulated

pytest.importorskip("cuda.bindings.nvrtc", reason="NVRTC: pip install 'roikit[nvrtc]'")


def counted(operation, library="roikit", layout="NCHW", dtype="float32", **how):
    return profile(ROI_ALIGN, operation, "a1", library, layout, dtype, "sm_90", **how)


def test_all_blocks_of_a_small_row_run_and_write_every_value(small):
    found = counted(Operation.FORWARD, layout="NHWC")
    assert found.values == small.outputs
    assert len(found.launches) == 2  # one for each level
    assert all(launch.counts.ran == launch.counts.blocks for launch in found.launches)
    written = sum(launch.counts.requests["store global"].bytes for launch in found.launches)
    assert written == small.outputs * 4
    assert found.figures["instructions_error"] == 0
    assert 0 < found.figures["active_lanes_of_32"] <= 32
    assert found.figures["l2_bytes"] <= found.figures["l1_bytes"]
    assert sum(found.kinds().values()) == pytest.approx(found.figures["instructions"])


def test_instructions_come_from_lines_of_the_text(small):
    found = counted(Operation.FORWARD, "common-kernel")
    lines = found.lines()
    assert sum(lines.values()) == pytest.approx(found.figures["instructions"])
    assert list(lines.values()) == sorted(lines.values(), reverse=True)
    per_value = {line: number for (_, line), number in lines.items()}
    assert per_value["narrow(sum / count_of(bin), output[index]);"] >= 1


def test_a_sample_stands_for_all_blocks(small):
    whole, part = (counted(Operation.FORWARD, blocks=blocks).figures for blocks in (1000, 4))
    assert part["instructions_error"] > 0
    assert abs(part["instructions"] - whole["instructions"]) < 4 * part["instructions_error"]


@pytest.mark.one_in(2)
def test_what_comes_before_the_last_kernel_of_a_gradient_runs_whole(small):
    found = counted(Operation.BACKWARD, layout="NHWC", blocks=2)
    ran = {launch.counts.kernel: launch.counts.ran == launch.counts.blocks for launch in found.launches}
    assert ran == {"find_extents": True, "find_touching": True, "order_tiles": True, "roi_align_backward": False}


@pytest.mark.one_in(2)
@pytest.mark.parametrize("operation", [Operation.POOLER, Operation.BOXES])
def test_other_operations_are_counted(small, operation):
    found = counted(operation, layout="NHWC", dtype="float16", blocks=2)
    assert found.figures["instructions"] > 0
    assert found.predicted > 0


def test_the_common_kernel_reads_four_pixels_for_each_sample(small):
    found = counted(Operation.FORWARD, "common-kernel")
    (loads,) = {launch.counts.issued["load global"] / launch.counts.issued["store global"] for launch in found.launches}
    assert loads == pytest.approx(5 + 4 * 4, abs=0.5)  # a box, and the pixels of those samples that a warp has inside
    assert found.figures["loads_in_flight"] > 2


def outputs(operation, prepare, layout="NCHW", dtype="float32"):
    """What a contestant gives on the emulated device, each launch run whole and watched."""
    work = problem(ROI_ALIGN.gpu_rows["a1"])
    with emulated() as cupy:
        inputs = rows._Inputs(cupy, work, ROI_ALIGN.gpu.inputs[operation](work), layout, dtype)
        contestant = prepare(inputs, type("Timer", (), {"capture": None}))
        return work, [out.held for out in contestant()]


@pytest.mark.parametrize(("dtype", "bound"), [("float32", 1e-5), ("float16", 2e-3)])
def test_the_common_kernel_pools_as_ours_does(small, dtype, bound):
    work, got = outputs(Operation.FORWARD, ROI_ALIGN.common[Operation.FORWARD], dtype=dtype)
    for level, out in zip(work.levels, got, strict=True):
        maps = level.feature.astype(dtype)
        wanted = roi_align(maps, level.boxes, 3, level.scale, 2, aligned=True)
        np.testing.assert_allclose(out.astype(float), wanted.astype(float), rtol=bound, atol=4 * bound)


def test_the_common_kernel_sends_back_what_ours_gathers(small):
    work, got = outputs(Operation.BACKWARD, ROI_ALIGN.common[Operation.BACKWARD])
    given = ROI_ALIGN.gpu.inputs[Operation.BACKWARD](work)
    for level, grad, out in zip(work.levels, given, got, strict=True):
        wanted = roi_align_backward(grad, level.boxes, level.feature.shape, level.scale, 2, aligned=True)
        np.testing.assert_allclose(out, wanted, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("operation", "layout", "dtype", "message"),
    [
        (Operation.FORWARD, "NHWC", "float32", "takes NCHW"),
        (Operation.BACKWARD, "NCHW", "float16", "maps of float32"),
        (Operation.POOLER, "NCHW", "float32", "common-kernel has no pooler of roi_align"),
    ],
)
def test_what_the_common_kernel_lacks_is_said(small, operation, layout, dtype, message):
    with pytest.raises(ValueError, match=message):
        counted(operation, "common-kernel", layout, dtype)
