"""Channels and columns in whole vectors, and maps of whole tiles: the golden cases have odd numbers of channels."""

import numpy as np
import pytest

from roikit.kernels import multiscale_roi_align_rotated_backward, multiscale_roi_align_rotated_backward_boxes
from roikit.kernels.emulation.stand_in import emulated
from tests.kernels.operators.arrays import LAYOUTS, drawn, like

CHANNELS = 128  # whole in the vectors and groups of every data type
SIZES = ((64, 64), (32, 32))
SCALES = (0.5, 0.25)
CHOOSING = {"canonical_size": 40.0, "canonical_level": 2, "sampling_ratio": 1}
BOXES = np.array(
    [[0, 40, 30, 20, 15, 0.3], [0, 60, 70, 70, 45, -1.2], [0, 8, 100, 9, 30, 2.5], [0, 30, 50, 90, 80, 4]], np.float32
)
DTYPES = ("float32", "float16")


def given(layout, dtype, channels):
    """What arrives, and maps; of fewer channels they are the first of those of more."""
    shapes = ((len(BOXES), CHANNELS + 1, 2, 2), *((1, CHANNELS + 1, *size) for size in SIZES))
    drawings = (drawn(shape, dtype, n)[:, :channels] for n, shape in enumerate(shapes))
    return [like(np.ascontiguousarray(array), layout) for array in drawings]


def gradients(xp, layout, dtype, channels):
    """For the maps, with channels second, and for the boxes where no channel sends anything but the whole vectors."""
    grad, *maps = given(layout, dtype, channels)
    kept = grad.copy()
    if channels > CHANNELS:
        kept[(slice(None), CHANNELS) if layout == "NCHW" else (..., CHANNELS)] = 0
    boxes, shapes = xp.asarray(BOXES), [array.shape for array in maps]
    how = {"layout": layout, **CHOOSING}
    found = multiscale_roi_align_rotated_backward(xp.asarray(grad), boxes, shapes, SCALES, **how)
    slopes = multiscale_roi_align_rotated_backward_boxes(
        xp.asarray(kept), [xp.asarray(array) for array in maps], boxes, SCALES, **how
    )
    of_maps = [np.asarray(array) if xp is np else array.held for array in found]
    of_maps = [array if layout == "NCHW" else array.transpose(0, 3, 1, 2) for array in of_maps]
    return of_maps, np.asarray(slopes) if xp is np else slopes.held


def check(xp, layout, dtype):
    """With a channel more, the last vector is a short one; what the others give is the same."""
    (whole, slopes), (short, others) = (gradients(xp, layout, dtype, CHANNELS + more) for more in (0, 1))
    for one, other in zip(whole, short, strict=True):
        assert one.any()
        np.testing.assert_array_equal(one, other[:, :CHANNELS])
    assert slopes.any(axis=1).all()
    np.testing.assert_allclose(slopes, others, rtol=1e-4, atol=1e-4 * abs(others).max())


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_on_a_cpu(layout, dtype):
    check(np, layout, dtype)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_as_on_a_gpu(layout, dtype):
    pytest.importorskip("cuda.bindings.nvrtc", reason="NVRTC: pip install 'roikit[nvrtc]'")
    with emulated() as cupy:
        check(cupy, layout, dtype)
