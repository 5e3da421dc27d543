"""Deformable RoI pooling's gradients on a GPU."""

from .. import gpu


class Backward(gpu.Series):
    def setup_cache(self):
        return gpu.measure("deform_roi_pool", "backward")

    setup_cache.timeout = 600


class Offsets(gpu.Series):
    def setup_cache(self):
        return gpu.measure("deform_roi_pool", "offsets-backward")

    setup_cache.timeout = 600


class Boxes(gpu.Series):
    def setup_cache(self):
        return gpu.measure("deform_roi_pool", "boxes-backward")

    setup_cache.timeout = 600
