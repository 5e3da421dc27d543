"""The way of crop_and_resize to a GPU, besides what all operators have in common (`test_device.py` above)."""

import numpy as np

from tests.kernels.operators import stand_in
from tests.kernels.operators.examples import EXAMPLES

gpu = stand_in.gpu


def test_a_large_crop_is_split_into_rows_of_points():
    example = EXAMPLES["crop_and_resize"]
    call = example.call(example.maps("NHWC", 1), "NHWC", example.boxes[:1], bins=(70, 60))
    assert np.array_equal(call.with_arrays(stand_in.Array)("forward").host, call("forward"))
    ((_, grid, _, _),) = stand_in.LAUNCHES
    assert grid[2] > 1
