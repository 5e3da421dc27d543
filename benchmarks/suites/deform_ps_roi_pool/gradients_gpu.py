"""Deformable PSRoIPool's gradients on a GPU."""

from .. import gpu


class Backward(gpu.Series):
    def setup_cache(self):
        return gpu.measure("deform_ps_roi_pool", "backward")

    setup_cache.timeout = 600


class Offsets(gpu.Series):
    def setup_cache(self):
        return gpu.measure("deform_ps_roi_pool", "offsets-backward")

    setup_cache.timeout = 600
