"""Golden cases of real sizes through the launches that a GPU would get, in blocks of real threads: see test_as_on_a_gpu.py.

``python -m tests.kernels.staging.as_on_a_gpu FOLDER`` compiles kernels into the folder, made to count which of their lines are
run, and judges what they return. Sources lie beside the counts.
"""

import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np

from roikit.conformance.adapters.roikit_calls import aligned
from roikit.conformance.cases.golden import golden_cases
from roikit.conformance.verdict import Verdict
from roikit.conformance.verdicts.judge import judge_output
from roikit.kernels import InvalidRoiError, multiscale_roi_align, roi_align
from roikit.kernels.execution import device, host
from tests.kernels.operators import stand_in

DIALECT = "torchvision"


class Run(NamedTuple):
    """A case, and how it is run.

    Attributes:
        case: Its id.
        layout, dtype: Of its arrays.
        aligned: Whether these begin at a multiple of a vector.
        blocks: The most along x and y: with fewer, each goes through several RoIs, tiles or slices of channels.
    """

    case: str
    layout: str
    dtype: str = "float32"
    aligned: bool = True
    blocks: tuple[int, int] = (2**31, 2**16)


RUNS = (
    # Kernels for a size; several blocks of channels; lines, dense and far apart; split; in global memory.
    Run("z-coarse-7-1", "NCHW"),
    Run("z-coarse-14-1", "NHWC"),
    Run("z-coarse-7-2", "NHWC"),
    Run("z-coarse-7-2", "NHWC", aligned=False),
    Run("z-coarse-14-2", "NHWC"),
    Run("z-head-16-101", "NCHW"),
    Run("z-head-16-101", "NHWC"),
    Run("z-head-16-101", "NHWC", "float16"),
    Run("z-head-16-101", "NHWC", "float16", aligned=False),
    Run("z-rows", "NCHW"),
    Run("z-far-apart", "NCHW"),
    Run("z-uneven", "NHWC"),
    Run("z-heavy", "NCHW"),
    Run("z-heavy", "NHWC", aligned=False),
    Run("z-adaptive-5x6501-7", "NCHW"),
    Run("z-adaptive-5x6501-7", "NHWC"),
    Run("z-adaptive-5x6501-7", "NCHW", blocks=(2, 1)),
    Run("zm-head-16-101", "NCHW"),
    Run("zm-head-16-101", "NHWC"),
    Run("zm-rows", "NCHW"),
    Run("zm-far-apart", "NCHW"),
    Run("zm-heavy", "NHWC", aligned=False),
    Run("zm-adaptive-5x6501-7", "NCHW"),
    # Gradients: several tiles, chunks, segments, slices.
    *(Run(f"{name}-whole", layout) for name in ("zg", "zgm") for layout in ("NCHW", "NHWC")),
    *(Run(f"{name}-whole", layout, "float64") for name in ("zb", "zbm") for layout in ("NCHW", "NHWC")),
    Run("zg-channels-257", "NHWC", "float16"),
    Run("zg-whole", "NHWC", aligned=False, blocks=(3, 2)),
    Run("zg-channels-33", "NHWC"),
    Run("zg-bins-64x64", "NCHW"),
    Run("zg-rois-259", "NHWC", blocks=(2, 1)),
    Run("zg-channels-33", "NCHW", blocks=(1, 1)),
    Run("zb-channels-33", "NHWC"),
    Run("kink-tie-on-edge", "NHWC"),
    *(Run("g-max-integral", layout) for layout in ("NCHW", "NHWC")),
    # What no large case is for: edges of the map, what is outside, and pixels that no RoI touches.
    *(Run(f"border-{name}", "NCHW") for name in ("low", "high", "far-outside", "around")),
    *(Run(f"gradient-max-{name}", "NHWC") for name in ("half-outside", "all-outside", "minus-one")),
)
PYRAMIDS = (("z-coarse-7-1", "NCHW"), ("zm-head-16-101", "NHWC"))
REFUSED = (("z-coarse-7-1", "NCHW"), ("zm-head-16-101", "NHWC"))


def shifted(array, *, aligned):
    """A copy whose memory begins at a multiple of 64 bytes, or one element beyond."""
    room = np.empty(array.nbytes + 128, np.uint8)
    begin = -room.ctypes.data % 64 + (0 if aligned else array.itemsize)
    copy = room[begin : begin + array.nbytes].view(array.dtype).reshape(array.shape)
    copy[...] = array
    return stand_in.Array(copy)


def judged(case, run):
    """The judgement of a run of a case."""
    call = case.call(DIALECT, run.dtype, run.layout)
    with_blocks(run.blocks)
    got = aligned(call, lambda array: shifted(array, aligned=run.aligned)).host
    return judge_output(case, case.expectation(DIALECT, run.dtype), got, run.dtype, run.layout)


def as_levels(case, layout):
    """The judgement of a case whose map is the second level of a pyramid, which all its RoIs are pooled from."""
    call = case.call(DIALECT, "float32", layout)
    maps = [stand_in.Array(np.full_like(call.input, np.nan)), stand_in.Array(call.input)]
    boxes, scales = stand_in.Array(call.boxes), [2 * call.spatial_scale[0], call.spatial_scale[0]]
    how = {"mode": call.mode, "layout": layout, "dialect": DIALECT, "canonical_size": 1e-6, "canonical_level": 2}
    how["num_rois"] = stand_in.Array(np.array([len(call.boxes)]))
    got = multiscale_roi_align(maps, boxes, call.output_size, scales, call.sampling_ratio, **how).host
    return judge_output(case, case.expectation(DIALECT, "float32"), got, "float32", layout)


def with_a_bad_roi(case, layout):
    """The judgement of a case after whose RoIs comes one more, which cannot be pooled and does nothing to the others."""
    call = case.call(DIALECT, "float32", layout)
    boxes = stand_in.Array(np.vstack([call.boxes, [[0, 0, 0, np.inf, 1]]]).astype(np.float32))
    how = {"mode": call.mode, "layout": layout, "dialect": DIALECT}
    where = (call.output_size, call.spatial_scale, call.sampling_ratio)
    try:
        roi_align(stand_in.Array(call.input), boxes, *where, **how, check=True)
    except InvalidRoiError:
        got = roi_align(stand_in.Array(call.input), boxes, *where, **how).host
    assert np.isnan(got[-1]).all()
    return judge_output(case, case.expectation(DIALECT, "float32"), got[:-1], "float32", layout)


def with_blocks(most):
    """Lets launches have so many blocks at most."""

    def run(source, grid, block, shared_bytes, pointers, params):
        gathers = "backward" in source.entry
        grid = (min(grid[0], most[0]), min(grid[1], most[1]) if gathers else grid[1], grid[2])
        ran_on_host(source, grid, block, shared_bytes, pointers, params)

    stand_in.run_on_host = run


ran_on_host = stand_in.run_on_host


def counting(folder):
    """Has kernels compiled to count the lines that are run; what they were compiled from is kept in the folder."""
    host.cache_directory = lambda: folder
    without = ("-O3", "-Wl,-z,defs")
    # Threads of a block count at once; lines' counts are differences of what they counted, so that none may be lost.
    counts = ("-O0", "--coverage", "-fprofile-update=atomic")
    host._FLAGS = (*(flag for flag in host._FLAGS if flag not in without), *counts)
    compiled = host._run_compiler

    def compiles(text, flags, target):
        folder.joinpath(f"{target.name}.txt").write_text(text, encoding="utf-8")
        return compiled(text, flags, target)

    host._run_compiler = compiles


def main():
    counting(Path(sys.argv[1]))
    sys.modules["cupy"] = stand_in.stand_in()
    device._kernel = stand_in.kernel
    cases = {case.id: case for case in golden_cases()}
    for run in RUNS:
        report(run, judged(cases[run.case], run))
    for name, layout in PYRAMIDS:
        report((name, "of two levels", layout), as_levels(cases[name], layout))
    for name, layout in REFUSED:
        report((name, "with a box that is not finite", layout), with_a_bad_roi(cases[name], layout))


def report(what, judgement):
    if judgement.verdict != Verdict.CONFORMS:
        print(what, judgement.verdict.value, judgement.reason)


if __name__ == "__main__":
    main()
