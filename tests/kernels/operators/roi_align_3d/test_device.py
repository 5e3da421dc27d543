"""The way of RoIAlign of volumes to a GPU, besides what all operators have in common (`test_device.py` above)."""

import numpy as np
import pytest

from roikit.kernels import roi_align_3d
from roikit.kernels.operators.roi_align_3d.forward import plan_on_device
from roikit.kernels.operators.roi_align_3d.problem import asked_for
from tests.kernels.operators import stand_in

Array, LAUNCHES, gpu = stand_in.Array, stand_in.LAUNCHES, stand_in.gpu
BOXES = np.array([[0, 1.25, 2.5, 0.5, 19.5, 49, 38.25], [0, -2.5, 1.75, -1.5, 10.5, 84, 31.5]], np.float32)


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
def test_lists_that_are_too_long_for_shared_memory_lie_in_the_workspace(layout):
    shape = (1, 3, 60, 80, 20) if layout == "NCHW" else (1, 60, 80, 20, 3)
    x = np.random.default_rng(5).standard_normal(shape).astype(np.float32)
    asked = asked_for(x.dtype, shape, 2, (7, 7, 2), 1.0, 0, layout, None, False)
    assert plan_on_device(asked, False, 2).workspace_bytes > 0
    out = roi_align_3d(Array(x), Array(BOXES), (7, 7, 2), layout=layout)
    assert np.array_equal(out.host, roi_align_3d(x, BOXES, (7, 7, 2), layout=layout))
    ((source, _, _, shared),) = LAUNCHES
    assert shared == 0
    assert "#define ROIKIT_IN_WORKSPACE 1\n" in source.text
