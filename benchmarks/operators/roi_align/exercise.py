"""A program to be run under a sanitizer or profiler: ``python -m benchmarks.operators.roi_align.exercise``. Needs a GPU.

Without a row it makes small calls of our kernels in every mode, layout and data type, with odd numbers of channels, boxes over
the edge, adaptive grids, refused boxes, and none at all; and of the gradients and of the poolers, in fewer data types, since each
must be compiled. With one it makes all calls of that row, once.
"""

from __future__ import annotations

import itertools
from importlib.util import find_spec
from typing import Annotated, Any

import numpy as np
import typer

from roikit.kernels import (
    multiscale_roi_align,
    multiscale_roi_align_backward,
    multiscale_roi_align_backward_boxes,
    roi_align,
    roi_align_backward,
    roi_align_backward_boxes,
)

from ...measuring.contestant import in_layout, numpy_dtype
from ...workloads import problem
from .workloads import GPU_ROWS

app = typer.Typer(add_completion=False)
_GRADIENT_TYPES = ("float32", "float16")


def small_calls() -> int:
    """Makes the small calls; returns how many."""
    import cupy

    rng = np.random.default_rng(7)
    boxes = np.array(
        [
            [0, 1, 2, 30, 25],
            [1, -20, -20, 60, 60],
            [0, 5, 5, 5, 5],
            [1, 40, 40, 200, 200],
            [0, 10, 3, 12, 30],
            [7, 0, 0, 9, 9],
            [0, np.nan, 0, 9, 9],
        ],
        np.float32,
    )
    dtypes = ["float32", "float64", "float16", *(["bfloat16"] if find_spec("ml_dtypes") else [])]
    made = 0
    kinds = itertools.product(dtypes, ("NCHW", "NHWC"), ("avg", "max"), (1, 7, 8, 72), ((2, 7), (0, 3)))
    for dtype, layout, mode, channels, (ratio, bins) in kinds:
        feature = in_layout(rng.standard_normal((2, channels, 19, 23)), layout, dtype)
        rois = cupy.asarray(boxes.astype(numpy_dtype("float64" if dtype == "float64" else "float32")))
        for count in (len(rois), 0):
            maps, some = cupy.asarray(feature), rois[:count]
            rules = {"aligned": made % 2 == 0, "mode": mode, "layout": layout}
            grad = roi_align(maps, some, bins, 0.5, ratio, **rules)
            made += 1
            if dtype in _GRADIENT_TYPES and channels != 1:
                made += _gradients(grad, maps, some, ratio, rules)
                made += _poolers(maps, some, bins, ratio, rules)
    cupy.cuda.Device().synchronize()
    return made


def _gradients(grad: Any, maps: Any, boxes: Any, ratio: int, rules: dict[str, Any]) -> int:
    """Makes the calls of the gradients of one level; returns how many."""
    given = maps if rules["mode"] == "max" else None
    roi_align_backward(grad, boxes, maps.shape, 0.5, ratio, input=given, **rules)
    roi_align_backward_boxes(grad, maps, boxes, 0.5, ratio, **rules)
    return 2


def _poolers(maps: Any, boxes: Any, bins: int, ratio: int, rules: dict[str, Any]) -> int:
    """Makes the calls on two levels, so small that boxes fall on both; returns how many."""
    levels, scales = [maps, maps], (0.5, 0.25)
    shapes, rule = [maps.shape] * 2, {"canonical_size": 20.0, "canonical_level": 2}
    given = levels if rules["mode"] == "max" else None
    grad = multiscale_roi_align(levels, boxes, bins, scales, ratio, **rule, **rules)
    multiscale_roi_align_backward(grad, boxes, shapes, scales, ratio, inputs=given, **rule, **rules)
    multiscale_roi_align_backward_boxes(grad, levels, boxes, scales, ratio, **rule, **rules)
    return 3


def one_row(name: str, library: str, layout: str, dtype: str) -> int:
    """Makes all calls of a row once; returns how many."""
    import cupy

    work = problem(GPU_ROWS[name])
    for level in work.levels:
        feature, boxes = cupy.asarray(in_layout(level.feature, layout, dtype)), cupy.asarray(level.boxes)
        if library == "roikit":
            roi_align(feature, boxes, work.row.bins, level.scale, work.row.sampling_ratio, aligned=True, layout=layout)
        else:
            import torch
            import torchvision

            maps = torch.from_dlpack(feature)
            maps = maps if layout == "NCHW" else maps.permute(0, 3, 1, 2)
            rois = torch.from_dlpack(boxes).to(maps.dtype)
            torchvision.ops.roi_align(maps, rois, work.row.bins, level.scale, work.row.sampling_ratio, True)
            torch.cuda.synchronize()
    cupy.cuda.Device().synchronize()
    return len(work.levels)


@app.command()
def exercise(
    row: Annotated[str | None, typer.Option(help="A row, instead of small calls.")] = None,
    library: Annotated[str, typer.Option(help="roikit or torchvision.")] = "roikit",
    layout: Annotated[str, typer.Option(help="NCHW or NHWC.")] = "NHWC",
    dtype: Annotated[str, typer.Option(help="Data type of the maps.")] = "float32",
) -> None:
    """Make calls on the GPU."""
    import cupy

    cupy.cuda.set_allocator(None)  # each array by itself, so that what lies beside it is not ours
    made = small_calls() if row is None else one_row(row, library, layout, dtype)
    typer.echo(f"{made} launches exercised")


if __name__ == "__main__":
    app()
