"""Gradients on a GPU, and pooling from all levels at once: the series of `forward_gpu`.

Each has a ``setup_cache`` of its own, since asv tells these apart by where they are written.
"""

from ...operators.roi_align.operations import Operation
from . import forward_gpu


class Backward(forward_gpu.Forward):
    def setup_cache(self):
        return forward_gpu.measure(Operation.BACKWARD)

    setup_cache.timeout = 600


class Pooler(forward_gpu.Forward):
    def setup_cache(self):
        return forward_gpu.measure(Operation.POOLER)

    setup_cache.timeout = 600


class PoolerBackward(forward_gpu.Forward):
    def setup_cache(self):
        return forward_gpu.measure(Operation.POOLER_BACKWARD)

    setup_cache.timeout = 600


class BoxesBackward(forward_gpu.Forward):
    def setup_cache(self):
        return forward_gpu.measure(Operation.BOXES)

    setup_cache.timeout = 600
