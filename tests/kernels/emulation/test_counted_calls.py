"""Kernels that are counted give the bits of kernels that are watched: the same PTX, run by warps and by threads."""

import numpy as np
import pytest

from roikit.kernels import (
    multiscale_roi_align,
    roi_align,
    roi_align_backward,
    roi_align_backward_boxes,
    roi_pool,
    roi_pool_backward,
)
from roikit.kernels.emulation.counting import counting_program
from roikit.kernels.emulation.stand_in import emulated, execute

pytest.importorskip("cuda.bindings.nvrtc", reason="NVRTC: pip install 'roikit[nvrtc]'")

BOXES = np.array([[0, 1, 1, 6, 7], [1, 0.3, 2, 8, 8.5], [1, -2, 0, 3, 4]], np.float32)
HOW = {"spatial_scale": 0.5, "layout": "NHWC"}


def maps_of(channels, layout, dtype):
    maps = np.random.default_rng(3).standard_normal((2, 9, 10, channels)).astype(dtype)
    return maps if layout == "NHWC" else np.ascontiguousarray(maps.transpose(0, 3, 1, 2))


def count(launch):
    launched = launch.name, launch.grid, launch.block, launch.params, launch.arrays, launch.shared_bytes
    counts = counting_program(launch.ptx).launch(*launched, cache_bytes=2**15)
    assert counts.ran == counts.blocks
    assert 0 < counts.lanes <= 32 * counts.instructions
    assert sum(counts.issued_of_block) == counts.instructions
    assert all(each.least <= each.wavefronts for each in counts.requests.values())
    assert all(each.sectors <= 2 * each.lanes for each in counts.requests.values())


def forward(pool, layout, dtype="float32"):
    def call(cupy):
        maps = cupy.asarray(maps_of(9, layout, dtype))
        return pool(maps, cupy.asarray(BOXES), (3, 2), 0.5, layout=layout)

    return call


def backward(layout):
    def call(cupy):
        maps = maps_of(8, layout, "float32")
        grad = np.ones((3, 3, 2, 8) if layout == "NHWC" else (3, 8, 3, 2), np.float32)
        return roi_align_backward(cupy.asarray(grad), cupy.asarray(BOXES), maps.shape, 0.5, layout=layout)

    return call


def backward_of_maxima(cupy):
    maps, grad = cupy.asarray(maps_of(8, "NHWC", "float32")), cupy.asarray(np.ones((3, 3, 2, 8), np.float32))
    return roi_pool_backward(grad, cupy.asarray(BOXES), maps.shape, input=maps, mode="max", **HOW)


def boxes_backward(cupy):
    maps, grad = cupy.asarray(maps_of(8, "NHWC", "float32")), cupy.asarray(np.ones((3, 3, 2, 8), np.float32))
    return roi_align_backward_boxes(grad, maps, cupy.asarray(BOXES), **HOW)


def pooler(cupy):
    levels = [cupy.asarray(maps_of(8, "NHWC", "float32")) for _ in range(2)]
    rule = {"canonical_size": 4.0, "canonical_level": 2}
    return multiscale_roi_align(levels, cupy.asarray(BOXES), 3, [0.5, 0.25], layout="NHWC", **rule)


@pytest.mark.one_in(3)
@pytest.mark.parametrize(
    "call",
    [
        forward(roi_align, "NCHW"),
        forward(roi_align, "NHWC", "float16"),
        forward(roi_pool, "NCHW"),
        backward("NCHW"),
        backward("NHWC"),
        backward_of_maxima,
        boxes_backward,
        pooler,
    ],
    ids=[
        "forward, channels first",
        "forward, channels last, half",
        "roi_pool",
        "gradient, channels first",
        "gradient, channels last",
        "gradient of maxima",
        "gradient for boxes",
        "all levels",
    ],
)
def test_what_is_counted_has_the_bits_of_what_is_watched(call):
    launches = []

    def both(launch):
        launches.append(launch.name)
        count(launch)

    with emulated("sm_90", execute) as cupy:
        wanted = cupy.asnumpy(call(cupy))
    with emulated("sm_90", both) as cupy:
        got = call(cupy).held  # what was written is not noted
    assert launches
    assert got.tobytes() == wanted.tobytes()
