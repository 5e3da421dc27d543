"""Runs the kernels of an operator in blocks of several real threads, compiled for ThreadSanitizer: started by test_races.py.

With ``barrier`` as the second argument the kernels have none, which must be noticed.
"""

import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from roikit.kernels import roi_align, roi_align_backward, roi_align_backward_boxes, roi_pool, roi_pool_backward
from roikit.kernels.execution import host, source
from roikit.kernels.staging import gather_plan

BLOCK = (4, 2)
folder = Path(tempfile.mkdtemp())
host.cache_directory = lambda: folder
host._FLAGS = (*(flag for flag in host._FLAGS if flag not in ("-O3", "-Wl,-z,defs")), "-O0", "-fsanitize=thread")
if sys.argv[2] == "barrier":
    read = source._read
    source._read = lambda file: "#undef __syncthreads\n#define __syncthreads() (void)0\n" + read(file)
run = host.run


def with_block(launch, addresses, threads=None):
    del threads
    memory = launch.shared_bytes
    if launch.source.entry == "order_tiles":
        memory = gather_plan.ordering_bytes(BLOCK[0] * BLOCK[1])
    run(replace(launch, block=BLOCK, shared_bytes=memory), addresses, 1)


def of_roi_align(x, boxes, how):
    grad = roi_align(x, boxes, 2, **how)
    roi_align_backward(grad, boxes, x.shape, **how, input=x)
    roi_align_backward_boxes(grad, x, boxes, **how)


def of_roi_pool(x, boxes, how):
    grad = roi_pool(x, boxes, 2, **how)
    roi_pool_backward(grad, boxes, x.shape, **how, input=x)


host.run = with_block
rng = np.random.default_rng(0)
boxes = np.column_stack([rng.integers(0, 2, 5), rng.uniform(-2, 9, (5, 2)), rng.uniform(9, 20, (5, 2))]).astype(
    np.float32
)
for layout, shape in (("NCHW", (2, 5, 18, 19)), ("NHWC", (2, 18, 19, 5))):
    x = rng.standard_normal(shape).astype(np.float32)
    for mode in ("avg", "max"):
        {"roi_align": of_roi_align, "roi_pool": of_roi_pool}[sys.argv[1]](x, boxes, {"mode": mode, "layout": layout})
print("done")
