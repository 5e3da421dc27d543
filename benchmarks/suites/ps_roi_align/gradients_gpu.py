"""PSRoIAlign's gradients on a GPU."""

from .. import gpu


class Backward(gpu.Series):
    def setup_cache(self):
        return gpu.measure("ps_roi_align", "backward")

    setup_cache.timeout = 600


class BoxesBackward(gpu.Series):
    def setup_cache(self):
        return gpu.measure("ps_roi_align", "boxes-backward")

    setup_cache.timeout = 600
