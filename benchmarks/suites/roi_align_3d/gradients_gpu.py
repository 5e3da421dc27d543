"""RoIAlign of volumes's gradients on a GPU."""

from .. import gpu


class Backward(gpu.Series):
    def setup_cache(self):
        return gpu.measure("roi_align_3d", "backward")

    setup_cache.timeout = 600


class Boxes(gpu.Series):
    def setup_cache(self):
        return gpu.measure("roi_align_3d", "boxes-backward")

    setup_cache.timeout = 600
