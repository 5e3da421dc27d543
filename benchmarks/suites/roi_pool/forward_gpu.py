"""RoIPool on a GPU, by maximum and by average."""

from .. import gpu


class Forward(gpu.Series):
    def setup_cache(self):
        return gpu.measure("roi_pool", "forward")

    setup_cache.timeout = 600


class Average(gpu.Series):
    def setup_cache(self):
        return gpu.measure("roi_pool", "average")

    setup_cache.timeout = 600
