"""Deformable RoI pooling on its way to a GPU, besides what all operators have in common (`test_device.py` above)."""

import numpy as np

from tests.kernels.operators import stand_in
from tests.kernels.operators.examples import EXAMPLES

gpu = stand_in.gpu


def test_without_offsets_there_is_nothing_to_join_to_the_boxes():
    example = EXAMPLES["deform_roi_pool"]
    call = example.call(example.maps("NCHW", 4), "NCHW", offset=None)
    on_gpu = call.with_arrays(stand_in.Array)
    for operation, launched in (
        ("forward", ["forward"]),
        ("backward", ["find_extents", "find_touching", "order_tiles", "backward"]),
        ("backward_boxes", ["motions", "backward_boxes"]),
    ):
        stand_in.LAUNCHES.clear()
        right = call(operation)
        np.testing.assert_allclose(on_gpu(operation).host, right, rtol=1e-5, atol=1e-5 * abs(right).max())
        entries = [source.entry.removeprefix("deform_roi_pool_") for source, *_ in stand_in.LAUNCHES]
        assert entries == launched
