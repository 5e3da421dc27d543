"""Deformable RoI pooling on a GPU."""

from .. import gpu


class Forward(gpu.Series):
    def setup_cache(self):
        return gpu.measure("deform_roi_pool", "forward")

    setup_cache.timeout = 600
