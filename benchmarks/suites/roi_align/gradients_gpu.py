"""RoIAlign's gradients on a GPU, and pooling from all levels at once."""

from .. import gpu


class Backward(gpu.Series):
    def setup_cache(self):
        return gpu.measure("roi_align", "backward")

    setup_cache.timeout = 600


class Pooler(gpu.Series):
    def setup_cache(self):
        return gpu.measure("roi_align", "pooler")

    setup_cache.timeout = 600


class PoolerBackward(gpu.Series):
    def setup_cache(self):
        return gpu.measure("roi_align", "pooler-backward")

    setup_cache.timeout = 600


class BoxesBackward(gpu.Series):
    def setup_cache(self):
        return gpu.measure("roi_align", "boxes-backward")

    setup_cache.timeout = 600
