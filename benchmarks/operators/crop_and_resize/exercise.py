"""A program to be run under a sanitizer or profiler: ``python -m benchmarks.operators.crop_and_resize.exercise``. Needs a GPU.

Without a row it makes small calls of our kernels in every layout and data type, with odd numbers of channels, boxes over
the edge, inverted boxes, refused boxes, and none at all; and of the gradients. With one it makes all calls of that row, once.
"""

from __future__ import annotations

import itertools
from importlib.util import find_spec
from typing import Annotated, Any

import numpy as np
import typer

from roikit.kernels import crop_and_resize, crop_and_resize_backward, crop_and_resize_backward_boxes

from ...measuring.contestant import in_layout, numpy_dtype
from ...workloads import problem
from .workloads import GPU_ROWS, boxes_of

app = typer.Typer(add_completion=False)
BOXES = np.array(
    [
        [0.1, 0.1, 0.9, 0.8],
        [-0.5, -0.5, 1.5, 1.5],
        [0.3, 0.3, 0.3, 0.3],
        [0.9, 0.8, 0.1, 0.2],
        [2, 2, 3, 3],
        [0, 0, 1, 1],
        [0, np.nan, 1, 1],
    ],
    np.float32,
)
INDICES = np.array([0, 1, 0, 1, 0, 7, 0], np.int32)
"""The last two boxes are to be refused."""


def small_calls() -> int:
    """Makes the small calls; returns how many."""
    import cupy

    rng, made = np.random.default_rng(7), 0
    dtypes = ["float32", "float64", "float16", *(["bfloat16"] if find_spec("ml_dtypes") else [])]
    kinds = itertools.product(dtypes, ("NCHW", "NHWC"), (1, 7, 8, 72), (1, 3), ("bilinear", "nearest"))
    for dtype, layout, channels, points, method in kinds:
        images = cupy.asarray(in_layout(rng.standard_normal((2, channels, 19, 23)), layout, dtype))
        boxes = cupy.asarray(BOXES.astype(numpy_dtype("float64" if dtype == "float64" else "float32")))
        for count in (len(boxes), 0):
            rows = boxes[:count], cupy.asarray(INDICES[:count])
            made += _calls(images, rows, points, {"method": method, "layout": layout})
    cupy.cuda.Device().synchronize()
    return made


def _calls(images: Any, rows: tuple[Any, Any], points: int, rules: dict[str, Any]) -> int:
    """Crops, and works out both gradients; returns how many calls that were."""
    grad = crop_and_resize(images, *rows, points, **rules)
    crop_and_resize_backward(grad, *rows, images.shape, **rules)
    crop_and_resize_backward_boxes(grad, images, *rows, **rules)
    return 3


def one_row(name: str, layout: Any, dtype: str) -> int:
    """Makes all calls of a row once; returns how many."""
    import cupy

    work = problem(GPU_ROWS[name])
    for level in work.levels:
        images, of_level = cupy.asarray(in_layout(level.feature, layout, dtype)), boxes_of(level, dtype)
        rows = cupy.asarray(of_level.corners), cupy.asarray(of_level.indices)
        crop_and_resize(images, *rows, work.row.bins, layout=layout)
    cupy.cuda.Device().synchronize()
    return len(work.levels)


@app.command()
def exercise(
    row: Annotated[str | None, typer.Option(help="A row, instead of small calls.")] = None,
    library: Annotated[str, typer.Option(help="roikit, as nobody else's kernels are timed.")] = "roikit",
    layout: Annotated[str, typer.Option(help="NCHW or NHWC.")] = "NHWC",
    dtype: Annotated[str, typer.Option(help="Data type of the maps.")] = "float32",
) -> None:
    """Make calls on the GPU."""
    import cupy

    if library != "roikit":
        raise typer.BadParameter("only roikit's kernels are timed", param_hint="--library")
    cupy.cuda.set_allocator(None)  # each array by itself, so that what lies beside it is not ours
    made = small_calls() if row is None else one_row(row, layout, dtype)
    typer.echo(f"{made} launches exercised")


if __name__ == "__main__":
    app()
