"""The gradients of rotated RoIAlign on a pyramid on a GPU."""

from .. import gpu


class Backward(gpu.Series):
    def setup_cache(self):
        return gpu.measure("multiscale_roi_align_rotated", "backward")

    setup_cache.timeout = 600


class Boxes(gpu.Series):
    def setup_cache(self):
        return gpu.measure("multiscale_roi_align_rotated", "boxes-backward")

    setup_cache.timeout = 600
