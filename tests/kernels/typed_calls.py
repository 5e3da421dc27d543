"""What type checkers make of calls. Never run: `test_types.py` has mypy and pyright read it.

A line that ends in `type: ignore` is a mistake that both must find, and they find no other.
"""

from typing import Any, TypeAlias, assert_type

import numpy as np
import numpy.typing as npt

import roikit
from roikit.kernels import (
    DIALECTS,
    LevelRule,
    Mode,
    border_align,
    border_align_backward,
    border_align_backward_boxes,
    crop_and_resize,
    crop_and_resize_backward,
    crop_and_resize_backward_boxes,
    deform_ps_roi_pool,
    deform_ps_roi_pool_backward,
    deform_ps_roi_pool_backward_offset,
    deform_roi_pool,
    deform_roi_pool_backward,
    deform_roi_pool_backward_boxes,
    deform_roi_pool_backward_offset,
    multiscale_ps_roi_align,
    multiscale_ps_roi_align_backward,
    multiscale_ps_roi_align_backward_boxes,
    multiscale_roi_align,
    multiscale_roi_align_backward,
    multiscale_roi_align_backward_boxes,
    multiscale_roi_align_rotated,
    multiscale_roi_align_rotated_backward,
    multiscale_roi_align_rotated_backward_boxes,
    multiscale_weighted_roi_align,
    multiscale_weighted_roi_align_backward,
    multiscale_weighted_roi_align_backward_boxes,
    multiscale_weighted_roi_align_backward_weights,
    precompile,
    prroi_pool,
    prroi_pool_backward,
    prroi_pool_backward_boxes,
    ps_roi_align,
    ps_roi_align_backward,
    ps_roi_align_backward_boxes,
    ps_roi_pool,
    ps_roi_pool_backward,
    riroi_align_rotated,
    riroi_align_rotated_backward,
    riroi_align_rotated_backward_boxes,
    roi_align,
    roi_align_3d,
    roi_align_3d_backward,
    roi_align_3d_backward_boxes,
    roi_align_backward,
    roi_align_backward_boxes,
    roi_align_backward_workspace,
    roi_align_rotated,
    roi_align_rotated_backward,
    roi_align_rotated_backward_boxes,
    roi_align_workspace,
    roi_pool,
    roi_pool_backward,
)

Floats: TypeAlias = npt.NDArray[np.float32]
FourAxes: TypeAlias = np.ndarray[tuple[int, int, int, int], np.dtype[np.float64]]

assert_type(roikit.__version__, str)


def right(
    maps: Floats, rows: Floats, grad: Floats, halves: npt.NDArray[np.float16], strict: FourAxes, anything: Any
) -> None:
    """A result is of the kind of its maps, or of what arrives at its gradient, or of its boxes."""
    assert_type(roi_align(maps, rows, 7), Floats)
    assert_type(roi_align(halves, rows, (7, 7), (0.25, 0.5), (2, 2), True, mode="max"), npt.NDArray[np.float16])
    assert_type(roi_align(strict, rows, 7), FourAxes)
    assert_type(roi_align(maps, [rows, rows], 7, layout="NHWC", dialect="onnx-16", out=grad, check=True), Floats)
    assert_type(roi_pool(maps, rows, 7, dialect=None, workspace=np.empty(0, np.uint8)), Floats)
    assert_type(roi_align_backward(grad, rows, (1, 1, 8, 8), input=maps, mode="max", dialect=DIALECTS["mmcv"]), Floats)
    assert_type(roi_align_backward_boxes(grad, maps, rows), Floats)
    assert_type(roi_align_backward_boxes(strict, strict, rows), Floats)
    assert_type(roi_pool_backward(grad, [rows], maps.shape, mode="avg"), Floats)
    assert_type(ps_roi_pool(halves, rows, (7, 7), layout="NHWC"), npt.NDArray[np.float16])
    assert_type(ps_roi_pool_backward(grad, rows, maps.shape), Floats)
    assert_type(ps_roi_align(halves, [rows], 7, 0.25, (2, 0), dialect="mxnet"), npt.NDArray[np.float16])
    assert_type(ps_roi_align_backward(grad, rows, maps.shape, 0.25, 2, layout="NHWC"), Floats)
    assert_type(ps_roi_align_backward_boxes(grad, maps, rows, 0.25, 2), Floats)
    indices = np.zeros(1, np.int64)
    assert_type(crop_and_resize(halves, rows, indices, (7, 7), "nearest", -1.0, layout="NCHW"), npt.NDArray[np.float16])
    assert_type(crop_and_resize_backward(grad, rows, indices, maps.shape, dialect="tensorflow"), Floats)
    assert_type(crop_and_resize_backward_boxes(halves, halves, rows, indices), Floats)
    assert_type(prroi_pool(halves, rows, (7, 7), layout="NHWC"), npt.NDArray[np.float16])
    assert_type(prroi_pool_backward(grad, rows, maps.shape, dialect="mmcv"), Floats)
    assert_type(prroi_pool_backward_boxes(grad, maps, rows, out=rows), Floats)
    assert_type(border_align(halves, rows, 10), npt.NDArray[np.float16])
    assert_type(border_align_backward(grad, maps, rows, 10, dialect="mmcv"), Floats)
    assert_type(border_align_backward_boxes(grad, maps, rows, 10, out=rows), Floats)
    assert_type(roi_align_rotated(halves, rows, (7, 7), 0.5, clockwise=True), npt.NDArray[np.float16])
    assert_type(roi_align_rotated_backward(grad, rows, maps.shape, dialect="mmcv"), Floats)
    assert_type(roi_align_rotated_backward_boxes(grad, maps, rows, out=rows), Floats)
    assert_type(deform_ps_roi_pool(halves, rows, (7, 7), 0.5, group_size=1, offset=halves), npt.NDArray[np.float16])
    assert_type(deform_ps_roi_pool_backward(grad, rows, maps.shape, offset=maps, dialect="mxnet"), Floats)
    assert_type(deform_ps_roi_pool_backward_offset(grad, maps, rows, maps, 0.25, 2, 0.1, layout="NHWC"), Floats)
    assert_type(riroi_align_rotated(halves, rows, (7, 7), 0.5, 2, 4, True), npt.NDArray[np.float16])
    assert_type(riroi_align_rotated_backward(grad, rows, maps.shape, num_orientations=1, dialect="mmcv"), Floats)
    assert_type(riroi_align_rotated_backward_boxes(grad, maps, rows, out=rows), Floats)
    assert_type(deform_roi_pool(halves, rows, (7, 7), 0.5, offset=halves, gamma=0.2), npt.NDArray[np.float16])
    assert_type(deform_roi_pool_backward(grad, rows, maps.shape, offset=maps, dialect="mmcv"), Floats)
    assert_type(deform_roi_pool_backward_offset(grad, maps, rows, maps, 0.25, 2, 0.1, layout="NHWC"), Floats)
    assert_type(deform_roi_pool_backward_boxes(grad, maps, rows, out=rows), Floats)
    assert_type(roi_align_3d(halves, rows, (7, 7, 7), (0.25, 0.5, 0.5), 2, True), npt.NDArray[np.float16])
    assert_type(roi_align_3d_backward(grad, rows, maps.shape, dialect="dkfz", layout="NHWC"), Floats)
    assert_type(roi_align_3d_backward_boxes(grad, maps, rows, out=rows), Floats)
    assert_type(multiscale_roi_align([maps, maps], rows, 7, [1 / 4, (1 / 8, 1 / 8)], level_rule="axlearn"), Floats)
    assert_type(
        multiscale_roi_align_backward(grad, rows, [(1, 1, 8, 8)], [1], level_rule=LevelRule.MATTERPORT),
        tuple[Floats, ...],
    )
    assert_type(multiscale_roi_align_backward_boxes(grad, (maps,), rows, (0.25,)), Floats)
    assert_type(multiscale_roi_align_rotated([halves], [rows], 7, [0.25], clockwise=True), npt.NDArray[np.float16])
    assert_type(
        multiscale_roi_align_rotated_backward(grad, rows, [(1, 1, 8, 8)], [1], level_rule="detectron2"),
        tuple[Floats, ...],
    )
    assert_type(multiscale_roi_align_rotated_backward_boxes(grad, (maps,), rows, (0.25,), dialect="mmrotate"), Floats)
    assert_type(multiscale_ps_roi_align([halves], [rows], 7, [0.25], level_rule="axlearn"), npt.NDArray[np.float16])
    assert_type(
        multiscale_ps_roi_align_backward(grad, rows, [(1, 1, 8, 8)], [(1, 1)], dialect="torchvision"),
        tuple[Floats, ...],
    )
    assert_type(multiscale_ps_roi_align_backward_boxes(grad, (maps,), rows, (0.25,), dialect="gluoncv"), Floats)
    assert_type(multiscale_weighted_roi_align([halves], [rows], [halves], 7, [0.25]), npt.NDArray[np.float16])
    assert_type(
        multiscale_weighted_roi_align_backward(grad, rows, [maps], [(1, 1, 8, 8)], [1], mode="avg"), tuple[Floats, ...]
    )
    assert_type(
        multiscale_weighted_roi_align_backward_weights(grad, [maps], rows, [maps], [1], p=2.0), tuple[Floats, ...]
    )
    assert_type(multiscale_weighted_roi_align_backward_boxes(grad, [maps], rows, [maps], [1], aligned=True), Floats)
    assert_type(roi_align_workspace((1, 1, 8, 8), 3, 7, dtype="bfloat16"), int)
    assert_type(roi_align_backward_workspace([1, 1, 8, 8], 3, 7, on_gpu=False), int)
    assert_type(precompile(dtypes=["float32", "float64"], modes=["max"], operations=("forward", "backward")), int)
    roi_align(anything, anything, 7)  # CuPy's arrays, where it has no types


def by_mode(maps: Floats, rows: Floats, mode: Mode) -> Floats:
    """What comes from a configuration is annotated so."""
    return roi_align(maps, rows, 7, mode=mode)


def wrong(maps: Floats, rows: Floats) -> None:
    """Each line is one mistake."""
    roi_align(maps, rows, 7, mode="mean")  # type: ignore[arg-type]
    roi_align(maps, rows, 7, layout="nchw")  # type: ignore[arg-type]
    roi_align(maps, rows, "7")  # type: ignore[arg-type]
    roi_align(maps, rows, (7, 7, 7))  # type: ignore[arg-type]
    roi_align(maps, [[0.0, 1.0, 2.0, 3.0, 4.0]], 7)  # type: ignore[list-item]
    roi_align([[[[1.0]]]], rows, 7)  # type: ignore[type-var]
    roi_align(maps, rows, 7, workspace=4096)  # type: ignore[arg-type]
    roi_align(maps, rows, 7, 0.25, 2, False, "max")  # type: ignore[call-arg]
    roi_pool(maps, rows, 7, mode=1)  # type: ignore[arg-type]
    roi_pool(maps, rows, 7, aligned=True)  # type: ignore[call-arg]
    ps_roi_pool(maps, rows, 7, layout="NWHC")  # type: ignore[arg-type]
    ps_roi_align(maps, rows, 7, 0.25, 2, False)  # type: ignore[arg-type, call-arg]
    crop_and_resize(maps, rows, rows, 7, "bicubic")  # type: ignore[arg-type]
    prroi_pool(maps, rows, 7, sampling_ratio=2)  # type: ignore[call-arg]
    multiscale_roi_align([maps], rows, 7, 0.25)  # type: ignore[arg-type]
    multiscale_roi_align([maps], rows, 7, [0.25], level_rule="detectron")  # type: ignore[arg-type]
    multiscale_roi_align_rotated([maps], rows, 7, [0.25], mode="max")  # type: ignore[call-arg]
    multiscale_ps_roi_align([maps], rows, 7, [0.25], aligned=True)  # type: ignore[call-arg]
    multiscale_weighted_roi_align([maps], rows, maps, 7, [0.25], mode="mean")  # type: ignore[arg-type]
    roi_align_workspace((1, 1, 8, 8), 3, 7, dtype="float")  # type: ignore[arg-type]
    precompile(dtypes="float32")  # type: ignore[arg-type]
    precompile(operations=["backwards"])  # type: ignore[list-item]
