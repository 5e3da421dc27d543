"""RoIPool's gradients on a GPU."""

from .. import gpu


class Backward(gpu.Series):
    def setup_cache(self):
        return gpu.measure("roi_pool", "backward")

    setup_cache.timeout = 600


class AverageBackward(gpu.Series):
    def setup_cache(self):
        return gpu.measure("roi_pool", "average-backward")

    setup_cache.timeout = 600
